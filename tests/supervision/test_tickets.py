"""Tickets: nothing a line sent is lost, no address is guessed, one thing is one work order."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from heatstream.errors import BadInput, Refused
from heatstream.store import matters
from heatstream.supervision.act import Desk
from heatstream.supervision.hotline import ticket_acts, ticket_file, tickets
from heatstream.supervision.hotline.work_orders import Closed, Handled, TicketChanged

from .lines import Lines, rules, told, write
from .town import Office, time

AN_INSTANT = "an instant with its zone, like 2026-01-05T08:00:00+08:00"
A_WORD = "a word that hotlines.topics of the rules has for line 12345, or a column topic"


@pytest.fixture
async def lines(office: Office, tmp_path: Path) -> Lines:
    return await Lines.found(office, tmp_path)


async def test_a_ticket_with_an_exact_address_opens_the_work_order_of_its_home(lines: Lines) -> None:
    taken = await lines.take(told())
    assert taken.counts == {"new": 1, "exact": 1, "opened": 1}
    ticket = await lines.ticket()
    assert (ticket.household, ticket.building, ticket.matched_by) == ("E302", "E3", "exact")
    (order,) = await lines.orders()
    assert (order.code, order.company, order.district, order.heat_station) == (ticket.work_order, "CO1", "D1", "X1")
    assert order.opened_at == time(8)


async def test_an_address_is_matched_however_it_is_written(lines: Lines) -> None:
    addresses = {
        "示例省示例市D1区新民街道松涛苑三号楼二单元302室": ("E302", "E3"),
        "松涛花苑小区3#2-302": ("E302", "E3"),
        "户号：E302": ("E302", "E3"),
        "E302": ("E302", "E3"),
        "户号E302，松涛苑3号楼2单元302": ("E302", "E3"),
        "E3-2-302": ("E302", "E3"),
        "槐荫9号楼901": ("E901", "E9"),
        "松涛苑3号楼": (None, "E3"),
        "松涛苑3号楼2单元": (None, "E3"),
    }
    taken = await lines.take(*(told(place, address=each) for place, each in enumerate(addresses)))
    assert taken.counts["exact"] == len(addresses)
    found = [await lines.ticket(place) for place in range(len(addresses))]
    assert {each.address: (each.household, each.building) for each in found} == addresses


async def test_an_address_that_names_no_home_or_two_waits_for_a_person(lines: Lines) -> None:
    addresses = {
        "松涛苑5号楼1单元101": "2 homes fit",
        "松涛苑5号楼": "2 buildings fit",
        "松涛苑3号楼2单元303": "no home of that building fits",
        "松涛苑3号楼302": "no home of that building fits",
        "D2区松涛苑3号楼2单元302": "no building fits",
        "松涛苑3号楼2单元302隔壁": "no home of that building fits",
        "户号E302，松涛苑3号楼2单元301": "户号 and address do not name one home",
        "户号E999，松涛苑3号楼2单元302": "户号 E999 is not in the registry",
        "我家": "no building fits",
    }
    taken = await lines.take(*(told(place, address=each) for place, each in enumerate(addresses)))
    assert taken.counts == {"new": len(addresses), "unmatched": len(addresses)}
    async with lines.office.desk() as desk:
        waiting = await ticket_acts.unmatched(desk, limit=100, candidates=1)
    assert {each.ticket.address: each.why for each in waiting} == addresses
    assert await lines.orders() == []


async def test_candidates_are_ranked_and_a_person_chooses(lines: Lines) -> None:
    await lines.take(told(address="松涛苑3号楼2单元302隔壁"))
    async with lines.office.desk() as desk:
        (waiting,) = await ticket_acts.unmatched(desk, limit=10, candidates=3)
        assert waiting.candidates[0].household == "E302"
        assert [each.score for each in waiting.candidates] == sorted(
            (each.score for each in waiting.candidates), reverse=True
        )
        code = await ticket_acts.match(desk, "12345", "T1", household="E301", building=None, by="HOT", why="电话核实")
    ticket = await lines.ticket()
    assert (ticket.household, ticket.matched_by, ticket.match_why, ticket.work_order) == (
        "E301",
        "HOT",
        "电话核实",
        code,
    )
    assert (await lines.office.matter(code)).opened_at == time(8)


async def test_whoever_handles_complaints_does_not_say_whose_they_are(lines: Lines) -> None:
    await lines.take(told(address="我家"))
    async with lines.office.desk() as desk:
        with pytest.raises(Refused, match="CO is company; expected one of city, district, hotline"):
            await ticket_acts.match(desk, "12345", "T1", household="E301", building=None, by="CO", why="x")
        with pytest.raises(Refused, match="the matter lies in another district"):
            await ticket_acts.match(desk, "12345", "T1", household="E301", building=None, by="D2", why="x")
        with pytest.raises(BadInput, match="expected a 户号"):
            await ticket_acts.match(desk, "12345", "T1", household="E999", building=None, by="HOT", why="x")
        with pytest.raises(BadInput, match="expected one of them"):
            await ticket_acts.match(desk, "12345", "T1", household="E301", building="E3", by="HOT", why="x")


async def test_a_ticket_about_nothing_registered_is_set_aside_until_it_is_matched(lines: Lines) -> None:
    await lines.take(told(address="外市某小区"), told(2))
    async with lines.office.desk() as desk:
        await ticket_acts.set_aside(desk, "12345", "T1", by="HOT", why="不在本市")
        assert await ticket_acts.unmatched(desk, limit=10, candidates=1) == []
        with pytest.raises(BadInput, match="expected one without a work order"):
            await ticket_acts.set_aside(desk, "12345", "T2", by="HOT", why="x")
        await ticket_acts.match(desk, "12345", "T1", household="E101", building=None, by="HOT", why="核实")
    ticket = await lines.ticket()
    assert (ticket.set_aside_by, ticket.household) == (None, "E101")


# --- what came before -------------------------------------------------------------------------------------------------


async def test_a_ticket_that_comes_again_with_the_same_words_is_the_same(lines: Lines) -> None:
    await lines.take(told(status="受理"))
    again = await lines.take(told(status="受理"))
    assert again.counts == {"same": 1}
    assert len(await lines.versions()) == 1


async def test_a_ticket_that_comes_again_with_other_words_is_kept_twice_and_told(lines: Lines) -> None:
    await lines.take(told(status="受理"))
    again = await lines.take(told(status="转办", content="还是冷"))
    assert again.counts == {"changed": 1}
    assert again.told == ["tickets.csv:2: ticket 12345 T1: seen other words in content, status; kept as version 2"]
    first, second = await lines.versions()
    assert (first.raw["content"], second.raw["content"]) == ("家里冷", "还是冷")
    assert (await lines.ticket()).content == "还是冷"
    code, _ = await lines.order()
    async with lines.office.desk() as desk:
        found = await matters.by_code(desk.conn, code)
        assert found is not None
        last = (await desk.history(found))[-1]
    assert isinstance(last.event, TicketChanged)
    assert last.event.columns == ("content", "status")


async def test_a_version_that_was_replaced_changes_nothing_when_it_comes_again(lines: Lines) -> None:
    await lines.take(told())
    await lines.take(told(content="还是冷"))
    again = await lines.take(told())
    assert again.counts == {"earlier": 1}
    assert again.told == [
        "tickets.csv:2: ticket 12345 T1: seen version 1, which version 2 replaced; nothing is changed"
    ]
    assert (await lines.ticket()).content == "还是冷"


async def test_an_address_that_the_line_mends_is_matched(lines: Lines) -> None:
    await lines.take(told(address="我家"))
    again = await lines.take(told(address="松涛苑3号楼2单元302"))
    assert again.counts == {"changed": 1, "exact": 1, "opened": 1}


async def test_an_import_that_broke_off_goes_on_with_the_same_file(lines: Lines) -> None:
    path = write(
        lines.folder,
        told(3, address="松涛苑3号楼1单元101", at=time(10)),
        told(1, at=time(8)),
        told(2, at=time(9)),
    )
    left = 1

    @asynccontextmanager
    async def desk() -> AsyncIterator[Desk]:
        nonlocal left
        async with lines.office.desk() as at:
            yield at
            if left == 0:
                raise ConnectionError("the database is away")
            left -= 1

    async with lines.office.desk() as at:
        rows = ticket_file.read(path, tickets.hotlines(at.ground), at.now())
    with pytest.raises(ConnectionError):
        await tickets.take(desk, rows, by="测试", at_once=2)
    before = await lines.order(1)
    assert len(await lines.orders()) == 1
    again = await lines.take_file(path)
    assert again.counts == {"same": 2, "new": 1, "exact": 1, "opened": 1}
    assert await lines.order(1) == await lines.order(2) == before
    assert len(before[1].calls) == 2


async def test_every_fault_of_a_file_is_told_with_its_line_and_nothing_is_taken(lines: Lines) -> None:
    path = write(
        lines.folder,
        told(1),
        told(2, received_at="2026-01-05 08:00"),
        told(3, category="噪音"),
        told(4, address="", topic="weather"),
        told(5, at=time(12, day=21)),
        told(6, received_at="0001-01-01T00:00:00+08:00"),
    )
    with pytest.raises(BadInput) as caught:
        await lines.take_file(path)
    assert str(caught.value).split("\n") == [
        f"tickets.csv:3: received_at: seen '2026-01-05 08:00', expected {AN_INSTANT}",
        f"tickets.csv:4: category: seen '噪音', expected {A_WORD}",
        "tickets.csv:5: address: seen nothing, expected text",
        "tickets.csv:5: topic: seen 'weather', expected one of temperature, no_heat, leak, fee, service, other",
        "tickets.csv:6: received_at: seen 2026-01-21T12:00:00+08:00, expected an instant that has passed",
        "tickets.csv:7: received_at: seen 0001-01-01T00:00:00+08:00, expected an instant after 2000-01-01",
    ]
    assert (await lines.take(told(1))).counts["new"] == 1


async def test_json_lines_are_taken_as_csv_is(lines: Lines) -> None:
    path = lines.folder / "tickets.jsonl"
    row = told(topic="leak", extra="x")
    path.write_text("\n".join([json.dumps(row, ensure_ascii=False), "", json.dumps(told(2) | {"count": 3})]))
    assert (await lines.take_file(path)).counts == {"new": 2, "exact": 2, "opened": 2}
    (version,) = await lines.versions(2)
    assert version.raw["count"] == 3
    path.write_text('{"line": 12345}\n[1]\n{"a": NaN}\n{')
    with pytest.raises(BadInput) as caught:
        await lines.take_file(path)
    faults = str(caught.value)
    assert "tickets.jsonl:1: line: seen 12345, expected text" in faults
    assert "tickets.jsonl:2: seen list, expected a JSON object" in faults
    assert "tickets.jsonl:3: seen NaN, which is no JSON" in faults
    assert "tickets.jsonl:4: " in faults


async def test_what_the_store_cannot_keep_is_told_with_its_line(lines: Lines) -> None:
    path = lines.folder / "tickets.jsonl"
    plain = json.dumps(told(1))
    path.write_text(
        "\n".join(
            [
                json.dumps(told(1) | {"content": "\ud800"}),
                json.dumps(told(2) | {"extra": ["a\0b"]}),
                plain[:-1] + ', "count": 1e400}',
                plain[:-1] + ', "line": "12345"}',
                "[" * 100_000,
                json.dumps(told(3) | {"ticket_no": "9" * 201}),
            ]
        )
    )
    with pytest.raises(BadInput) as caught:
        await lines.take_file(path)
    faults = str(caught.value).split("\n")
    assert faults[:4] == [
        "tickets.jsonl:1: seen half of a character, which the store cannot hold",
        "tickets.jsonl:2: seen a NUL character, which the store cannot hold",
        "tickets.jsonl:3: seen a number beyond all bounds, which the store cannot hold",
        "tickets.jsonl:4: seen the name 'line' twice, expected a JSON object",
    ]
    assert "tickets.jsonl:5: " in faults[4]
    assert faults[5] == "tickets.jsonl:6: ticket_no: seen 201 signs, expected 200 at most"
    path.write_text(json.dumps(told(4) | {"content": r"\u0000 is a text"}))
    assert (await lines.take_file(path)).counts["new"] == 1


async def test_without_rules_of_the_hotlines_nothing_is_taken_and_the_section_is_named(lines: Lines) -> None:
    lines.office.given = None
    with pytest.raises(
        Refused, match="no section `hotlines`; expected it in the file that HEATSTREAM_SUPERVISION_RULES_FILE names"
    ):
        await lines.take(told())


async def test_an_alias_of_no_community_is_refused(lines: Lines) -> None:
    assert lines.office.given is not None
    lines.office.given = replace(lines.office.given, rules=rules(aliases={"x": "C999"}))
    with pytest.raises(BadInput, match=r"hotlines\.aliases: seen 'C999'"):
        await lines.take(told())


# --- one thing is one work order --------------------------------------------------------------------------------------


async def test_calls_on_several_lines_about_one_home_and_topic_are_one_work_order(lines: Lines) -> None:
    taken = await lines.take(
        told(1),
        told(2, line="96118", at=time(9)),
        told(3, line="12319", at=time(8, day=6)),
        told(4, category="热费", at=time(9)),
        told(5, address="松涛苑3号楼2单元301", at=time(9)),
        told(6, address="松涛苑3号楼", at=time(9)),
    )
    assert taken.counts == {"new": 6, "exact": 6, "opened": 4, "joined": 2}
    code, order = await lines.order(1)
    assert [(each.line, each.ticket_no) for each in order.calls] == [("12345", "T1"), ("96118", "T2"), ("12319", "T3")]
    assert (await lines.order(2, "96118"))[0] == code
    assert len({each.code for each in await lines.orders()}) == 4


async def test_a_call_after_the_operator_s_time_is_another_work_order(lines: Lines) -> None:
    taken = await lines.take(told(1), told(2, at=time(8, 1, day=6)))
    assert taken.counts["opened"] == 2


async def test_a_call_after_the_work_order_is_closed_is_another(lines: Lines) -> None:
    await lines.take(told(1))
    code, _ = await lines.order(1)
    await lines.office.record(code, Handled(at=time(9), why="已修", done="放气"), by="CO")
    await lines.office.record(code, Closed(at=time(10), why="归档"), by="HOT")
    assert (await lines.take(told(2, at=time(11)))).counts["opened"] == 1


async def test_a_person_splits_and_merges(lines: Lines) -> None:
    await lines.take(told(1), told(2, at=time(9)), told(3, category="热费"))
    first, _ = await lines.order(1)
    fee, _ = await lines.order(3)
    async with lines.office.desk() as desk:
        own = await ticket_acts.split(desk, "12345", "T2", by="HOT", why="另一房间")
    assert (await lines.order(2))[0] == own
    assert [each.ticket_no for each in (await lines.office.state(first)).calls] == ["T1"]
    async with lines.office.desk() as desk:
        with pytest.raises(BadInput, match="expected one of several tickets"):
            await ticket_acts.split(desk, "12345", "T1", by="HOT", why="x")
        with pytest.raises(BadInput, match="expected two work orders about one home and topic"):
            await ticket_acts.merge(desk, fee, first, by="HOT", why="x")
        await ticket_acts.merge(desk, own, first, by="HOT", why="同一事")
    assert (await lines.order(2))[0] == first
    merged = await lines.office.state(own)
    assert (merged.merged_into, merged.step) == (first, "merged")
    assert len((await lines.office.state(first)).calls) == 2


async def test_a_ticket_matched_wrongly_leaves_its_work_order(lines: Lines) -> None:
    await lines.take(told(1), told(2, at=time(9)))
    first, _ = await lines.order(1)
    async with lines.office.desk() as desk:
        await ticket_acts.match(desk, "12345", "T2", household="E301", building=None, by="D1", why="楼层说错")
    other, order = await lines.order(2)
    assert (order.household, other == first) == ("E301", False)
    assert [each.ticket_no for each in (await lines.office.state(first)).calls] == ["T1"]
    async with lines.office.desk() as desk:
        await ticket_acts.match(desk, "12345", "T1", household="E301", building=None, by="D1", why="同一户")
    assert (await lines.order(1))[0] == other
    assert (await lines.office.state(first)).step == "merged"


async def test_what_callers_said_is_in_no_event_and_no_state(lines: Lines) -> None:
    await lines.take(told(content="机密内容", caller="李某某"))
    await lines.take(told(content="机密内容改", caller="李某某"))
    code, _ = await lines.order()
    async with lines.office.desk() as desk:
        found = await matters.by_code(desk.conn, code)
        assert found is not None
        written = json.dumps([line.body for line in await matters.lines(desk.conn, found.id)], ensure_ascii=False)
    whole = written + json.dumps(dict(found.state), ensure_ascii=False) + found.headline
    assert "机密" not in whole
    assert "李某某" not in whole
