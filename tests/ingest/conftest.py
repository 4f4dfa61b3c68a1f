"""A registered town and a writer at its desk."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.ingest.desk import Desk, register


@pytest.fixture
async def desk(engine: AsyncEngine) -> Desk:
    await register(engine)
    return await Desk.open(engine)
