"""What a page records in matters: who acts is asked anew, sees what it is about, and records it once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from fastapi import Request
from pydantic import BaseModel, ValidationError

from heatstream.access.principal import Principal
from heatstream.claims import act as claim_act
from heatstream.claims.events import Part, Said, Text
from heatstream.claims.faults import unfit
from heatstream.errors import BadInput, Refused
from heatstream.settings import Settings
from heatstream.store import matters
from heatstream.supervision import act, files
from heatstream.supervision.act import Desk
from heatstream.supervision.hotline import ticket_acts
from heatstream.supervision.incident import batch_case, merging
from heatstream.web import matter_rows
from heatstream.web.shared import Reader
from heatstream.web.signed_in import still

Tree = dict[str, Any]


@dataclass
class Recording:
    """Somebody who records from an open page. What was recorded by it is recorded once, whatever is sent again."""

    request: Request
    reader: Reader
    settings: Settings
    _under_way: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def desk(self, code: str | None = None) -> AsyncIterator[tuple[Desk, str]]:
        """Begin a transaction in which they may record, in a matter that they see; tell their 工号.

        Raises
        ------
        BadInput
            They see no such matter.
        Refused
            They are nobody of the registry of officers.
        """
        who = await still(self.request)
        if code is not None:
            async with Reader(self.reader.source, who).connection() as conn:
                if await matters.by_code(conn, code) is None:
                    raise BadInput(
                        f"matter: seen {code!r}, expected one that is shown to you", zh=f"没有您可见的事项“{code}”"
                    )
        async with self.reader.source.writing() as conn:
            yield await matter_rows.desk(conn, self.settings, self.reader.source.now), _officer(who)

    def once(self, name: str, record: Callable[[Tree], Awaitable[None]]) -> Callable[[Tree], Awaitable[None]]:
        """Let a form of this page record once; what was refused may be mended and sent again."""

        async def guarded(tree: Tree) -> None:
            if name in self._under_way:
                raise Refused(
                    "this was recorded already, or is being recorded: load the page again to see it",
                    zh="此项已经记录，或正在记录：请重新载入页面查看",
                )
            self._under_way.add(name)
            try:
                await record(tree)
            except BaseException:
                self._under_way.discard(name)
                raise

        return guarded

    async def attach(self, code: str, name: str, content: bytes) -> str:
        """Keep a paper in a matter; tell its SHA-256."""
        async with self.desk(code) as (desk, by):
            return await files.attach(desk, code, name, content, by=by)


def _officer(who: Principal) -> str:
    if who.officer is None:
        raise Refused(
            f"{who.who} is no officer of the registry: nothing can be recorded in that name",
            zh=f"{who.who} 不是登记的工作人员，不能以此名义记录",
        )
    return who.officer


async def record(desk: Desk, code: str, seen: int, name: str, tree: Tree, *, by: str) -> None:
    """Record an event in a matter, or do the act that records it.

    Parameters
    ----------
    seen : how many events whoever records saw of it

    Raises
    ------
    BadInput, Refused
        Somebody recorded meanwhile; or as `Desk.record` and the acts say.
    """
    found = await desk.find(code)
    its = ACTS.get((found.kind, name))
    if its is None:  # an act holds what it needs by itself, in an order of its own
        await desk.locked(code)
    there = len(await matters.lines(desk.conn, found.id))
    if there != seen:
        raise BadInput(
            f"{code}: seen {seen} events, and there are {there} by now: somebody recorded meanwhile. Read what is new, "
            "then send this again if it still holds",
            zh=f"{code}：您看到 {seen} 条记录，现已有 {there} 条：他人刚刚作了记录。请先阅读新的记录，仍需记录的再提交",
        )
    if its is None:
        await desk.record(code, act.told(found.kind, tree, by, code), by=by)
    else:
        await its.does(desk, code, checked(its.model, tree, by), by)


def checked(model: type[BaseModel], tree: Tree, by: str) -> Any:
    """Read what a form of ours gave; BadInput tells every fault."""
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise unfit(by, model.__name__, error, zh_title=by) from error


# --- acts that record an event among other things ---------------------------------------------------------------------


class Because(Part):
    """Why it is done."""

    why: Said


class Into(Because):
    """Into which."""

    into: Text


class OpenBatch(Part):
    """Nothing is asked: all of it follows from what was verified."""


class SplitTicket(Because):
    """Which ticket."""

    ticket_no: Text
    """Line and 工单号, with a blank between."""


class JoinClaim(Because):
    """Which claim; none = a new one."""

    claim: Text | None = None


class JoinIncident(Because):
    """Which incident."""

    incident: Text


async def _merge_incident(desk: Desk, code: str, told: Into, by: str) -> None:
    await merging.merge(desk, code, told.into, by=by, why=told.why)


async def _open_batch(desk: Desk, code: str, _: OpenBatch, by: str) -> None:
    found = await desk.locked(code)
    drawn = await batch_case.drawn(desk, found, by=by)
    await batch_case.open_claims(desk, found, drawn, by=by)


async def _merge_order(desk: Desk, code: str, told: Into, by: str) -> None:
    await ticket_acts.merge(desk, code, told.into, by=by, why=told.why)


async def _split(desk: Desk, _: str, told: SplitTicket, by: str) -> None:
    line, _, ticket_no = told.ticket_no.partition(" ")
    await ticket_acts.split(desk, line, ticket_no, by=by, why=told.why)


async def _join_claim(desk: Desk, code: str, told: JoinClaim, by: str) -> None:
    office = claim_act.Desk(desk.conn, desk.ground.days_off, desk.now)
    await ticket_acts.join_claim(desk, office, code, claim=told.claim, by=by, why=told.why)


async def _join_incident(desk: Desk, code: str, told: JoinIncident, by: str) -> None:
    await ticket_acts.join_incident(desk, code, told.incident, by=by, why=told.why)


@dataclass(frozen=True)
class Act:
    """An act: what is asked of whoever does it, and the doing."""

    model: type[BaseModel]
    does: Callable[[Desk, str, Any, str], Awaitable[None]]


ACTS: Final[Mapping[tuple[str, str], Act]] = MappingProxyType(
    {
        ("incident", "merged_into"): Act(Into, _merge_incident),
        ("incident", "batch_opened"): Act(OpenBatch, _open_batch),
        ("work_order", "merged"): Act(Into, _merge_order),
        ("work_order", "ticket_left"): Act(SplitTicket, _split),
        ("work_order", "linked_claim"): Act(JoinClaim, _join_claim),
        ("work_order", "linked_incident"): Act(JoinIncident, _join_incident),
    }
)
"""By the kind of matter and the event that it records; events that another act records have no form of their own."""
