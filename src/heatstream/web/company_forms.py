"""What may be recorded of a company from its page: its own reports, and what an authority orders or publishes."""

from dataclasses import dataclass
from typing import Any

from nicegui import ui
from pydantic import BaseModel

from heatstream.access.principal import Principal
from heatstream.claims.check import Officer
from heatstream.errors import Refused
from heatstream.supervision import act
from heatstream.supervision.act import Desk
from heatstream.supervision.company import company_acts, orders, publications
from heatstream.supervision.company.company_file import COMPANY_FILE
from heatstream.supervision.company.company_shown import Whole
from heatstream.supervision.company.orders import ORDER
from heatstream.supervision.company.publications import PUBLICATION, hash_of
from heatstream.supervision.matter import MatterKind, Place
from heatstream.web import matter_words
from heatstream.web.forms import form
from heatstream.web.matter_acts import Recording, Tree
from heatstream.web.matter_forms import Offer, card, given_of_file, of_file, written
from heatstream.web.words import Words


@dataclass(frozen=True)
class Offered:
    """A form, and the kind of matter that its event goes into or opens."""

    kind: str
    form: Offer


@dataclass(frozen=True)
class CompanyForms:
    """The forms of a company's page."""

    offered: tuple[Offered, ...]
    company: str
    recording: Recording
    words: Words

    @classmethod
    async def of(
        cls, desk: Desk, found: Whole, recording: Recording, visitor: Principal, words: Words
    ) -> "CompanyForms":
        """Say what the visitor may record of a company."""
        offered: tuple[Offered, ...] = ()
        if visitor.officer is not None:
            officer = await desk.officer(visitor.officer)
            if await _may_act(desk, officer, found):
                offered = (*await _own(desk, found, officer), *await _of_authority(desk, found, officer))
        return cls(offered, found.company.code, recording, words)

    def title(self, each: Offered) -> str:
        """Name a form."""
        return matter_words.event(each.kind, each.form.name, self.words)

    def fill(self, each: Offered) -> None:
        """Make a form."""

        async def record(tree: Tree) -> None:
            async with self.recording.desk() as (desk, by):
                event = act.told(each.kind, tree, by, self.company)
                if each.kind == COMPANY_FILE.name:
                    day = getattr(event, "day", None) or desk.now().date()
                    code = await company_acts.record_of_day(desk, self.company, day, event, by=by)
                else:
                    code = await desk.open(each.kind, event, by=by)
            ui.navigate.to(f"/matters/{code}")

        its = each.form
        form(
            its.model,
            self.words,
            self.recording.once(f"{each.kind}.{its.name}", record),
            fixed=its.fixed,
            given=its.given,
            choices=its.choices,
            button=self.title(each),
        )


async def _may_act(desk: Desk, officer: Officer, found: Whole) -> bool:
    try:
        code, place = found.company.code, Place(company_id=found.company.id)
        await desk.check_person(code, officer, place, desk.now(), zh_title=code)
    except Refused:
        return False
    return True


def _may(officer: Officer, kind: MatterKind, model: type[BaseModel]) -> bool:
    return officer.role in kind.who[_name(model)]


def _name(model: type[BaseModel]) -> str:
    return str(model.model_fields["kind"].default)


async def _own(desk: Desk, found: Whole, officer: Officer) -> list[Offered]:
    """A company's declarations and reports; an authority's scores, commendations and sanctions."""
    company, now = found.company.code, desk.now()
    models = [each for each in COMPANY_FILE.later if _may(officer, COMPANY_FILE, each)]
    return [
        Offered(
            COMPANY_FILE.name,
            Offer(
                _name(model),
                model,
                given={"at": written(now), **given_of_file(_name(model), officer, now)},
                choices=await of_file(desk, company, _name(model)),
            ),
        )
        for model in models
    ]


async def _of_authority(desk: Desk, found: Whole, officer: Officer) -> list[Offered]:
    fixed, given = {"company": found.company.code}, {"at": written(desk.now())}
    licence = {"licence_no": found.company.licence_no} if found.company.licence_no else {}
    offered = [
        Offered(
            ORDER.name,
            Offer(
                _name(model),
                model,
                fixed,
                given | (licence if model is orders.RevocationProposed else {}),
            ),
        )
        for model in ORDER.opening
        if _may(officer, ORDER, model)
    ]
    draft = publications.PublicationDrafted
    if _may(officer, PUBLICATION, draft) and (content := await _content(desk, found)) is not None:
        of = {
            "subject": "scorecard",
            "season_year": found.season.year,
            "companies": [found.company.code],
            "content": content,
            "content_sha256": hash_of(content),
        }
        title = f"{found.season.year}–{found.season.year + 1} 采暖期考核结果：{found.company.name}"
        offered.append(Offered(PUBLICATION.name, Offer(_name(draft), draft, of, {**given, "title": title})))
    return offered


async def _content(desk: Desk, found: Whole) -> dict[str, Any] | None:
    """Give the scorecard as it would be published; None where there is none."""
    try:
        return {found.company.code: await card(desk, found.company.code, found.season.year)}
    except Refused:
        return None
