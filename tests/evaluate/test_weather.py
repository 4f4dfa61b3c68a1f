"""A standard by the weather, from registry and outdoor mean to the finding (Beijing's model contract)."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.core.finding import Outcome, Reason
from heatstream.rules.pack import SHIPPED
from heatstream.store.outdoor import Mean, record

from .town import DAY, Town, evaluator, folder_of_choices, whole_day

VARIANT = """standard:
  variants:
    - {building: unrenovated, outdoor_daily_mean: {lo: -9.0, li: true, hi: -7.0, hi_i: false}, min_c: 16.0}
"""


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """The demo's pack and choices, but with Beijing's variant."""
    pack = (SHIPPED / "demo-shili.yaml").read_text(encoding="utf-8")
    (tmp_path / "demo-shili.yaml").write_text(pack.replace("standard:\n", VARIANT, 1), encoding="utf-8")
    (tmp_path / "choices").mkdir()
    choices = folder_of_choices(
        tmp_path / "choices", contract_standard="law", daily_statistic="min\n  conditions: undetermined"
    )
    return {"packs_dir": tmp_path, "choices_file": choices}


@pytest.mark.parametrize(
    ("renovated", "mean_centi", "found"),
    [
        (False, -800, (Outcome.COMPLIANT, Reason.NONE, 1600)),
        (False, -700, (Outcome.FAILING, Reason.NONE, 1800)),
        (True, -800, (Outcome.FAILING, Reason.NONE, 1800)),
        (None, -800, (Outcome.UNDETERMINED, Reason.CONDITIONS, 1800)),
        (False, None, (Outcome.UNDETERMINED, Reason.CONDITIONS, 1800)),
    ],
)
async def test_a_home_at_17_degrees_is_judged_by_its_building_and_the_weather(
    town: Town,
    places: dict[str, Path],
    renovated: bool | None,
    mean_centi: int | None,
    found: tuple[Outcome, Reason, int],
) -> None:
    await town.monitored("a")
    await town.change("building", "code", "B", renovated=renovated)
    await town.write({"a": whole_day(1700)})
    if mean_centi is not None:
        async with town.engine.begin() as conn:
            await record(conn, [Mean(DAY, mean_centi, "气象局")], "王")
    await evaluator(town.engine, **places).once(through=DAY)
    row = await town.current("a")
    assert (row.outcome, row.reason, row.limit_centi) == found


@pytest.mark.every_edition
async def test_a_mean_that_comes_later_has_the_day_judged_again(
    town: Town, engine: AsyncEngine, places: dict[str, Path]
) -> None:
    await town.monitored("a")
    await town.change("building", "code", "B", renovated=False)
    await town.write({"a": whole_day(1700)})
    work = evaluator(engine, **places)
    await work.once(through=DAY)
    assert (await town.current("a")).outcome == Outcome.UNDETERMINED
    async with engine.begin() as conn:
        await record(conn, [Mean(DAY, -800, "气象局")], "王")
    await work.once(settle=False, through=DAY)
    assert (await town.current("a")).outcome == Outcome.COMPLIANT
