"""A claim told to a person, and as JSON for a program: its step, its time limits, its three amounts, its events."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from heatstream.claims.amount import Amount
from heatstream.claims.assess import Assessed
from heatstream.claims.clocks import NAMES
from heatstream.claims.event_words import STEPS
from heatstream.claims.facts import instant
from heatstream.claims.late import LatePayment, late_payment
from heatstream.claims.way import Step
from heatstream.store.claims import Claim, Line, Task
from heatstream.store.timescale import LOCAL

WHERE = {
    Step.OPENED: "受理",
    Step.MEASURED: "已测温",
    Step.OFFERED: "企业已提出自行退费",
    Step.ACCEPTED: "自行退费已接受",
    Step.APPLIED: "已申请区主管部门",
    Step.RETESTED: "已复测",
    Step.DRAFTED: "承办",
    Step.REVIEWED: "复核",
    Step.RULED: "已裁定",
    Step.SERVED: "已送达",
    Step.PERFORMED: "已履行",
    Step.CLOSED: "办结",
    Step.WITHDRAWN: "撤回",
}


def sentences(
    seen: Assessed,
    lines: Sequence[Line],
    tasks: Sequence[Task],
    now: dt.datetime,
    coming: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    """Tell a claim, a line a fact; last what may come next, by the kinds of `coming` and their roles."""
    claim, way = seen.claim, seen.way
    stands = f"{WHERE[way.step]} {way.step.name.lower()}"
    yield f"{claim.code} · {stands} · {claim.household} · {claim.district} · {claim.company}"
    yield f"opened {instant(claim.opened_at)} by {claim.opened_way}, season {claim.season_from} to {claim.season_to}"
    yield from _amounts(seen)
    yield from _late(seen, now)
    for clock in seen.clocks:
        limit = f"by {instant(clock.limit)}" if clock.limit else f"({clock.refusal})"
        ended = f", ended {instant(clock.end)}" if clock.end else ""
        yield f"{NAMES[clock.name]} {clock.name}: {clock.state(now)} {limit}{ended}"
    for line in lines:
        what = f"{STEPS[line.kind]} {line.kind} · {line.officer} · {line.body['why']}"
        yield f"{line.number:>3} {instant(line.happened_at)} {what}"
    for task in tasks:
        stands = task.outcome or "open"
        yield f"复核 review since event {task.event_number} ({task.kind}): {stands} · {task.detail.get('found', '')}"
    next_ones = [f"{STEPS[kind]} {kind} ({', '.join(roles)})" for kind, roles in coming.items()]
    yield f"可接续 may come next: {' · '.join(next_ones) or 'nothing'}"


def _amounts(seen: Assessed) -> Iterator[str]:
    claim, amount = seen.claim, seen.amount
    yield f"测算额 computed (from readings, not owed): {yuan(claim.computed_fen)}"
    yield f"应退热费 entitlement: {yuan(claim.entitlement_fen)}{_why(amount)}"
    yield f"裁定额 ruled: {yuan(claim.ruled_fen)} · paid {yuan(claim.paid_fen)}"


def _late(seen: Assessed, now: dt.datetime) -> Iterator[str]:
    late = _late_payment(seen, now)
    if late is not None:
        excuse = " (not where the household is why)" if late.excused_by_user else ""
        rate = "the contract's rate is not registered" if late.fen is None else yuan(late.fen)
        yield f"滞退金 for refunding late, so far: {rate}{excuse}"


def _late_payment(seen: Assessed, now: dt.datetime) -> LatePayment | None:
    owed = seen.way.owed_fen if seen.way.owed_fen is not None else seen.amount.entitlement_fen
    return late_payment(seen.way, seen.law, seen.clocks, owed, now)


def _why(amount: Amount) -> str:
    if amount.refusal:
        return f" ({amount.refusal})"
    stands = [f"not met {', '.join(amount.denied)}"] if amount.denied else []
    stands += [f"open {', '.join(amount.open)}"] if amount.open else []
    return f" ({'; '.join(stands)})" if stands else ""


def yuan(fen: int | None) -> str:
    """Write an amount in yuan; 未确定 where there is none."""
    return "未确定" if fen is None else f"{fen // 100}.{fen % 100:02d} 元"


def tree(seen: Assessed, lines: Sequence[Line], tasks: Sequence[Task], now: dt.datetime) -> dict[str, Any]:
    """Tell a claim to a program."""
    amount, late = seen.amount, _late_payment(seen, now)
    return {
        **row(seen.claim),
        "late_payment_fen": late and late.fen,
        "amount": {
            "right": amount.right,
            "entitlement_fen": amount.entitlement_fen,
            "computed_fen": amount.computed_fen,
            "if_alleged_proved_fen": amount.if_alleged_proved_fen,
            "counts_to_fen": amount.counts_to_fen,
            "at_least": amount.at_least,
            "open": list(amount.open),
            "denied": list(amount.denied),
            "period": [day and day.isoformat() for day in amount.period],
            "days": list(amount.days),
            "refusal": amount.refusal and str(amount.refusal),
        },
        "clocks": [
            {
                "name": clock.name,
                "state": clock.state(now),
                "start": instant(clock.start),
                "limit": clock.limit and instant(clock.limit),
                "end": clock.end and instant(clock.end),
                "refusal": clock.refusal and str(clock.refusal),
            }
            for clock in seen.clocks
        ],
        "events": [
            {
                "number": line.number,
                "kind": line.kind,
                "at": instant(line.happened_at),
                "recorded_at": instant(line.recorded_at),
                "officer": line.officer,
                "hash": line.hash.hex(),
                **line.body,
            }
            for line in lines
        ],
        "reviews": [{"event": task.event_number, "because": task.kind, "outcome": task.outcome} for task in tasks],
    }


def row(claim: Claim) -> dict[str, Any]:
    """Tell a claim's row to a program."""
    return {
        "claim": claim.code,
        "household": claim.household,
        "district": claim.district,
        "company": claim.company,
        "step": claim.step,
        "opened_at": instant(claim.opened_at),
        "opened_way": claim.opened_way,
        "batch_case": claim.batch_case,
        "next_due_at": claim.next_due_at and instant(claim.next_due_at),
        "computed_fen": claim.computed_fen,
        "entitlement_fen": claim.entitlement_fen,
        "ruled_fen": claim.ruled_fen,
        "paid_fen": claim.paid_fen,
        "pay_by": claim.pay_by and claim.pay_by.isoformat(),
    }


def cells(claim: Claim) -> tuple[str, ...]:
    """Tell a claim's row to a person."""
    due = claim.next_due_at.astimezone(LOCAL).isoformat(timespec="minutes") if claim.next_due_at else ""
    amounts = (claim.computed_fen, claim.entitlement_fen, claim.ruled_fen)
    return (claim.code, claim.household, claim.company, claim.step, due, *(yuan(fen) for fen in amounts))
