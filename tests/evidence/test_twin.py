"""The literal twin by itself: what it needs, what it ends with, its own arithmetic, and a claim judged alone."""

import ast
import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from heatstream.claims.told import told
from heatstream.core import merkle
from heatstream.core.finding import Change
from heatstream.evidence import bundle, roots, twin
from heatstream.evidence.canonical import archive
from heatstream.evidence.sign import Ed25519, create_key
from heatstream.store import tables
from tests.claims.rig import Office
from tests.evaluate.town import DAY, NEXT, Town, at, evaluator, whole_day
from tests.evidence.opened import MADE_AT, exported, files, judged, sealed, tree

TWIN = Path(twin.__file__)


def ended(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the file by itself, as an expert does: without site packages and without heatstream."""
    return subprocess.run([sys.executable, "-I", "-S", TWIN, *arguments], capture_output=True, text=True, check=False)


def verified(content: bytes, folder: Path) -> tuple[int, str]:
    (folder / "bundle.zip").write_bytes(content)
    ran = ended("verify", folder / "bundle.zip")
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


# --- what it needs, and what it ends with -----------------------------------------------------------------------------


def test_it_imports_the_standard_library_alone() -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(TWIN.read_text()))
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("arguments", [(), ("verify",), ("check", "bundle.zip"), ("verify", "a.zip", "b.zip")])
def test_wrong_use_ends_with_two(arguments: tuple[str, ...]) -> None:
    ran = ended(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "verify BUNDLE.zip" in ran.stderr


NO_FILES = b'{"form":"heatstream-bundle/1"}'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"no archive", "expected an evidence bundle, a ZIP archive"),
        (archive([]), "manifest.json: not in the bundle"),
        (archive([("manifest.json", b'{"form":"heatstream-bundle/2"}')]), "seen 'heatstream-bundle/2'"),
        (archive([("manifest.json", b'{"form":1.5}')]), "seen 1.5, expected whole numbers"),
        (archive([("manifest.json", b'{"form":1,"form":2}')]), "a name stands twice"),
        (archive([("manifest.json", b"\xff")]), "expected JSON in UTF-8"),
        (archive([("manifest.json", NO_FILES)]), "unreadable: KeyError: 'files'"),
    ],
)
def test_what_cannot_be_read_is_told_and_ends_with_one(content: bytes, told: str, tmp_path: Path) -> None:
    code, lines = verified(content, tmp_path)
    assert code == 1
    assert told in lines


# --- its own arithmetic -----------------------------------------------------------------------------------------------

RFC_8032_7_1_TEST_3 = (
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
)


def test_the_signature_of_rfc_8032_holds() -> None:
    assert twin.ed25519_holds(*map(bytes.fromhex, RFC_8032_7_1_TEST_3))


@settings(max_examples=5, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=100), place=st.integers(0, 63))
def test_a_signature_holds_for_its_key_and_message_alone(seed: bytes, message: bytes, place: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert twin.ed25519_holds(public, message, signature)
    assert not twin.ed25519_holds(public, message + b".", signature)
    bent = bytes(byte ^ (number == place) for number, byte in enumerate(signature))
    assert not twin.ed25519_holds(public, message, bent)


def test_a_signature_whose_second_half_is_moved_by_the_order_does_not_hold() -> None:
    public, message, signature = map(bytes.fromhex, RFC_8032_7_1_TEST_3)
    moved = (int.from_bytes(signature[32:], "little") + twin.Q).to_bytes(32, "little")
    assert not twin.ed25519_holds(public, message, signature[:32] + moved)


@pytest.mark.parametrize("leaves", [1, 2, 3, 5, 8, 13])
def test_the_tree_is_that_of_the_core_and_every_path_leads_to_its_root(leaves: int) -> None:
    digests = [bytes([number]) * 32 for number in range(leaves)]
    tree = merkle.levels([merkle.leaf(digest) for digest in digests])
    root = twin.root_of([twin.leaf_of(digest) for digest in digests])
    assert root == tree[-1][0]
    for index, digest in enumerate(digests):
        assert twin.root_by_path(digest, index, leaves, merkle.path(tree, index)) == root
        assert twin.root_by_path(digest, index, leaves + 8, merkle.path(tree, index)) != root


# --- real bundles -----------------------------------------------------------------------------------------------------


@pytest.mark.every_edition
async def test_a_signed_bundle_of_two_rooms_and_two_days_is_the_same(town: Town, tmp_path: Path) -> None:
    """Unlike slots, a contract's standard, a decision, a conflict that waits, readings that a reviewer excluded."""
    await town.home("a", standard_centi=1850)
    await town.point("P-1", "a", room_kind="bedroom")
    await town.point("P-2", "a", room_kind="living_room", interval_min=20)
    cold, night = whole_day(1870, but=dict.fromkeys(range(100, 110), 1790)), {"P-1": 36, "P-2": 18}
    await judged(town, **{"P-1": cold[:90], "P-2": whole_day(1900)[::2]})
    await town.conflict("P-1", at(DAY, 600), 1500)
    await town.decide("P-1", at(DAY, 600), 1840)
    second = {"P-1": whole_day(1900, NEXT)[night["P-1"] :], "P-2": whole_day(1850, NEXT)[::2][night["P-2"] :]}
    await judged(town, NEXT, **{"P-1": [*cold[90:], *second["P-1"]], "P-2": second["P-2"]})
    await town.conflict("P-1", at(NEXT, 600), 1500)
    await excluded(town, "P-2", at(NEXT, 700), at(NEXT, 800))
    await evaluator(town.engine).once(settle=False, through=NEXT)
    await sealed(town)
    create_key(tmp_path / "key.pem")
    content = await exported(town, last=NEXT, signer=Ed25519.from_file(tmp_path / "key.pem", "供热办"))
    code, lines = verified(content, tmp_path)
    assert code == 0, lines
    assert "签名：属于此公钥" in lines
    assert [each["reason"] for each in tree(content, "findings.json")["findings"] if each["current"]] == [0, 2]
    forged = files(content) | {
        "manifest.json": files(content)["manifest.json"].replace(b'"household":"a"', b'"household":"b"')
    }
    code, lines = verified(archive(forged.items()), tmp_path)
    assert code == 1
    assert "签名 signature" in lines


async def excluded(town: Town, device: str, begins: dt.datetime, ends: dt.datetime) -> None:
    async with town.engine.begin() as conn:
        mark = {"point_id": town.points[device], "kind": "frozen", "begins": begins, "ends": ends}
        made = await conn.execute(
            insert(tables.quality_mark).values(**mark, algorithm=1, evidence={}).returning(tables.quality_mark.c.id)
        )
        review = {"mark_id": made.scalar_one(), "excludes": True, "officer": "王", "reason": "复核"}
        batch = await town._batch(conn)
        await conn.execute(insert(tables.quality_review).values(**review, batch_id=batch))
        await town._mark(conn, {town.points[device]}, {begins.date()}, batch, Change.QUALITY_REVIEWED)


async def test_a_ruled_claim_is_the_same_and_one_that_was_changed_is_named(engine: AsyncEngine, tmp_path: Path) -> None:
    office = await Office.found(engine)
    await office.served()
    async with engine.begin() as conn:
        await roots.make_roots(conn)
        content = await bundle.export(conn, "H1", DAY, dt.date(2026, 1, 12), signer=None, told_of=told, made_at=MADE_AT)
    code, lines = verified(content, tmp_path)
    assert code == 0, lines
    owed = (await office.claim()).entitlement_fen
    assert owed
    assert f"  算出 computed   退费案 claim C-1: 应退热费 {twin.yuan(owed)}" in lines
    there = files(content)
    there["claims.json"] = there["claims.json"].replace(f'"entitlement_fen":{owed}'.encode(), b'"entitlement_fen":9')
    there["claims.json"] = there["claims.json"].replace("管网失调".encode(), "管网正常".encode())
    code, lines = verified(archive(there.items()), tmp_path)
    assert code == 1
    assert lines.count(", hash: ") == 1
    assert f"退费案 claim C-1, 应退热费 entitlement_fen: 存 stored 9, 算 recomputed {owed}\n" in lines
    assert "退费案 claim C-1, 事件 event 4, hash: " in lines
