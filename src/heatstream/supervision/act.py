"""Recording in a matter: one event, its hash, and where the matter stands, in the caller's transaction.

Whoever records holds the matter's row until the transaction ends, so two people at once record one after the other, and
the second is checked against what the first recorded.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain as chain_of
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import chain
from heatstream.claims.act import THE_SOFTWARE
from heatstream.claims.check import AHEAD, Officer
from heatstream.claims.event_words import role, roles
from heatstream.claims.events import written
from heatstream.claims.faults import unfit
from heatstream.claims.way import ITSELF
from heatstream.errors import BadInput, Refused, StoreError
from heatstream.store import claims, matters, places
from heatstream.store.claims import Line
from heatstream.store.matters import Matter
from heatstream.store.timescale import LOCAL
from heatstream.supervision.event_words import EVENTS
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
        its, officer, now = kind_of(kind), await self.officer(by), self.now()
        if not isinstance(event, its.opening):
            raise BadInput(
                f"{event.name}: expected one of {_names(its.opening)}, which open a matter of kind {kind}",
                zh=f"{event.name}：应为立 {kind} 类事项的记录之一：{_names_zh(its.opening, of=kind)}",
            )
        if event.files:
            raise BadInput(
                f"{event.name}: files: nothing is attached yet; attach them, and cite them in a later event",
                zh=f"{_zh(event.name, of=kind)}：尚无附件；应先立事项，添加附件后在以后的记录中引用",
            )
        place = await its.place(self.conn, event)
        await self._check(its, event, officer, place, now)
        await self._check_cited(kind, event)
        await matters.hold_openings(self.conn)
        made = code or await self._numbered(kind, event.at)
        if code is not None and await matters.by_code(self.conn, made) is not None:
            raise BadInput(
                f"matter {made!r} is there already; expected another number",
                zh=f"事项编号 {made} 已存在，应另取编号",
            )
        state = its.after(None, Recorded(1, event, officer, now), self.ground)
        matter_id = await matters.add(
            self.conn, code=made, kind=kind, opened_at=event.at, **place.columns(), **self._standing(its, state)
        )
        await self._append(matter_id, Recorded(1, event, officer, now), before_first(made, kind))
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
        officer, found = await self.officer(by), await self.locked(code)
        its, now = kind_of(found.kind), self.now()
        if not isinstance(event, its.later):
            raise BadInput(
                f"{code}: seen an event {event.name}, expected one of {_names(its.later)}",
                zh=f"{code}：记录类型为 {event.name}，应为以下之一：{_names_zh(its.later, of=found.kind)}",
            )
        await self._check(its, event, officer, place_of(found), now)
        await self._check_files(found, event)
        await self._check_cited(found.kind, event)
        lines = await matters.lines(self.conn, found.id)
        recorded = Recorded(len(lines) + 1, event, officer, now)
        before = self._fold(found, lines, await self._officers(lines))
        state = its.after(before, recorded, self.ground)
        await self._append(found.id, recorded, lines[-1].hash)
        await matters.stand(self.conn, found.id, **self._standing(its, state))
        return recorded

    async def refresh(self, found: Sequence[Matter]) -> None:
        """Keep where matters stand now: limits pass without anybody's recording. Rows that are right are left alone."""
        stale = [
            each["matter_id"] for each, row in zip(await self._rows(found), found, strict=True) if _differs(row, each)
        ]
        if stale:
            # Only now are they held: somebody may have recorded in them meanwhile, so they are folded anew.
            await matters.all_stand(self.conn, await self._rows(await matters.all_locked(self.conn, stale)))

    async def _rows(self, found: Sequence[Matter]) -> list[dict[str, Any]]:
        states = await self.states(found)
        return [
            {"matter_id": each.id, **self._standing(kind_of(each.kind), state)}
            for each, state in zip(found, states, strict=True)
        ]

    async def state(self, found: Matter) -> Any:
        """Fold a matter's events; the kept state serves lists alone."""
        return (await self.states([found]))[0]

    async def states(self, found: Sequence[Matter]) -> list[Any]:
        """Fold the events of many matters, in their order."""
        lines = await matters.lines_of(self.conn, [each.id for each in found])
        officers = await self._officers(chain_of.from_iterable(lines.values()))
        return [self._fold(each, lines.get(each.id, []), officers) for each in found]

    def _fold(self, found: Matter, lines: Sequence[Line], officers: Mapping[str, Officer]) -> Any:
        its, state, ground = kind_of(found.kind), None, replace(self.ground, past=True)
        for each in _read_all(its, lines, officers):
            state = its.after(state, each, ground)
        if state is None:
            raise StoreError(f"matter {found.code} has no event; expected the one that opened it")
        return state

    async def stood(self, found: Matter, instant: dt.datetime) -> tuple[Matter, Any, list[Line]]:
        """Fold the events that were recorded by an instant; tell the matter as it stood, its state, and the events.

        Raises
        ------
        BadInput
            It was opened later.
        """
        lines = [line for line in await matters.lines(self.conn, found.id) if line.recorded_at <= instant]
        if not lines:
            raise BadInput(
                f"matter: seen {found.code!r}, expected one that was there at {instant.isoformat()}",
                zh=f"事项 {found.code} 在 {written(instant)} 尚未立，应为当时已有的事项",
            )
        its, state = kind_of(found.kind), self._fold(found, lines, await self._officers(lines))
        return found._replace(**its.standing(state, self.ground, instant)._asdict()), state, lines

    async def history(self, found: Matter) -> list[Recorded]:
        """Read a matter's events back."""
        lines = await matters.lines(self.conn, found.id)
        return _read_all(kind_of(found.kind), lines, await self._officers(lines))

    async def _officers(self, lines: Iterable[Line]) -> dict[str, Officer]:
        return {code: await self.officer(code) for code in {each.officer for each in lines}}

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
            raise BadInput(
                f"officer: seen {code!r}, expected a 工号 of the registry (officer.csv)",
                zh=f"工号为“{code}”，应为登记中的工号（officer.csv）",
            )
        return Officer(*found)

    async def _check(self, its: MatterKind, event: Event, officer: Officer, place: Place, now: dt.datetime) -> None:
        """Ask whether this officer may record this, here and now."""
        title = f"{event.name} by {officer.code} ({officer.role})"
        zh_title = f"{_zh(event.name, of=its.name)}（{officer.code}，{role(officer.role)}）"
        if event.at > now + AHEAD:
            raise BadInput(
                f"{title}: at: seen {event.at.isoformat()}, expected not later than now",
                zh=f"{zh_title}：发生时间为 {written(event.at)}，不应晚于现在",
            )
        allowed = its.who[event.name]
        if officer.role not in allowed:
            raise Refused(
                f"{title}: expected one of {', '.join(sorted(allowed))}", zh=f"{zh_title}：应由{roles(allowed)}记录"
            )
        await self.check_person(title, officer, place, now, zh_title=zh_title)

    async def check_person(
        self, title: str, officer: Officer, place: Place, now: dt.datetime, *, zh_title: str
    ) -> None:
        """Let who is registered act: a company in its own, a district in its own and shared matters, a city everywhere.

        Parameters
        ----------
        title, zh_title : what is done, and by whom, for the message in English and in Chinese

        Raises
        ------
        Refused
            The matter is another's, or the registration does not hold.
        """
        # Of the day of recording: who matches a call may have been registered since, who has left records no more.
        day = now.astimezone(LOCAL).date()
        if not officer.holds_on(day):
            raise Refused(
                f"{title}: this officer's registration does not hold on {day}, when it is recorded",
                zh=f"{zh_title}：办理人的登记在记录之日 {day} 无效",
            )
        if officer.role in EVERYWHERE:
            return
        if officer.role in OF_A_COMPANY and officer.company_id != place.company_id:
            raise Refused(f"{title}: the matter is another company's", zh=f"{zh_title}：该事项属于另一企业")
        if officer.role == "district" and officer.district_id is None:
            raise Refused(
                f"{title}: this officer is registered for no district", zh=f"{zh_title}：办理人未登记所辖区县"
            )
        if officer.district_id is not None and not await self._lies_in(officer.district_id, place):
            raise Refused(f"{title}: the matter lies in another district", zh=f"{zh_title}：该事项在另一区县")

    async def _lies_in(self, district_id: int, place: Place) -> bool:
        if place.district_id is not None or place.company_id is None:
            return place.district_id in {None, district_id}
        return await places.supplies(
            self.conn,
            district_id,
            heat_station_id=place.heat_station_id,
            heat_source_id=place.heat_source_id,
            company_id=place.company_id,
        )

    async def _check_files(self, found: Matter, event: Event) -> None:
        there = {each.sha256.hex() for each in await matters.files(self.conn, found.id)}
        missing = [each for each in event.files if each not in there]
        if missing:
            raise BadInput(
                f"{event.name}: files: {missing[0]} is not attached to {found.code}; attach it first",
                zh=f"{_zh(event.name, of=found.kind)}：附件 {missing[0]} 未附入 {found.code}，应先添加附件",
            )

    async def _check_cited(self, kind: str, event: Event) -> None:
        there = await matters.there_of(self.conn, event.cited_matters) if event.cited_matters else set()
        for code in event.cited_matters:
            if code not in there:
                raise BadInput(
                    f"{event.name}: matter {code!r} is not there; expected one of `supervise list`",
                    zh=f"{_zh(event.name, of=kind)}：没有事项“{code}”，应为事项列表中的编号",
                )
        for code in event.cited_claims:
            if await claims.by_code(self.conn, code) is None:
                raise BadInput(
                    f"{event.name}: claim {code!r} is not there; expected one of `claims list`",
                    zh=f"{_zh(event.name, of=kind)}：没有案件“{code}”，应为退费案件列表中的案号",
                )

    async def _numbered(self, kind: str, at: dt.datetime) -> str:
        """Count on from what was opened within the day, past numbers that somebody gave by hand."""
        midnight = at.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
        prefix = f"{kind.upper()[:3]}-{midnight:%Y%m%d}-"
        number = await matters.opened_on(self.conn, kind, midnight) + 1
        while await matters.by_code(self.conn, f"{prefix}{number:04d}") is not None:
            number += 1
        return f"{prefix}{number:04d}"

    async def find(self, code: str) -> Matter:
        """Give a matter; BadInput where there is none."""
        return _there(code, await matters.by_code(self.conn, code))

    async def locked(self, code: str) -> Matter:
        """Hold a matter until the transaction ends, and give it; BadInput where there is none."""
        return _there(code, await matters.locked(self.conn, code))

    def _standing(self, its: MatterKind, state: Any) -> dict[str, Any]:
        return {**its.standing(state, self.ground, self.now())._asdict(), "state": state.model_dump(mode="json")}

    async def _append(self, matter_id: int, recorded: Recorded, before: bytes) -> None:
        event = recorded.event
        body = event.model_dump(mode="json", exclude_none=True)
        line = Line(recorded.number, event.name, event.at, recorded.at, recorded.officer.code, body, b"")
        await matters.append(self.conn, matter_id, line._replace(hash=chain.hash_of(before, line)))


