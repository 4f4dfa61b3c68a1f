"""The policy that claims are computed by: the one the newest run judged under, read back from the store.

A claim's series are findings, so its rules are those its findings stand under.
"""

import functools
import json
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from heatstream.core.claim_rules import ClaimRules
from heatstream.errors import Refused, StoreError
from heatstream.rules import policy as policies
from heatstream.rules.choices import ChoicesFile
from heatstream.rules.pack import Pack
from heatstream.rules.policy import Policy
from heatstream.store import policies as kept
from heatstream.store import runs


class InForce(NamedTuple):
    """A policy, and its id in the store."""

    id: int
    policy: Policy


async def in_force(conn: AsyncConnection) -> InForce:
    """Give the policy of the newest run.

    Raises
    ------
    Refused
        Nothing was judged under a policy yet.
    """
    policy_id = await runs.last_policy(conn)
    if policy_id is None:
        raise Refused(
            "no run has judged under a policy yet, so no claim has a law: expected `heatstream evaluate` with "
            "HEATSTREAM_EVALUATE_CHOICES_FILE first",
            zh="尚未依规则包与选项评定过，案件没有可依的规则；应先设定 HEATSTREAM_EVALUATE_CHOICES_FILE，"
            "再运行 `heatstream evaluate`",
        )
    return InForce(policy_id, await of_id(conn, policy_id))


async def of_id(conn: AsyncConnection, policy_id: int) -> Policy:
    """Give a policy that was kept."""
    return restored(await kept.canonical(conn, policy_id))


@functools.lru_cache(maxsize=8)
def restored(canonical: str) -> Policy:
    """Make a policy of its canonical form.

    Raises
    ------
    StoreError
        This release reads it otherwise than the one that wrote it.
    """
    tree = json.loads(canonical)
    file = ChoicesFile.model_validate(tree["choices"])
    found = policies.made(file, [Pack.model_validate(_with_open_ends(each)) for each in tree["packs"]])
    if found.canonical != canonical:
        raise StoreError(
            f"{file.place}: the policy was kept in a form that this release writes otherwise; "
            "expected `heatstream evaluate` under this release first",
            zh=f"{file.place}：所存规则包与选项的格式与本版本不同，应先用本版本运行 `heatstream evaluate`",
        )
    return found


@functools.lru_cache(maxsize=256)
def claim_rules(canonical: str, opened_day: int) -> ClaimRules:
    """Give the rules of the claims that were opened on a local day; a season has many claims and few days.

    Raises
    ------
    Refused
        The policy computes no entitlement, and why.
    """
    return restored(canonical).claim_rules(opened_day)


def _with_open_ends(pack: dict[str, Any]) -> dict[str, Any]:
    """Give the bands their open ends again: the canonical form holds no null, and a pack file must say them."""
    for band in pack.get("tiers", {}).get("bands", ()):
        band.setdefault("lo", None)
        band.setdefault("hi", None)
    return pack
