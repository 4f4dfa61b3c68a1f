"""The documents are true: schemas are current, examples validate and decode, every reason code is explained."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import msgspec
import numpy as np
import pytest
import yaml

from heatstream.ingest import profiles
from heatstream.ingest.border import Reason
from heatstream.ingest.columns import Decoded, Fault, Received
from heatstream.ingest.decode import Decoder
from heatstream.ingest.formats import contract
from heatstream.ingest.formats.schemas import schemas, spelled, write
from heatstream.ingest.profiles import shipped
from heatstream.ingest.topics import RECEIPT, Subscriptions, build
from heatstream.rules.schema import MADE
from heatstream.settings import Settings

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "formats.md").read_text(encoding="utf-8")
ASYNCAPI: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
REASONS = [reason.code for reason in Reason if reason is not Reason.FINE] + ["quota"]


class Example(NamedTuple):
    topic: str
    reason: str
    payload: str


def page_examples() -> list[Example]:
    blocks = re.findall(r"^ *```(?:json|text) (\S+) ?(\S*)\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
    return [Example(*block) for block in blocks if not block[0].endswith(RECEIPT)]


def api_examples() -> list[tuple[str, str, Any]]:
    return [
        (leaf, reference["$ref"].rsplit("/", 1)[1], example["payload"])
        for leaf, channel in ASYNCAPI["channels"].items()
        for reference in channel["messages"].values()
        for example in ASYNCAPI["components"]["messages"][reference["$ref"].rsplit("/", 1)[1]]["examples"]
    ]


def decode(topic: str, payload: str) -> Decoded:
    table = tomllib.loads(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0])
    subscriptions = Settings.model_validate(table).ingest.subscriptions
    batch = Received([topic], [payload.rstrip("\n").encode()], np.array([1_767_571_260_000_000]))
    return Decoder(Subscriptions("220100", subscriptions)).decode(batch)


def reasons_of(decoded: Decoded) -> set[str]:
    faults = {Fault(code).reason for columns in (decoded.indoor, decoded.meters) for code in columns.fault.tolist()}
    return (faults - {"fine"}) | ({"undecodable"} if decoded.undecodable else set())


@pytest.mark.parametrize("example", page_examples(), ids=lambda example: f"{example.topic} {example.reason}".strip())
def test_an_example_of_the_page_decodes_as_it_says(example: Example) -> None:
    decoded = decode(example.topic, example.payload)
    assert reasons_of(decoded) == ({example.reason} if example.reason else set())
    assert example.reason or len(decoded.indoor) + len(decoded.meters) + len(decoded.status) > 0


def test_the_page_shows_every_shipped_profile() -> None:
    assert [name for name in shipped() if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_code_is_explained(reason: str) -> None:
    assert f"\n| `{reason}` |" in PAGE


def test_a_fault_of_a_reading_is_the_reason_of_the_same_number() -> None:
    assert [(fault.value, fault.reason) for fault in Fault] == [(r.value, r.code) for r in Reason][: len(Fault)]


@pytest.mark.parametrize("name", schemas())
def test_a_schema_is_current(name: str) -> None:
    assert (DOCS / "schemas" / f"{name}.json").read_text(encoding="utf-8") == spelled(schemas()[name])


def test_no_schema_is_left_over() -> None:
    assert {file.stem for file in (DOCS / "schemas").iterdir()} == {*schemas(), *MADE}


def test_schemas_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    write(tmp_path)
    assert {file.stem for file in tmp_path.iterdir()} == set(schemas())


@pytest.mark.parametrize("name", schemas())
def test_a_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schemas()[name])


@pytest.mark.parametrize("name", shipped())
def test_the_profile_schema_takes_every_shipped_profile(name: str) -> None:
    file = Path(profiles.__file__).parent / "formats" / "profiles" / f"{name}.yaml"
    jsonschema.validate(yaml.safe_load(file.read_text(encoding="utf-8")), schemas()["profile"])


@pytest.mark.parametrize(("leaf", "message", "payload"), api_examples())
def test_an_example_of_the_api_validates(leaf: str, message: str, payload: object) -> None:
    reference = ASYNCAPI["components"]["messages"][message]["payload"]["$ref"]
    schema = json.loads((DOCS / reference).read_text(encoding="utf-8"))
    jsonschema.validate(payload, schema)
    assert leaf in ASYNCAPI["channels"]


@pytest.mark.parametrize(("leaf", "message", "payload"), [each for each in api_examples() if each[0] != RECEIPT])
def test_an_example_of_the_api_decodes(leaf: str, message: str, payload: object) -> None:
    decoded = decode(build("220100", "gw-0001", leaf), json.dumps(payload))
    assert reasons_of(decoded) == set()
    assert len(decoded.indoor) + len(decoded.meters) + len(decoded.status) > 0, message


def test_the_receipt_of_the_page_is_one() -> None:
    text = re.findall(r"```json \S+/receipt\n(.*?)```", PAGE, re.DOTALL)[0]
    assert msgspec.json.decode(text, type=contract.Receipt).sequence == 20


def references(tree: object) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["$ref"]] if isinstance(tree.get("$ref"), str) else []
        return own + [each for value in tree.values() for each in references(value)]
    return [each for value in tree for each in references(value)] if isinstance(tree, list) else []


@pytest.mark.parametrize("reference", sorted(set(references(ASYNCAPI))))
def test_every_reference_of_the_api_leads_somewhere(reference: str) -> None:
    if reference.startswith("./"):
        assert (DOCS / reference).is_file()
        return
    tree: Any = ASYNCAPI
    for key in reference.removeprefix("#/").split("/"):
        tree = tree[key]


def test_every_channel_is_a_topic_that_ingest_knows() -> None:
    addresses = {channel["address"] for channel in ASYNCAPI["channels"].values()}
    assert addresses == {f"heat/v1/{{city}}/{{gateway}}/{leaf}" for leaf in ("indoor", "meters", "status", "receipt")}
