"""Rules and ingest: what the law says and how it is known, and where every reading went."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_rules_tell_their_source_and_what_they_leave_open(visit: Open) -> None:
    seen = await visit("/rules")
    await expect(seen.page.get_by_role("link", name="cn-22-changchun")).to_be_visible()
    await seen.page.goto(seen.page.url.removesuffix("/rules") + "/rules/cn-22-changchun")
    await expect(seen.page.get_by_role("heading", name="来源")).to_be_visible()
    await seen.page.locator("main li a").first.click()
    await expect(seen.page.get_by_text("可选：")).to_be_visible()
    english = await visit(seen.page.url[seen.page.url.index("/rules") :], language="en")
    await expect(english.page.get_by_text("values:")).to_be_visible()
    assert (seen.foreign + english.foreign, seen.errors + english.errors) == ([], [])


async def test_other_choices_are_tried_on_a_season_and_what_was_typed_stays(visit: Open) -> None:
    seen = await visit("/rules/what-if")
    choices, season = seen.page.get_by_label("选择文件"), seen.page.get_by_label("采暖期起始年")
    await choices.fill((await choices.input_value()).replace("min_completeness: 0.90", "min_completeness: 0.10"))
    await season.fill("2025")
    await seen.page.get_by_role("button", name="测算").click()
    await expect(seen.page.get_by_role("cell", name="东热公司")).to_be_visible(timeout=30_000)
    assert ("min_completeness: 0.10" in await choices.input_value(), await season.input_value()) == (True, "2025")
    await choices.fill((await choices.input_value()).replace("min_completeness: 0.10", ""))
    await seen.page.get_by_role("button", name="测算").click()
    await expect(seen.page.get_by_role("alert")).to_contain_text("min_completeness（A30），demo-shili：各文本均未规定")
    await choices.fill("schema: nonsense")
    await seen.page.get_by_role("button", name="测算").click()
    await expect(seen.page.get_by_role("alert")).to_contain_text("seen 'nonsense'", timeout=30_000)
    assert (seen.foreign, seen.errors) == ([], [])


async def test_ingest_tells_its_gateways_and_the_doctor_what_it_found(visit: Open) -> None:
    seen = await visit("/ingest", width=390)
    await expect(seen.page.get_by_text("守恒差")).to_be_visible()
    await expect(seen.page.get_by_text("无法解码").first).to_be_visible()
    await seen.page.get_by_role("button", name="现在检查").click()
    await expect(seen.page.get_by_text("会丢数据").first).to_be_visible(timeout=30_000)
    assert await seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert (seen.foreign, seen.errors) == ([], [])
