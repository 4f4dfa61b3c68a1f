"""What is written without the shape is what the shape writes."""

import itertools
from typing import Annotated, Any

import msgspec
import pytest
from pydantic import AfterValidator
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.access import fields
from heatstream.serve.prepared import Prepared
from heatstream.serve.routes.findings import Finding
from heatstream.serve.shapes import Instant, Shape
from heatstream.store.read import findings
from heatstream.store.tables import ROLES
from tests.serve import town


async def test_a_finding_is_written_as_its_shape_writes_it_for_every_role(conn: AsyncConnection) -> None:
    rows = list(itertools.chain(*[await findings.by_ids(conn, day, range(1, 20)) for day in town.DAYS]))
    assert len(rows) == 10
    prepared = Prepared(Finding)
    for role in ROLES:
        fields.see_as(role)
        written = [msgspec.json.decode(prepared.write(tree)) for tree in prepared.trees(rows)]
        assert written == [msgspec.json.decode(Finding.model_validate(row).model_dump_json()) for row in rows], role


class _Later(Shape):
    at: Instant


class _Checked(Shape):
    number: Annotated[int, AfterValidator(abs)]


class _Nested(Shape):
    tree: dict[str, Any]


@pytest.mark.parametrize("shape", [_Later, _Checked, _Nested], ids=["serializer", "after", "nested"])
def test_a_shape_that_does_more_is_refused(shape: type[Shape]) -> None:
    with pytest.raises(TypeError, match="expected"):
        Prepared(shape)
