"""An evidence bundle (证据包): all that one household's judgement of some days rests on, in one file.

docs/evidence.md is its form. It concerns one household; of its neighbours there are aggregates alone.
"""

import datetime as dt
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncConnection

import heatstream
from heatstream.core.calendar import day_of
from heatstream.errors import BadInput
from heatstream.evidence import roots, stored
from heatstream.evidence.canonical import archive, canonical, exact
from heatstream.evidence.sign import Signer
from heatstream.evidence.stored import Stored, joined, thawed
from heatstream.store import closings, dossier, evidence
from heatstream.store.accepted import after, midnight
from heatstream.store.dossier import Days, Span
from heatstream.store.read.rows import AnyRow, Rows

FORM: Final = "heatstream-bundle/1"
Tree: TypeAlias = dict[str, Any]


class Told(NamedTuple):
    """What a claim is computed from, and what it comes to."""

    facts: Mapping[str, Any]
    """docs/claims.md section 8."""
    computed_fen: int | None
    entitlement_fen: int | None


ToldOf: TypeAlias = Callable[[AsyncConnection, str], Awaitable[Told]]
"""Tells a claim by its 案号."""

ROOM = ("code", "kind", "area_centi_m2", "orientation", "valid_from", "valid_to")
POINT = (
    "device",
    "room",
    "interval_min",
    "height_cm",
    "accepted_on",
    "filed_on",
    "certificate_no",
    "certificate_expires",
    "valid_from",
    "valid_to",
)
CONTRACT = (
    "code",
    "company",
    "building_area_centi_m2",
    "inner_area_centi_m2",
    "usable_area_centi_m2",
    "billed_area_centi_m2",
    "supplied",
    "metered",
    "fee_due_fen",
    "fee_paid_fen",
    "base_fee_fen",
    "standard_centi",
    "valid_from",
    "valid_to",
)
COMPANY = ("code", "name", "credit_code", "licence_no", "licence_expires")
STOP = ("code", "valid_from", "valid_to")
CLAIM = (
    "code",
    "policy",
    "season_from",
    "season_to",
    "opened_at",
    "opened_way",
    "step",
    "ruled_fen",
    "paid_fen",
    "pay_by",
)
EVENT = ("number", "kind", "happened_at", "recorded_at", "officer", "hash")
RULING = (
    "doc_no",
    "outcome",
    "ruled_fen",
    "drafted_by",
    "reviewed_by",
    "approved_by",
    "issued_at",
    "served_at",
    "bundle_sha256",
    "revoked_at",
)
FILE = ("kind", "name", "media_type", "sha256", "bytes")
NO_STATISTIC_OF_OURS: Final = frozenset({"point_id", "household_id"})
NO_FINDING_OF_OURS: Final = frozenset({"run_id", "policy_id", "household_id", "point_id", "code_version", "started_at"})


def _picked(row: AnyRow, names: Sequence[str]) -> Tree:
    every = row._asdict()
    return {name: every[name] for name in names}


def _but(row: AnyRow, names: frozenset[str]) -> Tree:
    return {name: value for name, value in row._asdict().items() if name not in names}


def _event(row: AnyRow) -> Tree:
    """Give an event of a claim; one from which words about persons were erased says so."""
    erased = {} if row.erasure_id is None else {"erased": True}
    return _picked(row, EVENT) | {"body": exact(row.told)} | erased


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whose evidence it is, and of when."""

    home: AnyRow
    days: Days
    points: Rows
    keys: Mapping[int, str]
    """What the bundle calls each point."""
    span: Span
    """From 00:00 of the first day to the end of the last one's 夜."""


async def export(
    conn: AsyncConnection,
    household: str,
    first: dt.date,
    last: dt.date,
    *,
    signer: Signer | None,
    told_of: ToldOf,
    made_at: dt.datetime,
) -> bytes:
    """Export one household's evidence of some days, as the transaction sees it: let it be a repeatable read.

    Parameters
    ----------
    first, last : both inside
    signer : None = the bundle is not signed

    Raises
    ------
    BadInput
        No such household is registered, or the days are reversed.
    """
    subject = await _subject(conn, household, first, last)
    findings = await dossier.findings(conn, subject.home.id, subject.days)
    claims = await dossier.claims(conn, subject.home.id, subject.days)
    policies = await dossier.policies(conn, sorted({row.policy for row in (*findings, *claims)}))
    sealed = await _sealed(conn, subject)
    files = await _measured(conn, subject)
    files |= await _judged(conn, subject, findings)
    files |= {"claims.json": await _claims(conn, claims, told_of), **await _around(conn, subject), **sealed.files}
    files |= {f"policy/{row.hash.hex()}.json": row.canonical.encode() for row in policies}
    manifest = canonical(
        {
            "form": FORM,
            "made_at": made_at,
            "household": subject.home.code,
            "from": first,
            "to": last,
            "through_batch": await closings.newest_batch(conn),
            "policies": [row.hash for row in policies],
            "watermark": next((row.watermark for row in policies if row.watermark), None),
            "code_version": heatstream.__version__,
            "roots": sealed.roots,
            "files": _listed(files),
        }
    )
    signature = [] if signer is None else [("signature.json", await _signed(signer, manifest))]
    return archive([("manifest.json", manifest), *signature, *sorted(files.items())])


