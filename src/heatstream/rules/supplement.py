"""本地规则补录: what an operator who holds an instrument adds to a pack, with the scan and an article per value.

One person enters, another checks. What the pack's reader read in the instrument cannot be overridden, only restated; a
group known otherwise is replaced whole, and what nobody could read is filled in. The groups become `operator_attested`.
"""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails

from heatstream.errors import BadInput
from heatstream.rules import exact_yaml
from heatstream.rules.pack import ATTESTED, Conf, Group, Pack, Part, Source, faults

SCHEMA = "heatstream.supplement/1"
ATTESTING: Conf = "operator_attested"
# What tells of a group's source, not of the law.
KNOWN_BY = ("conf", "article", "quote", "note")


class Scan(Part):
    file: str = Field(min_length=1, description="name of the scan, beside this file or in the archive")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the scan")


class Supplement(Part):
    """Values of one pack that an operator read in the instrument."""

    schema_: Literal["heatstream.supplement/1"] = Field(alias="schema", description="form of this file")
    pack: str = Field(description="id of the pack it adds to")
    title: str = Field(min_length=1, description="title of the instrument")
    doc_no: str | None = Field(None, description="文号")
    scan: Scan = Field(description="the scan of the instrument")
    entered_by: str = Field(min_length=1, description="录入人")
    entered_on: date = Field(description="when it was entered")
    checked_by: str = Field(min_length=1, description="复核人, another person")
    checked_on: date = Field(description="when it was checked")
    effective_from: date = Field(description="first day these values hold")
    values: dict[str, Any] = Field(
        min_length=1, description="groups as in a pack, each with conf operator_attested, article and quote"
    )

    @model_validator(mode="after")
    def _two_people(self) -> Self:
        if self.entered_by.strip().casefold() == self.checked_by.strip().casefold():
            raise ValueError(f"checked_by: seen {self.checked_by!r} for both, expected another person than entered_by")
        if self.checked_on < self.entered_on:
            raise ValueError(f"checked_on: seen {self.checked_on}, expected no day before entered_on {self.entered_on}")
        return self

    @field_validator("values")
    @classmethod
    def _attested(cls, values: dict[str, Any]) -> dict[str, Any]:
        for where, group in _groups(values):
            if not isinstance(group, dict) or group.get("conf") != ATTESTING:
                raise ValueError(f"{where}: expected conf: {ATTESTING}, an article and a quote")
            if not group.get("article") or not group.get("quote"):
                raise ValueError(f"{where}: expected an article and a quote, for every value stands somewhere")
        return values

    def partial(self) -> Pack:
        """Give the values as a pack that holds nothing else.

        Raises
        ------
        ValidationError
            A value is none of a pack; the locations begin with `values`.
        """
        unit = self.values.get("unit")
        values = self.values if unit is None else {**self.values, "unit": unit.get("value")}
        try:
            return Pack.model_validate(_HEAD | {"id": self.pack, "effective_from": self.effective_from} | values)
        except ValidationError as error:
            raise _within("values", error) from error


# What a pack needs besides its values.
_HEAD: dict[str, Any] = {
    "schema": "heatstream.pack/1",
    "place": "",
    "timezone": "+08:00",
    "sources": [{"conf": ATTESTING}],
}
NOT_VALUES = {*_HEAD, "id", "effective_from", "effective_to", "watermark", "in_force_checked_on", "effective_note"}


def _groups(values: dict[str, Any]) -> list[tuple[str, Any]]:
    settled = values.get("settles")
    named = [(name, group) for name, group in values.items() if name != "settles"]
    if refused := sorted(name for name, _ in named if name in NOT_VALUES):
        raise ValueError(f"{refused[0]}: no value of the law; expected groups of a pack")
    return named + [(f"settles.{name}", group) for name, group in settled.items()] if settled else named


def _within(field: str, error: ValidationError) -> ValidationError:
    details = [
        InitErrorDetails(type=each["type"], loc=(field, *each["loc"]), input=each["input"], ctx=each.get("ctx", {}))
        for each in error.errors(include_url=False)
    ]
    return ValidationError.from_exception_data(error.title, details)


