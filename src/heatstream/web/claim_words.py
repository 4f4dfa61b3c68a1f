"""What stands in claims, in words: steps, time limits, kinds of events and of papers."""

from typing import Any, Final

from heatstream.claims.clocks import NAMES
from heatstream.claims.event_words import STEPS
from heatstream.claims.shown import WHERE
from heatstream.web.words import Words

Pair = tuple[str, str]

STATES: Final[dict[str, Pair]] = {
    "running": ("进行中", "running"),
    "kept": ("已遵守", "kept"),
    "breached": ("已逾期", "breached"),
    "waived": ("另有约定", "waived by agreement"),
    "unknown": ("无法确定", "cannot be said"),
}
PAPERS: Final[dict[str, Pair]] = {
    "scan": ("扫描件", "scan"),
    "form": ("表单", "form"),
    "receipt": ("回证、凭证", "receipt"),
    "bundle": ("证据包", "evidence bundle"),
    "other": ("其他", "other"),
    "ruling": ("裁定书", "ruling"),
}
_CLOCKS_EN: Final = {
    "contact": "contact",
    "arrival": "arrival",
    "measure": "measuring",
    "authority_visit": "the authority's visit",
    "perform": "performance",
    "refund_due": "refund due",
}
_KINDS_EN: Final = {
    "visit_recorded": "visit",
    "site_recorded": "site inspection",
    "operating_parameters_recorded": "operating parameters",
    "handling_reported": "repair",
    "condition_recorded": "statutory conditions",
    "presumption_recorded": "presumption",
    "outage_recorded": "outage",
    "authority_applied": "application to the authority",
    "statement_given": "statement",
    "ruling_drafted": "ruling: draft",
    "ruling_reviewed": "ruling: review",
    "ruling_approved": "ruling: approval",
    "ruling_served": "service",
    "payment_made": "payment",
    "self_refund_refused": "no self-refund",
}
_KINDS_ZH: Final = {
    "self_refund_offered": "提出自行退费",
    "ruling_drafted": "裁定承办",
    "ruling_reviewed": "裁定复核",
    "ruling_approved": "裁定审批",
    "statement_given": "陈述申辩",
    "handling_reported": "报修处理",
    "authority_applied": "申请裁定",
    "payment_made": "退费支付",
    "review_opened": "提出复核",
}


def kind(name: str, words: Words) -> str:
    """Name a kind of event."""
    return words(_KINDS_ZH.get(name) or STEPS[name], _KINDS_EN.get(name) or name.replace("_", " "))


def kinds(words: Words) -> dict[str, str]:
    """Name every kind of event."""
    return {name: kind(name, words) for name in STEPS}


def steps(words: Words) -> dict[str, str]:
    """Name every step, by its stored word."""
    return {step.name.lower(): words(zh, step.name.lower()) for step, zh in WHERE.items()}


def clocks(words: Words) -> dict[str, str]:
    """Name every time limit."""
    return {name: words(zh, _CLOCKS_EN[name]) for name, zh in NAMES.items()}


def left(words: Words) -> dict[str, Any]:
    """Give the browser the words that it counts a limit down with."""
    return {
        "left": words("剩余", "left"),
        "over": words("超时", "over by"),
        "units": [words("分钟", "min"), words("小时", "h"), words("天", "d")],
    }
