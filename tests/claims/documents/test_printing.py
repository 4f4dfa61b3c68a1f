import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from heatstream.claims import files
from heatstream.claims.documents import printing
from heatstream.claims.documents.printing import wanted
from heatstream.errors import BadInput
from heatstream.store import claims
from heatstream.store.tables import household
from tests.claims.rig import Office, drafted, given, time
from tests.test_cli import heatstream


async def printed(office: Office, paper: str, code: str = "C-1", **options: Any) -> bytes:
    async with office.desk() as desk:
        return await printing.printed(desk, code, wanted(paper, **options))


async def kept(office: Office) -> Sequence[claims.File]:
    claim = await office.claim()
    async with office.engine.connect() as conn:
        return [each for each in await claims.files(conn, claim.id) if each.kind == "ruling"]


async def test_a_ruling_is_kept_as_it_was_made_and_printed_as_it_was_kept(office: Office) -> None:
    await office.ruled()
    (paper,) = await kept(office)
    first = await printed(office, "ruling")
    assert (paper.name, paper.media_type, paper.officer) == (
        "退费裁定书 区供裁〔2026〕1号.pdf",
        "application/pdf",
        "D3",
    )
    assert paper.sha256 == hashlib.sha256(first).digest()
    async with office.engine.begin() as conn:
        await conn.execute(update(household).values(address="另一条街"))
    assert await printed(office, "ruling") == first


async def test_a_receipt_cites_the_ruling_by_its_hash(office: Office) -> None:
    await office.served()
    (paper,) = await kept(office)
    for party in ("household", "company"):
        page = (await printed(office, "receipt", party=party, html=True)).decode()
        assert paper.sha256.hex()[:8] in page
        assert "直接送达" in page


async def test_every_paper_of_a_ruled_claim_is_printed(office: Office) -> None:
    await office.served()
    papers = [await printed(office, name) for name in ("visit-form", "ruling", "approval", "explanation")]
    assert [paper[:5] for paper in papers] == [b"%PDF-"] * 4


async def test_an_explanation_tells_each_day_each_limit_and_what_would_alter_the_claim(office: Office) -> None:
    await office.applied()
    page = (await printed(office, "explanation", html=True)).decode()
    for told in ("2026年1月5日", "企业测温", "测温时限，止于", "应退热费", "若各次测温均"):
        assert told in page


async def test_a_visit_is_printed_by_its_event_and_a_blank_form_for_whose_turn_it_is(office: Office) -> None:
    await office.applied()
    pages = [
        (await printed(office, "visit-form", html=True, **options)).decode()
        for options in ({"event": 3}, {}, {"blank": True}, {"blank": True, "by": "third_party"})
    ]
    variants = ("企业测温", "主管部门测温", "主管部门测温", "第三方检测")
    assert [variant in page for variant, page in zip(variants, pages, strict=True)] == [True] * 4
    assert ["空白表" in page for page in pages] == [False, False, True, True]


async def test_a_form_is_printed_for_a_home_that_is_not_known_yet(office: Office) -> None:
    page = (await printed(office, "visit-form", "-", blank=True, by="company", html=True)).decode()
    assert "空白表" in page
    assert "演示·非法律依据" in page


async def test_a_ruling_with_a_name_that_cannot_be_printed_is_not_even_drafted(office: Office) -> None:
    bundle = await office.heard()
    entitled = (await office.claim()).entitlement_fen
    named = drafted(time(9, day=13), bundle, ruled_fen=entitled, facts=["户主王\U00020bb7在场"])
    with pytest.raises(BadInput, match=r"U\+20BB7"):
        await office.record(named, "D1")
    assert (await office.way()).draft is None


async def test_a_draft_is_printed_until_it_is_ruled(office: Office) -> None:
    bundle = await office.heard()
    entitled = (await office.claim()).entitlement_fen
    await office.record(drafted(time(9, day=13), bundle, ruled_fen=entitled), "D1")
    assert "送审稿" in (await printed(office, "ruling", draft=True, html=True)).decode()
    assert (await kept(office)) == []


async def test_nobody_attaches_a_ruling_by_hand(office: Office) -> None:
    await office.open()
    async with office.desk() as desk:
        with pytest.raises(BadInput, match="kind: seen 'ruling'"):
            await files.attach(desk, "C-1", "退费裁定书 区供裁〔2026〕1号.pdf", b"x", kind="ruling", by="D1")


async def test_the_voucher_of_an_offer_is_printed(office: Office) -> None:
    await office.measured()
    offer = {"fen": 300, "day_from": "2026-01-05", "day_to": "2026-01-10"}
    await office.record(given("self_refund_offered", time(9, day=7), **offer), "CO")
    assert "3.00 元（人民币叁元整）" in (await printed(office, "voucher", html=True)).decode()


async def test_a_claim_without_events_of_its_kind_has_nothing_to_print(office: Office) -> None:
    await office.open()
    for paper, said in (("ruling", "no ruling stands"), ("voucher", "no self-refund"), ("visit-form", "no visit")):
        with pytest.raises(BadInput, match=said):
            await printed(office, paper)
    with pytest.raises(BadInput, match="no claim 'C-9'"):
        await printed(office, "ruling", "C-9")


async def test_the_command_line_prints_a_paper_and_tells_its_hash(office: Office, tmp_path: Path) -> None:
    await office.ruled()
    file = tmp_path / "ruling.pdf"
    ended = await asyncio.to_thread(
        heatstream, "claims", "print", "C-1", "--paper", "ruling", "-o", file, url=office.database
    )
    (paper,) = await kept(office)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert hashlib.sha256(file.read_bytes()).digest() == paper.sha256
    assert paper.sha256.hex() in ended.stdout


async def test_the_command_line_says_what_there_is_not(office: Office, tmp_path: Path) -> None:
    await office.open()
    file = tmp_path / "ruling.pdf"
    ended = await asyncio.to_thread(
        heatstream, "claims", "print", "C-1", "--paper", "ruling", "-o", file, url=office.database
    )
    assert (ended.returncode, file.exists()) == (1, False)
    assert "claim C-1: no ruling stands" in ended.stderr


@pytest.mark.parametrize(
    ("paper", "options", "said"),
    [
        ("poem", {}, "--paper: seen 'poem'"),
        ("ruling", {"blank": True}, "--blank: seen with ruling, expected with visit-form alone"),
        ("ruling", {"party": "company"}, "--party: seen with ruling, expected with receipt alone"),
        ("receipt", {}, "--party: seen none"),
        ("receipt", {"party": "neighbour"}, "--party: seen 'neighbour'"),
        ("visit-form", {"by": "company"}, "--by: expected with --blank alone"),
        ("visit-form", {"blank": True, "by": "me"}, "--by: seen 'me'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(paper: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        wanted(paper, **options)


async def test_without_a_claim_there_is_a_blank_form_alone(office: Office) -> None:
    with pytest.raises(BadInput, match="--blank --by"):
        await printed(office, "ruling", "-")
