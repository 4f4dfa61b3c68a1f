"""What a pack says, in the words of a paper: the parties' names, the articles that apply, how to measure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from heatstream.claims.documents.papers import Article, Terms
from heatstream.errors import Refused
from heatstream.rules.pack import ATTESTED, Group, Measurement, Pack, Source
from heatstream.store.read.words import ROOM_KIND_ZH

POSITIONS: Final = {"room_center": "房间中央", "half_depth_from_door": "距门进深一半处", "other": "其他位置"}
_CLOCKS: Final = frozenset({"sla_clock", "visit_hours"})
"""Options of time limits: they decide no refund."""
_PLACE: Final = re.compile(r"(?:(?P<instrument>\D.*) )?(?P<parts>\d+(?:, \d+)*|[一二三四五六七八九十]+)")
"""Where a group stands: articles, or a part by its numeral, of the pack's own instrument or of another by its name."""
_YEAR: Final = re.compile(r"(?P<name>.+?) ?\((?P<year>[^()]*)\)")
_NUMERALS: Final = "零一二三四五六七八九"


def terms(pack: Pack) -> Terms:
    """Name the parties as the place's text does.

    Raises
    ------
    Refused
        The pack does not say; a paper would put words into the law's mouth.
    """
    if pack.terms is None:
        raise Refused(
            f"pack {pack.id}: terms: null; expected how the text calls who heats and who is heated",
            zh=f"规则包 {pack.id}：terms 为空，应载明规则文本对供热方和用热方的称谓",
        )
    return Terms(pack.terms.company, pack.terms.household)


def remedy(pack: Pack) -> str:
    """Say where who disagrees with a ruling may turn.

    Raises
    ------
    Refused
        The pack does not say: a ruling without it must not be served.
    """
    if pack.remedy is None:
        raise Refused(
            f"pack {pack.id}: remedy: null; expected what its text lets who disagrees do",
            zh=f"规则包 {pack.id}：remedy 为空，应载明对裁定有异议的救济途径",
        )
    told = pack.remedy.value.removesuffix("。")
    return f"{told}。" if told.startswith("对") else f"对本裁定有异议的，{told}。"


def articles(pack: Pack, groups: Iterable[str]) -> tuple[Article, ...]:
    """List the articles of some groups of a pack, each quotation once; what nobody read is not cited."""
    cited = sorted(_cited(pack, groups), key=_place)
    found = [_article(group, pack) for group in cited]
    return tuple(dict.fromkeys(each for each in found if not _quoted_elsewhere(each, found)))


def _place(group: Group) -> tuple[str, int]:
    """Order the pack's own instrument first, then by article."""
    place = _PLACE.fullmatch(group.article or "")
    if place is None:
        return "", 0
    first = place["parts"].split(", ")[0]
    return place["instrument"] or "", int(first) if first.isdecimal() else 0


def _own(pack: Pack) -> str:
    """Write the title of the pack's own instrument: the first that was read."""
    return _title(next(source for source in pack.sources if source.conf in ATTESTED))


def _quoted_elsewhere(article: Article, articles: list[Article]) -> bool:
    """Say whether the same place is quoted with these words and more."""
    told = article.quotation or ""
    return any(
        (each.instrument, each.article) == (article.instrument, article.article)
        and told != (each.quotation or "")
        and told in (each.quotation or "")
        for each in articles
    )


def _cited(pack: Pack, names: Iterable[str]) -> Iterator[Group]:
    """Find what was read of these groups, and of the open questions that the text itself settles."""
    settled = (group for option, group in pack.settles.items() if option not in _CLOCKS)
    groups: list[Group | None] = [*(getattr(pack, name) for name in names), *settled]
    for group in groups:
        if group is not None and group.conf in ATTESTED and (group.article or group.quote):
            yield group


def _article(group: Group, pack: Pack) -> Article:
    place = _PLACE.fullmatch(group.article or "")
    if place is None:
        return Article(_own(pack), group.article, group.quote)
    parts = "、".join(map(_part, place["parts"].split(", ")))
    return Article(_named(place["instrument"], pack), parts, group.quote)


def _named(instrument: str | None, pack: Pack) -> str:
    """Write an instrument's title by what an article calls it: nothing for the pack's own."""
    if instrument is None:
        return _own(pack)
    known = (source for source in pack.sources if instrument in {source.title, source.doc_no})
    return next(map(_title, known), f"《{instrument}》")


def _part(told: str) -> str:
    return f"第{_numeral(int(told))}条" if told.isdecimal() else f"第{told}部分"


def _title(source: Source) -> str:
    """Write an instrument's title as it is cited."""
    title = source.title or source.doc_no or source.url or ""
    if "〔" in title:
        return title
    dated = _YEAR.fullmatch(title)
    named = f"《{dated['name']}》（{dated['year']}）" if dated else f"《{title}》"
    return named + (f"（{source.doc_no}）" if source.doc_no else "")


def _numeral(number: int) -> str:
    """Write the number of an article: 三十二, 一百零五."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    head = f"{_NUMERALS[hundreds]}百" if hundreds else ""
    if tens:
        head += ("" if tens == 1 and not hundreds else _NUMERALS[tens]) + "十"
    elif hundreds and ones:
        head += "零"
    return head + (_NUMERALS[ones] if ones else "")


def requirements(pack: Pack, measurement_standard: str | None) -> tuple[str, ...]:
    """List how the place's text says to measure, a phrase each."""
    visit = pack.visit
    return (
        *((f"依据 {measurement_standard}",) if measurement_standard else ()),
        *(_measuring(pack.measurement) if pack.measurement else ()),
        *((f"{'—'.join(visit.exclude_local)} 不测温",) if visit and visit.exclude_local else ()),
        *((f"于 {'—'.join(visit.window_local)} 测温",) if visit and visit.window_local else ()),
    )


def _measuring(asked: Measurement) -> Iterator[str]:
    if asked.certificate:
        yield "仪器经检定合格"
    if asked.instrument_tol_c is not None:
        yield f"仪器允差 ±{asked.instrument_tol_c} ℃"
    if asked.closed_min is not None:
        yield f"测温前关闭门窗 {asked.closed_min} 分钟"
    if asked.room is not None:
        yield f"在{ROOM_KIND_ZH[asked.room]}测温"
    if asked.position is not None:
        yield f"仪器置于{POSITIONS[asked.position]}"
    if asked.height_m is not None:
        yield f"离地 {'—'.join(dict.fromkeys(map(str, asked.height_m)))} 米"
    if asked.hand_held is False:
        yield "不得手持仪器"
    if asked.people_distance_m is not None:
        yield f"人员距仪器 {asked.people_distance_m} 米以外"
    if asked.stable:
        yield "读数稳定后记录"
