import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from .town import Town


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    return await Town.found(engine)
