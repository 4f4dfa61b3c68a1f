import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from .rig import Office


@pytest.fixture
async def office(engine: AsyncEngine) -> Office:
    return await Office.found(engine)
