from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatstream.core.standard import ContractStandard, Overlap, Ratio, Tier, halves, standards, tier_of
from tests.core.rules import RULES

TIERS = (Tier(3200, 3599, Ratio(3, 10)), Tier(2800, 3199, Ratio(6, 10)), Tier(None, 2799, Ratio(1)))


@given(st.integers(-(10**6), 10**6), st.integers(1, 288), st.integers(-3000, 3000))
def test_halves_compare_as_the_exact_fraction_does(num: int, den: int, limit: int) -> None:
    made = int(halves(np.array([num]), np.array([den]))[0])
    assert (made < 2 * limit) == (num < limit * den)
    assert (made <= 2 * limit) == (num <= limit * den)


@pytest.mark.parametrize(("centi", "tier"), [(1799, 0), (1600, 0), (1599, 1), (1400, 1), (1399, 2), (-500, 2)])
def test_a_tier_holds_from_its_bound_on(centi: int, tier: int) -> None:
    found = tier_of(np.array([2 * centi]), TIERS, None)
    assert (found[0][0], found[1][0]) == (tier, True)


def test_no_tier_holds_at_the_standard() -> None:
    assert not tier_of(np.array([3600]), TIERS, None)[1][0]


OVERLAPPING = (Tier(3200, 3599, Ratio(3, 10)), Tier(2800, 3200, Ratio(5, 10)))


@pytest.mark.parametrize(("choice", "tier"), [(Overlap.HIGHEST_RATIO, 1), (Overlap.LOWEST_RATIO, 0)])
def test_where_two_tiers_claim_16_the_choice_decides(choice: Overlap, tier: int) -> None:
    assert tier_of(np.array([3200]), OVERLAPPING, choice)[0][0] == tier


def test_where_two_tiers_claim_16_it_can_be_referred_to_the_authority() -> None:
    _, found, referred = tier_of(np.array([3200, 3201]), OVERLAPPING, Overlap.REFER_TO_AUTHORITY)
    assert (found.tolist(), referred.tolist()) == ([False, True], [True, False])


@pytest.mark.parametrize(
    ("choice", "limits"),
    [
        (ContractStandard.LAW, [1800, 1800, 1800]),
        (ContractStandard.CONTRACT, [2000, 1600, 1800]),
        (ContractStandard.HIGHER, [2000, 1800, 1800]),
    ],
)
def test_a_contract_s_temperature_stands_as_chosen(choice: ContractStandard, limits: list[int]) -> None:
    agreed = np.array([True, True, False])
    contract = np.array([2000, 1600, 0], np.int16)
    assert standards(replace(RULES, contract_standard=choice), contract, agreed).tolist() == limits
