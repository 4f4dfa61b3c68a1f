"""The broker's part of `heatstream doctor`: the limits it tells, and a canary for those it keeps to itself."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiomqtt
from mqtt5 import ConnAckPacket, PublishPacket, QoS

from heatstream.ingest.broker import REFUSALS, create_client, knock
from heatstream.ingest.diagnosis import Diagnosis, Verdict, diagnose
from heatstream.settings import Ingest, Settings

CANARY_MESSAGES: Final = 1500
"""More than the 1,000 that Mosquitto keeps for an absent client by default."""

CANARY_TOPIC: Final = "heatstream/doctor/{}"
_NO_LIMIT: Final = 65_535
_WEEK_S: Final = 7 * 86_400
_TELLS_TAKEOVER: Final = (2, 0, 15)
_SYS: Final = "$SYS/broker/"
_PATIENCE_S: Final = 2.0


async def look_at_broker(found: Settings) -> list[Diagnosis]:
    """Connect under a name of our own: under that of ingest we would take over its session."""
    name = f"{found.ingest.client_id}-doctor-{secrets.token_hex(4)}"
    try:
        await knock(found.broker.host, found.broker.port)
        async with _guest(found, name) as (client, greeting):
            told = await _told(client)
        canary = await _canary(found, name)
    except REFUSALS as error:
        return [_unreachable(found, error)]
    return [*_limits(greeting, found.ingest), *_counts(told), canary]


def _unreachable(found: Settings, error: BaseException) -> Diagnosis:
    where = f"{found.broker.host}:{found.broker.port}"
    mend = "start the broker; check HEATSTREAM_BROKER_*"
    return Diagnosis("broker", Verdict.FAIL, f"{where}: {str(error) or type(error).__name__}", "a session", mend)


@asynccontextmanager
async def _guest(found: Settings, name: str, *, keep_s: int = 0) -> AsyncIterator[tuple[aiomqtt.Client, ConnAckPacket]]:
    ingest = found.ingest.model_copy(update={"client_id": name})
    async with create_client(found.broker, ingest, keep_s=keep_s) as client:
        yield client, await client.connected()


# --- what it tells when greeted ---


def _limits(greeting: ConnAckPacket, ingest: Ingest) -> Iterator[Diagnosis]:
    yield _window(greeting.receive_max, ingest.receive_max)
    yield _packets(greeting.max_packet_size, ingest.max_packet_bytes)
    yield _session(greeting.session_expiry_interval)
    yield diagnose(
        "broker retains receipts",
        "yes" if greeting.retain_available else "no",
        "yes",
        "allow retained messages at the broker: gateways read their receipts from them",
        safe=greeting.retain_available,
    )


def _window(seen: int, wanted: int) -> Diagnosis:
    return diagnose(
        "broker max_inflight_messages",
        "no limit (0)" if seen == _NO_LIMIT else seen,
        f"{wanted} or more, but never 0",
        f"max_inflight_messages {wanted} in mosquitto.conf: without a window packet ids are used twice, "
        "and at the default 20 no batch fills",
        safe=wanted <= seen < _NO_LIMIT,
    )


def _packets(seen: int | None, taken: int) -> Diagnosis:
    return diagnose(
        "broker max_packet_size",
        "no limit" if seen is None else f"{seen} bytes",
        f"at most {taken} bytes",
        f"max_packet_size {taken} in mosquitto.conf, or raise HEATSTREAM_INGEST_MAX_PACKET_BYTES: what is larger is "
        "acknowledged to the gateway and never delivered",
        safe=seen is not None and seen <= taken,
    )


def _session(seen: int | None) -> Diagnosis:
    return diagnose(
        "broker keeps sessions",
        "as long as asked for" if seen is None else f"{seen} s",
        f"{_WEEK_S} s or more",
        "let sessions live for a week: what comes while ingest is away is queued in one",
        safe=seen is None or seen >= _WEEK_S,
    )


# --- what it tells of itself ---


async def _told(client: aiomqtt.Client) -> dict[str, str]:
    """Read $SYS for a moment; a broker may keep it to itself."""
    told: dict[str, str] = {}
    with suppress(aiomqtt.NegativeAckError, TimeoutError):
        for name in ("version", "publish/messages/dropped"):
            await client.subscribe(_SYS + name, max_qos=QoS.AT_LEAST_ONCE)
        async with asyncio.timeout(_PATIENCE_S):
            async for message in client.messages():
                if isinstance(message, PublishPacket):
                    told[message.topic.removeprefix(_SYS)] = message.payload.decode(errors="replace")
                if len(told) == 2:  # noqa: PLR2004  (both came)
                    break
    return told


def _counts(told: dict[str, str]) -> Iterator[Diagnosis]:
    version = told.get("version", "")
    numbers = tuple(map(int, re.findall(r"\d+", version)[:3]))
    yield diagnose(
        "broker version",
        version or "not told",
        "Mosquitto 2.0.15 or newer",
        "update Mosquitto: older ones do not say when another client takes our session over",
        safe=numbers >= _TELLS_TAKEOVER,
        unsafe=Verdict.WARN,
    )
    dropped = told.get("publish/messages/dropped", "no change in the last minute")
    yield diagnose(
        "messages the broker dropped",
        dropped,
        "0 since it started",
        "raise max_queued_bytes; gateways that follow receipts send again, others have lost readings",
        safe=not dropped.isdigit() or dropped == "0",
        unsafe=Verdict.WARN,
    )


# --- the canary ---


async def _canary(found: Settings, name: str) -> Diagnosis:
    """Leave a session, publish more than the usual limit to it, come back and count."""
    try:
        async with asyncio.timeout(30):
            kept = await _sing(found, f"{name}-canary", CANARY_TOPIC.format(name))
    except aiomqtt.NegativeAckError as error:
        mend = "allow our user `topic readwrite heatstream/doctor/#` at the broker"
        return Diagnosis("broker queues for the absent", Verdict.WARN, f"may not try: {error}", "leave to try", mend)
    return diagnose(
        "broker queues for the absent",
        f"{kept} of {CANARY_MESSAGES} messages",
        "all of them",
        "max_queued_messages 0 and a max_queued_bytes in mosquitto.conf: the default keeps 1,000",
        safe=kept == CANARY_MESSAGES,
    )


async def _sing(found: Settings, session: str, topic: str) -> int:
    async with _guest(found, session, keep_s=60) as (client, _):
        await client.subscribe(topic, max_qos=QoS.AT_LEAST_ONCE)
    async with _guest(found, f"{session}-singer") as (client, _):
        for _each in range(CANARY_MESSAGES):
            await client.publish(topic, b"canary", qos=QoS.AT_LEAST_ONCE, packet_id=next(client.packet_ids))
    async with _guest(found, session) as (client, _):
        return await _count(client)


async def _count(client: aiomqtt.Client) -> int:
    """Count what was kept, acknowledging it; the session ends with this connection."""
    kept = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            async for message in client.messages():
                if isinstance(message, PublishPacket) and message.packet_id is not None:
                    kept += 1
                    await client.puback(message.packet_id)
                if kept == CANARY_MESSAGES:
                    break
    return kept
