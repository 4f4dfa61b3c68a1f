"""Recording in a matter: one event, its hash, and where the matter stands, in the caller's transaction.

Whoever records holds the matter's row until the transaction ends, so two people at once record one after the other, and
the second is checked against what the first recorded.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import chain
from heatstream.claims.act import THE_SOFTWARE
from heatstream.claims.check import AHEAD, Officer
from heatstream.claims.way import ITSELF
from heatstream.errors import BadInput, Refused, StoreError
from heatstream.store import claims, matters
from heatstream.store.claims import Line
from heatstream.store.matters import Matter
from heatstream.store.timescale import LOCAL
from heatstream.supervision.kinds import kind_of
from heatstream.supervision.matter import Ground, MatterKind, Place, Recorded
from heatstream.supervision.told import Event

FORM: Final = "heatstream-matter-event/1"
EVERYWHERE: Final = frozenset({"city", "province", "auditor", ITSELF})
"""Roles without a place of their own."""
OF_A_COMPANY: Final = frozenset({"company", "inspector"})


@dataclass(frozen=True)
class Desk:
    """Where matters are recorded: one connection with a transaction, what they are handled by, and a clock."""

    conn: AsyncConnection
    ground: Ground
    now: Callable[[], dt.datetime]

    async def open(self, kind: str, event: Event, *, by: str, code: str | None = None) -> str:
        """Open a matter.

        Parameters
        ----------
        by : 工号 of who records, or `heatstream` for what the software saw
        code : its number; without it one is made of the kind, the day and a running number

        Returns
        -------
        its code

        Raises
        ------
        BadInput
            The event names what the registry has not, or is not told rightly; the code is taken.
        Refused
            The officer may not.
        """
        its, officer = kind_of(kind), await self.officer(by)
        if not isinstance(event, its.opening):
            raise BadInput(f"{event.name}: expected one of {_names(its.opening)}, which open a matter of kind {kind}")
        place = await its.place(self.conn, event)
        self._check(its, event, officer, place)
        await matters.hold_openings(self.conn)
        made = code or await self._numbered(kind, event.at)
        if await matters.by_code(self.conn, made) is not None:
            raise BadInput(f"matter {made!r} is there already; expected another number")
        state = its.after(None, Recorded(1, event, officer, self.now()), self.ground)
        matter_id = await matters.add(
            self.conn, code=made, kind=kind, opened_at=event.at, **place.columns(), **self._standing(its, state)
        )
        await self._append(matter_id, 1, event, officer, chain.start(form=FORM, matter=made, kind=kind))
        return made

    async def record(self, code: str, event: Event, *, by: str) -> Recorded:
        """Record an event in a matter.

        Raises
        ------
        BadInput
            There is no such matter or officer, or the event contradicts what is recorded.
        Refused
            The officer may not.
        """
        officer, found = await self.officer(by), await self._locked(code)
        its = kind_of(found.kind)
        if not isinstance(event, its.later):
            raise BadInput(f"{code}: seen an event {event.name}, expected one of {_names(its.later)}")
        self._check(its, event, officer, _place_of(found))
        await self._check_files(found, event)
        lines = await matters.lines(self.conn, found.id)
        recorded = Recorded(len(lines) + 1, event, officer, self.now())
        state = its.after(await self.state(found), recorded, self.ground)
        await self._append(found.id, recorded.number, event, officer, lines[-1].hash)
        await matters.stand(self.conn, found.id, **self._standing(its, state))
        return recorded

    async def refresh(self, code: str) -> None:
        """Keep where a matter stands now: limits pass without anybody's recording."""
        found = await self._locked(code)
        its = kind_of(found.kind)
        await matters.stand(self.conn, found.id, **self._standing(its, await self.state(found)))

    async def state(self, found: Matter) -> Any:
        """Fold a matter's events; the kept state serves lists alone."""
        its, state, ground = kind_of(found.kind), None, replace(self.ground, past=True)
        for each in await self.history(found):
            state = its.after(state, each, ground)
        if state is None:
            raise StoreError(f"matter {found.code} has no event; expected the one that opened it")
        return state

    async def history(self, found: Matter) -> list[Recorded]:
        """Read a matter's events back."""
        its = kind_of(found.kind)
        lines = await matters.lines(self.conn, found.id)
        return [
            Recorded(each.number, read(its, each), await self.officer(each.officer), each.recorded_at) for each in lines
        ]

    async def officer(self, code: str) -> Officer:
        """Find who acts.

        Raises
        ------
        BadInput
            Nobody of this 工号 is registered.
        """
        if code == ITSELF:
            return THE_SOFTWARE
        found = await claims.officer_by_code(self.conn, code)
        if found is None:
            raise BadInput(f"officer: seen {code!r}, expected a 工号 of the registry (officer.csv)")
        return Officer(*found)

    def _check(self, its: MatterKind, event: Event, officer: Officer, place: Place) -> None:
        title = f"{event.name} by {officer.code} ({officer.role})"
        if event.at > self.now() + AHEAD:
            raise BadInput(f"{title}: at: seen {event.at.isoformat()}, expected not later than now")
        allowed = its.who[event.name]
        if officer.role not in allowed:
            raise Refused(f"{title}: expected one of {', '.join(sorted(allowed))}")
        if not officer.holds_on(event.at.astimezone(LOCAL).date()):
            raise Refused(f"{title}: this officer's registration does not hold on {event.at.astimezone(LOCAL).date()}")
        _check_place(title, officer, place)

    async def _check_files(self, found: Matter, event: Event) -> None:
        there = {each.sha256.hex() for each in await matters.files(self.conn, found.id)}
        missing = [each for each in event.files if each not in there]
        if missing:
            raise BadInput(f"{event.name}: files: {missing[0]} is not attached to {found.code}; attach it first")

    async def _numbered(self, kind: str, at: dt.datetime) -> str:
        prefix = f"{kind.upper()[:3]}-{at.astimezone(LOCAL):%Y%m%d}-"
        return f"{prefix}{await matters.opened_under(self.conn, prefix) + 1:04d}"

    async def _locked(self, code: str) -> Matter:
        found = await matters.locked(self.conn, code)
        if found is None:
            raise BadInput(f"matter: seen {code!r}, expected one that `heatstream supervise list` shows")
        return found

    def _standing(self, its: MatterKind, state: Any) -> dict[str, Any]:
        return {**its.standing(state, self.ground, self.now())._asdict(), "state": state.model_dump(mode="json")}

    async def _append(self, matter_id: int, number: int, event: Event, officer: Officer, before: bytes) -> None:
        body = event.model_dump(mode="json", exclude_none=True)
        line = Line(number, event.name, event.at, self.now(), officer.code, body, b"")
        await matters.append(self.conn, matter_id, line._replace(hash=chain.hash_of(before, line)))