def load(path: Path) -> Supplement:
    """Read a supplement; where its scan lies beside it, it must be the one named.

    Raises
    ------
    BadInput
        The file is not there, is not YAML, or is no supplement, each fault by file, line and field; or the scan is
        another.
    """
    try:
        found = Supplement.model_validate(exact_yaml.read(path))
        found.partial()
    except ValidationError as error:
        raise BadInput(faults(path, error)) from error
    scan = path.parent / found.scan.file
    if scan.is_file() and (seen := hashlib.sha256(scan.read_bytes()).hexdigest()) != found.scan.sha256:
        line = exact_yaml.Lines(path).of(("scan", "sha256"))
        raise BadInput(f"{path}:{line} scan.sha256: {scan} has {seen}, expected {found.scan.sha256}")
    return found


def overlaid(pack: Pack, supplement: Supplement) -> list[Pack]:
    """Lay a supplement over a pack: one pack, or two where the values hold from a later day than the pack.

    Raises
    ------
    BadInput
        It adds to another pack, is of no day of it, or says otherwise than what was read; both are named.
    """
    if supplement.pack != pack.id:
        raise BadInput(f"supplement {supplement.title}: adds to {supplement.pack}, not to {pack.id}")
    begins = supplement.effective_from
    if pack.effective_to is not None and begins >= pack.effective_to:
        raise BadInput(
            f"supplement {supplement.title}: effective_from: seen {begins}, expected a day before {pack.id} ends"
            f" on {pack.effective_to}"
        )
    joined = _joined(pack, supplement)
    if pack.effective_from is None or begins <= pack.effective_from:
        return [joined.model_copy(update={"effective_from": pack.effective_from or begins})]
    before = pack.model_copy(update={"effective_to": begins})
    return [before, joined.model_copy(update={"effective_from": begins})]


def _joined(pack: Pack, supplement: Supplement) -> Pack:
    added = supplement.partial()
    update: dict[str, Any] = {"sources": (*pack.sources, _source(supplement))}
    for name in supplement.values:
        if name == "settles":
            update[name] = pack.settles | {
                option: _group(pack.settles.get(option), value, supplement, f"settles.{option}")
                for option, value in added.settles.items()
            }
        elif name == "unit":
            update[name] = _unit(pack, added, supplement)
        else:
            update[name] = _group(getattr(pack, name), getattr(added, name), supplement, name)
    tree = pack.model_copy(update=update).model_dump(by_alias=True)
    try:
        return Pack.model_validate(tree)
    except ValidationError as error:
        raise BadInput(faults(Path(f"{pack.id} with {supplement.title}"), error)) from error


def _unit(pack: Pack, added: Pack, supplement: Supplement) -> str | None:
    if pack.unit is not None and pack.unit != added.unit:
        raise _contradiction(supplement, "unit", added.unit, pack.unit, pack.id)
    return added.unit


def _group(there: Group | None, added: Group, supplement: Supplement, where: str) -> Group:
    """Join a group with what was read; a group known otherwise goes."""
    if there is None or there.conf not in ATTESTED:
        return added
    values = {name: value for name, value in there if name not in KNOWN_BY and value not in (None, (), {})}
    told = {name: value for name, value in added if name not in KNOWN_BY and value not in (None, (), {})}
    for name in values.keys() & told.keys():
        if values[name] != told[name]:
            read_in = there.article or there.conf
            raise _contradiction(supplement, f"{where}.{name}", told[name], values[name], read_in)
    if told.keys() <= values.keys():
        return there
    known_by = {
        "conf": ATTESTING,
        "article": "、".join(filter(None, (there.article, added.article))),
        "quote": " … ".join(filter(None, (there.quote, added.quote))),
        "note": there.note or added.note,
    }
    return there.model_copy(update=told | known_by)


def _contradiction(supplement: Supplement, where: str, told: Any, read: Any, read_in: str) -> BadInput:
    return BadInput(
        f"supplement {supplement.title}: {where}: seen {_plain(told)}, but the pack's reader read {_plain(read)}"
        f" ({read_in}); a read value is not overridden: mend the pack or the supplement"
    )


def _plain(value: Any) -> str:
    return str(value.model_dump(mode="json")) if isinstance(value, Part) else str(value)


def _source(supplement: Supplement) -> Source:
    scan = supplement.scan
    return Source(
        key="supplement",
        title=supplement.title,
        doc_no=supplement.doc_no,
        conf=ATTESTING,
        note=f"本地规则补录: scan {scan.file}, SHA-256 {scan.sha256}; entered by {supplement.entered_by} on"
        f" {supplement.entered_on}, checked by {supplement.checked_by} on {supplement.checked_on}",
    )