def _differs(kept: Matter, row: Mapping[str, Any]) -> bool:
    return any(getattr(kept, name) != value for name, value in row.items() if name != "matter_id")


def before_first(code: str, kind: str) -> bytes:
    """Hash what stands before the first event of a matter."""
    return chain.start(form=FORM, matter=code, kind=kind)


def person(by: str) -> str:
    """Take the 工号 of a person; BadInput where it is the software's name."""
    if by == ITSELF:
        raise BadInput(
            f"officer: seen {by!r}, which is the software; expected the 工号 of a person",
            zh=f"工号为“{by}”，是本系统，应为人员的工号",
        )
    return by


def told(kind: str, tree: Any, by: str, where: str) -> Event:
    """Read an event as a person gave it.

    Parameters
    ----------
    kind : of the matter
    by : 工号 of who gives it
    where : in what, for the message

    Raises
    ------
    BadInput
        A field is unknown, missing or not what it takes, every fault is a line; or only an act or the software
        records such an event.
    """
    its, title = kind_of(kind), f"{person(by)}, {where}"
    known = [each for each in (*its.opening, *its.later) if its.who[_name(each)] != {ITSELF}]
    seen = tree.get("kind") if isinstance(tree, dict) else None
    found = event_type(known, str(seen))
    if found is None:
        raise BadInput(
            f"{title}: kind: seen {seen!r}, expected one of {_names(known)}",
            zh=f"{title}：记录类型为“{seen}”，应为以下之一：{_names_zh(known, of=kind)}",
        )
    if found.by_act is not None:
        raise BadInput(
            f"{title}: {seen} is recorded by `{found.by_act}`, with all that goes with it",
            zh=f"{title}：“{_zh(str(seen), of=kind)}”由 `{found.by_act}` 连同相关事项一并记录",
        )
    try:
        return found.model_validate(tree)
    except ValidationError as error:
        raise unfit(title, str(seen), error, zh_title=f"{title}：{_zh(str(seen), of=kind)}") from error


def _read_all(its: MatterKind, lines: Sequence[Line], officers: Mapping[str, Officer]) -> list[Recorded]:
    return [Recorded(each.number, read(its, each), officers[each.officer], each.recorded_at) for each in lines]


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
    return next((each for each in among if _name(each) == name), None)


def _name(event: type[Event]) -> str:
    return str(event.model_fields["kind"].default)


def _names(events: Iterable[type[Event]]) -> str:
    return ", ".join(map(_name, events))


def _zh(name: str, *, of: str) -> str:
    return EVENTS[of][name][0]


def _names_zh(events: Iterable[type[Event]], *, of: str) -> str:
    return "、".join(_zh(_name(each), of=of) for each in events)


def _there(code: str, found: Matter | None) -> Matter:
    if found is None:
        raise BadInput(
            f"matter: seen {code!r}, expected one that `heatstream supervise list` shows",
            zh=f"没有事项“{code}”，应为事项列表中的编号",
        )
    return found


def place_of(found: Matter) -> Place:
    """Say whom a matter concerns."""
    return Place(**{name: getattr(found, name) for name in Place().columns()})
