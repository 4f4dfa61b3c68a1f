"""From a gateway to the store and back to its receipt, with the real command."""

import asyncio

import asyncpg
import pytest

from heatstream.embedded.broker import BrokerServer
from tests.acceptance.conftest import MakeIngest
from tests.acceptance.rig import Town, online, send, settled


@pytest.mark.every_edition
async def test_what_gateways_send_is_stored_and_receipted(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with make_ingest(database_url, mosquitto.port), online(town, mosquitto.port) as gateways:
        send(town, gateways, 50)
        await settled(gateways)
    account = await town.books.account(database_url)
    assert account.exact
    assert account.stored == len(town.books.sent) == 50 * len(town.points)


async def test_what_was_sent_while_ingest_was_away_is_stored_later(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with make_ingest(database_url, mosquitto.port):
        pass
    async with online(town, mosquitto.port) as gateways:
        send(town, gateways, 50)
        while sum(gateway.sent for gateway in gateways) < 200:
            await asyncio.sleep(0.05)
        async with make_ingest(database_url, mosquitto.port):
            await settled(gateways)
    assert (await town.books.account(database_url)).exact


async def test_a_stop_is_clean_and_leaves_nothing_unacknowledged(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    ingest = make_ingest(database_url, mosquitto.port)
    async with ingest, online(town, mosquitto.port) as gateways:
        send(town, gateways, 100)
        await asyncio.sleep(0.3)
        assert await ingest.terminate() == 0
        async with make_ingest(database_url, mosquitto.port) as next_one:
            await settled(gateways)
            assert await repeated(database_url) == 0
            assert await next_one.metric("heatstream_broker_redelivered_messages_total") >= 0
    assert (await town.books.account(database_url)).exact


async def repeated(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("select coalesce(sum(repeated), 0) from ledger"))
    finally:
        await connection.close()


async def test_a_second_ingest_stands_by_and_takes_over(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    first, second = make_ingest(database_url, mosquitto.port), make_ingest(database_url, mosquitto.port)
    async with first, online(town, mosquitto.port) as gateways:
        second.begin()
        while "standing by" not in str(await second.readiness()):
            await asyncio.sleep(0.05)
        send(town, gateways, 50)
        await settled(gateways)
        await first.kill()
        await second.ready()
        send(town, gateways, 50)
        await settled(gateways)
    assert (await town.books.account(database_url)).exact


@pytest.mark.usefixtures("town")
async def test_it_tells_how_it_is_and_a_standby_stops_at_once(
    database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with make_ingest(database_url, mosquitto.port) as first:
        assert [bool(first._get(path)) for path in ("/livez", "/metrics")] == [True, True]
        second = make_ingest(database_url, mosquitto.port)
        second.begin()
        while "standing by" not in str(await second.readiness()):
            await asyncio.sleep(0.05)
        assert await second.terminate() == 0


async def test_a_fail_point_is_refused_in_production(
    database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    ingest = make_ingest(database_url, mosquitto.port, fail_point="after_ack")
    ingest.begin()
    assert await ingest.ended() == 2
    assert "--allow-fail-points" in ingest.log.read_text()


async def test_a_database_that_was_never_migrated_is_refused(
    empty_database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    ingest = make_ingest(empty_database_url, mosquitto.port)
    ingest.begin()
    assert await ingest.ended() == 1
    assert "heatstream migrate" in ingest.log.read_text()
