"""The README's table of commands: each is there, and none is left out."""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import typer

from heatstream.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SECTION = README.split("\n## Commands\n")[1].split("\n## ")[0]
Words = tuple[str, ...]
OF_THE_SIMULATORS = {("simulate",), ("replay", "csv")}
"""`heatstream.cli.main` adds them to the tree."""


def commands(tree: Any, path: Words = ()) -> Iterator[Words]:
    """Every command, and every group that does something by itself."""
    of_group = getattr(tree, "commands", {})
    if not of_group or tree.invoke_without_command:
        yield path
    for name, each in of_group.items():
        yield from commands(each, (*path, name))


def named(row: str) -> Iterator[tuple[Words, Words]]:
    """The commands of a row as they may be meant: from the root, or beside the first."""
    group: Words | None = None
    for told in re.findall("`([^`]+)`", row.partition(" | ")[0]):
        words = tuple(takewhile(re.compile("[a-z]+(-[a-z]+)*").fullmatch, told.split()))
        if group is None:
            words = words[1:]
            group = words[:-1]
        yield words, (*group, *words)


def test_the_table_of_commands_names_each_that_there_is_and_no_other() -> None:
    there = set(commands(typer.main.get_command(app))) | OF_THE_SIMULATORS
    told = [each for row in SECTION.splitlines() if row.startswith("| `") for each in named(row)]
    assert len(told) > 60
    assert [each for each in told if not there & set(each)] == []
    assert sorted(there - {each for both in told for each in both}) == []
