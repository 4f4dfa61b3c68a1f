"""The literal twin verifies a bundle alone: the same, or exactly what differs."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from heatstream.core.finding import Change
from heatstream.evidence import twin
from heatstream.evidence.canonical import archive, canonical
from heatstream.evidence.sign import Ed25519, create_key
from heatstream.store import tables
from tests.evaluate.town import DAY, NEXT, Town, at, evaluator, whole_day
from tests.evidence.opened import exported, files, judged, sealed, tree

TWIN = Path(twin.__file__)


async def told_home(town: Town) -> None:
    """Two rooms, two days: late readings, a conflict that waits, one decided, readings that a reviewer excluded."""
    await town.home("a", standard_centi=1850)
    await town.point("P-1", "a", room_kind="bedroom")
    await town.point("P-2", "a", room_kind="living_room", interval_min=20)
    await town.monitored(*"bcdef")
    cold = whole_day(1870, but={place: 1790 for place in range(100, 110)})
    await judged(town, **{"P-1": cold[:90], "P-2": whole_day(1900)[::2]}, **{code: whole_day() for code in "bcdef"})
    await sealed(town)
    await town.conflict("P-1", at(DAY, 600), 1500)
    await town.decide("P-1", at(DAY, 600), 1840)
    after_night = {"P-1": whole_day(1900, NEXT)[36:], "P-2": whole_day(1850, NEXT)[36::2]}
    await judged(town, NEXT, **{"P-1": [*cold[90:], *after_night["P-1"]], "P-2": after_night["P-2"]})
    await town.conflict("P-1", at(NEXT, 600), 1500)
    await excluded(town, "P-2", at(NEXT, 700), at(NEXT, 800))
    await evaluator(town.engine).once(settle=False, through=NEXT)
    await sealed(town)


async def excluded(town: Town, device: str, begins: dt.datetime, ends: dt.datetime) -> None:
    async with town.engine.begin() as conn:
        mark = {"point_id": town.points[device], "kind": "frozen", "begins": begins, "ends": ends}
        made = await conn.execute(
            insert(tables.quality_mark).values(**mark, algorithm=1, evidence={}).returning(tables.quality_mark.c.id)
        )
        review = {"mark_id": made.scalar_one(), "excludes": True, "officer": "王", "reason": "复核"}
        await conn.execute(insert(tables.quality_review).values(**review, batch_id=await town._batch(conn)))
        await town._mark(conn, {town.points[device]}, {begins.date()}, await town._batch(conn), Change.QUALITY_REVIEWED)


def verified(content: bytes, folder: Path) -> tuple[int, list[str]]:
    """Run the file by itself, as an expert does: without site packages and without heatstream."""
    bundle = folder / "bundle.zip"
    bundle.write_bytes(content)
    ran = subprocess.run(
        [sys.executable, "-I", "-S", TWIN, "verify", bundle], capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout.splitlines()


def changed(content: bytes, name: str, change: Callable[[Any], None]) -> bytes:
    """Change one file and list it anew, as somebody would who forges a bundle without its key."""
    there = files(content)
    tree = json.loads(there[name])
    change(tree)
    there[name] = canonical(tree)
    return listed_anew(there)


def listed_anew(there: dict[str, bytes]) -> bytes:
    manifest = json.loads(there["manifest.json"])
    manifest["files"] = [
        {"name": name, "sha256": sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in there.items()
        if name not in ("manifest.json", "signature.json")
    ]
    return archive(
        [(name, canonical(manifest) if name == "manifest.json" else content) for name, content in there.items()]
    )


def different(lines: list[str]) -> list[str]:
    return [line.split("different  ")[1] for line in lines if " different  " in line]


async def test_what_was_exported_is_the_same(town: Town, tmp_path: Path) -> None:
    await told_home(town)
    create_key(tmp_path / "key.pem")
    signer = Ed25519.from_file(tmp_path / "key.pem", "供热办")
    content = await exported(town, last=NEXT, signer=signer)
    code, lines = verified(content, tmp_path)
    assert different(lines) == []
    assert code == 0
    assert [each["reason"] for each in tree(content, "findings.json")["findings"] if each["current"]] == [0, 2]
