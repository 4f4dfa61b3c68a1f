"""Recording in a claim: one event, its hash, the amounts and the time limits that follow, in the caller's transaction.

Whoever records holds the claim's row until the transaction ends, so two people at once record one after the other, and
the second is checked against what the first recorded.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.claims import chain, check, clocks, events
from heatstream.claims import law as laws
from heatstream.claims.assess import Assessed, assess, find, way_from
from heatstream.claims.check import Circumstances, Home, Officer
from heatstream.claims.documents import filing
from heatstream.claims.events import Event
from heatstream.claims.way import ITSELF, Recorded, Way, after
from heatstream.core.calendar import date_of, day_of
from heatstream.errors import BadInput
from heatstream.rules.holidays import DaysOff
from heatstream.store import claims
from heatstream.store.claims import Claim, Line
from heatstream.store.closings import closed_through
from heatstream.store.timescale import LOCAL

THE_SOFTWARE = Officer(ITSELF, ITSELF, ITSELF, None, None, dt.date.min, None)


@dataclass(frozen=True)
class Desk:
    """Where claims are recorded: one connection with a transaction, the days off, and a clock."""

    conn: AsyncConnection
    days_off: DaysOff
    now: Callable[[], dt.datetime]

    async def open(self, event: events.Opened, *, by: str, code: str | None = None) -> str:
        """Open a claim.

        Parameters
        ----------
        by : 工号 of who records
        code : 案号; without it one is made of 户号, day and a number

        Returns
        -------
        its 案号

        Raises
        ------
        BadInput
            The household or the officer is not registered, or a claim of the household is open.
        Refused
            The officer may not, or no policy has judged anything yet.
        """
        officer, home = await self.officer(by), await self._home(event.household)
        await claims.hold_openings(self.conn)
        earlier = await claims.of_household(self.conn, home.id)
        _refuse_two_open(earlier)
        law = await self.law()
        around = self._at_opening(event, home, law)
        check.check(Way(), event, officer, around)
        made = code or f"{home.code}-{event.at.astimezone(LOCAL):%Y%m%d}-{len(earlier) + 1}"
        if await claims.by_code(self.conn, made) is not None:
            raise BadInput(
                f"claim {made!r} is there already; expected another 案号", zh=f"案号 {made} 已存在，应另取案号"
            )
        await claims.add(
            self.conn,
            code=made,
            household_id=home.id,
            season_from=around.season[0],
            season_to=around.season[1],
            policy_id=law.id,
            opened_at=event.at,
            opened_way=event.way,
            batch_case=event.batch_case,
            step="opened",
        )
        await self._write(await find(self.conn, made), Way(), event, by, before=chain.genesis(made, home.code))
        return made

    async def _home(self, code: str) -> claims.Home:
        home = await claims.home(self.conn, code)
        if home is None:
            raise BadInput(
                f"household: seen {code!r}, expected a 户号 of the registry", zh=f"户号为“{code}”，应为登记中的户号"
            )
        return home

    def _at_opening(self, event: events.Opened, home: claims.Home, law: laws.InForce) -> Circumstances:
        of_claim = law.policy.law_on(_day(event.at))
        season = of_claim.season_until(_day(event.at))
        return Circumstances(
            home=Home(home.code, home.district_id, home.district, home.company_id, home.company),
            pack=of_claim.pack,
            season=(date_of(season.first_day), date_of(season.last_day)),
            now=self.now(),
        )

    async def record(self, code: str, event: Event, *, by: str) -> Recorded:
        """Record an event in a claim.

        Raises
        ------
        BadInput
            There is no such claim or officer, or the event contradicts what is recorded.
        Refused
            The person or the pack does not allow it.
        """
        return await self._record(code, event, await self.officer(by))

    async def review(self, code: str, event: events.ReviewOpened) -> Recorded:
        """Record a 复核 that the software itself found to be needed."""
        return await self._record(code, event, THE_SOFTWARE)

    async def _record(self, code: str, event: Event, officer: Officer) -> Recorded:
        claim = await self._locked(code)
        lines = await claims.lines(self.conn, claim.id)
        way = way_from(lines)
        seen = await self.assess(claim, way)
        check.check(way, event, officer, await self.around(claim, seen))
        if (
            isinstance(event, events.RulingApproved)
            and event.doc_no
            and await claims.doc_no_taken(self.conn, event.doc_no)
        ):
            raise BadInput(
                f"{check.title(event.kind, officer)}: 文号 {event.doc_no} stands on another ruling",
                zh=f"{check.title_zh(event.kind, officer)}：文号 {event.doc_no} 已用于另一裁定",
            )
        return await self._write(claim, way, event, officer.code, before=lines[-1].hash)

    async def recompute(self, code: str) -> Assessed:
        """Compute a claim anew by what the store holds now, and keep what it comes to unless it is ruled."""
        claim = await self._locked(code)
        seen = await self.assess(claim, way_from(await claims.lines(self.conn, claim.id)))
        await claims.stand(self.conn, claim.id, self.now(), **standing(seen))
        return seen

    async def assess(self, claim: Claim, way: Way, *, through: dt.date | None = None) -> Assessed:
        """Say what a claim comes to by the policy in force; `through`: as if no later day were closed."""
        return await assess(self.conn, claim, way, await self.law(), self.days_off, through=through)

    async def officer(self, code: str) -> Officer:
        """Find who acts.

        Raises
        ------
        BadInput
            Nobody of this 工号 is registered.
        """
        found = await claims.officer_by_code(self.conn, code)
        if found is None:
            raise BadInput(
                f"officer: seen {code!r}, expected a 工号 of the registry (officer.csv)",
                zh=f"工号为“{code}”，应为登记中的工号（officer.csv）",
            )
        return Officer(*found)

    async def law(self) -> laws.InForce:
        """Give the policy that claims are computed by."""
        return await laws.in_force(self.conn)

    async def _locked(self, code: str) -> Claim:
        await claims.locked(self.conn, code)
        return await find(self.conn, code)

    async def around(self, claim: Claim, seen: Assessed) -> Circumstances:
        """Gather what an event is checked against, beside the claim's way."""
        files = await claims.files(self.conn, claim.id)
        now = self.now()
        return Circumstances(
            home=Home(claim.household, claim.district_id, claim.district, claim.company_id, claim.company),
            pack=seen.law.pack,
            season=(claim.season_from, claim.season_to),
            now=now,
            files=frozenset(each.sha256.hex() for each in files),
            bundles=frozenset(each.sha256.hex() for each in files if each.kind == "bundle"),
            entitlement_fen=seen.amount.entitlement_fen,
            measured_late=clocks.measured_late(seen.clocks, now),
            measured_failing=seen.measured_failing,
            monitored=seen.monitored,
            names_band=seen.names_band,
        )

    async def _write(self, claim: Claim, way: Way, event: Event, by: str, *, before: bytes) -> Recorded:
        """Add the event, keep what follows from it, and say where the claim stands."""
        line = Line(way.next_number, event.kind, event.at, self.now(), by, events.body(event), b"")
        line = line._replace(hash=chain.hash_of(before, line))
        await claims.append(self.conn, claim.id, line)
        recorded = Recorded(line.number, event, by, line.recorded_at)
        stands = after(way, recorded)
        await self._keep(claim, stands, recorded)
        seen = await self.assess(claim, stands)
        values = standing(seen, newly_ruled=event.kind == "ruling_approved")
        await claims.stand(self.conn, claim.id, recorded.recorded_at, **values)
        await self._set_papers(claim.code, event, by)
        return recorded

    async def _set_papers(self, code: str, event: Event, by: str) -> None:
        """Set a ruling's draft, for what cannot be printed is not to be ruled; keep a ruling as it was issued."""
        match event:
            case events.RulingDrafted():
                await filing.check_draft(self.conn, code)
            case events.RulingApproved(agrees=True):
                await filing.keep_ruling(self.conn, code, by)
            case _:
                pass

    async def _keep(self, claim: Claim, way: Way, recorded: Recorded) -> None:
        """Keep rulings and reviews in the tables that are searched by them."""
        match recorded.event:
            case events.RulingApproved(agrees=True):
                closed = await closed_through(self.conn)
                await claims.add_ruling(self.conn, claim_id=claim.id, closed_through=closed, **_ruling(way))
            case events.RulingServed(at=at) if way.ruling and way.ruling.served_to_both:
                await claims.serve_ruling(self.conn, claim.id, way.ruling.last_served_at or at)
            case events.RulingRevoked(at=at):
                await claims.revoke_ruling(self.conn, claim.id, at)
            case events.ReviewOpened(because=because):
                detail = events.body(recorded.event)
                await claims.open_task(self.conn, claim.id, recorded.number, because, detail)
            case events.ReviewClosed(review=review, outcome=outcome, at=at):
                await claims.close_task(self.conn, claim.id, review, by=recorded.officer, outcome=outcome, at=at)
            case _:
                pass


