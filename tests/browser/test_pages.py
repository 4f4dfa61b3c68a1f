"""What an official sees, on a desk and on a phone, by day and by night, without the internet."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.serve import town

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CITY, HOME = "/", "/household/H1"


async def settled(page: Page) -> None:
    """Wait until the tables have their rows and the charts are drawn."""
    await expect(page.locator(".hs-grid .ag-row").first).to_be_visible(timeout=15_000)
    await expect(page.locator(".hs-chart canvas").first).to_be_visible()
    await page.wait_for_timeout(500)


@pytest.mark.parametrize("path", [CITY, HOME])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True])
async def test_a_page_stays_within_itself(visit: Open, path: str, width: int, dark: bool) -> None:
    found = await visit(path, width=width, dark=dark)
    await settled(found.page)
    assert (found.foreign, found.errors) == ([], [])
    wide, room = await found.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= room


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh",
            ["示例市", "不达标", "合格", "无法判定", "未监测", "此刻低于标准", "测算额", "1/3 监测户", "1/4 全部住户"],
        ),
        ("en", ["failing", "compliant", "undetermined", "unmonitored", "1/3 monitored homes", "1/4 all homes"]),
    ],
)
async def test_the_city_says_its_outcomes_with_their_denominators(visit: Open, language: str, words: list[str]) -> None:
    found = await visit(CITY, language=language)
    await settled(found.page)
    text = await found.page.locator("body").inner_text()
    assert [word for word in words if word.lower() not in text.lower()] == []


@pytest.mark.parametrize("path", [CITY, HOME])
async def test_the_watermark_stands_on_every_page(visit: Open, path: str) -> None:
    found = await visit(path)
    await expect(found.page.locator(".hs-watermark")).to_have_text(town.WATERMARK)


async def test_nothing_computed_is_called_owed(visit: Open) -> None:
    for language in ("zh", "en"):
        found = await visit(CITY, language=language)
        await settled(found.page)
        text = await found.page.locator("body").inner_text()
        assert "owed" not in text.lower()
        assert "应退热费" not in text.replace("不是应退热费", "")


async def test_the_dark_follows_the_visitor_s_system_and_choice(visit: Open) -> None:
    found = await visit(CITY, dark=True)
    await expect(found.page.locator("body.body--dark")).to_have_count(1)
    await found.page.get_by_role("button", name="浅色").click()
    await expect(found.page.locator("body.body--light")).to_have_count(1)


async def test_the_language_changes_on_a_click(visit: Open) -> None:
    found = await visit(CITY)
    await found.page.get_by_role("button", name="English").click()
    await expect(found.page.get_by_role("button", name="中文")).to_be_visible()


async def test_a_click_counts_by_another_kind_of_place(visit: Open) -> None:
    found = await visit(CITY)
    await settled(found.page)
    await found.page.get_by_role("button", name="换热站").click()
    await expect(found.page.get_by_text("东一站")).to_be_visible()


async def test_a_home_leads_to_its_page(visit: Open) -> None:
    found = await visit(CITY)
    await settled(found.page)
    await found.page.get_by_role("link", name="H1").first.click()
    await expect(found.page.get_by_text("B1 H1室")).to_be_visible()


async def test_a_finding_tells_its_reasons_on_a_click(visit: Open) -> None:
    found = await visit(HOME)
    await settled(found.page)
    await found.page.locator(".ag-row").first.click()
    await expect(found.page.get_by_text("数值 17.00 °C，标准 18.00 °C")).to_be_visible()
    assert found.errors == []


async def test_quality_marks_are_named_with_what_was_seen(visit: Open) -> None:
    found = await visit(HOME)
    await settled(found.page)
    row = found.page.locator(".ag-row", has_text="疑似开窗")
    await expect(row).to_contain_text("骤降 2.03 K")
    await expect(row).to_contain_text("未复核")


async def test_an_unknown_household_is_told(visit: Open) -> None:
    found = await visit("/household/<b>H9")
    await expect(found.page.get_by_text("登记中没有户号 <b>H9。")).to_be_visible()


async def test_another_name_for_this_machine_is_refused(visit: Open) -> None:
    found = await visit(CITY)
    answer = await found.page.request.get(found.page.url, headers={"Host": "evil.example"})
    assert answer.status == 400
