"""Recording in a claim from an open page: who acts is asked again, what they do not see they cannot write."""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Request
from pydantic import BaseModel, Field

from heatstream.access import permits
from heatstream.access.principal import Principal
from heatstream.claims import events, files
from heatstream.claims.act import Desk
from heatstream.claims.assess import find
from heatstream.claims.event_words import STEPS
from heatstream.claims.events import Day, Opened
from heatstream.errors import BadInput, Refused
from heatstream.store import claims, idempotent
from heatstream.store.idempotent import Answer
from heatstream.web.claim_rows import days_off
from heatstream.web.evidence_part import exported
from heatstream.web.forms import Tree
from heatstream.web.shared import Reader
from heatstream.web.signed_in import source_of, still

CLAIM: Final = "/claims/{code}"
OPENING: Final = "/claims/open"
CREATED: Final = 201


class BundleDays(BaseModel):
    """Of which days an evidence bundle is made."""

    day_from: Annotated[Day, Field(description="first day")]
    day_to: Annotated[Day, Field(description="last day")]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form as it was handed out to somebody: sent twice, it is recorded once."""

    request: Request
    token: str

    @classmethod
    def of(cls, request: Request) -> "Sheet":
        """Hand a form out."""
        return cls(request, secrets.token_urlsafe())

    async def record(self, code: str, tree: Tree) -> str:
        """Record what was typed into it; tell the number of the event.

        Raises
        ------
        BadInput, Refused
            Whoever sends it does not see the claim, or may not record this; it contradicts what is recorded; or another
            content was recorded from this form already.
        """
        visitor = await self._sees(code)
        event = events.read(tree, visitor.name)

        async def act(desk: Desk) -> str:
            return str((await desk.record(code, event, by=_officer(visitor))).number)

        return await self._once(visitor, tree, act)

    async def open(self, tree: Tree) -> str:
        """Open a claim; tell its 案号.

        Raises
        ------
        BadInput, Refused
            As `record`; the household is one that whoever sends it does not see.
        """
        visitor = await _acting(self.request, OPENING)
        event = events.read(tree, visitor.name)
        if not isinstance(event, Opened):
            raise BadInput(f"kind: seen {event.kind}, expected opened", zh=f"记录类型为“{STEPS[event.kind]}”，应为受理")
        async with Reader(source_of(self.request), visitor).connection() as conn:
            if await claims.home(conn, event.household) is None:
                raise BadInput(
                    f"household: seen {event.household!r}, expected a 户号 of the registry",
                    zh=f"户号为“{event.household}”，应为登记中的户号",
                )

        async def act(desk: Desk) -> str:
            return await desk.open(event, by=_officer(visitor))

        return await self._once(visitor, tree, act)

    async def attach(self, code: str, name: str, content: bytes, kind: str) -> str:
        """Keep a paper in a claim's file; tell its SHA-256.

        Raises
        ------
        BadInput, Refused
            Whoever sends it does not see the claim; `claims.files.attach`.
        """
        visitor = await self._sees(code)
        async with _desk(self.request) as desk:
            return await files.attach(desk, code, name, content, kind=kind, by=_officer(visitor))

    async def attach_bundle(self, code: str, days: BundleDays) -> str:
        """Export the household's evidence of some days, and keep it in the claim's file.

        Raises
        ------
        BadInput, Refused
            As `attach`.
        """
        visitor = await self._sees(code)
        async with Reader(source_of(self.request), visitor).connection() as conn:
            home = (await find(conn, code)).household
        content = await exported(self.request.app.state.settings, home, days.day_from, days.day_to)
        return await self.attach(code, f"{home}-{days.day_from}-{days.day_to}.zip", content, "bundle")

    async def _sees(self, code: str) -> Principal:
        visitor = await _acting(self.request, CLAIM)
        async with Reader(source_of(self.request), visitor).connection() as conn:
            await find(conn, code)
        return visitor

    async def _once(self, visitor: Principal, tree: Tree, act: Callable[[Desk], Awaitable[str]]) -> str:
        """Do what a form says, once however often it is sent."""
        asked = hashlib.sha256(json.dumps(tree, sort_keys=True, default=str).encode()).digest()
        async with _desk(self.request) as desk:
            before = await idempotent.answered(desk.conn, visitor.who, self.token)
            if before is None:
                said = await act(desk)
                await idempotent.keep(desk.conn, visitor.who, self.token, Answer(asked, CREATED, {}, said.encode()))
                return said
        if before.request_sha256 != asked:
            raise BadInput(
                f"this form was recorded already ({before.body.decode()}), with another content; "
                "expected a new form: load the page again",
                zh=f"此表已记录（{before.body.decode()}），而内容不同；应重新载入页面，另填一表",
            )
        return before.body.decode()


async def _acting(request: Request, page: str) -> Principal:
    """Tell who acts, if their role may see the page they act on."""
    visitor = await still(request)
    permits.check(visitor, page, permits.PAGES)
    return visitor


def _officer(visitor: Principal) -> str:
    if visitor.officer is None:
        raise Refused(
            f"{visitor.who} is no officer of the registry; expected one with a 工号",
            zh=f"{visitor.who} 不是登记的工作人员，应有工号",
        )
    return visitor.officer


@asynccontextmanager
async def _desk(request: Request) -> AsyncIterator[Desk]:
    source = source_of(request)
    async with source.writing() as conn:
        yield Desk(conn, days_off(request), source.now)