def standing(seen: Assessed, *, newly_ruled: bool = False) -> dict[str, Any]:
    """Give the columns of a claim's row that follow from its events and its amounts.

    What a claim came to on the day of its ruling stays beside the ruling; later data opens a 复核 and changes nothing.
    """
    way = seen.way
    stands = {
        "step": way.step.name.lower(),
        "next_due_at": clocks.next_due_at(seen.clocks),
        "ruled_fen": way.ruling and way.ruling.fen,
        "paid_fen": way.paid_fen,
        "pay_by": _pay_by(seen),
    }
    if way.ruling is not None and not newly_ruled:
        return stands
    return stands | {
        "policy_id": seen.policy_id,
        "computed_fen": seen.amount.computed_fen,
        "entitlement_fen": seen.amount.entitlement_fen,
    }


def _pay_by(seen: Assessed) -> dt.date | None:
    limits = [each.limit for each in seen.clocks if each.name == "perform" and each.limit is not None]
    return limits[0].astimezone(LOCAL).date() if limits else clocks.perform_day(seen.way, seen.law)


def _ruling(way: Way) -> dict[str, Any]:
    ruling = way.ruling
    if ruling is None:
        raise ValueError("no ruling stands; expected one that was just issued")
    return {
        "doc_no": ruling.doc_no,
        "outcome": ruling.outcome,
        "ruled_fen": ruling.fen,
        "drafted_by": ruling.drafted_by,
        "reviewed_by": ruling.reviewed_by,
        "approved_by": ruling.approved_by,
        "issued_at": ruling.issued_at,
        "bundle_sha256": bytes.fromhex(ruling.draft.bundle_sha256),
    }


def _refuse_two_open(earlier: list[Claim]) -> None:
    still = [each.code for each in earlier if each.step not in {"closed", "withdrawn"}]
    if still:
        raise BadInput(
            f"household {earlier[0].household}: claim {still[0]} is open; expected it recorded there",
            zh=f"热用户 {earlier[0].household} 的案件 {still[0]} 尚未办结，应在该案中记录",
        )


def _day(at: dt.datetime) -> int:
    return day_of(at.astimezone(LOCAL).date())
