"""docs/supervision.md tells of every event of companies, every flag, and every rule of theirs."""

from pathlib import Path
from typing import get_args

import pytest

from heatstream.rules.supervision.fuel import Fuel
from heatstream.rules.supervision.publications import Publications
from heatstream.supervision.company import fuel
from heatstream.supervision.company.company_file import COMPANY_FILE
from heatstream.supervision.company.orders import ORDER
from heatstream.supervision.company.publications import PUBLICATION
from heatstream.supervision.matter import MatterKind

PAGE = (Path(__file__).parents[2] / "docs" / "supervision.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [COMPANY_FILE, ORDER, PUBLICATION], ids=lambda kind: str(kind.name))
def test_the_manual_names_every_event_and_the_roles_are_given(kind: MatterKind) -> None:
    events = {each.model_fields["kind"].default for each in (*kind.opening, *kind.later)}
    assert {each for each in events if f"`{each}`" not in PAGE} == set()
    assert set(kind.who) == events


def test_the_manual_names_every_rule_and_flag() -> None:
    names = [*Fuel.model_fields, *Publications.model_fields, *get_args(fuel.Flag)]
    assert [each for each in names if f"`{each}`" not in PAGE] == []
