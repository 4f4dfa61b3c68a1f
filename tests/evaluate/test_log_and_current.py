"""`finding_current` is the last row of the log and `day_outcome` counts it, whatever happened in whatever order."""

import random

import pytest
from sqlalchemy import text

from .town import DAY, FEE_FEN, Town, at, evaluator, whole_day

pytestmark = pytest.mark.every_edition

LOG_AGAINST_CURRENT = text(
    """
    with last as (
        select distinct on (household_id, period_kind, period_from) id, household_id, period_kind, period_from
        from finding order by household_id, period_kind, period_from, id desc
    )
    select l.id, c.finding_id
    from last l full join finding_current c using (household_id, period_kind, period_from)
    where l.id is distinct from c.finding_id
    """
)
BROKEN_CHAIN = text(
    """
    select f.id from finding f
    left join lateral (
        select max(b.id) as id from finding b
        where (b.household_id, b.period_kind, b.period_from) = (f.household_id, f.period_kind, f.period_from)
        and b.id < f.id
    ) before on true
    where f.supersedes is distinct from before.id
    """
)
COUNTED_AGAINST_CURRENT = text(
    """
    with counted as (
        select f.period_from as day, h.building_id, f.outcome, count(*) as homes,
            min(f.value_centi) filter (where f.outcome in (1, 2)) as lowest_centi,
            coalesce(sum(f.computed_fen), 0) as computed_fen
        from finding_current c join finding f on f.id = c.finding_id join household h on h.id = f.household_id
        group by 1, 2, 3
    )
    (table counted except table day_outcome) union all (table day_outcome except table counted)
    """
)


class _Story:
    """A town that lives through what chance brings."""

    def __init__(self, town: Town, seed: int) -> None:
        self._town, self._chance = town, random.Random(seed)
        self._minutes = self._chance.sample([each for each in range(1440) if each % 10], 200)

    async def act(self) -> None:
        await self._chance.choice([self._late, self._conflict, self._decision, self._fee, self._judge])()

    async def _late(self) -> None:
        home = self._chance.choice("ab")
        await self._town.write({home: [(at(DAY, self._minutes.pop()), self._chance.choice([1500, 1790, 1800]))]})

    async def _conflict(self) -> None:
        await self._town.conflict("a", at(DAY, 10 * self._chance.randrange(144)), 1000 + self._minutes.pop())

    async def _decision(self) -> None:
        await self._town.decide("a", at(DAY, 10 * self._chance.randrange(144)), self._chance.choice([None, 1700, 2000]))

    async def _fee(self) -> None:
        await self._town.change("contract", "code", "a", fee_due_fen=self._chance.randint(1, 3) * FEE_FEN)

    async def _judge(self) -> None:
        await evaluator(self._town.engine).once(settle=False, through=DAY)


@pytest.mark.parametrize("seed", range(3))
async def test_current_is_the_end_of_the_log_after_any_story(town: Town, seed: int) -> None:
    await town.monitored("a", "b")
    await town.write({"a": whole_day(2000), "b": whole_day(1800)})
    story = _Story(town, seed)
    for _ in range(25):
        await story.act()
        assert await town.rows(LOG_AGAINST_CURRENT) == []
        assert await town.rows(BROKEN_CHAIN) == []
        assert await town.rows(COUNTED_AGAINST_CURRENT) == []
    assert await town.rows(text("select 1 from day_outcome"))
