"""滞退金: what a company owes for refunding late, where the pack has it (docs/claims.md, section 7). Pure."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from heatstream.claims.clocks import Clock
from heatstream.claims.events import PaymentMade
from heatstream.claims.way import Way
from heatstream.core.refund import late_payment_fen
from heatstream.core.standard import Rounding
from heatstream.rules.law import Law
from heatstream.rules.tiers import ratio
from heatstream.store.timescale import LOCAL


@dataclass(frozen=True, slots=True)
class LatePayment:
    """滞退金 so far."""

    fen: int | None
    """[fen]; None = the pack takes the contract's rate for late fees, and no contract's rate is registered."""
    excused_by_user: bool
    """Nothing is owed where the household is why: a person says so."""


def late_payment(
    way: Way, law: Law, made: Iterable[Clock], owed_fen: int | None, now: dt.datetime
) -> LatePayment | None:
    """Compute what refunding late costs the company; None = the pack has no penalty, or nothing is late.

    Parameters
    ----------
    made : the claim's time limits, `clocks.clocks`
    owed_fen : what is to be refunded [fen]; None = undetermined
    """
    penalty = law.pack.late_refund_penalty
    last = next((clock.limit for clock in made if clock.name == "refund_due"), None)
    if penalty is None or last is None or owed_fen is None:
        return None
    fen_days = _fen_days(way, owed_fen, last.astimezone(LOCAL).date(), now.astimezone(LOCAL).date())
    if not fen_days:
        return None
    excused, rounding = bool(penalty.excused_by_user), law.choices.money_rounding
    if penalty.per_day is None or rounding is None:
        return LatePayment(None, excused)
    return LatePayment(late_payment_fen(fen_days, ratio(penalty.per_day), Rounding[rounding.upper()]), excused)


def _fen_days(way: Way, owed_fen: int, last: dt.date, today: dt.date) -> int:
    """Add fen times the days each was late; days count from the day after the last [fen x days]."""
    total, unpaid = 0, owed_fen
    for event in (each.event for each in way.recorded):
        if isinstance(event, PaymentMade):
            paid = min(event.fen, unpaid)
            unpaid -= paid
            total += paid * max(0, (event.paid_on - last).days)
    return total + unpaid * max(0, (today - last).days)
