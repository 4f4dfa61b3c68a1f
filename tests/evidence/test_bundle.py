"""A bundle is whole, says nothing of anybody else, and is the same bytes each time."""

import datetime as dt
import json
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core import merkle
from heatstream.errors import BadInput
from heatstream.evidence import bundle
from heatstream.evidence.canonical import archive, canonical, exact
from heatstream.evidence.sign import Ed25519, create_key
from heatstream.store import tables
from tests.evaluate.town import DAY, LONG_AGO, NEXT, Town, at, whole_day
from tests.evidence.opened import MADE_AT, exported, files, judged, sealed, tree


async def failing_home(town: Town) -> None:
    """A home that fails, its neighbours, a root over all."""
    await town.home("a")
    await town.point("P-1", "a", room_kind="bedroom", certificate_no="C-1")
    await town.monitored(*"bcdefg")
    others = {code: whole_day(1900 + place) for place, code in enumerate("bcdefg")}
    await judged(town, **{"P-1": whole_day(1700)}, **others)
    await sealed(town)


@pytest.mark.every_edition
async def test_the_manifest_names_every_file_by_its_digest(town: Town) -> None:
    await failing_home(town)
    there = files(await exported(town))
    listed = json.loads(there.pop("manifest.json"))["files"]
    assert listed == [
        {"name": name, "sha256": sha256(content).hexdigest(), "bytes": len(content)} for name, content in there.items()
    ]
    assert list(there) == sorted(there)


async def test_two_exports_of_the_same_state_differ_in_nothing_but_the_time(town: Town) -> None:
    await failing_home(town)
    assert await exported(town) == await exported(town)
    later = MADE_AT + dt.timedelta(days=1)
    one, other = files(await exported(town)), files(await exported(town, made_at=later))
    assert {name for name in one if one[name] != other[name]} == {"manifest.json"}
    manifests = [json.loads(each["manifest.json"]) for each in (one, other)]
    assert [manifest.pop("made_at") for manifest in manifests] == ["2026-06-01T08:00:00+08:00", later_at(later)]
    assert manifests[0] == manifests[1]


def later_at(instant: dt.datetime) -> str:
    return instant.astimezone(dt.timezone(dt.timedelta(hours=8))).isoformat()


@pytest.mark.every_edition
async def test_every_reading_is_there_with_its_times(town: Town) -> None:
    await failing_home(town)
    lines = files(await exported(town))["readings/P-1.csv"].decode().splitlines()
    start = (at(DAY) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    assert lines[:2] == ["observed_us,temp_centi,received_us,gateway_us,flags,batch", f"{start},1700,{start},,0,1"]
    assert len(lines) == 1 + 30 * 6, "to the end of the night at 06:00"


async def test_the_policy_is_the_very_text_that_was_hashed(town: Town) -> None:
    await failing_home(town)
    content = await exported(town)
    [digest] = tree(content, "manifest.json")["policies"]
    assert sha256(files(content)[f"policy/{digest}.json"]).hexdigest() == digest
    assert [finding["policy"] for finding in tree(content, "findings.json")["findings"]] == [digest]
    assert tree(content, "manifest.json")["watermark"] == "演示·非法律依据"


async def test_the_registry_extract_names_points_with_acceptance_and_certificate(town: Town) -> None:
    await failing_home(town)
    registry = tree(await exported(town), "registry.json")
    [point] = registry["points"]
    assert (point["key"], point["readings"]) == ("P-1", "readings/P-1.csv")
    assert (point["accepted_on"], point["certificate_no"]) == (LONG_AGO.isoformat(), "C-1")
    assert point["valid_from"] == "2020-01-01T00:00:00+08:00"
    assert [company["name"] for company in registry["companies"]] == ["热力公司"]
    assert [contract["fee_due_fen"] for contract in registry["contracts"]] == [169_000]
    assert [room["kind"] for room in registry["rooms"]] == ["bedroom"]


async def test_a_bundle_holds_nothing_that_names_another_household_or_where_one_lives(town: Town) -> None:
    await town.home("home-1")
    await town.point("P-1", "home-1")
    others = [f"other-{number}" for number in range(6)]
    await town.monitored(*others)
    await judged(town, **{"P-1": whole_day(1700)}, **{code: whole_day() for code in others})
    await sealed(town)
    content = b"".join(files(await exported(town, "home-1")).values())
    assert b"home-1" in content
    assert b"other-" not in content
    assert b"address" not in content


@pytest.mark.every_edition
async def test_neighbours_are_told_as_an_aggregate_of_five_or_more(town: Town) -> None:
    await failing_home(town)
    [day] = tree(await exported(town), "building.json")["days"]
    assert day == {
        "day": DAY.isoformat(), "homes": 6, "min_centi": 1900, "median_centi": 1902, "max_centi": 1905,
    }  # fmt: skip


async def test_of_fewer_than_five_neighbours_nothing_is_told(town: Town) -> None:
    await town.monitored(*"abcde")
    await judged(town, **{code: whole_day() for code in "abcde"})
    assert tree(await exported(town), "building.json")["days"] == []


@pytest.mark.every_edition
async def test_each_day_of_each_point_has_a_proof_that_leads_to_a_root(town: Town) -> None:
    await failing_home(town)
    content = await exported(town)
    [root], [leaf] = tree(content, "roots.json")["roots"], tree(content, "proofs.json")["leaves"]
    [statistic] = tree(content, "statistics.json")["days"]
    assert leaf["digest"] == statistic["digest"]
    path = [bytes.fromhex(each) for each in leaf["path"]]
    digest, claimed = bytes.fromhex(leaf["digest"]), bytes.fromhex(root["root"])
    assert merkle.proves(digest, leaf["index"], root["leaves"], path, claimed)
    assert tree(content, "manifest.json")["roots"] == [root["id"]] == [leaf["root"]]


@pytest.mark.every_edition
async def test_a_later_root_stands_beside_the_first_after_late_readings(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1850)[:100])
    await sealed(town)
    await judged(town, a=whole_day(1850)[100:])
    await sealed(town)
    content = await exported(town)
    leaves, [statistic] = tree(content, "proofs.json")["leaves"], tree(content, "statistics.json")["days"]
    assert [leaf["digest"] == statistic["digest"] for leaf in leaves] == [False, True]
    findings = tree(content, "findings.json")["findings"]
    assert [(each["current"], each["change"]) for each in findings] == [(False, 1), (True, 2)]
    assert findings[1]["supersedes"] == findings[0]["id"]


