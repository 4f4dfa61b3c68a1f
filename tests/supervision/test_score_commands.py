"""`heatstream supervise score`, `ranking` and `assess` from the shell."""

import datetime as dt
import json
from typing import Any

from sqlalchemy import insert

from heatstream.core.finding import Outcome
from heatstream.store import tables as t
from tests.test_cli import heatstream

from . import watched
from .companies import DEMO_FILE
from .town import SINCE, Office, ids

SEASON = ("--season", "2025")


def run(office: Office, *arguments: str, code: int = 0) -> Any:
    rules = {"HEATSTREAM_SUPERVISION_RULES_FILE": str(DEMO_FILE)}
    done = heatstream("supervise", *arguments, url=office.url, COLUMNS="200", **rules)
    assert done.returncode == code, done.stderr
    return done


async def test_a_season_is_scored_and_ranked_with_what_is_undetermined(office: Office) -> None:
    async with office.engine.begin() as conn:
        await watched.close(conn, dt.date(2025, 10, 21))
        await watched.found(conn, "H1", dt.date(2025, 10, 21), Outcome.COMPLIANT)
    told = run(office, "score", "CO1", *SEASON).stdout
    assert told.splitlines()[0] == "演示·非法律依据"
    assert "CO1 甲公司 · 2025 · 2025-10-20 to 2025-10-21" in told
    assert "总分 total: undetermined" in told
    assert "undetermined: 设备设施 设备完好（现场评分）: nobody has scored it" in told
    card = json.loads(run(office, "score", "CO1", *SEASON, "--through", "2025-10-20", "--json").stdout)
    assert (card["company"], card["through"], card["points"]) == ("CO1", "2025-10-20", None)
    assert "内部赛马，不作公示" in run(office, "ranking", *SEASON).stdout
    unknown = run(office, "score", "CO9", *SEASON, code=1)
    assert "expected a code of the registry" in unknown.stderr


async def test_a_stop_is_assessed_and_what_it_does_is_said(office: Office) -> None:
    async with office.engine.begin() as conn:
        home = await ids(conn, t.household)
        row = {"household_id": home["H1"], "neighbour_id": home["H2"], "side": "above", "valid_from": SINCE}
        await conn.execute(insert(t.neighbour).values(row))
        await conn.execute(
            insert(t.stop_period).values(code="报停-9", household_id=home["H1"], valid_from=dt.date(2026, 2, 1))
        )
    code, what, neighbour = run(office, "assess", "报停-9").stdout.splitlines()
    assert code.startswith("ASS-")
    assert what == "停热影响 报停-9 · 户 H1 · 2026-02-01 · 邻户 1 neighbours, 新增悬空 1"
    assert (
        neighbour == "H2: the home below it stops; 1 of 1 neighbours without heat · 悬空 surrounded by it; unmonitored"
    )
    shown = run(office, "show", code).stdout
    assert "concluded (company, district)" in shown
