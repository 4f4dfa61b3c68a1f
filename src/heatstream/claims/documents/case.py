"""What the papers of a claim are made from."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from heatstream.claims import events
from heatstream.claims import way as ways
from heatstream.claims.documents import law_words, words
from heatstream.claims.documents.papers import (
    Amounts,
    CompanyParty,
    HouseholdParty,
    Margin,
)
from heatstream.claims.way import Way
from heatstream.errors import BadInput
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.law import Law
from heatstream.store.read.papers import Signatory


@dataclass(frozen=True, slots=True)
class Case:
    """A claim as its papers need it."""

    claim_id: int
    """Its row."""
    claim_no: str
    """案号."""
    way: Way
    law: Law
    """In force on the day the claim was opened."""
    choices: ChoicesFile
    """As the office made them; what the pack settles is not among them."""
    policy_sha256: bytes
    watermark: str | None
    household_code: str
    address: str
    company: CompanyParty
    season: tuple[dt.date, dt.date]
    """First and last day."""
    standard_centi: int | None
    """The temperature promised to this household [0.01 °C]; None = nobody could read it."""
    computed_fen: int | None
    """测算额."""
    entitlement_fen: int | None
    """应退热费."""
    officers: Mapping[str, Signatory]
    """By 工号: everyone who recorded in the claim."""
    hashes: Mapping[int, bytes]
    """Of the events, by their numbers."""
    files: Mapping[bytes, str]
    """Names of the papers in the claim's file, by SHA-256."""
    rulings: Mapping[str, bytes]
    """SHA-256 of the rulings' own PDFs, by their names."""

    @property
    def household(self) -> HouseholdParty:
        applicant = self.way.opened.applicant if self.way.opened else None
        return HouseholdParty(self.household_code, self.address, applicant)

    @property
    def amounts(self) -> Amounts:
        ruled = self.way.ruling.fen if self.way.ruling else None
        return Amounts(self.computed_fen, self.entitlement_fen, ruled)

    def margin(self, number: int, at: dt.datetime, archive_no: str | None = None) -> Margin:
        """Mark a page by the event that it prints."""
        return Margin(self.watermark, archive_no, self.hashes[number], words.local_day(at))

    def party(self, which: events.Party) -> str:
        """Name a party by its term."""
        called = law_words.terms(self.law.pack)
        return called.household if which == "household" else called.company


def channel(way: Way) -> str | None:
    """Say by which hotline or counter the request came."""
    opened = way.opened
    if opened is None:
        return None
    told = (opened.channel, opened.ticket_no and f"工单号 {opened.ticket_no}", opened.category)
    return "，".join(each for each in told if each) or None


def standing(case: Case) -> ways.Ruling:
    """Give the ruling that stands.

    Raises
    ------
    BadInput
        None does.
    """
    if case.way.ruling is None:
        raise BadInput(
            f"claim {case.claim_no}: no ruling stands; expected one drafted, reviewed and approved first",
            zh=f"案件 {case.claim_no}：没有有效的裁定，应先承办、复核、审批",
        )
    return case.way.ruling