async def test_a_day_that_waits_to_be_judged_again_is_named(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1850)[:100])
    await town.write({"a": whole_day(1850)[100:140]})
    assert tree(await exported(town), "findings.json")["waiting"] == [DAY.isoformat()]


@pytest.mark.every_edition
async def test_a_conflict_is_told_with_its_values_and_every_decision(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1850))
    await town.conflict("a", at(DAY, 600), 1700)
    await town.decide("a", at(DAY, 600), None)
    await town.decide("a", at(DAY, 600), 1850)
    [instant] = tree(await exported(town), "conflicts.json")["instants"]
    assert (instant["point"], instant["observed_at"]) == ("a", "2026-01-05T10:00:00+08:00")
    assert [value["temp_centi"] for value in instant["values"]] == [1700]
    assert [(each["temp_centi"], each["officer"]) for each in instant["decisions"]] == [(None, "王"), (1850, "王")]


@pytest.mark.every_edition
async def test_a_quality_mark_is_told_with_its_reviews(town: Town) -> None:
    await town.monitored("a")
    await judged(town, a=whole_day(1850))
    async with town.engine.begin() as conn:
        mark = {"point_id": town.points["a"], "kind": "frozen", "begins": at(DAY, 60), "ends": at(DAY, 90)}
        there = tables.quality_mark
        made = await conn.execute(
            insert(there).values(**mark, algorithm=1, evidence={"seen": 1.5, "least": 2}).returning(there.c.id)
        )
        review = {"mark_id": made.scalar_one(), "excludes": True, "officer": "王", "reason": "复核", "batch_id": 1}
        await conn.execute(insert(tables.quality_review).values(**review))
    [told] = tree(await exported(town), "quality.json")["marks"]
    assert (told["point"], told["kind"], told["evidence"]) == ("a", "frozen", {"seen": "1.5", "least": 2})
    assert [(each["excludes"], each["officer"]) for each in told["reviews"]] == [(True, "王")]


async def test_installations_of_one_device_are_kept_apart(town: Town) -> None:
    await town.home("a")
    await town.point("P/1", "a", valid_to=at(DAY, 12 * 60))
    first = town.points["P/1"]
    await town.point("P/1", "a", valid_from=at(DAY, 12 * 60))
    second, town.points["old"] = town.points["P/1"], first
    series = whole_day()
    await judged(town, **{"old": series[:72], "P/1": series[72:]})
    content = await exported(town)
    registry = tree(content, "registry.json")
    assert [point["key"] for point in registry["points"]] == ["P/1", "P/1.2"]
    assert [point["readings"] for point in registry["points"]] == ["readings/P%2F1.csv", "readings/P%2F1.2.csv"]
    assert second != first
    assert [len(files(content)[point["readings"]].splitlines()) for point in registry["points"]] == [73, 109]
    assert {statistic["point"] for statistic in tree(content, "statistics.json")["days"]} == {"P/1", "P/1.2"}


async def test_outdoor_means_of_the_days_are_there(town: Town) -> None:
    await failing_home(town)
    async with town.engine.begin() as conn:
        rows = [{"day": day, "mean_centi": -1250, "source": "气象台"} for day in (DAY, NEXT)]
        await conn.execute(insert(tables.outdoor_day), rows)
    [day] = tree(await exported(town), "outdoor.json")["days"]
    assert (day["day"], day["mean_centi"], day["source"]) == (DAY.isoformat(), -1250, "气象台")


