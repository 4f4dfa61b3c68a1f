"""The file of a claim on its page: rulings, reviews, every event, papers to print and papers attached."""

from heatstream.access.fields import MAKING
from heatstream.claims.event_words import CHOICES
from heatstream.claims.events import Event
from heatstream.claims.shown import yuan
from heatstream.store.claims import Line
from heatstream.web import claim_forms, claim_rows, claim_words, event_told
from heatstream.web.claim_seen import Page, local
from heatstream.web.frame import box, card, tag
from heatstream.web.parts import empty, facts, link
from heatstream.web.words import Words


def rulings(page: Page, words: Words) -> None:
    """Tell what was ruled."""
    if not page.rulings:
        return
    with card(words("裁定", "rulings")):
        for each in page.rulings:
            stands = (
                words(f"已撤销 {local(each.revoked_at)}", "revoked") if each.revoked_at else words("有效", "stands")
            )
            facts(
                {
                    words("文号", "doc. no."): each.doc_no,
                    words("结论", "outcome"): words(*CHOICES[each.outcome]),
                    words("裁定额", "ruled amount"): yuan(each.ruled_fen),
                    words("签发", "issued"): local(each.issued_at),
                    words("送达双方", "served to both"): local(each.served_at),
                    words("效力", "standing"): stands,
                }
            )


def reviews(page: Page, words: Words) -> None:
    """Tell what came after the ruling."""
    if not page.tasks:
        return
    with card(words("复核", "reviews"), words("裁定在撤销之前有效", "a ruling stands until it is revoked")):
        for each in page.tasks:
            outcome = words(*CHOICES[each.outcome]) if each.outcome else words("未结", "open")
            why = f"#{each.event_number} · {words(*CHOICES[each.kind])} · {outcome}"
            tag("p", f"{why} · {each.detail.get('found', '')}", "hs-sentence")


def _hidden(page: Page, line: Line) -> bool:
    return "case" not in page.sees or (line.kind in MAKING and "making" not in page.sees)


def _event(page: Page, line: Line, words: Words) -> None:
    hidden, names = _hidden(page, line), claim_forms.papers(page.it.files)
    with box("li", "hs-event", id=f"e{line.number}"):
        with box("div", "hs-event-head"):
            tag("strong", f"#{line.number} {claim_words.kind(line.kind, words)}")
            tag("span", local(line.happened_at), "hs-event-at")
            if not (hidden and line.kind in MAKING):
                tag("span", _who(page, line), "hs-note")
        if hidden:
            tag("p", words("内容不对您的角色公开。", "What it says is not for your role."), "hs-note")
        else:
            tag("p", str(line.body["why"]), "hs-sentence")
            _body(page.it.seen.way.recorded[line.number - 1].event, names, words)
        with box("p", "hs-note hs-event-foot"):
            tag("span", words(f"记录于 {local(line.recorded_at)}", f"recorded {local(line.recorded_at)}"))
            tag("code", line.hash.hex(), title=words("本条哈希", "hash of this event"))


def _who(page: Page, line: Line) -> str:
    known = page.officers.get(line.officer)
    return f"{known.name} · {known.organisation} · {line.officer}" if known else line.officer


def _body(event: Event, names: dict[str, str], words: Words) -> None:
    said = event_told.told(event, words, names)
    if not said and not event.files:
        return
    with box("dl", "hs-said"):
        for each in said:
            tag("dt", each.name)
            tag("dd", each.value)
        if event.files:
            tag("dt", words("所附材料", "papers"))
            tag("dd", "\n".join(f"{names.get(each, '')} · {each}" for each in event.files))


def timeline(page: Page, words: Words) -> None:
    """Tell every event, the newest first."""
    lines = page.it.lines
    count = words(f"{len(lines)} 条", f"{len(lines)} events")
    with card(words("案卷", "what was recorded"), count), box("ol", "hs-events"):
        for line in reversed(lines):
            _event(page, line, words)


def files(page: Page, words: Words) -> None:
    """Tell what can be printed, and what was attached."""
    with card(words("材料", "papers"), words("以 SHA-256 引用", "cited by SHA-256")):
        _printed(page, words)
        if not page.it.files:
            empty(words("尚无附件。", "Nothing is attached yet."))
        with box("ul", "hs-papers"):
            for each in page.it.files:
                with box("li"):
                    kind = words(*claim_words.PAPERS[each.kind])
                    if claim_rows.may_open(each.kind, page.sees):
                        link(each.name, f"/rows/claims/{page.code}/files/{each.sha256.hex()}")
                    else:
                        tag("span", each.name)
                    tag("span", f" {kind} · {local(each.added_at)} · {each.officer}", "hs-note")
                    tag("code", each.sha256.hex())


def _printed(page: Page, words: Words) -> None:
    """Lead to what can be printed of the claim as it is now."""
    with box("ul", "hs-prints", aria_label=words("打印", "print")):
        for name, query in _prints(page, words):
            address = f"/rows/claims/{page.code}/papers/{query}"
            with box("li"):
                tag("span", name)
                link("PDF", address)
                link(words("网页", "page"), f"{address}{'&' if '?' in query else '?'}html=true")


def _prints(page: Page, words: Words) -> list[tuple[str, str]]:
    way = page.it.seen.way
    visits = [each for each in way.visits if "case" in page.sees]
    found = [(words("空白入户测温记录单", "blank visit form"), "visit-form?blank=true")]
    found += [
        (words(f"测温记录单 #{each.number}", f"visit #{each.number}"), f"visit-form?event={each.number}")
        for each in visits
    ]
    if way.draft and "making" in page.sees:
        found.append((words("裁定送审稿", "draft of the ruling"), "ruling?draft=true"))
    if way.ruling:
        found.append((words("裁定书", "ruling"), "ruling"))
        found += [(words("送达回证（用户）", "receipt, household"), "receipt?party=household")]
        found += [(words("送达回证（企业）", "receipt, company"), "receipt?party=company")]
    if way.ruling and "making" in page.sees:
        found.append((words("裁定审批表", "approval sheet"), "approval"))
    if way.accepted:
        found.append((words("自行退费凭证", "voucher"), "voucher"))
    found.append((words("判定说明", "explanation"), "explanation"))
    return [(name, query) for name, query in found if _may_print(page, query)]


def _may_print(page: Page, query: str) -> bool:
    paper, _, options = query.partition("?")
    return claim_rows.may_print(paper, page.sees, blank="blank" in options)
