"""A claim is told with what counted, what it comes to, and what would have altered that."""

import re

from heatstream.claims.amount import amount
from heatstream.claims.explained_claim import explain_claim
from heatstream.claims.turning import Turned, told, turned, warmer
from heatstream.core.calendar import day_of
from heatstream.core.claim_rules import ClaimRules
from tests.claims.rig import Office
from tests.evaluate.town import DAY
from tests.test_cli import heatstream

MADE = ("tier_between_tests", "period_ends", "end_inclusive", "start_inclusive", "unpaid", "liability")


async def rules(office: Office) -> ClaimRules:
    async with office.desk() as desk:
        return (await desk.law()).policy.claim_rules(day_of(DAY))


async def alters(office: Office) -> list[Turned]:
    seen = await office.assessed()
    return turned(seen.facts, await rules(office), MADE)


async def explained(office: Office) -> str:
    seen = await office.assessed()
    async with office.desk() as desk:
        return "\n".join(line.zh for line in explain_claim(seen, await desk.law()))


async def test_a_claim_tells_its_days_its_tests_and_its_amounts(office: Office) -> None:
    await office.applied()
    found = await explained(office)
    assert "C-1，户号 H1，2026-01-05 08:00 以 application 立案" in found
    assert "证据：01-05 08:32 企业测温，最低 16.50 °C" in found
    assert "证据：01-11 15:12 主管部门测温，最低 20.00 °C" in found
    assert "2026-01-05（1 日）计入：企业测温" in found
    assert "2026-01-06–2026-01-10（5 日）计入：固定监测点" in found
    assert "2026-01-11（1 日）不计：达标之日不计入（主管部门测温）" in found
    assert "应退热费：18.00 元" in found
    assert "裁定额：无" in found
    assert "测算额（仅由读数测算，不是应退）" in found


async def test_the_nearest_degrees_alter_the_claim_and_a_hundredth_less_does_not(office: Office) -> None:
    await office.applied()
    seen, law = await office.assessed(), await rules(office)
    shifts = [(re.search(r"均(升高|降低) (\d+\.\d\d) K", each.what.zh), each) for each in turned(seen.facts, law, ())]
    found = [(each, match[1], int(match[2].replace(".", ""))) for match, each in shifts if match]
    assert len(found) == 2
    for each, direction, by in found:
        sign = 1 if direction == "升高" else -1
        then = amount(warmer(seen.facts, sign * by), law, ())
        before = amount(warmer(seen.facts, sign * (by - 1)), law, ())
        assert (then.right, then.counts_to_fen) == (each.right, each.counts_to_fen)
        assert (before.right, before.counts_to_fen) == (seen.amount.right, seen.amount.counts_to_fen)
        assert (then.right, then.counts_to_fen) != (before.right, before.counts_to_fen)


async def test_another_cause_turns_the_right(office: Office) -> None:
    await office.applied()
    of_user = [each for each in await alters(office) if "the user's" in each.what.en]
    assert [each.right for each in of_user] == ["not_entitled"]
    assert "若责任认定为用户：应退热费为零" in told(of_user[0]).zh


async def test_an_open_cause_tells_what_it_would_be_if_it_were_found(office: Office) -> None:
    await office.open()
    found = {each.what.en: each.right for each in await alters(office)}
    assert found.get("Were the cause found to be the user's") == "not_entitled"


async def test_a_choice_is_told_only_where_it_was_made_and_turns_something(office: Office) -> None:
    await office.applied()
    seen, law = await office.assessed(), await rules(office)
    assert [each for each in turned(seen.facts, law, ()) if "选项变化" in each.what.zh] == []
    options = {each.what.en.split(": ")[1] for each in turned(seen.facts, law, MADE) if "choice" in each.what.en}
    assert "start_inclusive" in options
    assert options <= set(MADE)


async def test_the_command_line_tells_it(office: Office) -> None:
    await office.applied()
    ended = heatstream("claims", "explain", "C-1", url=office.database)
    assert (ended.returncode, "（5 日）计入：固定监测点" in ended.stdout) == (0, True)
    english = heatstream("claims", "explain", "C-1", "--english", url=office.database)
    assert "(5 days) counted: fixed point series" in english.stdout
