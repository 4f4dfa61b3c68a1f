"""What an inspector sees in the morning: where to go and why, and what stands behind it."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TODAY = "/today"


@pytest.mark.parametrize(("language", "words"), [("zh", ["紧急", "超时", "户"]), ("en", ["now", "over by", "homes"])])
async def test_the_morning_says_where_to_go_first_and_why(visit: Open, language: str, words: list[str]) -> None:
    found = await visit(TODAY, language=language)
    first = found.page.locator(".hs-stop").first
    await expect(first).to_contain_text("T2", timeout=15_000)
    await expect(first).to_contain_text("中断供热")
    text = await first.inner_text()
    assert [word for word in words if word not in text] == []


async def test_the_morning_says_how_many_more_there_are_and_the_year_of_a_limit_that_is_not_of_this_one(
    visit: Open,
) -> None:
    found = await visit(TODAY)
    line = {"code": "督1", "kind": "order", "urgency": 3, "where": "甲公司", "why": "责令整改", "households": None}
    answer = {"rows": [{**line, "due_at": "2020-01-01T00:00:00+08:00"}], "more": 1200}
    await found.page.route("**/rows/today", lambda route: route.fulfill(json=answer))
    await found.page.evaluate(
        """() => {
            document.body.append(Object.assign(document.createElement("ol"), { id: "made" }));
            hs.stops("made", "/rows/today", { more: "另有 {} 项", over: "已超时", kinds: {}, urgencies: {} });
        }"""
    )
    await expect(found.page.locator("#made")).to_contain_text("2020-01-01 00:00 · 已超时")
    await expect(found.page.locator("#made > li").last).to_have_text("另有 1,200 项")


async def test_a_line_leads_to_its_matter_with_both_repair_rules_and_the_supply(visit: Open) -> None:
    found = await visit(TODAY)
    await found.page.locator(".hs-stop", has_text="INC-T1").get_by_role("link").click()
    await expect(found.page.get_by_text("jilin_2012").first).to_be_visible(timeout=15_000)
    await expect(found.page.get_by_text("jilin_2024").first).to_be_visible()
    await expect(found.page.get_by_text("2026-01-06 02:00 to 2026-01-06 08:00")).to_be_visible()
    await expect(found.page.locator(".hs-event").first).to_contain_text("已结束")
    lines = await found.page.evaluate("fetch('/rows/matters/INC-T1/supply').then(a => a.json()).then(a => a.lines)")
    assert sorted(lines) == ["expected", "outdoor", "return", "supply"]
    assert min(value for _, value in lines["supply"] if value) == 23


async def test_a_matter_that_is_not_there_is_said(visit: Open) -> None:
    found = await visit("/matters/INC-9")
    await expect(found.page.get_by_text("没有您可见的事项 INC-9")).to_be_visible()
