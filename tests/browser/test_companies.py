"""People record in matters by forms, and look from a company's figure at the rows that it is the sum of."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.signed import token_at

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PATIENT = 15_000
"""Milliseconds."""


async def _fold(page: Page, title: str) -> None:
    await page.locator("summary", has_text=title).first.click()


async def _overflow(page: Page) -> int:
    wide: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


async def test_an_officer_records_what_was_found_once_and_a_refusal_loses_nothing(visit: Open, town_url: str) -> None:
    officer = await token_at(town_url, "district", district="D1")
    found = await visit("/matters/INC-R", width=390, dark=True, token=officer)
    page = found.page
    await _fold(page, "经核查")
    form = page.locator("form", has=page.get_by_label("供热侧查明情况"))
    await expect(form).to_be_visible(timeout=PATIENT)
    await form.get_by_label("供热侧查明情况").fill("循环泵轴承损坏")
    await form.get_by_label("住户侧查明情况").fill("无影响")
    await form.get_by_label("记录缘由").fill("现场核查")
    await form.get_by_label("是否无故").select_option("no")
    await form.get_by_label("原因方").select_option("company")
    await form.get_by_role("button", name="经核查").click()
    await expect(form.get_by_role("alert")).to_contain_text("认定人员", timeout=PATIENT)
    assert await form.get_by_label("供热侧查明情况").input_value() == "循环泵轴承损坏"
    await form.get_by_label("认定人员").fill("王某")
    await form.get_by_role("button", name="经核查").dblclick()
    events = page.locator(".hs-event", has_text="经核查")
    await expect(events.first).to_contain_text("t-district-D1", timeout=PATIENT)
    await expect(page.locator(".hs-event")).to_have_count(2)
    await events.first.locator("summary").click()
    await expect(events.first).to_contain_text("循环泵轴承损坏")
    assert (await _overflow(page), found.foreign, found.errors) == (0, [], [])


async def test_a_figure_of_a_company_leads_to_its_rows_and_on(visit: Open) -> None:
    found = await visit("/companies")
    page = found.page
    await expect(page.locator(".ag-row").first).to_contain_text("未报", timeout=PATIENT)
    await page.get_by_role("link", name="东热公司").click()
    await page.goto(page.url + "?season=2025")
    await expect(page.locator(".hs-figure", has_text="零报告")).to_contain_text("1/169", timeout=PATIENT)
    await page.get_by_role("button", name="864/864").click()
    await expect(page.locator("#figure-of")).to_have_text("室温数据完整率")
    await expect(page.locator(".ag-row", has_text="432").first).to_be_visible(timeout=PATIENT)
    await page.get_by_role("link", name="INC-T1").first.click()
    await page.get_by_role("link", name="换热站 T1").click()
    await page.get_by_label("日期（空为最近 24 小时）").fill("2026-01-06")
    await expect(page.locator(".ag-row", has_text="室温下降")).to_be_visible(timeout=PATIENT)
    await page.goto(page.url.replace("/stations/T1", "/warnings"))
    await page.get_by_label("颜色").select_option("yellow")
    await expect(page).to_have_url(re.compile(r"/warnings\?colour=yellow$"))
    await expect(page.locator(".ag-center-cols-container .ag-row")).to_have_count(1, timeout=PATIENT)
    assert (found.foreign, found.errors) == ([], [])


async def test_a_call_is_given_to_the_home_that_a_person_names(visit: Open, town_url: str) -> None:
    found = await visit("/tickets/12345/K-2", token=await token_at(town_url, "hotline"))
    page = found.page
    await page.get_by_label("地址所指").select_option("building B1")
    await page.get_by_label("户号").fill("H1")
    await page.get_by_label("记录缘由").first.fill("电话核实")
    await page.get_by_role("button", name="指定").click()
    await expect(page.get_by_role("alert").first).to_contain_text("三者只取其一", timeout=PATIENT)
    await page.get_by_label("户号").fill("")
    await page.get_by_role("button", name="指定").click()
    await expect(page).to_have_url(re.compile(r"/matters/WOR-"), timeout=PATIENT)
    await expect(page.locator(".hs-event").first).to_contain_text("受理", timeout=PATIENT)
    await expect(page.locator("summary", has_text="派单")).to_be_visible()
    await expect(page.locator("summary", has_text="办结")).to_have_count(0)
    assert (found.foreign, found.errors) == ([], [])


async def test_a_company_signs_its_zero_report(visit: Open, town_url: str) -> None:
    found = await visit("/reports", width=390, token=await token_at(town_url, "company", company="E1"))
    page = found.page
    await expect(page.get_by_label("签名")).to_have_value("某company", timeout=PATIENT)
    await page.get_by_label("记录缘由").fill("每日零报告")
    await page.get_by_label("零报告（当日无事件）").select_option("yes")
    await page.get_by_label("声明").fill("本日运行安全，无事故。")
    await page.get_by_role("button", name="零报告", exact=True).click()
    await expect(page).to_have_url(re.compile(r"/companies/E1"), timeout=PATIENT)
    rows = await page.evaluate("fetch('/rows/companies').then(a => a.json())")
    assert [(each["code"], each["declared"], each["zero"]) for each in rows] == [("E1", True, True)]
    assert (await _overflow(page), found.foreign, found.errors) == (0, [], [])


async def _record(page: Page, title: str, told: dict[str, str]) -> None:
    """Record an event by its form, at the time told."""
    fold = page.locator(".hs-fold").filter(has=page.locator("summary", has_text=re.compile(f"^{title}$")))
    form = fold.locator("form")
    await fold.locator("summary").click()
    await expect(form).to_be_visible(timeout=PATIENT)
    for name, value in told.items():
        field = form.locator(f"[name='{name}']")
        if await field.evaluate("each => each.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    await form.locator("[type=submit]").click()


async def test_three_people_publish_a_scorecard_that_its_company_objected_to(visit: Open, town_url: str) -> None:
    reviewer, approver = [await token_at(town_url, "district", district="D1", street=each) for each in ("复核", "审批")]
    drafts = await visit("/companies/E1?season=2025")
    await _record(drafts.page, "拟稿（承办）", {"at": "2026-05-05T09:00", "why": "年度考核"})
    await expect(drafts.page).to_have_url(re.compile("/matters/"), timeout=PATIENT)
    path = drafts.page.url[drafts.page.url.index("/matters/") :]
    told = {"at": "2026-05-06T09:00", "why": "告知", "how": "送达", "objections_until": "2026-05-13"}
    await _record(drafts.page, "告知企业", told)
    await _stands(drafts.page, 2, "已告知")

    company = await visit(path, width=390, token=await token_at(town_url, "company", company="E1"))
    told = {"at": "2026-05-08T09:00", "why": "异议", "against": "停供户时", "grounds": "电网停电"}
    await _record(company.page, "企业异议", told)
    await _stands(company.page, 3, "有异议")

    await drafts.page.reload()
    told = {"at": "2026-05-11T09:00", "why": "核实", "objection": "3", "upheld": "no", "answer": "电网未停电"}
    await _record(drafts.page, "答复异议", told)
    await _stands(drafts.page, 4, "已告知")
    for token, title, told in (
        (reviewer, "复核", {"at": "2026-05-18T09:00", "opinion": "数字与案卷一致"}),
        (approver, "审批", {"at": "2026-05-19T09:00", "opinion": "同意", "doc_no": "示供考〔2026〕1号"}),
    ):
        page = (await visit(path, token=token)).page
        await _record(page, title, {"why": title, "agrees": "yes", **told})
        await _stands(page, 5 if title == "复核" else 6, f"已{title}")

    await drafts.page.reload()
    await _record(drafts.page, "公示", {"at": "2026-05-20T09:00", "why": "公示", "where": "市供热主管部门网站"})
    await _stands(drafts.page, 7, "已公示")
    await company.page.reload()
    out = company.page.locator(".hs-card", has_text="第 1 版").last
    for words in (
        "示供考〔2026〕1号",
        "市供热主管部门网站",
        "2026-05-20 09:00",
        "1/1",
        "66.67",
        "尚无人在诚信档案中评分",
    ):
        await expect(out).to_contain_text(words, timeout=PATIENT)
    await expect(company.page.get_by_text("此刻没有您可记录的内容。")).to_be_visible()
    assert await _overflow(company.page) == 0
    assert (drafts.errors, company.errors) == ([], [])


async def _record(page: Page, title: str, told: dict[str, str]) -> None:
    """Record an event by the form under its title."""
    fold = page.locator(".hs-fold").filter(has=page.locator("summary", has_text=re.compile(f"^{title}$")))
    await fold.locator("summary").click()
    for name, value in told.items():
        field = fold.locator(f"form [name='{name}']")
        if await field.evaluate("each => each.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    await fold.locator("[type=submit]").click()


async def _stands(page: Page, events: int, step: str) -> None:
    await expect(page.locator(".hs-event")).to_have_count(events, timeout=PATIENT)
    await expect(page.locator(".hs-fact-value").get_by_text(step, exact=True)).to_be_visible()
