"""A judged town whose evidence is sealed and exported."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.evaluate.town import Town


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    return await Town.found(engine)
