"""Whatever the order, the cuts and the repeats: the same readings end in the same places, and the ledger adds up."""

import datetime as dt
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.ingest.registry import micros
from heatstream.store.tables import ledger
from tests.ingest.desk import MORNING, POINTS, Desk, Message, message, reading, register

pytestmark = pytest.mark.every_edition

POINT = st.sampled_from([*POINTS[:3], "P-unknown"])
READING = st.tuples(POINT, st.integers(0, 4), st.sampled_from([20.0, 21.0, 99.0]))
"""Few points, instants and values, so that repeats and conflicts are many."""
MESSAGES = st.lists(st.lists(READING, max_size=5), min_size=1, max_size=8)
Said = tuple[str, int, int]


def refused(said: Said) -> bool:
    return said[0] == "P-unknown" or said[2] == 9900


def spelt(sequence: int, readings: list[tuple[str, int, float]]) -> Message:
    """A message without the same instant three times: that would be a backlog with one time."""
    kept: list[tuple[str, int, float]] = []
    for point, minute, temp_c in readings:
        if sum(each[:2] == (point, minute) for each in kept) < 2:
            kept.append((point, minute, temp_c))
    return message(*(reading(*each) for each in kept), sequence=sequence)


def said_by(messages: list[Message]) -> set[Said]:
    found = set()
    for _, payload in messages:
        for each in json.loads(payload)["readings"]:
            minute = (micros(dt.datetime.fromisoformat(each["at"])) - micros(MORNING)) // 60_000_000
            found.add((each["point"], minute, round(each["temp_c"] * 100)))
    return found


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(drawn=MESSAGES, seed=st.integers(0, 2**16), restarts=st.booleans())
async def test_every_distinct_reading_is_in_exactly_one_place(
    engine: AsyncEngine, drawn: list[list[tuple[str, int, float]]], seed: int, restarts: bool
) -> None:
    rng = random.Random(seed)
    desk = await clean(engine)
    sent = [spelt(n + 1, readings) for n, readings in enumerate(drawn)]
    delivered = sent + rng.choices(sent, k=len(sent))
    rng.shuffle(delivered)
    readings = 0
    while delivered:
        size = rng.randint(1, 4)
        written = await desk.send(*delivered[:size])
        readings += written.totals.readings
        delivered = delivered[size:]
        if restarts:
            await desk.restart()
    await check(desk, said_by(sent), readings, len(sent))


async def clean(engine: AsyncEngine) -> Desk:
    async with engine.begin() as conn:
        received = "reading, reading_conflict, reject, reject_reading, ledger_page, gateway_progress, flag, batch"
        registered = "incident, city, point, meter, gateway, household, building"
        await conn.execute(text(f"truncate {received}, {registered} restart identity cascade"))
        await conn.execute(text("truncate district, community, company restart identity cascade"))
    await register(engine)
    return await Desk.open(engine)


async def check(desk: Desk, said: set[Said], readings: int, messages: int) -> None:
    stored, conflicting = await desk.stored(), await desk.conflicts()
    assert len(stored) == len(set(stored))
    assert len({(point, minute) for point, minute, _ in stored}) == len(stored)
    assert set(stored) | set(conflicting) == {each for each in said if not refused(each)}
    assert not set(stored) & set(conflicting)
    names = ("readings", "stored", "conflicting")
    [counts] = await desk.rows(select(*(func.sum(ledger.c[name]) for name in names)))
    assert counts == (readings, len(stored), len(conflicting))
    assert desk.writer.receipts() == {"gw-1": messages}
