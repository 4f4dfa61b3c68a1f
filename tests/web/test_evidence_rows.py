"""A bundle that the page gives is what the verifier calls the same; and only who may have it is given one."""

import dataclasses
from collections.abc import AsyncIterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.evidence.canonical import archive
from heatstream.evidence.sign import create_key
from heatstream.settings import Database, Evidence, Settings
from heatstream.web import words as languages
from heatstream.web.shared import Source
from tests.conftest import database_url
from tests.evaluate.town import DAY, Town, whole_day
from tests.evidence.opened import files, judged, sealed
from tests.signed import token_of
from tests.web.conftest import visitor

__all__ = ["database_url"]

NEIGHBOURS = "bcdef"
"""So many that a bundle holds their aggregate, which no household sees the rows of."""
ASKED = f"/rows/household/a/evidence?from={DAY}&to={DAY}"


@dataclasses.dataclass
class Judged:
    """A town with one cold home, judged and sealed, whose page signs what it gives."""

    engine: AsyncEngine
    source: Source
    settings: Settings


@pytest.fixture
async def cold(engine: AsyncEngine, database_url: str, tmp_path: Path) -> AsyncIterator[Judged]:
    town = await Town.found(engine)
    await town.monitored("a", *NEIGHBOURS)
    await judged(town, a=whole_day(1700), **{each: whole_day() for each in NEIGHBOURS})
    await sealed(town)
    create_key(tmp_path / "key.pem")
    evidence = Evidence(key_file=tmp_path / "key.pem", signer="示例市供热主管部门")
    source = Source(database_url)
    yield Judged(engine, source, Settings(database=Database(url=database_url), evidence=evidence))
    await source.close()


async def verified(browser: httpx.AsyncClient, content: bytes) -> tuple[str, str]:
    answer = await browser.post("/rows/evidence/verify", content=content)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["sha256"] == sha256(content).hexdigest()
    return told["outcome"], "\n".join(told["lines"])


async def test_what_is_exported_is_signed_and_verified_as_the_same_and_a_change_is_named(cold: Judged) -> None:
    async with visitor(cold.source, await token_of(cold.engine), cold.settings) as browser:
        answer = await browser.get(ASKED)
        assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''evidence-a-{DAY}-{DAY}.zip"
        assert answer.headers["x-content-sha256"] == sha256(answer.content).hexdigest()
        there = files(answer.content)
        assert "signature.json" in there
        assert (await verified(browser, answer.content))[0] == "same"
        there["readings/a.csv"] = there["readings/a.csv"].replace(b",1700,", b",1800,", 1)
        outcome, told = await verified(browser, archive(there.items()))
        assert (outcome, "readings/a.csv" in told) == ("different", True)


async def test_what_is_no_bundle_is_said_to_be_unreadable(cold: Judged) -> None:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", bytes(1_000_000))
    async with visitor(cold.source, await token_of(cold.engine), cold.settings) as browser:
        for content, said in ((b"not a bundle", "ZIP"), (packed.getvalue(), "stored as they are")):
            outcome, told = await verified(browser, content)
            assert (outcome, said in told) == ("unreadable", True), told


async def test_days_that_hold_nothing_are_refused_with_the_reason(cold: Judged) -> None:
    async with visitor(cold.source, await token_of(cold.engine), cold.settings) as browser:
        address = "/rows/household/a/evidence?from=2026-01-06&to=2026-01-05"
        chinese = await browser.get(address)
        browser.cookies.set(languages.COOKIE, "en")
        english = await browser.get(address)
    assert (chinese.status_code, "首日应不晚于末日" in chinese.json()["detail"]) == (422, True)
    assert (english.status_code, "expected the first before the last" in english.json()["detail"]) == (422, True)


async def test_a_bundle_is_for_the_home_s_own_people_and_is_the_same_to_each(cold: Judged) -> None:
    told = {}
    for role, whose in (
        ("household", {"household": "a"}),
        ("company", {"company": "H"}),
        ("district", {"district": "D"}),
        ("inspector", {"company": "H"}),
        ("household", {"household": "b"}),
    ):
        async with visitor(cold.source, await token_of(cold.engine, role, **whose), cold.settings) as browser:
            answer = await browser.get(ASKED)
            name = role if whose != {"household": "b"} else "neighbour"
            told[name] = files(answer.content) if answer.status_code == 200 else answer.status_code
    assert (told.pop("inspector"), told.pop("neighbour")) == (403, 404)
    assert sorted(told) == ["company", "district", "household"]
    of_this_instant = ("manifest.json", "signature.json")
    said = [{name: file for name, file in there.items() if name not in of_this_instant} for there in told.values()]
    assert said[0] == said[1] == said[2]
    assert b'"homes":5' in said[0]["building.json"]