def _listed(files: Mapping[str, bytes]) -> list[Tree]:
    return [
        {"name": name, "sha256": sha256(content).digest(), "bytes": len(content)}
        for name, content in sorted(files.items())
    ]


async def _signed(signer: Signer, manifest: bytes) -> bytes:
    return canonical(
        {
            "form": "heatstream-signature/1",
            "algorithm": signer.algorithm,
            "signer": signer.name,
            "public_key": signer.public_key,
            "signature": await signer.sign(manifest),
        }
    )


async def _subject(conn: AsyncConnection, household: str, first: dt.date, last: dt.date) -> _Subject:
    if first > last:
        raise BadInput(
            f"days from {first} to {last}: expected the first before the last",
            zh=f"日期自 {first} 至 {last}：首日应不晚于末日",
        )
    home = await dossier.home(conn, household)
    if home is None:
        raise BadInput(f"household {household!r}: no such 户号 is registered", zh=f"户号“{household}”未登记")
    points = await dossier.points(conn, home.id)
    night = dt.timedelta(minutes=await dossier.night_end_min(conn, home.id, last))
    span = Span(midnight(first), midnight(after(last)) + night)
    return _Subject(home, Days(first, last), points, _keys(points), span)


def _keys(points: Rows) -> dict[int, str]:
    """Call each installation by its device; the later ones of one device with a number."""
    keys: dict[int, str] = {}
    for point in points:
        names = (point.device if number == 1 else f"{point.device}.{number}" for number in count(1))
        keys[point.id] = next(name for name in names if name not in keys.values())
    return keys


# --- what was measured ------------------------------------------------------------------------------------------------


async def _measured(conn: AsyncConnection, subject: _Subject) -> dict[str, bytes]:
    readings = await _readings(conn, subject)
    names = {point_id: f"readings/{quote(subject.keys[point_id], safe='')}.csv" for point_id in readings}
    files = {name: stored.of_a_point(readings[point_id]) for point_id, name in names.items()}
    files["registry.json"] = await _registry(conn, subject, names)
    files["conflicts.json"] = await _conflicts(conn, subject)
    files["quality.json"] = await _quality(conn, subject)
    files["statistics.json"] = await _statistics(conn, subject, readings)
    return files


async def _readings(conn: AsyncConnection, subject: _Subject) -> dict[int, list[Stored]]:
    """Read what is stored of each point, and what was frozen before it was deleted."""
    kept = await dossier.frozen(conn, subject.home.id, subject.days)
    start, end = map(stored.micros, subject.span)
    frozen = [each for content in kept for each in thawed(content) if start <= each.observed_us < end]
    rows = await dossier.readings(conn, list(subject.keys), subject.span)
    of_point: dict[int, list[Stored]] = defaultdict(list)
    for each in joined(frozen, map(Stored.of, rows)):
        of_point[each.point_id].append(each)
    return of_point


async def _registry(conn: AsyncConnection, subject: _Subject, files: Mapping[int, str]) -> bytes:
    home = subject.home
    points = [
        _picked(point, POINT) | {"key": subject.keys[point.id], "readings": files.get(point.id)}
        for point in subject.points
    ]
    tree = {
        "form": "heatstream-registry/1",
        "household": _picked(home, ("code", "kind", "floor", "valid_from", "valid_to")),
        "building": _picked(home, ("floors", "built_year", "renovated", "open_ground_floor")) | {"code": home.building},
        "rooms": [_picked(row, ROOM) for row in await dossier.rooms(conn, home.id)],
        "points": points,
        "contracts": [_picked(row, CONTRACT) for row in await dossier.contracts(conn, home.id)],
        "stop_periods": [_picked(row, STOP) for row in await dossier.stop_periods(conn, home.id)],
        "companies": [_picked(row, COMPANY) for row in await dossier.companies(conn, home.id)],
    }
    return canonical(tree)


async def _conflicts(conn: AsyncConnection, subject: _Subject) -> bytes:
    points = list(subject.keys)
    values: dict[tuple[int, dt.datetime], list[Tree]] = defaultdict(list)
    for row in await dossier.other_values(conn, points, subject.span):
        values[row.point_id, row.observed_at].append(
            _picked(row, ("temp_centi", "received_at", "gateway_at", "flags")) | {"batch": row.batch_id}
        )
    decided: dict[tuple[int, dt.datetime], list[Tree]] = defaultdict(list)
    for row in await dossier.decisions(conn, points, subject.span):
        decided[row.point_id, row.observed_at].append(
            _picked(row, ("temp_centi", "officer", "reason", "decided_at")) | {"batch": row.batch_id}
        )
    instants = [
        {"point": subject.keys[key[0]], "observed_at": key[1], "values": values[key], "decisions": decided[key]}
        for key in sorted(values, key=lambda key: (subject.keys[key[0]], key[1]))
    ]
    return canonical({"form": "heatstream-conflicts/1", "instants": instants})


