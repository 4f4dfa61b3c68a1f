"""What is to be made public, or is: a scorecard as a table, any other content by its names."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from heatstream.supervision.company.publications import SUBJECTS, Publication, Version
from heatstream.supervision.shown import Shown
from heatstream.supervision.watch.scorecard import CategoryScore, Exact, Line, Scorecard
from heatstream.web import parts
from heatstream.web.frame import box, card, tag
from heatstream.web.parts import facts, note
from heatstream.web.today_page import local
from heatstream.web.words import Words


def publication(seen: Shown, words: Words) -> None:
    """Show the version that is worked on, or is out; and which is out while another is worked on."""
    state = Publication.model_validate(seen.matter.state)
    version = state.newest
    told = next(line.body for line in seen.lines if line.number == version.event)
    with card(state.title, words(f"第 {version.number} 版", f"version {version.number}")):
        facts(dict(_facts(state, version, words)))
        content(told["content"], words)
        note(f"SHA-256 {version.content_sha256}")


def _facts(state: Publication, version: Version, words: Words) -> Iterator[tuple[str, str]]:
    yield words("公示内容", "subject"), words(SUBJECTS[state.subject], state.subject.replace("_", " "))
    yield words("涉及企业", "companies"), ", ".join(state.companies)
    yield words("文号", "document number"), version.doc_no or ""
    yield words("公示时间", "published"), local(version.published_at)
    yield words("公示于", "where"), version.where or ""
    standing = next((each for each in state.versions if each.published_at and not each.superseded_at), None)
    if standing is not None and standing is not version:
        out = words(f"第 {standing.number} 版", f"version {standing.number}")
        yield words("现行公示", "stands meanwhile"), f"{out} · {local(standing.published_at)}"
    if state.withdrawn_at is not None:
        yield words("撤回", "withdrawn"), f"{local(state.withdrawn_at)} · {state.withdrawn_because}"


def content(told: Mapping[str, Any], words: Words) -> None:
    """Show a content: the scorecards in it as tables."""
    for name, value in told.items():
        found = _scorecard(value)
        if found is None:
            facts(dict(_named(name, value)))
        else:
            _scored(found, words)


def _scorecard(value: Any) -> Scorecard | None:
    """Read a content that a program made; one that a person wrote, or an older program, is another."""
    try:
        return Scorecard.model_validate(value)
    except ValidationError:
        return None


def _named(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _named(f"{name} · {key}", each)
    elif isinstance(value, list):
        for number, each in enumerate(value, 1):
            yield from _named(f"{name} {number}", each)
    else:
        yield name, "" if value is None else str(value)


# --- a scorecard ------------------------------------------------------------------------------------------------------


def points(exact: Exact | None, words: Words) -> str:
    """Write points, or that nobody knows them."""
    return words("未定", "undetermined") if exact is None else f"{exact.numerator / exact.denominator:.2f}"


def why(line: Line, words: Words) -> str:
    """Say why an indicator has no points; of what an older program made, in the words that it had."""
    return words(line.undetermined_zh or line.undetermined or "", line.undetermined or "")


def total(card_: Scorecard, words: Words) -> str:
    """Write the points in all, as they were rounded."""
    return points(None, words) if card_.points_e2 is None else f"{card_.points_e2 / 100:.2f}"


def _scored(card_: Scorecard, words: Words) -> None:
    tag("h3", f"{card_.name} · {words('总分', 'points')} {total(card_, words)}")
    through = words(
        f"{card_.first_day} 至 {card_.through}，考核规则 {card_.version}",
        f"{card_.first_day} to {card_.through}, rules {card_.version}",
    )
    note(" · ".join((through, *card_.watermarks)))
    headings = (words("项目", "item"), words("权重", "weight"), words("数值", "figure"), words("得分", "points"))
    with parts.table(headings, "hs-scored"):
        for each in card_.categories:
            _category(each, words)


def _category(each: CategoryScore, words: Words) -> None:
    with box("tr"):
        tag("th", words(each.name, each.category.replace("_", " ")), scope="row")
        tag("td", each.weight)
        tag("td", "")
        with box("td"):
            tag("strong", points(each.points, words))
    for line in each.lines:
        _line(line, words)


def _line(line: Line, words: Words) -> None:
    with box("tr"):
        tag("td", line.title)
        tag("td", line.weight)
        tag("td", _figure(line))
        with box("td"):
            tag("span", points(line.points, words))
            if line.undetermined:
                note(why(line, words))


def _figure(line: Line) -> str:
    if line.hand is not None:
        return f"{line.hand.score_e2 / 100:.2f}/{line.hand.of_e2 / 100:.2f}"
    return "" if line.figure is None else f"{line.figure.numerator}/{line.figure.denominator}"
