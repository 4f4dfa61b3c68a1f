"""`entitlement/1` says what it always said: a change of any number is a new algorithm."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from heatstream.core import entitlement
from heatstream.core.claim_facts import ClaimFacts
from heatstream.core.claim_rules import Cause, Ends, Grace, GraceExceeded, Opened, Tiering, Unpaid
from tests.core.claims import CLAIM_RULES, FEE, KINDS, Test, at, facts, marked, measured, outages, presumptions, series
from tests.core.test_entitlement import WHOLE_DAY_H

GOLDEN = {"entitlement/1": "a24b362be2256a5f8ae41e4dccdb6d7ad16f20d97093c6943e5aca87415af026"}
CLAIMS = 60


def numbers() -> Iterator[int]:
    """The same whole numbers on every machine and under every NumPy."""
    state = 20_251_020
    while True:
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) % (1 << 64)
        yield state >> 33


def claim_of(draw: Iterator[int]) -> ClaimFacts:
    def one(*values: int) -> int:
        return values[next(draw) % len(values)]

    instants = [at(one(*range(5, 20)), one(0, 600, 601)) for _ in range(3)]
    return facts(
        request_us=np.array([at(one(4, 5, 6), one(0, 600))]),
        opened=np.array([one(*Opened)], np.int8),
        cause=np.array([one(*Cause)], np.int8),
        paid=np.array([one(0, 1, 1) > 0]),
        fee_fen=np.array([one(FEE, 270_001)]),
        outage_fee_fen=np.array([one(FEE, 90_000)]),
        series=series("".join("FfC?."[next(draw) % 5] for _ in range(20)), conflict=marked(next(draw) % 20)),
        tests=measured(*(Test(each, one(1599, 1700, 1800, 1900), KINDS[next(draw) % 3]) for each in instants)),
        presumptions=presumptions((one(6, 7, 8), one(0, 1))),
        outages=outages((at(one(10, 11)), at(one(12, 13), one(0, 720)))),
        condition=np.full((1, CLAIM_RULES.season.dates), one(0, 1, 1, 2), np.int8),
        excluded_alleged=marked(one(7, 9)),
    )


def test_entitlement_1_says_what_it_always_said() -> None:
    said, draw = hashlib.sha256(), numbers()
    for _ in range(CLAIMS):
        given = claim_of(draw)
        for tiering in Tiering:
            rules = replace(
                CLAIM_RULES,
                tiering=tiering,
                ends=list(Ends)[next(draw) % 3],
                grace=Grace(24, GraceExceeded.FORGIVEN) if next(draw) % 2 else None,
                has_conditions=next(draw) % 2 > 0,
                outage=WHOLE_DAY_H,
                unpaid=list(Unpaid)[next(draw) % 3],
            )
            found = entitlement.entitle(given, rules)
            told = [found.right, found.open, found.denied, found.fen, found.fen_if_alleged_proved, found.at_least]
            said.update(repr([int(each[0]) for each in told]).encode())
            said.update(np.packbits(found.counted[0]).tobytes())
    assert said.hexdigest() == GOLDEN[entitlement.ALGORITHM_NAME]
