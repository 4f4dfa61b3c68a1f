"""What the law says of supervision, as it was read: repair limits, coal floors, the range of article 33.

Frozen: each fact with its instrument, its date and its words. Where an instrument does not hold, nothing here does, and
what it would have said is unknown. The fictional 示例市 borrows Jilin's, and what rests on it bears its watermark.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from heatstream.core.repair import AccidentClass
from heatstream.rules.pack import Conf, Pack

JILIN: Final = "cn-22-"
"""Packs of places in Jilin Province bear the number of its 行政区划代码."""
HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Read:
    """Where a fact stands, and in which words."""

    instrument: str
    doc_no: str
    dated: dt.date
    article: str
    quote: str
    conf: Conf
    """How it is known, as in a rule pack."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a repair may take; whatever takes exactly so long keeps it (以内 includes, Civil Code 1259)."""

    breached_after_s: int
    """Longer breaches it [s]."""
    warned_after_s: int | None = None
    """Longer is warned of, where the text gives a range [s]."""


@dataclass(frozen=True, slots=True)
class RepairRule:
    """抢修时限 of one instrument."""

    name: Literal["jilin_2012", "jilin_2024"]
    read: Read
    limits: Mapping[AccidentClass, Limit]
    """What it says of each class; absent = it says nothing of it."""


NOTICE_2012: Final = "关于进一步加强全省城市供热管理工作的意见"
REPLY_2024: Final = "吉林省住房和城乡建设厅关于加强采暖的管理建议的答复"

CLASS_BOUNDS_S: Final = (6 * HOUR_S, 24 * HOUR_S)
"""Between 一般 and 较大, and between 较大 and 重大 [s]; exactly they stand in two classes (A43)."""

REPAIR_2012: Final = RepairRule(
    "jilin_2012",
    Read(
        NOTICE_2012,
        "吉政办发〔2012〕52号",
        dt.date(2012, 8, 28),
        "三（九）",
        "热源单位、供热单位发生设施事故停止供热的，应当按照下列时限进行抢修：一般事故，6小时可恢复供热的，抢修时限为6小时内；"
        "较大事故，6小时至24小时内可恢复供热的，抢修时限为24小时内；重大事故，24小时以上可恢复供热的，"
        "抢修时限为48小时至72小时内。",
        "read",
    ),
    MappingProxyType(
        {
            AccidentClass.ORDINARY: Limit(6 * HOUR_S),
            AccidentClass.LARGER: Limit(24 * HOUR_S),
            AccidentClass.MAJOR: Limit(72 * HOUR_S, warned_after_s=48 * HOUR_S),
        }
    ),
)
REPAIR_2024: Final = RepairRule(
    "jilin_2024",
    Read(
        REPLY_2024,
        "吉建议〔2024〕12号",
        dt.date(2024, 5, 13),
        "二",
        "重大故障原则上24小时内抢修完毕，及时升温",
        "read",
    ),
    MappingProxyType({AccidentClass.MAJOR: Limit(24 * HOUR_S)}),
)
REPAIR_RULES: Final = (REPAIR_2012, REPAIR_2024)


@dataclass(frozen=True, slots=True)
class CoalFloors:
    """储煤 floors: what must lie in stock."""

    read: Read
    boiler_before_season: tuple[int, int]
    """锅炉供热企业, before the season: this share of the season's need."""
    chp_in_season_days: int
    """热电厂, within the season: use of so many days [d]."""


COAL_FLOORS: Final = CoalFloors(
    Read(
        NOTICE_2012,
        "吉政办发〔2012〕52号",
        dt.date(2012, 8, 28),
        "三（七）",
        "采暖期前，锅炉供热企业储煤不得低于采暖期用煤总量的50%；热电厂在采暖期内的供热储煤不得低于15天的用量。",
        "read",
    ),
    boiler_before_season=(1, 2),
    chp_in_season_days=15,
)


