"""What an operator types, on the real database: export, verify, roots, keys, holds."""

from pathlib import Path

from tests.evaluate.town import Town, whole_day
from tests.evidence.opened import judged, sealed
from tests.test_cli import heatstream

DAYS = ("--from", "2026-01-05", "--to", "2026-01-05")


async def test_what_was_exported_verifies_as_the_same(town: Town, database_url: str, tmp_path: Path) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1700))
    await sealed(town)
    key, bundle = tmp_path / "key.pem", tmp_path / "a.zip"
    assert heatstream("evidence", "key", "create", key).returncode == 0
    signing = {"HEATSTREAM_EVIDENCE_KEY_FILE": str(key), "HEATSTREAM_EVIDENCE_SIGNER": "供热办"}
    export = ("evidence", "export", "--household", "a", *DAYS, "-o", bundle)
    ended = heatstream(*export, url=database_url, **signing)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "SHA-256" in ended.stdout
    verified = heatstream("evidence", "verify", bundle)
    assert (verified.returncode, "户号 household a" in verified.stdout) == (0, True), verified.stdout
    again = heatstream(*export, url=database_url)
    assert (again.returncode, again.stderr) == (1, f"heatstream: {bundle}: File exists\n")


async def test_roots_are_listed_with_their_time_stamp(town: Town, database_url: str) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1700))
    await sealed(town)
    listed = heatstream("evidence", "roots", url=database_url, COLUMNS="200").stdout
    assert "none" in listed.splitlines()[-2]


async def test_a_hold_is_placed_listed_and_released(town: Town, database_url: str) -> None:
    await town.home("a")
    place = ("evidence", "hold", "place", *DAYS, "--household", "a", "--reason", "诉讼", "--by", "王")
    assert heatstream(*place, url=database_url).stdout == "hold 1\n"
    assert heatstream("evidence", "hold", "release", "1", "--by", "李", url=database_url).returncode == 0
    listed = heatstream("evidence", "hold", "list", url=database_url, COLUMNS="200").stdout
    assert "诉讼" in listed
    assert "李" in listed
    again = heatstream("evidence", "hold", "release", "1", url=database_url)
    assert (again.returncode, again.stderr.split(";")[0]) == (1, "heatstream: hold 1: none of this number stands")


async def test_a_hold_of_an_unknown_home_or_without_a_reason_is_refused(town: Town, database_url: str) -> None:
    await town.home("a")
    unknown = heatstream("evidence", "hold", "place", *DAYS, "--household", "x", "--reason", "诉讼", url=database_url)
    assert unknown.stderr == "heatstream: household 'x': no such 户号 is registered\n"
    silent = heatstream("evidence", "hold", "place", *DAYS, "--reason", " ", url=database_url)
    assert silent.stderr.startswith("heatstream: reason: seen nothing, expected why it is held")
