"""A field that a role does not see is null, and every other is there."""

import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from heatstream.access import fields, permits
from heatstream.serve.shapes import Address, Money, Said
from heatstream.store.tables import ROLES

MANUAL = Path(__file__).parents[2] / "docs" / "privacy.md"
OF_KIND = {"address": (Address, "某路1号"), "money": (Money, 300), "case": (Said, {"text": "冷"})}
KINDS = (*OF_KIND, "making")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_the_kinds_of_fields_that_the_manual_says(role: str) -> None:
    fields.see_as(role)
    making = {"making"} if fields.sees("making") else set()
    seen = {kind for kind, (shape, value) in OF_KIND.items() if TypeAdapter(shape).dump_python(value) == value}
    hidden = {kind for kind, (shape, value) in OF_KIND.items() if TypeAdapter(shape).dump_python(value) is None}
    [row] = re.findall(rf"^\| `{role}` \|(.*)\|$", MANUAL.read_text(), re.MULTILINE)
    told = {kind for kind, cell in zip(KINDS, row.split("|"), strict=True) if cell.strip() == "yes"}
    assert (seen | making, seen | hidden) == (told, set(OF_KIND))


def test_every_role_is_told() -> None:
    assert set(fields.SEES) == set(ROLES) == permits.EVERYBODY