def read(its: MatterKind, line: Line) -> Event:
    """Read an event as it was kept.

    Raises
    ------
    StoreError
        This release does not know it.
    """
    found = event_type((*its.opening, *its.later), line.kind)
    if found is None:
        raise StoreError(f"an event {line.kind!r} is no event of a matter of kind {its.name} in this release")
    try:
        return found.model_validate(dict(line.body))
    except ValidationError as error:
        raise StoreError(f"event {line.number} ({line.kind}) cannot be read by this release: {error}") from error


def event_type(among: Iterable[type[Event]], name: str) -> type[Event] | None:
    """Find an event's model by its `kind`."""
    return next((each for each in among if each.model_fields["kind"].default == name), None)


def _names(events: Iterable[type[Event]]) -> str:
    return ", ".join(str(each.model_fields["kind"].default) for each in events)


def _place_of(found: Matter) -> Place:
    return Place(**{name: getattr(found, name) for name in Place().columns()})


def _check_place(title: str, officer: Officer, place: Place) -> None:
    """A company acts in its own matters, a district in its own, a city everywhere."""
    if officer.role in EVERYWHERE:
        return
    if officer.role in OF_A_COMPANY and officer.company_id != place.company_id:
        raise Refused(f"{title}: the matter is another company's")
    if officer.district_id is not None and place.district_id is not None and officer.district_id != place.district_id:
        raise Refused(f"{title}: the matter lies in another district")
