"""The story of a town: the same bytes each time, and every reading once."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest

import simulators
from simulators import clocks
from simulators.layout import lay_out
from simulators.scenario import Scenario, load_scenario
from simulators.story import Story, Stretch, Telling

ROOT = Path(simulators.__file__).parents[1]
START_US = clocks.midnight_us(date(2026, 1, 5))
FAULTS = load_scenario(ROOT / "simulators/scenarios/faults.yaml")
CALM = load_scenario(ROOT / "simulators/scenarios/calm.yaml")


def stretches(of: Scenario, *, beyond_end: bool = False) -> Iterator[Stretch]:
    return Story(lay_out(of.town, of.seed), of, "town", START_US).stretches(beyond_end=beyond_end)


def tellings(of: Scenario) -> list[Telling]:
    return [telling for stretch in stretches(of) for telling in stretch.tellings]


def changed(**changes: object) -> Scenario:
    return Scenario.model_validate(CALM.model_dump() | {"shape": "envelope"} | changes)


def test_the_same_scenario_gives_the_same_bytes_twice() -> None:
    assert tellings(FAULTS) == tellings(FAULTS)


def test_another_seed_gives_other_bytes() -> None:
    first, second = tellings(changed()), tellings(changed(seed=99))
    assert [telling.message.payload for telling in first] != [telling.message.payload for telling in second]


def test_going_on_live_tells_the_same_past() -> None:
    of = changed()
    live = stretches(of, beyond_end=True)
    assert all(next(live).tellings == past.tellings for past in stretches(of) if past.due_us < START_US + clocks.DAY_US)


def test_sequences_of_a_gateway_count_from_one_without_a_gap() -> None:
    sequences = defaultdict(list)
    for message, _ in tellings(FAULTS):
        if message.sequence:
            sequences[message.gateway].append(message.sequence)
    assert all(own == list(range(1, len(own) + 1)) for own in sequences.values())


def test_every_distinct_reading_is_told_once() -> None:
    rows = [
        (row.subject, row.at, row.value)
        for _, rows in tellings(FAULTS)
        for row in rows
        if row.kind != "unknown_gateway"
    ]
    assert max(Counter(rows).values()) == 1


def test_every_point_and_instant_has_one_good_value() -> None:
    good = [(row.subject, row.at) for _, rows in tellings(FAULTS) for row in rows if row.kind == "good"]
    assert max(Counter(good).values()) == 1


def test_a_conflict_stands_against_a_good_value() -> None:
    rows = [row for _, rows in tellings(FAULTS) for row in rows]
    good = {(row.subject, row.at): row.value for row in rows if row.kind == "good"}
    conflicts = [row for row in rows if row.kind == "conflict"]
    assert conflicts
    assert all(good[row.subject, row.at] != row.value for row in conflicts)


def test_every_sample_of_the_period_is_told() -> None:
    of = changed()
    points = lay_out(of.town, of.seed).point_names
    told = {(row.subject, row.at) for _, rows in tellings(of) for row in rows if row.subject in set(points)}
    instants = [clocks.instant_text(START_US + step * 20 * clocks.MINUTE_US) for step in range(72)]
    assert told == {(point, at) for point in points for at in instants}


def test_rows_say_what_the_message_says() -> None:
    for message, rows in tellings(changed()):
        readings = json.loads(message.payload)["readings"]
        assert [row.at for row in rows] == [reading["at"] for reading in readings]
        assert [json.loads(row.value if row.value[0] != '"' else f"{{{row.value}}}") for row in rows] == [
            reading.get("temp_c", {key: value for key, value in reading.items() if key not in {"meter", "at"}})
            for reading in readings
        ]


def test_late_messages_come_days_later_and_none_is_lost() -> None:
    of = changed(period={"start": "2026-01-05", "days": 3}, faults=[{"fault": "late", "share": 0.2, "days": 1}])
    delays_h = Counter()
    for stretch in stretches(of):
        for _, rows in stretch.tellings:
            newest_us = max(clocks.instant_us(datetime.fromisoformat(row.at)) for row in rows)
            delays_h[(stretch.due_us - newest_us) // clocks.HOUR_US >= 24] += len(rows)
    without = sum(len(rows) for _, rows in tellings(of.model_copy(update={"faults": ()})))
    assert delays_h.total() == without
    assert 0.1 < delays_h[True] / without < 0.3


def test_repeats_are_the_share_asked_for() -> None:
    of = changed(sample_minutes=5, upload_minutes=5, faults=[{"fault": "repeats", "share": 0.1}])
    copies = Counter(message.copies for message, _ in tellings(of))
    assert 0.06 < copies[2] / copies.total() < 0.14


def test_junk_is_the_share_asked_for_and_of_every_kind() -> None:
    kinds = ["undecodable", "unknown_gateway", "unknown_point", "out_of_range", "no_time_zone", "too_old"]
    of = changed(faults=[{"fault": "junk", "share": 0.2, "kinds": kinds}])
    told = Counter(row.kind for _, rows in tellings(of) for row in rows if row.topic.endswith("indoor"))
    assert set(told) == {"good", *kinds}
    assert 0.15 < (told.total() - told["good"]) / told["good"] < 0.25


def test_a_gateway_is_offline_for_its_time_only() -> None:
    of = changed(faults=[{"fault": "gateway_offline", "share": 1.0, "after_hours": 6, "hours": 3}])
    offline = [bool(stretch.offline) for stretch in stretches(of)]
    assert offline == [6 <= hour < 9 for hour in range(24)] + [False]


@pytest.mark.parametrize("shape", ["single", "envelope", "columnar"])
def test_indoor_messages_keep_the_published_schema(shape: str) -> None:
    validator = jsonschema.Draft202012Validator(
        json.loads((ROOT / "docs/schemas/indoor.json").read_text(encoding="utf-8"))
    )
    messages = [message for message, _ in tellings(changed(shape=shape)) if message.topic.endswith("indoor")]
    for message in messages[::50]:
        validator.validate(json.loads(message.payload))


def test_meter_messages_keep_the_published_schema() -> None:
    validator = jsonschema.Draft202012Validator(
        json.loads((ROOT / "docs/schemas/meters.json").read_text(encoding="utf-8"))
    )
    of = changed(faults=[{"fault": "station_fails"}])
    for message, _ in tellings(of):
        if message.topic.endswith("meters"):
            validator.validate(json.loads(message.payload))


def test_uploads_are_due_in_order() -> None:
    due = [stretch.due_us for stretch in stretches(FAULTS)]
    assert all(earlier < later for earlier, later in pairwise(due))
