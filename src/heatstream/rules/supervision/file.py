"""The file of one place's supervision rules: `HEATSTREAM_SUPERVISION_RULES_FILE`.

A section that is absent is unknown: what needs it refuses and names it. Detection alone has defaults, for it is
engineering and pays nobody.
"""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from heatstream.errors import BadInput, Refused
from heatstream.rules import exact_yaml
from heatstream.rules.pack import Part, faults
from heatstream.rules.supervision.detection import Detection
from heatstream.rules.supervision.fuel import Fuel
from heatstream.rules.supervision.hotlines import Hotlines
from heatstream.rules.supervision.incidents import Incidents
from heatstream.rules.supervision.publications import Publications
from heatstream.rules.supervision.reports import Reports
from heatstream.rules.supervision.scorecard import Scorecards
from heatstream.rules.supervision.silence import Silence
from heatstream.rules.supervision.warnings import Warnings

SCHEMA = "heatstream.supervision/1"
SHIPPED = Path(__file__).parent
Section = TypeVar("Section")


class SupervisionRules(Part):
    """One place's rules of supervision."""

    schema_: Literal["heatstream.supervision/1"] = Field(alias="schema", description="form of this file")
    place: str = Field(min_length=1, description="the city they are for")
    version: str = Field(min_length=1, description="under which they are published")
    made_by: str = Field(min_length=1, description="who decided")
    made_on: date = Field(description="when")
    watermark: str | None = Field(None, description="stands on every result, e.g. 演示·非法律依据")
    detection: Detection = Field(Detection(), description="from where on something is seen")
    fuel: Fuel | None = Field(None, description="how reports of fuel are read")
    publications: Publications | None = Field(None, description="how long a company may object to a 公示")
    warnings: Warnings | None = Field(None, description="红黄绿: which figure of which subject, from where on")
    silence: Silence | None = Field(None, description="from when on a point or a gateway is silent")
    scorecards: Scorecards | None = Field(None, description="the six categories, their indicators and weights")
    hotlines: Hotlines | None = Field(None, description="words, limits and groups of the hotlines' tickets")
    incidents: Incidents | None = Field(None, description="when users must be told of a stop")
    reports: Reports | None = Field(None, description="which reports are made, of which periods, for whom")

    @property
    def canonical(self) -> str:
        """The rules as one text that is the same whenever they are."""
        tree = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def hash(self) -> bytes:
        """SHA-256 of the canonical form."""
        return hashlib.sha256(self.canonical.encode()).digest()


_HEAD = frozenset({"schema_", "place", "version", "made_by", "made_on", "watermark"})
SECTIONS = tuple(name for name in SupervisionRules.model_fields if name not in _HEAD)
"""Names of the sections."""


def required(section: Section | None, name: str) -> Section:
    """Take a section that is needed.

    Raises
    ------
    Refused
        It is not there.
    """
    if section is None:
        raise Refused(
            f"rules of supervision: no section `{name}`; expected it in the file that "
            "HEATSTREAM_SUPERVISION_RULES_FILE names",
            zh=f"监管规则未载 `{name}` 一节，应在 HEATSTREAM_SUPERVISION_RULES_FILE 所指文件中载明",
        )
    return section


def load(path: Path) -> SupervisionRules:
    """Read a file of supervision rules.

    Raises
    ------
    BadInput
        The file is not there, is not YAML, or names a rule or a value there is not.
    """
    try:
        return SupervisionRules.model_validate(exact_yaml.read(path))
    except ValidationError as error:
        raise BadInput(faults(path, error)) from error
