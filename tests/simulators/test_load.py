"""Load mode sends what its plan says, in bytes made by hand that everyone can read."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import simulators
from simulators.errors import SimulatorError
from simulators.load import BAD_CENTI, LoadPlan, load

ROOT = Path(simulators.__file__).parents[1]
START_US = 1_767_571_200_000_000


def plan(city: str, **changes: Any) -> LoadPlan:
    return LoadPlan(**{"city": city, "points": 60, "gateways": 3, "messages": 240, "start_us": START_US} | changes)


async def received(recording: Any, url: str, of: LoadPlan, **options: Any) -> list[tuple[str, dict[str, Any]]]:
    async with recording(receipts=False) as recorder:
        result = await load(url, of, **options)
        while len(recorder.received) < result.messages:
            await recorder.more()
    return [(topic, json.loads(payload)) for topic, payload in recorder.received]


@pytest.mark.parametrize(("shape", "readings"), [("single", 1), ("envelope", 10), ("columnar", 5)])
async def test_every_message_keeps_the_published_schema(
    mosquitto: Any, recording: Any, city: str, shape: str, readings: int
) -> None:
    schema = json.loads((ROOT / "docs/schemas/indoor.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    of = plan(city, shape=shape, readings_per_message=readings)
    for _, message in await received(recording, mosquitto.url, of):
        validator.validate(message)


async def test_every_point_is_read_once_a_round(mosquitto: Any, recording: Any, city: str) -> None:
    messages = await received(recording, mosquitto.url, plan(city))
    counts = Counter((message["point"], message["at"]) for _, message in messages)
    assert (len(counts), set(counts.values())) == (240, {1})
    assert len({at for _, at in counts}) == 4


async def test_sequences_count_from_one_at_each_gateway(mosquitto: Any, recording: Any, city: str) -> None:
    sequences: dict[str, list[int]] = {}
    for topic, message in await received(recording, mosquitto.url, plan(city)):
        sequences.setdefault(topic, []).append(message["sequence"])
    assert list(sequences.values()) == [list(range(1, 81))] * 3


async def test_the_truth_says_what_was_received(mosquitto: Any, recording: Any, city: str, tmp_path: Path) -> None:
    of = plan(city, bad_share=0.1, repeat_share=0.2, shape="envelope", readings_per_message=4)
    messages = await received(recording, mosquitto.url, of, truth=tmp_path / "truth.npz")
    truth = np.load(tmp_path / "truth.npz")
    expected = Counter()
    for row, points in enumerate(truth["point"]):
        for place, point in enumerate(points.tolist()):
            centi = int(truth["centi"][row, place])
            value = 999.9 if centi == BAD_CENTI else centi / 100
            expected[int(truth["gateway"][row]), int(truth["sequence"][row]), point, value] = 1 + truth["repeated"][row]
    seen = Counter(
        (int(message["gateway"][3:]) - 1, message["sequence"], int(one["point"][2:]) - 1, one["temp_c"])
        for _, message in messages
        for one in message["readings"]
    )
    assert seen == expected
    assert truth["repeated"].sum() > 0
    assert (truth["centi"] == BAD_CENTI).sum() > 0


async def test_a_rate_is_kept(mosquitto: Any, city: str) -> None:
    result = await load(mosquitto.url, plan(city, messages=500), rate=1000)
    assert result.seconds == pytest.approx(0.5, abs=0.2)


async def test_stamped_messages_carry_the_time_they_are_made(mosquitto: Any, recording: Any, city: str) -> None:
    messages = await received(recording, mosquitto.url, plan(city, messages=60, stamped_now=True))
    assert {len(message["at"]) for _, message in messages} == {len("2026-01-05T08:00:00.000+08:00")}


def test_uneven_gateways_are_refused() -> None:
    with pytest.raises(SimulatorError, match="61 points at 3 gateways"):
        plan("town", points=61)
