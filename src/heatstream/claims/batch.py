"""批量退费: late start, early stop and 经核查 无故低温运行 each open a claim for every household they touched."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from heatstream.claims import events
from heatstream.claims.act import Desk
from heatstream.claims.events import Cause, Event, Instant, Part, Text, written
from heatstream.errors import BadInput, FieldError
from heatstream.rules import exact_yaml
from heatstream.rules.pack import faults

Grounds = Literal["late_start", "early_stop", "low_running"]


class BatchCase(Part):
    """One cause and period, and the households it touched."""

    schema_: Literal["heatstream.batch-case/1"] = Field(alias="schema", description="form of this file")
    case: Text = Field(description="number of the case")
    at: Instant = Field(description="when it was decided to open it")
    why: Text = Field(description="why it is opened")
    grounds: Grounds = Field(description="`late_start` 推迟开始, `early_stop` 提前停止, `low_running` 无故低温运行")
    begins: Instant = Field(description="it began")
    ends: Instant = Field(description="it ended")
    found: Text = Field(description="what was verified, and how")
    cause: Cause = Field(description="whose cause it was")
    names: tuple[Text, ...] = Field(min_length=1, description="who determined the cause")
    households: tuple[Text, ...] = Field(min_length=1, description="户号 of every household")

    @model_validator(mode="after")
    def _period(self) -> Self:
        if self.ends <= self.begins:
            raise FieldError(
                f"ends: seen {self.ends.isoformat()}, expected after begins {self.begins.isoformat()}",
                zh=f"结束时间为 {written(self.ends)}，应晚于开始时间 {written(self.begins)}",
            )
        return self

    @model_validator(mode="after")
    def _once(self) -> Self:
        twice = sorted({code for code in self.households if self.households.count(code) > 1})
        if twice:
            raise FieldError(f"households: {', '.join(twice)} stand twice", zh=f"户号重复：{'、'.join(twice)}")
        return self


def read(path: Path) -> BatchCase:
    """Read a batch case.

    Raises
    ------
    BadInput
        The file is not there, is not YAML, or is no batch case.
    """
    try:
        return BatchCase.model_validate(exact_yaml.read(path))
    except ValidationError as error:
        raise BadInput(faults(path, error)) from error


async def open_all(desk: Desk, case: BatchCase, *, by: str) -> list[str]:
    """Open a claim for every household, all or none: the caller's transaction is rolled back when this raises.

    Returns
    -------
    their 案号

    Raises
    ------
    BadInput
        Some household is unknown or has an open claim; every such one is a line.
    Refused
        The officer may not, or no policy has judged anything yet.
    """
    opened: list[str] = []
    wrong: list[BadInput] = []
    for household in case.households:
        try:
            opened.append(await _open(desk, case, household, by))
        except BadInput as error:
            wrong.append(error)
    if wrong:
        raise BadInput("\n".join(map(str, wrong)), zh="\n".join(each.zh for each in wrong))
    return opened


async def _open(desk: Desk, case: BatchCase, household: str, by: str) -> str:
    first = events.Opened(
        at=case.at,
        why=case.why,
        household=household,
        way="batch",
        temperature_complaint=False,
        batch_case=case.case,
    )
    code = await desk.open(first, by=by)
    for event in _told(case):
        await desk.record(code, event, by=by)
    return code


def _told(case: BatchCase) -> tuple[Event, Event]:
    """Say what was verified: heat that did not come is an outage, heat that was too low stands in the series."""
    cause = events.CauseDetermined(
        at=case.at,
        why=case.why,
        cause=case.cause,
        by="authority",
        names=case.names,
        analysis=case.found,
        on=(2,),
    )
    if case.grounds == "low_running":
        period = f"{case.begins.isoformat()} to {case.ends.isoformat()}"
        return events.SiteRecorded(at=case.at, why=case.why, place=period, found=case.found), cause
    outage = events.OutageRecorded(
        at=case.at, why=case.why, begins=case.begins, ends=case.ends, cause=case.cause, source=case.found
    )
    return outage, cause
