"""A province counts homes and sees none."""

from typing import Any

import pytest

from tests.access.conftest import Asked

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def summary(api: Asked, who: str, **query: str) -> dict[str, Any]:
    told: dict[str, Any] = (await api(who, "/api/v1/summary", params=query)).json()
    return told


async def test_it_is_told_what_the_city_is_told_but_for_single_homes(api: Asked) -> None:
    city, province = await summary(api, "city"), await summary(api, "province")
    same = ("all_homes", "monitored_homes", "points", "compliant", "failing", "undetermined", "unmonitored", "rates")
    assert [province[name] for name in same] == [city[name] for name in same]
    assert city["lowest_centi"] == 1700
    assert (province["lowest_centi"], province["lowest_c"], province["computed_fen"]) == (None, None, None)
    assert province["withheld"] == "the lowest value is of one home; computed_fen is of fewer than 2 homes"


async def test_a_group_that_is_too_small_is_told_of_no_figure(api: Asked) -> None:
    """The east has two monitored homes, the west one; the least here is two."""
    east, west = await summary(api, "province", district="D1"), await summary(api, "province", district="D2")
    assert (east["monitored_homes"], east["failing"]) == (2, 1)
    assert (west["monitored_homes"], west["failing"], west["rates"]) == (None, None, [])
    assert "fewer than 2 homes are monitored" in west["withheld"]


async def test_a_stratum_that_is_too_small_says_why_it_is_empty(api: Asked) -> None:
    strata = (await api("province", "/api/v1/strata")).json()["strata"]
    assert all(row["homes"] is None or row["homes"] >= 2 for row in strata)
    assert {row["withheld"] for row in strata if row["homes"] is None} == {"fewer than 2 homes"}


@pytest.mark.parametrize("address", ["summary", "strata"])
@pytest.mark.parametrize(
    "finer", [{"community": "C1"}, {"company": "E1"}, {"heat_station": "T1"}, {"building": "B1"}, {"household": "H1"}]
)
async def test_it_asks_of_nothing_smaller_than_a_district(api: Asked, address: str, finer: dict[str, str]) -> None:
    refused = await api("province", f"/api/v1/{address}", params=finer)
    assert refused.status_code == 403
    assert f"seen {next(iter(finer))}, expected no filter but district" in refused.json()["detail"]
