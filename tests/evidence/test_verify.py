"""The literal twin, alone, finds the same in a bundle of the real database; or exactly what differs."""

import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import heatstream.evidence
from heatstream.evidence.canonical import archive, canonical
from tests.evaluate.town import Town, at, whole_day
from tests.evidence.opened import exported, files, judged, sealed

TWIN = Path(heatstream.evidence.__file__).with_name("twin.py")


def verified(content: bytes, folder: Path) -> tuple[int, str]:
    """Run the twin by a Python that sees nothing but the standard library."""
    (folder / "bundle.zip").write_bytes(content)
    command = [sys.executable, "-I", "-S", TWIN, "verify", folder / "bundle.zip"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def bent(content: bytes, name: str, bend: Callable[[bytes], bytes]) -> bytes:
    """Change one file, and the manifest so that it fits: as somebody would who wants to deceive."""
    there = files(content)
    assert bend(there[name]) != there[name]
    there[name] = bend(there[name])
    manifest = json.loads(there["manifest.json"])
    for each in manifest["files"]:
        each["sha256"] = sha256(there[each["name"]]).hexdigest()
        each["bytes"] = len(there[each["name"]])
    there["manifest.json"] = canonical(manifest)
    return archive(there.items())


def tree_bent(content: bytes, name: str, bend: Callable[[Any], None]) -> bytes:
    def changed(old: bytes) -> bytes:
        tree = json.loads(old)
        bend(tree)
        return canonical(tree)

    return bent(content, name, changed)


async def failing_bundle(town: Town) -> bytes:
    await town.monitored("a", "b")
    await judged(town, a=whole_day(1700), b=whole_day())
    await sealed(town)
    return await exported(town)


@pytest.mark.every_edition
async def test_a_bundle_of_the_database_is_the_same_to_the_twin(town: Town, tmp_path: Path) -> None:
    code, told = verified(await failing_bundle(town), tmp_path)
    assert code == 0, told


async def test_a_file_that_does_not_fit_the_manifest_is_named(town: Town, tmp_path: Path) -> None:
    there = files(await failing_bundle(town))
    there["readings/a.csv"] = there["readings/a.csv"].replace(b",1700,", b",1800,", 1)
    code, told = verified(archive(there.items()), tmp_path)
    assert (code, "readings/a.csv" in told) == (1, True)


async def test_a_reading_that_was_changed_differs_from_what_was_sealed(town: Town, tmp_path: Path) -> None:
    content = await failing_bundle(town)
    changed = bent(content, "readings/a.csv", lambda text: text.replace(b",1700,", b",1699,", 1))
    code, told = verified(changed, tmp_path)
    assert (code, "digest" in told) == (1, True), told


async def test_a_finding_that_was_changed_is_named_with_both_values(town: Town, tmp_path: Path) -> None:
    def bend(tree: Any) -> None:
        tree["findings"][0]["computed_fen"] += 1

    content = await failing_bundle(town)
    before = json.loads(files(content)["findings.json"])["findings"][0]["computed_fen"]
    code, told = verified(tree_bent(content, "findings.json", bend), tmp_path)
    assert code == 1
    [line] = [line for line in told.splitlines() if "computed_fen" in line]
    assert str(before) in line
    assert str(before + 1) in line


async def test_a_policy_that_was_changed_is_not_the_one_that_was_hashed(town: Town, tmp_path: Path) -> None:
    content = await failing_bundle(town)
    [name] = [name for name in files(content) if name.startswith("policy/")]
    code, told = verified(bent(content, name, lambda text: text.replace(b"18", b"17", 1)), tmp_path)
    assert (code, name in told or name[7:-5] in told) == (1, True), told


async def test_a_proof_that_was_changed_leads_to_no_root(town: Town, tmp_path: Path) -> None:
    def bend(tree: Any) -> None:
        tree["leaves"][0]["path"][0] = "00" * 32

    content = await failing_bundle(town)
    code, told = verified(tree_bent(content, "proofs.json", bend), tmp_path)
    assert code == 1, told


@pytest.mark.every_edition
async def test_late_readings_conflicts_and_decisions_are_the_same_to_the_twin(town: Town, tmp_path: Path) -> None:
    await town.home("a")
    await town.point("P-1", "a", room_kind="bedroom")
    await town.point("P-2", "a", room_kind="kitchen")
    series = whole_day(1850)
    await judged(town, **{"P-1": series[:100], "P-2": whole_day(1700)})
    await sealed(town)
    await town.conflict("P-1", at_place(series, 10), 1500)
    await town.conflict("P-1", at_place(series, 20), 1500)
    await town.decide("P-1", at_place(series, 20), 1500)
    await judged(town, **{"P-1": series[100:]})
    await sealed(town)
    code, told = verified(await exported(town), tmp_path)
    assert code == 0, told


def at_place(series: list[Any], place: int) -> Any:
    return series[place][0]


async def test_a_point_accepted_in_the_middle_of_the_day_is_the_same_to_the_twin(town: Town, tmp_path: Path) -> None:
    await town.home("a", standard_centi=2000)
    await town.point("P-1", "a", valid_from=at(whole_day()[0][0].date(), 8 * 60))
    await judged(town, **{"P-1": whole_day(1950)})
    await sealed(town)
    code, told = verified(await exported(town), tmp_path)
    assert code == 0, told


async def test_a_day_that_waits_to_be_judged_again_is_told_as_unchecked(town: Town, tmp_path: Path) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1850)[:100])
    await sealed(town)
    await town.write({"a": whole_day(1850)[100:]})
    code, told = verified(await exported(town), tmp_path)
    assert (code, "waiting to be judged again: 2026-01-05" in told) == (0, True), told
