"""The JSON Schemas in docs/schemas, made from the models that decode.

`python -m heatstream.ingest.formats.schemas docs/schemas` writes them anew; a test fails where they are not current.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from heatstream.ingest.formats import contract
from heatstream.ingest.formats.mapping import Profile

Schema: TypeAlias = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_MESSAGES: Final = {
    "indoor": (contract.SingleReading, contract.Envelope, contract.ColumnarReadings),
    "meters": (contract.SingleMeterReading, contract.MeterEnvelope),
    "status": (contract.GatewayStatus,),
    "receipt": (contract.Receipt,),
    "senml": (list[contract.SenmlRecord],),
}


def schemas() -> dict[str, Schema]:
    """Make every schema, by file name without its suffix."""
    made = {name: _schema_of(shapes) for name, shapes in _MESSAGES.items()}
    return made | {"profile": {"$schema": _DIALECT} | Profile.model_json_schema()}


def _schema_of(shapes: tuple[Any, ...]) -> Schema:
    wanted, definitions = msgspec.json.schema_components(shapes)
    root = wanted[0] if len(wanted) == 1 else {"oneOf": list(wanted)}
    return {"$schema": _DIALECT, **root, "$defs": definitions}


def spelled(schema: Schema) -> str:
    """Spell a schema as its file has it."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def write(directory: Path) -> None:
    for name, schema in schemas().items():
        (directory / f"{name}.json").write_text(spelled(schema), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