async def _quality(conn: AsyncConnection, subject: _Subject) -> bytes:
    marks = await dossier.marks(conn, list(subject.keys), subject.span)
    reviews: dict[int, list[Tree]] = defaultdict(list)
    for row in await dossier.reviews(conn, [mark.id for mark in marks]):
        reviews[row.mark_id].append(
            _picked(row, ("excludes", "officer", "reason", "reviewed_at")) | {"batch": row.batch_id}
        )
    trees = [
        _picked(mark, ("kind", "begins", "ends", "algorithm"))
        | {"point": subject.keys[mark.point_id], "evidence": exact(mark.seen), "reviews": reviews[mark.id]}
        for mark in marks
    ]
    trees.sort(key=lambda tree: (tree["point"], tree["begins"], tree["kind"]))
    return canonical({"form": "heatstream-quality/1", "marks": trees})


async def _statistics(conn: AsyncConnection, subject: _Subject, readings: Mapping[int, list[Stored]]) -> bytes:
    rows = await dossier.statistics(conn, subject.home.id, subject.days)
    days = [_but(row, NO_STATISTIC_OF_OURS) | {"point": subject.keys[row.point_id]} for row in rows]
    days.sort(key=_by_day_and_point)
    there = Counter((point_id, stored.local_day(each)) for point_id, mine in readings.items() for each in mine)
    deleted = [
        {"day": row.day, "point": subject.keys[row.point_id]}
        for row in rows
        if there[row.point_id, day_of(row.day)] < row.readings
    ]
    deleted.sort(key=_by_day_and_point)
    return canonical({"form": "heatstream-statistics/1", "days": days, "deleted": deleted})


def _by_day_and_point(tree: Tree) -> tuple[dt.date, str]:
    return tree["day"], tree["point"]


# --- what was judged --------------------------------------------------------------------------------------------------


async def _judged(conn: AsyncConnection, subject: _Subject, findings: Rows) -> dict[str, bytes]:
    tree = {
        "form": "heatstream-findings/1",
        "waiting": await dossier.waiting(conn, subject.home.id, subject.days),
        "findings": [_finding(row, subject.keys) for row in findings],
    }
    return {"findings.json": canonical(tree)}


def _finding(row: AnyRow, keys: Mapping[int, str]) -> Tree:
    tree = _but(row, NO_FINDING_OF_OURS)
    run = {"id": row.run_id, "through_batch": tree.pop("through_batch")} | _picked(row, ("code_version", "started_at"))
    return tree | {"run": run, "point": None if row.point_id is None else keys[row.point_id]}


async def _claims(conn: AsyncConnection, claims: Rows, told_of: ToldOf) -> bytes:
    trees = [
        _picked(claim, CLAIM)
        | {
            "events": [_event(row) for row in await dossier.events(conn, claim.id)],
            "rulings": [_picked(row, RULING) for row in await dossier.rulings(conn, claim.id)],
            "files": [_picked(row, FILE) for row in await dossier.files(conn, claim.id)],
            **(await told_of(conn, claim.code))._asdict(),
        }
        for claim in claims
    ]
    return canonical({"form": "heatstream-claims/1", "claims": trees})


# --- what stood around it, and what seals it --------------------------------------------------------------------------


async def _around(conn: AsyncConnection, subject: _Subject) -> dict[str, bytes]:
    homes = await dossier.neighbours(conn, subject.home.building_id, subject.home.id, subject.days)
    outdoor = await dossier.outdoor(conn, subject.days)
    return {
        "building.json": canonical({"form": "heatstream-building/1", "days": [row._asdict() for row in homes]}),
        "outdoor.json": canonical({"form": "heatstream-outdoor/1", "days": [row._asdict() for row in outdoor]}),
    }


@dataclass(frozen=True, slots=True)
class _Seals:
    roots: list[int]
    files: dict[str, bytes]


async def _sealed(conn: AsyncConnection, subject: _Subject) -> _Seals:
    proofs = await roots.proofs(conn, list(subject.keys), *subject.days)
    found = sorted(await evidence.roots(conn, sorted({proof.root_id for proof in proofs})))
    leaves = [
        {
            "point": subject.keys[proof.point_id],
            "day": proof.day,
            "digest": proof.digest,
            "root": proof.root_id,
            "index": proof.index,
            "path": proof.path,
        }
        for proof in proofs
    ]
    leaves.sort(key=lambda leaf: (leaf["point"], leaf["day"], leaf["root"]))
    trees = [
        {**root._asdict(), "time_stamp": None if root.time_stamp is None else b64encode(root.time_stamp).decode()}
        for root in found
    ]
    return _Seals(
        [root.id for root in found],
        {
            "proofs.json": canonical({"form": "heatstream-proofs/1", "leaves": leaves}),
            "roots.json": canonical({"form": "heatstream-roots/1", "roots": trees}),
        },
    )