REPORTED_TO: Final = Read(
    NOTICE_2012,
    "吉政办发〔2012〕52号",
    dt.date(2012, 8, 28),
    "三（十一）",
    "省工业和信息化厅负责全省热电厂信息报送，省住房和城乡建设厅负责供热运行信息报送。",
    "read",
)
"""To whom a heat source reports."""
REPORTING: Final = Read(
    NOTICE_2012,
    "吉政办发〔2012〕52号",
    dt.date(2012, 8, 28),
    "三（十一）",
    "冬季供热期间实行信息半月报告制度，关键期实行周报，重点城市、重点企业、重要时段日调日报。",
    "read",
)
"""How often is reported; which periods are meant, and what is reported how, it leaves to the two departments."""
RATED_AND_REVOKED: Final = Read(
    NOTICE_2012,
    "吉政办发〔2012〕52号",
    dt.date(2012, 8, 28),
    "二（五）3",
    "各地要对取得经营权的供热企业开展年度考评和等级评价，建立企业诚信档案，及时向社会公示供热企业诚信等级，"
    "对未达到服务标准的企业，责令整改，整改后仍未达到要求的取消其经营资格。",
    "read",
)
"""诚信档案, 责令整改, and 取消经营资格 where the order was not kept."""
LICENCE_REVOKED: Final = Read(
    REPLY_2024,
    "吉建议〔2024〕12号",
    dt.date(2024, 5, 13),
    "二",
    "对于经核查属于无故低温运行的严格重罚，退偿热费；情节严重的，依据《吉林省城市供热条例》"
    "《关于建立供热市场准入退出机制指导意见》，依法吊销《经营许可证》，坚决清出市场。",
    "read",
)
"""吊销《经营许可证》 where low running without cause is grave."""
PUBLISHED_AFTER_SEASON: Final = Read(
    "吉林省城市供热条例",
    "吉林省城市供热条例（2021年7月30日修正），引自吉建议〔2024〕12号",
    dt.date(2021, 7, 30),
    "三",
    "城市供热管理主管部门应建立健全供热服务规范与考核体系，对热经营企业的服务质量、履行义务等情况定期进行考核，"
    "并与每年度供热期结束后向社会公布考核结果。",
    "read2",
)
"""公示 of what companies scored, after the season has ended; in the reply's words, for the article was not read."""


@dataclass(frozen=True, slots=True)
class ContactLimit:
    """联系时限: how soon a user who complains of the temperature is to be reached, and a visit booked."""

    read: Read
    minutes: int


CONTACT: Final = ContactLimit(
    Read(
        REPLY_2024,
        "吉建议〔2024〕12号",
        dt.date(2024, 5, 13),
        "二",
        "涉及温度投诉等事项30分钟内与用户联系，预约到访时间",
        "read",
    ),
    minutes=30,
)


@dataclass(frozen=True, slots=True)
class PenaltyRange:
    """A fine between two multiples of a base; which of them is the authority's to say."""

    read: Read
    least: int
    most: int


ARTICLE_33: Final = PenaltyRange(
    Read(
        "吉林省城市供热条例",
        "吉林省城市供热条例（2021年7月30日修订），引自吉建议〔2024〕12号",
        dt.date(2021, 7, 30),
        "33",
        "推迟开始供热或者提前停止供热的，由县级以上人民政府城市供热主管部门处以应当供热而未供热期间热费总额二倍以上十倍以下的罚款。",
        "read",
    ),
    least=2,
    most=10,
)
"""推迟开始 and 提前停止 alone."""

PENALTY_LAW_41: Final = (
    "利用电子技术监控设备收集、固定违法事实的，应当经过法制和技术审核；未经审核的监控记录不得作为证据，当事人有权查询、陈述和申辩（行政处罚法第四十一条）。"
    " Electronic records need legal and technical review before they may be evidence (Administrative Penalty Law 41)."
)


NOTICES: Final[Mapping[str, Read]] = MappingProxyType(
    {
        "cn-37-taian": Read(
            "泰安市供热条例",
            "泰安市供热条例（2020年11月27日批准）",
            dt.date(2020, 11, 27),
            "31",
            "在采暖供热期内，因特殊原因需要连续停止供热超过二十四小时的，供热企业应当提前两日通知用户；"
            "因突发事故不能正常供热的，供热企业应当立即组织抢修并报告供热行政主管部门，及时通知受影响区域的用户。",
            "read",
        ),
        "cn-37-linyi": Read(
            "临沂市供热条例",
            "临沂市供热条例（2017年9月30日批准）",
            dt.date(2017, 9, 30),
            "21",
            "因特殊原因需要连续停止供热超过二十四小时的，供热企业应当提前二日通知用户并报告供热主管部门；"
            "因突发事故不能正常供热的，供热企业应当及时通知受影响区域的用户并报告供热主管部门。",
            "read",
        ),
    }
)
"""What a pack's own text says of telling users of a stop, shown beside the operator's periods and held against nothing:
from which instant two days are counted, and how soon is 及时, no text says."""


def in_jilin(pack: Pack | None) -> bool | None:
    """Say whether Jilin's instruments hold where a pack does; None = there is no pack, so nobody knows where."""
    return None if pack is None else pack.id.startswith(JILIN) or borrowed(pack)


def borrowed(pack: Pack) -> bool:
    """Say whether a place is fictional and borrows Jilin's instruments."""
    return any(source.conf == "fictional" for source in pack.sources)
