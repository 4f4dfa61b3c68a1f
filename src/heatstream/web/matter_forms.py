"""Which forms a matter offers to whoever looks at it now, and what stands in them at first."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from heatstream.claims.check import Officer
from heatstream.errors import Refused
from heatstream.rules.supervision.scorecard import CATEGORIES
from heatstream.store.read import companies
from heatstream.store.timescale import LOCAL
from heatstream.supervision.act import Desk, event_type, place_of
from heatstream.supervision.company.company_file import CompanyFile, scored_by_hand
from heatstream.supervision.company.publications import Publication, hash_of
from heatstream.supervision.hotline import ticket_acts
from heatstream.supervision.hotline.work_orders import WorkOrder
from heatstream.supervision.incident.incident_state import Incident
from heatstream.supervision.kinds import kind_of
from heatstream.supervision.shown import Shown
from heatstream.supervision.told import Event
from heatstream.supervision.watch import scorecard
from heatstream.web.matter_acts import ACTS

Names = Mapping[str, str]


@dataclass(frozen=True)
class Offer:
    """One form.

    Attributes
    ----------
    name : the kind of event that it records
    model, fixed, given, choices : as `forms.form` takes them
    """

    name: str
    model: type[BaseModel]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, Names] = field(default_factory=dict)


@dataclass(frozen=True)
class Offers:
    """What whoever looks may record now; `barred` says why it is nothing, where a rule of the place bars them."""

    forms: tuple[Offer, ...] = ()
    barred: Refused | None = None


async def offers(desk: Desk, seen: Shown, officer_code: str | None) -> Offers:
    """Say what an officer may record in a matter as it stands."""
    if officer_code is None:
        return Offers()
    officer, kind = await desk.officer(officer_code), seen.matter.kind
    names = [name for name, roles in seen.coming.items() if officer.role in roles and _has_form(kind, name)]
    if not names:
        return Offers()
    try:
        code = seen.matter.code
        await desk.check_person(code, officer, place_of(seen.matter), desk.now(), zh_title=code)
    except Refused as error:
        return Offers(barred=error)
    offering = _Offering(desk, seen, officer, await desk.state(seen.matter))
    return Offers(tuple([await offering.of(name) for name in names]))


def _has_form(kind: str, name: str) -> bool:
    return (kind, name) in ACTS or _event(kind, name).by_act is None


def _event(kind: str, name: str) -> type[Event]:
    found = event_type(kind_of(kind).later, name)
    if found is None:
        raise TypeError(f"{kind}: {name}: `coming` names an event that `later` does not")
    return found


@dataclass(frozen=True)
class _Offering:
    """A matter as it stands, and who looks at it."""

    desk: Desk
    seen: Shown
    officer: Officer
    state: Any

    async def of(self, name: str) -> Offer:
        """Make one form."""
        kind = self.seen.matter.kind
        act = ACTS.get((kind, name))
        if act is not None:
            return Offer(name, act.model, choices=await self.choices(name))
        fixed, given = await self.fixed(name), {"at": written(self.desk.now()), **self.given(name)}
        return Offer(name, _event(kind, name), fixed, given, await self.choices(name))

    def given(self, name: str) -> dict[str, Any]:
        """Put in what the matter says already; whoever records looks at it."""
        match self.state, name:
            case Incident() as state, "verified":
                return {"begins": written(state.begins), "ends": state.ends and written(state.ends)}
            case WorkOrder() as state, "assigned":
                return {"company": state.company}
            case CompanyFile(), _:
                return given_of_file(name, self.officer, self.desk.now())
            case Publication() as state, "company_notified" | "company_objected" if len(state.companies) == 1:
                return {"company": state.companies[0]}
        return {}

    async def fixed(self, name: str) -> dict[str, Any]:
        """Say what nobody is asked: another version of a scorecard's publication is the scorecard of now."""
        if name != "publication_corrected":
            return {}
        content = await self.content(self.state)
        return {"content": content, "content_sha256": hash_of(content)}

    async def content(self, state: Publication) -> dict[str, Any]:
        """Give what is published: scorecards as they are now; of anything else its content stays."""
        if state.subject != "scorecard" or state.season_year is None:
            newest = next(each for each in self.seen.lines if each.number == state.newest.event)
            return dict(newest.body["content"])
        return {each: await card(self.desk, each, state.season_year) for each in state.companies}

    async def choices(self, name: str) -> dict[str, Names]:
        """Name what there is to choose from."""
        match self.state:
            case Incident() if name == "merged_into" and self.seen.incident:
                return {"into": _same(self.seen.incident.candidates)}
            case Publication() as state:
                return _of_publication(state, name)
            case WorkOrder() as state:
                return await self._of_order(state, name)
            case CompanyFile() as state:
                return await of_file(self.desk, state.company, name)
        return {}

    async def _of_order(self, state: WorkOrder, name: str) -> dict[str, Names]:
        match name:
            case "assigned":
                return {"company": _same([state.company])}
            case "ticket_left":
                return {"ticket_no": _same([f"{each.line} {each.ticket_no}" for each in state.calls])}
            case "linked_claim" | "linked_incident" if self.desk.ground.rules:
                what = name.removeprefix("linked_")
                proposed = await ticket_acts.proposed(self.desk, self.seen.matter)
                codes = [each.code for each in proposed if each.what == what and each.code is not None]
                return {what: _same(codes)} if codes else {}
        return {}


async def of_file(desk: Desk, company: str, name: str) -> dict[str, Names]:
    """Name what there is to choose from in an event of a company's file."""
    known = scored_by_hand(desk.ground)
    if name == "hand_scored" and known:
        categories: dict[str, str] = {
            category: CATEGORIES[category] for category in sorted({each for each, _ in known})
        }
        return {"category": categories, "indicator": _same([each for _, each in sorted(known)])}
    if name == "fuel_reported":
        mine = [each for each in await companies.sources(desk.conn) if each.company == company]
        return {"source": {each.code: f"{each.code} {each.name}" for each in mine}}
    return {}


def given_of_file(name: str, officer: Officer, now: dt.datetime) -> dict[str, Any]:
    """Say what stands at first in an event of a company's file."""
    today = now.astimezone(LOCAL).date().isoformat()
    return {"declared": {"day": today, "signature": officer.name}, "fuel_reported": {"day": today}}.get(name, {})


def _of_publication(state: Publication, name: str) -> dict[str, Names]:
    if name in {"company_notified", "company_objected"}:
        return {"company": _same(state.companies)}
    if name == "objection_answered":
        waiting = [each for each in state.newest.objections if not each.answered]
        return {"objection": {str(each.event): f"{each.event} · {each.company}" for each in waiting}}
    return {}


def _same(codes: Iterable[str]) -> dict[str, str]:
    return {each: each for each in codes}


async def card(desk: Desk, company: str, season: int) -> dict[str, Any]:
    """Give a company's scorecard as it is published: whole numbers and texts alone."""
    found = await scorecard.scorecard(desk.conn, desk.ground, company, season)
    told: dict[str, Any] = found.model_dump(mode="json")
    return told


def written(at: dt.datetime) -> str:
    """Write an instant as a form holds it."""
    return at.isoformat(timespec="seconds")
