"""A province counts homes and sees none."""

from typing import Any

import pytest

from heatstream.serve.access import smallest_group
from tests.access.conftest import Asked

pytestmark = pytest.mark.asyncio(loop_scope="session")
COUNTS = ("all_homes", "monitored_homes", "points", "compliant", "failing", "undetermined", "waiting", "unmonitored")


async def summary(api: Asked, who: str, **query: str) -> dict[str, Any]:
    told: dict[str, Any] = (await api(who, "/api/v1/summary", params=query)).json()
    return told


async def test_it_is_told_how_many_homes_and_nothing_of_what_was_measured_or_computed(api: Asked) -> None:
    city, province = await summary(api, "city"), await summary(api, "province")
    assert (city["lowest_centi"], city["monitored_homes"]) == (1700, 3)
    hidden = dict.fromkeys(("below_now", "lowest_c", "lowest_centi", "computed_fen"))
    assert province == city | hidden | {"withheld": "a province is told how many homes"}


async def test_where_too_few_homes_are_monitored_it_is_told_nothing(
    api: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(api.app.dependency_overrides, smallest_group, lambda: 4)
    province = await summary(api, "province")
    assert {name: province[name] for name in COUNTS} == dict.fromkeys(COUNTS)
    assert (province["rates"], province["withheld"]) == ([], "fewer than 4 homes are monitored")


@pytest.mark.parametrize(
    "part",
    [
        {"district": "D1"},
        {"community": "C1"},
        {"company": "E1"},
        {"heat_station": "T1"},
        {"building": "B1"},
        {"household": "H1"},
        {"as_of": "2026-01-07T00:00:00+08:00"},
    ],
    ids=lambda part: next(iter(part)),
)
async def test_it_asks_of_the_whole_city_as_it_stands(api: Asked, part: dict[str, str]) -> None:
    refused = await api("province", "/api/v1/summary", params={"city": "shili", "day": "2026-01-06"} | part)
    assert refused.status_code == 403
    assert f"seen {next(iter(part))}, expected no parameter but day" in refused.json()["detail"]