@pytest.mark.every_edition
async def test_a_claim_is_told_with_its_events_rulings_files_and_facts(town: Town) -> None:
    await failing_home(town)
    await open_claim(town)

    async def told_of(_conn: AsyncConnection, code: str) -> bundle.Told:
        return bundle.Told({"claim": code}, 1000, None)

    content = await exported(town, told_of=told_of)
    [told] = tree(content, "claims.json")["claims"]
    assert (told["code"], told["facts"]) == ("2026-1", {"claim": "2026-1"})
    assert (told["computed_fen"], told["entitlement_fen"], told["ruled_fen"]) == (1000, None, None)
    assert [(event["number"], event["officer"], event["body"]) for event in told["events"]] == [(1, "D1", {"x": "1.5"})]
    assert [(file["kind"], file["sha256"], file["bytes"]) for file in told["files"]] == [("scan", "ab" * 32, 4)]
    assert b"scan-content" not in content


async def open_claim(town: Town) -> None:
    async with town.engine.begin() as conn:
        policy_id = await conn.scalar(select(tables.policy.c.id))
        claim = await conn.execute(
            insert(tables.claim)
            .values(code="2026-1", household_id=town.homes["a"], season_from=LONG_AGO, season_to=NEXT)
            .values(policy_id=policy_id, opened_at=at(DAY), opened_way="application", step="opened")
            .returning(tables.claim.c.id)
        )
        claim_id = int(claim.scalar_one())
        event = {"number": 1, "kind": "opened", "happened_at": at(DAY), "recorded_at": at(DAY), "officer": "D1"}
        await conn.execute(
            insert(tables.claim_event).values(claim_id=claim_id, body={"x": 1.5}, hash=b"\1" * 32, **event)
        )
        scan = {"kind": "scan", "name": "记录单.pdf", "media_type": "application/pdf", "sha256": b"\xab" * 32}
        await conn.execute(insert(tables.claim_file).values(claim_id=claim_id, content=b"scan", officer="D1", **scan))


async def test_a_signature_stands_over_the_manifest_as_openssl_verifies_it(town: Town, tmp_path: Path) -> None:
    await failing_home(town)
    create_key(tmp_path / "key.pem")
    content = await exported(town, signer=Ed25519.from_file(tmp_path / "key.pem", "供热办"))
    assert list(files(content))[:2] == ["manifest.json", "signature.json"]
    signed = tree(content, "signature.json")
    assert (signed["algorithm"], signed["signer"]) == ("ed25519", "供热办")
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed["public_key"]))
    (tmp_path / "public.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "manifest.json").write_bytes(files(content)["manifest.json"])
    (tmp_path / "signature.bin").write_bytes(bytes.fromhex(signed["signature"]))
    command = "openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in manifest.json -sigfile signature.bin"
    subprocess.run(command.split(), check=True, cwd=tmp_path, capture_output=True)


async def test_a_household_that_nobody_registered_is_told(town: Town) -> None:
    with pytest.raises(BadInput, match="household 'x': no such 户号 is registered"):
        await exported(town, "x")


async def test_reversed_days_are_told(town: Town) -> None:
    await town.home("a")
    with pytest.raises(BadInput, match="days from 2026-01-06 to 2026-01-05: expected the first before the last"):
        await exported(town, first=NEXT)


async def test_a_home_without_points_has_a_bundle_too(town: Town) -> None:
    await town.home("a")
    there = files(await exported(town))
    assert json.loads(there["registry.json"])["points"] == []
    assert not any(name.startswith(("readings", "policy")) for name in there)


# --- the form ---------------------------------------------------------------------------------------------------------


def test_json_has_one_form() -> None:
    tree = {"b": None, "a": [True, "度°\n"], "c": {"d": DAY, "at": at(DAY), "hash": b"\x0f"}}
    text = '{"a":[true,"度°\\n"],"b":null,"c":{"at":"2026-01-05T00:00:00+08:00","d":"2026-01-05","hash":"0f"}}'
    assert canonical(tree) == text.encode()


def test_a_float_has_no_form_in_evidence() -> None:
    with pytest.raises(TypeError, match=r"1\.5 has no form in evidence"):
        canonical({"x": 1.5})


def test_a_fraction_that_a_program_recorded_stays_its_text() -> None:
    assert canonical(exact('{"x": 0.10, "y": 3}')) == b'{"x":"0.10","y":3}'


def test_an_archive_is_the_same_bytes_on_every_machine() -> None:
    assert sha256(archive([("a.txt", b"1"), ("b.txt", b"2")])).hexdigest() == ARCHIVE


ARCHIVE = "4da009094c9d7af3faaf0b5dc1b35059a087e3c16d6aa0b6deb6d7310db5a86a"
