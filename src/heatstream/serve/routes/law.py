"""Rule packs as shipped or added, and the policies that findings were made by."""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from heatstream.rules import capability, pack
from heatstream.serve.access import Connection
from heatstream.serve.formats import Route
from heatstream.serve.paging import NoParameters
from heatstream.serve.shapes import Digest, Instant, Shape
from heatstream.store import policies as kept

router = APIRouter(tags=["law"], route_class=Route)


class Capability(Shape):
    """One use of a pack."""

    name: str = Field(description="standard, clocks, escalation, ruling or amount")
    state: str = Field(
        description="ready; choices: the operator must choose first; absent: nobody could read what it needs"
    )
    why: str = Field(description="what is absent, or the options to choose")
    what_if: bool = Field(description="rests on values nobody read in the instrument: never an entitlement")


class RulePack(Shape):
    """One place's law between two dates, as it was read; what nobody could read is null."""

    id: str
    place: str
    watermark: str | None = Field(description="must stand on every result of it")
    effective_from: dt.date | None = Field(description="first day it holds; null = not known")
    effective_to: dt.date | None = Field(description="first day it holds no longer; null = no end is known")
    in_force_checked_on: dt.date | None = Field(description="when somebody last checked that it is in force")
    capabilities: list[Capability] = Field(description="what it can be used for while nothing is chosen")
    text: dict[str, Any] = Field(description="the whole pack: values, sources, and how each is known (`conf`)")


@cache
def _packs(folders: tuple[Path, ...]) -> list[RulePack]:
    """Read the packs once; an operator who adds one restarts the process."""
    return [_shape(pack.find(name, folders)) for name in pack.ids(folders)]


def _shape(one: pack.Pack) -> RulePack:
    text = one.model_dump(mode="json", by_alias=True)
    return RulePack.model_validate({**dict(one), "capabilities": capability.capabilities(one), "text": text})


@router.get("/packs")
def packs(request: Request, _: Annotated[NoParameters, Query()]) -> list[RulePack]:
    """List the rule packs: those shipped, and those of the operator's folder."""
    own = request.app.state.settings.evaluate.packs_dir
    return _packs((own, pack.SHIPPED) if own else (pack.SHIPPED,))


class Policy(Shape):
    """One place's rule packs and the operator's choices, as they were when first used."""

    id: int
    hash: Digest = Field(description="SHA-256 of `canonical`, hexadecimal")
    place: str
    watermark: str | None = Field(description="must stand on every result of it")
    canonical: str = Field(description="packs and choices in canonical form")
    first_used_at: Instant


@router.get("/policies")
async def policies(conn: Connection, _: Annotated[NoParameters, Query()]) -> list[Policy]:
    """List every policy that ever made a finding, the newest first."""
    return [Policy.model_validate(policy) for policy in await kept.listed(conn)]
