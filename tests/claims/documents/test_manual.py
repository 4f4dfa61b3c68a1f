from pathlib import Path
from typing import get_args

import pytest

from heatstream.claims.documents.printing import Name

MANUAL = Path(__file__).parents[3] / "docs" / "documents.md"


@pytest.mark.parametrize("paper", get_args(Name))
def test_the_manual_tells_of_every_paper(paper: str) -> None:
    assert f"| `{paper}" in MANUAL.read_text(encoding="utf-8")
