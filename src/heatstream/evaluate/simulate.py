"""The command `rules simulate`: a season under two policies, as a table or as JSON; the database is only read."""

import json
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Column, Table

from heatstream.errors import BadInput
from heatstream.evaluate.if_applied import FIRST_FAILING_DAY
from heatstream.evaluate.whatif import Comparison, Question, Sum, compare
from heatstream.rules import policy as policies
from heatstream.settings import Settings
from heatstream.store import migrate, pool

ASSUMED: Final = (
    "假设每一不达标户于首个不达标日零时申请、仅以固定监测点数据为证、条件均满足、无除外情形、原因与欠费不论："
    "此为按申请规则计入之日的金额，不是应退热费。 "
    "If each failing home had applied at 00:00 of its first failing day, on its series alone, conditions met, nothing "
    "excluded, causes and arrears not looked at: what the counted days amount to, and not what is owed."
)
COMPUTED: Final = "测算额仅由读数测算，不是应退热费。 Computed from readings alone; not what is owed."
TOTAL: Final = "合计 total"


async def main(
    settings: Settings, new: Path, old: Path, season: int, *, assume: str | None = None, as_json: bool = False
) -> None:
    """Compare and print.

    Raises
    ------
    BadInput
        A file has faults, no day of the season is closed, or the assumption is none there is.
    Refused
        A choice is missing.
    """
    if assume not in {None, FIRST_FAILING_DAY}:
        raise BadInput(f"--assume-application: seen {assume!r}, expected {FIRST_FAILING_DAY}")
    after, before = (policies.load(path, settings.evaluate.packs_dir) for path in (new, old))
    engine = pool.create_engine(settings.database_url(), size=2, application="heatstream-whatif")
    try:
        async with engine.connect() as conn:
            await migrate.require_ready(conn)
        question = Question(after, before, season, assume_application=assume is not None)
        found = await compare(engine, settings.evaluate, question)
    finally:
        await engine.dispose()
    if as_json:
        _print_json(found)
    else:
        _print_table(found, question)


def _print_json(found: Comparison) -> None:
    head = {
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "readings_deleted": found.readings_deleted,
    }
    for each in (*found.sums, _total(found.sums)):
        print(json.dumps({**head, **each._asdict()}, ensure_ascii=False))  # noqa: T201 - what the command is for


def _total(sums: list[Sum]) -> Sum:
    columns = zip(*(each[2:] for each in sums), strict=True)
    told = [[value for value in column if value is not None] for column in columns]
    figures: list[Any] = [sum(column) if column else None for column in told]
    return Sum(TOTAL, "", *figures)


def _print_table(found: Comparison, question: Question) -> None:
    table = Table(
        "企业 company",
        "区 district",
        *(
            Column(name, justify="right")
            for name in (
                "户 homes",
                "有变化 changed",
                "户日 days",
                "不达标户日 failing days",
                "测算额（元） computed CNY",
                "户 homes",
                *(("假设申请计入（元） if applied, CNY", "户 homes") if question.assume_application else ()),
            )
        ),
        title=f"{found.first} – {found.last}, 旧 → 新 old → new",
    )
    for each in (*found.sums, _total(found.sums)):
        table.add_row(*_cells(each, assumed=question.assume_application))
    console = Console()
    console.print(table)
    console.print(COMPUTED)
    if question.assume_application:
        console.print(ASSUMED)
    if found.readings_deleted:
        console.print(f"读数已删除的户日未计 household-days left out, readings deleted: {found.readings_deleted}")
    for policy in (question.before, question.after):
        if policy.watermark:
            console.print(policy.watermark)


def _cells(of: Sum, *, assumed: bool) -> list[str]:
    applied = (
        _turn(_yuan(of.if_applied_fen_before), _yuan(of.if_applied_fen_after)),
        _count(of.homes_if_applied_changed),
    )
    return [
        of.company,
        of.district,
        str(of.homes),
        str(of.homes_changed),
        str(of.days_changed),
        _turn(str(of.failing_before), str(of.failing_after)),
        _turn(_yuan(of.computed_fen_before), _yuan(of.computed_fen_after)),
        _count(of.homes_computed_changed),
        *(applied if assumed else ()),
    ]


def _turn(before: str, after: str) -> str:
    return f"{before} → {after}"


def _yuan(fen: int | None) -> str:
    return "–" if fen is None else f"{fen // 100}.{fen % 100:02}"


def _count(homes: int | None) -> str:
    return "–" if homes is None else str(homes)
