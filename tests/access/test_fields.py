"""A field that a role does not see is null, and every other is there."""

import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from heatstream.access import fields, permits
from heatstream.serve.shapes import Address, Money, Said
from heatstream.store.tables import ROLES
from heatstream.supervision import kinds as matters

MANUAL = Path(__file__).parents[2] / "docs" / "privacy.md"
OF_KIND = {"address": (Address, "某路1号"), "money": (Money, 300), "case": (Said, {"text": "冷"})}
KINDS = (*OF_KIND, "making")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_the_kinds_of_fields_that_the_manual_says(role: str) -> None:
    fields.see_as(role)
    making = {"making"} if fields.sees("making") else set()
    seen = {kind for kind, (shape, value) in OF_KIND.items() if TypeAdapter(shape).dump_python(value) == value}
    hidden = {kind for kind, (shape, value) in OF_KIND.items() if TypeAdapter(shape).dump_python(value) is None}
    cells = _cells(role)
    assert (seen | making, seen | hidden) == ({kind for kind in KINDS if cells[kind] == "yes"}, set(OF_KIND))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reads_the_matters_that_the_manual_says(role: str) -> None:
    read = {kind for kind in matters.KINDS if fields.reads(role, kind)}
    assert read == {"yes": set(matters.KINDS), "no": set(), "of work orders": {"work_order"}}[_cells(role)["case"]]


def _cells(role: str) -> dict[str, str]:
    [row] = re.findall(rf"^\| `{role}` \|(.*)\|$", MANUAL.read_text(), re.MULTILINE)
    return {kind: cell.strip() for kind, cell in zip(KINDS, row.split("|"), strict=True)}


def test_every_role_is_told() -> None:
    assert set(fields.SEES) == set(ROLES) == permits.EVERYBODY
