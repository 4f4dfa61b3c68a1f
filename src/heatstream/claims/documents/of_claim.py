"""企业自行退费凭证 and 判定说明 of a claim. Pure: everything is handed in."""

import datetime as dt
from collections.abc import Iterable, Iterator

from heatstream.claims import events
from heatstream.claims.amount import Amount
from heatstream.claims.clocks import Clock
from heatstream.claims.documents import amount_words, law_words, words
from heatstream.claims.documents.case import Case
from heatstream.claims.documents.papers import (
    Amounts,
    Explanation,
    Line,
    Margin,
    Payment,
    SelfRefundVoucher,
)
from heatstream.errors import BadInput


def voucher(case: Case) -> SelfRefundVoucher:
    """Print what the company gives back by itself.

    Raises
    ------
    BadInput
        It offered nothing.
    """
    offered, accepted = case.way.offered, case.way.accepted
    if offered is None or not isinstance(offered.event, events.SelfRefundOffered):
        raise BadInput(
            f"claim {case.claim_no}: no self-refund is offered; expected `self_refund_offered` first",
            zh=f"案件 {case.claim_no}：企业尚未提出自行退费，应先提出",
        )
    newest = accepted or offered
    return SelfRefundVoucher(
        margin=case.margin(newest.number, newest.event.at),
        terms=law_words.terms(case.law.pack),
        claim_no=case.claim_no,
        household=case.household,
        company=case.company,
        period=(offered.event.day_from, offered.event.day_to),
        offered_fen=offered.event.fen,
        offered_at=offered.event.at,
        accepted_by=accepted.event.by_name
        if accepted and isinstance(accepted.event, events.SelfRefundAccepted)
        else None,
        accepted_at=accepted.event.at if accepted else None,
        payments=tuple(_payments(case, offered.number)),
        amounts=case.amounts,
    )


def _payments(case: Case, since: int) -> Iterator[Payment]:
    until = case.way.ruling.number if case.way.ruling else None
    for each in case.way.recorded[since:until]:
        if isinstance(each.event, events.PaymentMade):
            paid = each.event
            yield Payment(paid.fen, paid.paid_on, paid.voucher_no, paid.payee)


def explanation(
    case: Case, amount: Amount, limits: Iterable[Clock], changes: Iterable[Line], now: dt.datetime
) -> Explanation:
    """Print why the claim comes to what it does as it stands now, and what would alter it."""
    newest = case.way.recorded[-1]
    return Explanation(
        margin=Margin(case.watermark, None, case.hashes[newest.number], words.local_day(now)),
        claim_no=case.claim_no,
        as_of=now,
        household=case.household,
        lines=(*amount_words.lines(amount), *changes, *(amount_words.limit(each, now) for each in limits)),
        days=tuple(map(amount_words.day, amount.days)),
        amounts=Amounts(amount.computed_fen, amount.entitlement_fen, case.amounts.ruled_fen),
        policy_sha256=case.policy_sha256,
    )
