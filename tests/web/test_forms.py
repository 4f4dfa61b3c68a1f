"""A form asks for what the type takes, and what was typed becomes the tree that the command line reads from a file."""

from typing import Any

import pytest
from pydantic import BaseModel

from heatstream.claims import events
from heatstream.claims.way import ITSELF
from heatstream.supervision.kinds import KINDS
from heatstream.web.form_fields import Asked, Papers, asked, check, kind_of, told
from heatstream.web.words import Words

ZH = Words()
SCAN = "ab" * 32
OF_MATTERS = [
    each
    for kind in KINDS.values()
    for each in (*kind.opening, *kind.later)
    if kind.who[kind_of(each)] != {ITSELF} and each.by_act is None and "content" not in each.model_fields
]
"""What a person records by itself; a publication's content is drafted by a program."""
VISIT = {
    "at": "2026-01-05T20:00",
    "why": "入户测温",
    "by": "company",
    "arrived_at": "2026-01-05T19:00:30",
    "started_at": "2026-01-05T19:10",
    "ended_at": "2026-01-05T19:40",
    "people.0.name": "张三",
    "people.0.role": "tester",
    "people.0.signed": "yes",
    "people.3.name": "李四",
    "people.3.role": "household",
    "people.3.signed": "no",
    "instrument_no": "A-1",
    "certificate_no": "",
    "rooms.0.kind": "bedroom",
    "rooms.0.area_centi_m2": "12.5",
    "rooms.0.position": "room_center",
    "rooms.0.height_cm": "140",
    "rooms.0.closed_min": "30",
    "rooms.0.stable": "yes",
    "rooms.0.temp_centi": "16.95",
    **{f"rooms.0.readings.{n}.centi": "-0.5" if n == 9 else "16.95" for n in range(3)},
    **{f"rooms.0.readings.{n}.at": f"2026-01-05T19:2{n}" for n in range(3)},
    "copies.0.inspector": "1",
    "copies.0.household": "1",
    "copies.0.archived": "0",
    "archive_nos": "D-1\n\n D-2 \n",
    "scan_sha256": SCAN,
    "test_fee_fen": "1,50",
    "files": [SCAN],
}


def leaves(fields: tuple[Asked, ...]) -> list[Asked]:
    return [leaf for each in fields for leaf in (leaves(each.parts) if each.parts else [each])]


@pytest.mark.parametrize(
    "model", [*events.MODELS, *OF_MATTERS], ids=lambda model: f"{model.__module__}.{kind_of(model)}"
)
def test_every_event_that_people_record_has_a_form_with_words(model: type[BaseModel]) -> None:
    for words in (Words("zh"), Words("en")):
        fields = leaves(asked(model, words, papers=Papers({SCAN: "scan.pdf"})))
        assert {"at", "why"} <= {each.name for each in fields}
        assert all(each.options for each in fields if each.kind in ("pick", "picks"))


def faults(typed: dict[str, Any], model: type[BaseModel] = events.VisitRecorded, words: Words = ZH) -> dict[str, str]:
    read = told(asked(model, words, papers=Papers({SCAN: "scan.pdf"})), typed, words)
    return {each.at: each.said for each in check(model, read, {"kind": kind_of(model)}, words)}


def test_a_visit_that_was_typed_is_the_event_that_a_file_would_be() -> None:
    typed = VISIT | {"test_fee_fen": "150"}
    read = told(asked(events.VisitRecorded, ZH, papers=Papers({SCAN: "scan.pdf"})), typed, ZH)
    event = events.read({"kind": "visit_recorded", **read.tree}, "test")
    assert isinstance(event, events.VisitRecorded)
    assert (event.at.isoformat(), event.certificate_no) == ("2026-01-05T20:00:00+08:00", None)
    assert [(each.name, each.signed) for each in event.people] == [("张三", True), ("李四", False)]
    assert (event.rooms[0].area_centi_m2, event.rooms[0].readings[2].centi) == (1250, 1695)
    assert (event.copies and event.copies.archived, event.archive_nos) == (0, ("D-1", "D-2"))
    assert (event.test_fee_fen, event.scan_sha256, event.files) == (15000, SCAN, (SCAN,))


def test_each_fault_is_told_at_its_field() -> None:
    assert faults(VISIT) == {"test_fee_fen": "所填为“1,50”，应为数字，最多两位小数"}
    typed = VISIT | {"test_fee_fen": "", "people.3.signed": "", "rooms.0.temp_centi": "25"}
    found = faults(typed)
    assert found.pop("people.3.signed") == "必填"
    said = "认定室温为 25.00 °C，应在稳定读数之间，稳定读数为 16.95、16.95、16.95 °C"
    assert found == {"rooms.0.temp_centi": said}


def test_a_fault_is_told_in_the_language_of_the_page() -> None:
    typed = VISIT | {"test_fee_fen": "-1", "rooms.0.temp_centi": "25", "copies.0.archived": "20000"}
    assert faults(typed) == {
        "test_fee_fen": "所填为“-1.00”，应不小于 0.00",
        "rooms.0.temp_centi": "认定室温为 25.00 °C，应在稳定读数之间，稳定读数为 16.95、16.95、16.95 °C",
        "copies.0.archived": "所填为“20000”，应不大于 10000",
    }
    assert faults(typed, words=Words("en")) == {
        "test_fee_fen": "seen -100: Input should be greater than or equal to 0",
        "rooms.0.temp_centi": "seen 2500, expected within its readings [1695, 1695, 1695]",
        "copies.0.archived": "seen 20000: Input should be less than or equal to 10000",
    }


def test_what_is_wrong_with_the_whole_is_told_as_such() -> None:
    typed = {
        "at": "2026-01-05T08:00",
        "why": "来电",
        "household": "H1",
        "way": "hotline",
        "temperature_complaint": "yes",
    }
    assert faults(typed, events.Opened) == {}
    assert list(faults(typed | {"batch_case": "B-1"}, events.Opened)) == ["batch_case"]


@pytest.mark.parametrize("text", ["12.345", "1e3", "--1", "", "abc", "1" * 19 + "x"])
def test_an_amount_is_read_exactly_or_not_at_all(text: str) -> None:
    field = asked(events.SelfRefundOffered, ZH)
    read = told(field, {"fen": text}, ZH)
    assert "fen" not in read.tree


@pytest.mark.parametrize("typed", [{"people": 3}, {"people.x.name": 1}, {"files": "no list"}, {"at": ["x"], "why": {}}])
def test_what_no_form_would_send_is_no_more_than_wrong(typed: dict[str, Any]) -> None:
    assert "at" in faults(typed)


def test_a_choice_of_the_event_is_not_one_of_its_parts() -> None:
    fields = asked(events.VisitRecorded, ZH, choices={"by": {"authority": "主管部门"}, "refusals.code": {"x": "y"}})
    there = {each.name: each for each in fields}
    refusal = {each.name: each.options for each in there["refusals"].parts}
    assert (there["by"].options, list(refusal["by"]), refusal["code"]) == (
        {"authority": "主管部门"},
        ["household", "company"],
        {"x": "y"},
    )
