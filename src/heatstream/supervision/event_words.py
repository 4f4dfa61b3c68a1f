"""What events and steps of matters are called, in Chinese and English: on pages, and in refusals."""

from collections.abc import Iterable, Mapping
from typing import Final

Pair = tuple[str, str]

EVENTS: Final[Mapping[str, Mapping[str, Pair]]] = {
    "incident": {
        "span_seen": ("发现", "seen"),
        "span_changed": ("期间变动", "its bounds moved"),
        "span_ended": ("已结束", "ended"),
        "span_withdrawn": ("数据撤回", "later data shows none"),
        "escalated": ("超过抢修时限", "past the repair limit"),
        "reported": ("报告事件", "report"),
        "breakdown": ("故障情况", "what failed"),
        "estimated": ("可恢复时间", "estimate"),
        "notice_given": ("告知用户", "notice to users"),
        "restored": ("报告恢复", "restored"),
        "verified": ("经核查", "verified"),
        "dismissed": ("查无此事", "dismissed"),
        "batch_opened": ("批量退费立案", "batch of claims"),
        "linked": ("关联", "link"),
        "took_in": ("接收并入", "took in"),
        "merged_into": ("并入另一事件", "merge into another"),
        "closed": ("办结", "close"),
    },
    "company_file": {
        "file_opened": ("建档", "opened"),
        "fuel_reported": ("燃料日报", "fuel report"),
        "declared": ("零报告", "zero report"),
        "hand_scored": ("人工评分", "score by hand"),
        "commended": ("表扬", "commend"),
        "sanction_recorded": ("处罚", "sanction"),
    },
    "order": {
        "order_issued": ("责令整改", "order"),
        "letter_sent": ("提示函", "letter"),
        "summoned": ("约谈通知", "summons"),
        "notified": ("通报", "circular"),
        "revocation_proposed": ("提请取消经营资格（承办）", "propose revocation"),
        "extended": ("延期", "extend"),
        "company_stated": ("企业陈述", "statement of the company"),
        "done_reported": ("企业报告完成", "company reports it done"),
        "reinspected": ("复查", "reinspection"),
        "interview_held": ("约谈记录", "interview"),
        "hearing_given": ("听证", "hearing"),
        "revocation_reviewed": ("复核", "review"),
        "revocation_decided": ("审批", "decision"),
        "order_closed": ("办结", "close"),
    },
    "publication": {
        "publication_drafted": ("拟稿（承办）", "draft"),
        "publication_corrected": ("更正为新一版", "correct as a new version"),
        "company_notified": ("告知企业", "notice to the company"),
        "company_objected": ("企业异议", "objection"),
        "objection_answered": ("答复异议", "answer to an objection"),
        "publication_reviewed": ("复核", "review"),
        "publication_approved": ("审批", "approval"),
        "published": ("公示", "publish"),
        "withdrawn": ("撤回", "withdraw"),
    },
    "work_order": {
        "opened": ("受理", "opened"),
        "ticket_joined": ("并单", "ticket joined"),
        "ticket_left": ("拆分来件", "split a ticket off"),
        "ticket_changed": ("来件变更", "ticket changed"),
        "assigned": ("派单", "assign"),
        "contacted": ("联系用户", "contact"),
        "visit_booked": ("预约上门", "book a visit"),
        "visited": ("上门", "visit"),
        "handled": ("办结", "handled"),
        "called_back": ("回访", "call back"),
        "satisfied": ("满意", "satisfied"),
        "dissatisfied": ("不满意", "not satisfied"),
        "linked_claim": ("转退费案件", "go on as a claim"),
        "linked_incident": ("关联事件", "link to an incident"),
        "group_complaint": ("群体投诉", "group complaint"),
        "merged": ("并入另一工单", "merge into another"),
        "closed": ("归档", "close"),
    },
    "warning": {
        "raised": ("触发", "raised"),
        "changed": ("变色", "colour changed"),
        "cleared": ("解除", "cleared"),
        "acknowledged": ("知悉", "acknowledge"),
        "assigned": ("交办", "assign"),
        "answered": ("答复", "answer"),
        "closed": ("办结", "close"),
    },
    "task": {
        "silence_seen": ("发现失联", "silence seen"),
        "stuck_seen": ("发现表计停走", "stuck meter seen"),
        "seen_again": ("再次出现", "seen again"),
        "resolved": ("恢复", "resolved"),
        "acknowledged": ("知悉", "acknowledge"),
        "explained": ("说明原因", "explain"),
        "closed": ("办结", "close"),
    },
    "assessment": {
        "assessed": ("评估", "assessed"),
        "reassessed": ("重新评估", "assessed again"),
        "concluded": ("结论", "conclude"),
    },
}
"""Kinds of events, by the kind of matter."""

STEPS: Final[Mapping[str, Pair]] = {
    "open": ("进行中", "open"),
    "ended": ("已恢复", "ended"),
    "verified": ("已核查", "verified"),
    "batch_opened": ("已批量立案", "batch opened"),
    "dismissed": ("查无此事", "dismissed"),
    "withdrawn": ("已撤回", "withdrawn"),
    "merged": ("已并入", "merged"),
    "closed": ("已办结", "closed"),
    "issued": ("已下达", "issued"),
    "overdue": ("逾期", "overdue"),
    "done_reported": ("企业报告完成", "reported done"),
    "failed": ("复查未通过", "reinspection failed"),
    "passed": ("复查通过", "reinspection passed"),
    "sent": ("已发出", "sent"),
    "summoned": ("已通知约谈", "summoned"),
    "interview_held": ("已约谈", "interview held"),
    "notified": ("已告知", "notified"),
    "proposed": ("已提请", "proposed"),
    "heard": ("已听证", "heard"),
    "reviewed": ("已复核", "reviewed"),
    "not_agreed": ("复核不同意", "not agreed"),
    "revoked": ("已取消", "revoked"),
    "not_revoked": ("不予取消", "not revoked"),
    "drafted": ("已拟稿", "drafted"),
    "objected": ("有异议", "objected"),
    "to_be_corrected": ("待更正", "to be corrected"),
    "approved": ("已审批", "approved"),
    "published": ("已公示", "published"),
    "opened": ("待处理", "opened"),
    "assigned": ("已派", "assigned"),
    "contacted": ("已联系", "contacted"),
    "visit_booked": ("已预约", "visit booked"),
    "visited": ("已上门", "visited"),
    "handled": ("已办结待回访", "handled"),
    "called_back": ("已回访", "called back"),
    "satisfied": ("满意", "satisfied"),
    "reopened": ("不满意重办", "reopened"),
    "raised": ("待知悉", "raised"),
    "acknowledged": ("已知悉", "acknowledged"),
    "answered": ("已答复", "answered"),
    "cleared": ("已解除", "cleared"),
    "explained": ("已说明", "explained"),
    "resolved": ("已恢复", "resolved"),
    "assessed": ("待结论", "assessed"),
    "concluded": ("已结论", "concluded"),
}
"""Steps, whatever the kind of matter."""


def names_zh(kind: str) -> Mapping[str, str]:
    """Name the events of a kind of matter in Chinese."""
    return {name: zh for name, (zh, _) in EVENTS[kind].items()}


def listed(names: Iterable[str], zh: Mapping[str, str]) -> str:
    """List events by their Chinese names; 无 where there are none."""
    return "、".join(zh[each] for each in names) or "无"


def step(name: str) -> str:
    """Name a step in Chinese."""
    return STEPS[name][0]
