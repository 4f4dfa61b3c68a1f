"""Events of incidents as they are told, with what most tests do not care about filled in."""

from typing import Any

from heatstream.supervision.incident import incidents

from .town import time


def seen(hour: int = 8, **told: Any) -> incidents.SpanSeen:
    """The meter of X1 shows no heat from 08:00 of the fifth on."""
    begins = told.pop("begins", time(hour))
    values = {
        "at": begins.replace(minute=40) if "at" not in told else told["at"],
        "why": "热表",
        "span": 1,
        "what": "interruption",
        "station": "X1",
        "begins": begins,
        "known_at": begins.replace(minute=30),
        "evidence": {"power_mw_per_m2": 12},
        **told,
    }
    return incidents.SpanSeen(**values)


def ended(at: Any, *, span: int = 1) -> incidents.SpanEnded:
    return incidents.SpanEnded(at=at, why="热表", span=span, ends=at, evidence={})


def changed(at: Any, **told: Any) -> incidents.SpanChanged:
    values = {"span": 1, "begins": time(8), "known_at": time(8, 30), "evidence": {}, **told}
    return incidents.SpanChanged(at=at, why="热表", **values)


def withdrawn(at: Any, *, span: int = 1) -> incidents.SpanWithdrawn:
    return incidents.SpanWithdrawn(at=at, why="热表", span=span, found="补传数据显示有热")


def reported(at: Any = None, **told: Any) -> incidents.Reported:
    at = at or time(8)
    values = {
        "at": at,
        "why": "报告",
        "what": "breakdown",
        "station": "X1",
        "begins": at,
        "stops_heat": True,
        "said": "一次网爆管",
        **told,
    }
    return incidents.Reported(**values)


def estimated(at: Any, restored_by: Any, given_by: str = "赵工") -> incidents.Estimated:
    return incidents.Estimated(at=at, why="调度", restored_by=restored_by, given_by=given_by)


def restored(at: Any) -> incidents.Restored:
    return incidents.Restored(at=at, why="恢复", done="焊接")


def verified(at: Any, begins: Any, ends: Any = None, **told: Any) -> incidents.Verified:
    values = {
        "supply": "热表无流量",
        "homes": "3户下降",
        "without_cause": True,
        "cause": "company",
        "names": ("王某",),
        **told,
    }
    return incidents.Verified(at=at, why="核查", begins=begins, ends=ends, **values)


def notice_given(at: Any, *, planned: bool = False) -> incidents.NoticeGiven:
    return incidents.NoticeGiven(at=at, why="告知", to="B1", how="短信", planned=planned)


def breakdown(at: Any, **told: Any) -> incidents.Breakdown:
    return incidents.Breakdown(at=at, why="抢修", component="一次网管道", place="人民路", **told)


def linked(at: Any, **told: Any) -> incidents.Linked:
    return incidents.Linked(at=at, why="同一事项", **told)


def dismissed(at: Any) -> incidents.Dismissed:
    return incidents.Dismissed(at=at, why="核查", found="热表故障，供热正常")


def closed(at: Any) -> incidents.Closed:
    return incidents.Closed(at=at, why="办结")
