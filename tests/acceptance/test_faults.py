"""Kill, stop, fill and cut everything around and inside ingest; then count every reading that was sent.

After each fault: every distinct reading is in exactly one of stored, conflicting, rejected; no row stands twice; and
ingest went on by itself, but where a test says that it must end.
"""

import asyncio
import contextlib
import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import mqtt5
import pytest

from heatstream.embedded.broker import BrokerServer
from heatstream.embedded.postgres import PostgresServer
from simulators import wire
from simulators.gateway import Gateway
from simulators.link import BrokerAddress, Link
from tests.acceptance.conftest import MakeIngest
from tests.acceptance.rig import CITY, Books, IngestProcess, Town, online, send, settled
from tests.conftest import OwnBroker, OwnPostgres
from tests.proxy import Proxy

pytestmark = pytest.mark.faults

KILLS = 6
KILLS_AFTER_COMMIT = 3


async def tell(url: str, query: str, *values: object) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query, *values)
    finally:
        await connection.close()


async def incidents(url: str, kind: str) -> int:
    return int(str(await tell(url, "select count(*) from incident where kind = $1", kind)))


async def told_within(url: str, query: str, seconds: float = 10) -> None:
    """Wait until the query answers yes."""
    async with asyncio.timeout(seconds):
        while not await tell(url, query):
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def talking(town: Town, gateways: list[Gateway], every_s: float = 0.02) -> AsyncIterator[None]:
    """New messages all the while."""

    async def talk() -> None:
        while True:
            send(town, gateways, 1)
            await asyncio.sleep(every_s)

    talk_on = asyncio.create_task(talk())
    yield
    talk_on.cancel()


# --- ingest is killed -------------------------------------------------------------------------------------------------


async def kill_amid_work(ingest: IngestProcess, url: str, fail_point: str | None) -> None:
    """Start it on a backlog and kill it, between commit and acknowledgement or soon after a commit."""
    before = int(str(await tell(url, "select coalesce(max(id), 0) from batch")))
    ingest.begin(fail_point)
    if fail_point is None:
        await told_within(url, f"select max(id) > {before} from batch", 20)
        await asyncio.sleep(random.uniform(0, 0.1))
        await ingest.kill()
    assert await ingest.ended() == -9


@pytest.mark.every_edition
async def test_kill_9_of_ingest(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    """Kills that each left messages unacknowledged: the broker sent them again to the next process."""
    settings: dict[str, int] = {"ingest_flush_messages": 20, "ingest_receive_max": 60}
    async with make_ingest(database_url, mosquitto.port, **settings):
        pass  # the session exists from now on
    counted = counted_after_commit = 0
    async with online(town, mosquitto.port) as gateways:
        after_commit = False
        while counted < KILLS:
            send(town, gateways, 100)
            ingest = make_ingest(database_url, mosquitto.port, **settings)
            fail_point = "after_commit_before_ack:2" if counted % 2 == 0 else None
            await kill_amid_work(ingest, database_url, fail_point)
            if ingest.told("the broker sends again"):
                counted += 1
                counted_after_commit += after_commit
            after_commit = fail_point is not None
        async with make_ingest(database_url, mosquitto.port):
            await settled(gateways)
    assert counted_after_commit >= KILLS_AFTER_COMMIT
    account = await town.books.account(database_url)
    assert account.exact
    assert account.stored == len(town.books.sent)


# --- the database -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def server(own_postgres: OwnPostgres) -> PostgresServer:
    return await own_postgres("plain")


@pytest.fixture
async def own_town(server: PostgresServer) -> Town:
    """A town on a database server of the test's own."""
    return await Town().register(server.url)


async def test_the_database_is_away_for_30_seconds(
    own_town: Town, server: PostgresServer, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with make_ingest(server.url, mosquitto.port) as ingest, online(own_town, mosquitto.port) as gateways:
        async with talking(own_town, gateways, 0.1):
            await asyncio.sleep(1)
            await server.stop()
            await ingest.unready()
            assert any(reason.startswith("database") for reason in (await ingest.readiness())[1])
            await asyncio.sleep(30)
            await server.start()
            await ingest.ready()
        await settled(gateways)
    assert (await own_town.books.account(server.url)).exact


async def test_the_database_hangs(
    own_town: Town, server: PostgresServer, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    """It neither answers nor hangs up, as behind a firewall that forgets."""
    async with make_ingest(server.url, mosquitto.port) as ingest, online(own_town, mosquitto.port) as gateways:
        async with talking(own_town, gateways, 0.1):
            await asyncio.sleep(0.5)
            frozen = family(server.pid)
            send_all(frozen, signal.SIGSTOP)
            await ingest.unready()
            await asyncio.sleep(3)
            send_all(frozen, signal.SIGCONT)
            await ingest.ready()
        await settled(gateways)
    assert (await own_town.books.account(server.url)).exact


async def test_a_stop_while_the_database_hangs_is_done_within_10_seconds(
    own_town: Town, server: PostgresServer, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with make_ingest(server.url, mosquitto.port) as ingest, online(own_town, mosquitto.port) as gateways:
        async with talking(own_town, gateways, 0.1):
            await asyncio.sleep(0.5)
            frozen = family(server.pid)
            send_all(frozen, signal.SIGSTOP)
            await asyncio.sleep(1)
            began = asyncio.get_running_loop().time()
            code = await ingest.terminate()
            took = asyncio.get_running_loop().time() - began
            send_all(frozen, signal.SIGCONT)
        assert (code, took < 10) == (0, True)
        async with make_ingest(server.url, mosquitto.port):
            await settled(gateways)
    assert (await own_town.books.account(server.url)).exact


def family(pid: int) -> list[int]:
    """A server and its backends."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
    return [pid, *(child for child, parent in parents.items() if parent == pid)]


def send_all(pids: list[int], sign: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)


async def test_a_stop_while_the_database_is_away_is_clean(
    own_town: Town, server: PostgresServer, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    ingest = make_ingest(server.url, mosquitto.port)
    async with ingest, online(own_town, mosquitto.port) as gateways:
        send(own_town, gateways, 10)
        await server.stop()
        send(own_town, gateways, 10)
        await ingest.unready()
        assert await ingest.terminate() == 0
        await server.start()
        async with make_ingest(server.url, mosquitto.port):
            await settled(gateways)
    assert (await own_town.books.account(server.url)).exact


async def test_the_database_is_killed_and_comes_back(
    own_town: Town, server: PostgresServer, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with make_ingest(server.url, mosquitto.port) as ingest, online(own_town, mosquitto.port) as gateways:
        async with talking(own_town, gateways):
            for _ in range(3):
                await asyncio.sleep(0.5)
                await server.kill()
                await server.start()
                await ingest.ready()
        await settled(gateways)
    assert (await own_town.books.account(server.url)).exact


async def test_the_connection_of_the_lock_is_ended(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    end = (
        "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and database = "
        "(select oid from pg_database where datname = current_database()) and pid <> pg_backend_pid()"
    )
    async with make_ingest(database_url, mosquitto.port) as ingest, online(town, mosquitto.port) as gateways:
        async with talking(town, gateways):
            await asyncio.sleep(0.5)
            assert await tell(database_url, end)
            await asyncio.sleep(0.5)
            await ingest.ready()
        await settled(gateways)
        assert ingest.told("no term: the database is away")
    assert (await town.books.account(database_url)).exact


@pytest.fixture
def small_disk(scratch: Path) -> Iterator[Path]:
    """A file system of 40 MB; only root may make one."""
    folder = scratch / "small-disk"
    folder.mkdir()
    folder.chmod(0o777)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m,mode=777", "tmpfs", folder],
        capture_output=True,
        check=False,
        text=True,
    )
    if made.returncode:
        pytest.skip(f"this user cannot mount a small file system: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def test_the_disk_of_the_database_is_full(
    small_disk: Path, own_town: Town, server: PostgresServer, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    space = small_disk / "space"
    space.mkdir()
    shutil.chown(
        space, server._account.uid if server._account else None, server._account.gid if server._account else None
    )
    await tell(server.url, f"create tablespace small location '{space}'")
    await tell(server.url, "alter database postgres set default_tablespace = small")
    async with make_ingest(server.url, mosquitto.port) as ingest, online(own_town, mosquitto.port) as gateways:
        send(own_town, gateways, 20)
        await settled(gateways)
        ballast = small_disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(8192))
        send(own_town, gateways, 1000)
        await ingest.unready()
        assert any("space" in reason for reason in (await ingest.readiness())[1])
        ballast.unlink()
        await ingest.ready()
        await settled(gateways)
    assert (await own_town.books.account(server.url)).exact


async def test_a_deadlock(town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest) -> None:
    """Ingest waits for a row of ours while we wait for its lock: the server ends one, and ingest tries again."""
    async with make_ingest(database_url, mosquitto.port) as ingest, online(town, mosquitto.port) as gateways:
        send(town, gateways, 1)
        await settled(gateways)
        await deadlocked(database_url, gateways[0], town)
        await settled(gateways)
        assert await ingest.metric("heatstream_ingest_write_retries_total") >= 1
    assert (await town.books.account(database_url)).exact


async def deadlocked(url: str, gateway: Gateway, town: Town) -> None:
    other = await asyncpg.connect(url, server_settings={"deadlock_timeout": "1min"})
    readings = town.readings(gateway.name)
    try:
        async with contextlib.AsyncExitStack() as rolled_back:
            transaction = other.transaction()
            await transaction.start()
            rolled_back.push_async_callback(transaction.rollback)
            await other.execute(
                "insert into reading (point_id, observed_at, received_at, temp_centi, batch_id) "
                "select id, $2, now(), 0, 0 from point where device = $1",
                readings[0].subject,
                dt.datetime.fromisoformat(readings[0].at),
            )
            gateway.send_indoor(readings)
            await told_within(url, "select count(*) > 0 from pg_locks where not granted and locktype = 'transactionid'")
            await other.execute("select pg_advisory_xact_lock(hashtext('heatstream.writers'))")
    finally:
        await other.close()


async def test_migrate_under_load(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with make_ingest(database_url, mosquitto.port) as ingest, online(town, mosquitto.port) as gateways:
        async with talking(town, gateways):
            for _ in range(3):
                assert await run_command("migrate", ingest) == 0
        await settled(gateways)
        assert ingest.running
    assert (await town.books.account(database_url)).exact


async def run_command(command: str, ingest: IngestProcess) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "heatstream", *command.split(), env=ingest._environment
    )
    return await process.wait()


# --- the broker -------------------------------------------------------------------------------------------------------


async def test_the_broker_is_stopped_and_started(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with make_ingest(database_url, mosquitto.port) as ingest, online(town, mosquitto.port) as gateways:
        async with talking(town, gateways):
            for _ in range(3):
                await asyncio.sleep(0.5)
                await mosquitto.stop()
                await ingest.unready()
                await mosquitto.start()
                await ingest.ready()
        await settled(gateways)
    assert (await town.books.account(database_url)).exact


async def test_the_broker_is_killed(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    """What it acknowledged and lost is sent again by the gateways, for their receipts do not pass it."""
    ingest = make_ingest(database_url, mosquitto.port)
    async with ingest, online(town, mosquitto.port, resend_after_s=2) as gateways:
        async with talking(town, gateways):
            for _ in range(4):
                await asyncio.sleep(0.7)
                await mosquitto.kill()
                await mosquitto.start()
                await ingest.ready()
        await settled(gateways)
    assert (await town.books.account(database_url)).exact


async def test_acknowledged_messages_that_a_killed_broker_lost_are_sent_again(
    town: Town, database_url: str, own_broker: OwnBroker, make_ingest: MakeIngest
) -> None:
    broker = await own_broker(max_packet_size=16_384, autosave_interval=1800)
    async with make_ingest(database_url, broker.port):
        pass
    async with online(town, broker.port, resend_after_s=2) as gateways:
        send(town, gateways, 250)
        await all_sent(gateways, 1000)
        await broker.kill()
        await broker.start()
        async with make_ingest(database_url, broker.port):
            await settled(gateways)
            assert await incidents(database_url, "session_lost") <= 1
    assert (await town.books.account(database_url)).exact


async def all_sent(gateways: list[Gateway], messages: int) -> None:
    async with asyncio.timeout(30):
        while sum(gateway.sent for gateway in gateways) < messages:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)


async def test_the_queue_of_the_broker_is_full(
    town: Town, database_url: str, own_broker: OwnBroker, make_ingest: MakeIngest
) -> None:
    broker = await own_broker(max_packet_size=16_384, max_queued_messages=300, max_inflight_messages=100)
    async with make_ingest(database_url, broker.port):
        pass
    async with online(town, broker.port, resend_after_s=2) as gateways:
        send(town, gateways, 250)
        await all_sent(gateways, 1000)
        async with make_ingest(database_url, broker.port):
            await told_within(database_url, "select count(*) > 0 from incident where kind = 'broker_dropped'")
            await settled(gateways)
    assert (await town.books.account(database_url)).exact


async def test_the_session_is_lost(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with online(town, mosquitto.port, resend_after_s=2) as gateways:
        async with make_ingest(database_url, mosquitto.port):
            send(town, gateways, 5)
            await settled(gateways)
        send(town, gateways, 100)
        await all_sent(gateways, 420)
        thief = await Link.open(BrokerAddress("127.0.0.1", mosquitto.port), "heatstream-ingest", lambda *_: None)
        await thief.close()
        async with make_ingest(database_url, mosquitto.port):
            await told_within(database_url, "select count(*) = 1 from incident where kind = 'session_lost'")
            await settled(gateways)
    assert (await town.books.account(database_url)).exact


# --- the way between --------------------------------------------------------------------------------------------------


async def test_connections_are_reset(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with Proxy("127.0.0.1", mosquitto.port) as proxy, make_ingest(database_url, proxy.port) as ingest:
        async with online(town, mosquitto.port) as gateways:
            async with talking(town, gateways):
                for resets in range(1, 9):
                    await asyncio.sleep(0.3)
                    proxy.reset()
                    await ingest.reaches("heatstream_broker_connections_total", 1 + resets)
            await settled(gateways)
    assert (await town.books.account(database_url)).exact


async def test_the_way_stalls(town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest) -> None:
    async with Proxy("127.0.0.1", mosquitto.port) as proxy, make_ingest(database_url, proxy.port) as ingest:
        async with online(town, mosquitto.port) as gateways:
            async with talking(town, gateways, 0.1):
                proxy.turn("stall")
                await ingest.unready(within=40)
                proxy.turn("pass")
                await ingest.ready()
            await settled(gateways)
    assert (await town.books.account(database_url)).exact


async def test_connections_are_accepted_and_closed(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with Proxy("127.0.0.1", mosquitto.port) as proxy, make_ingest(database_url, proxy.port) as ingest:
        async with online(town, mosquitto.port) as gateways:
            proxy.turn("hang_up")
            proxy.reset()
            send(town, gateways, 50)
            await ingest.unready()
            await asyncio.sleep(2)
            proxy.turn("pass")
            await ingest.ready()
            await settled(gateways)
    assert (await town.books.account(database_url)).exact


async def test_a_session_taken_over_ends_the_process(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with Proxy("127.0.0.1", mosquitto.port) as proxy, online(town, mosquitto.port) as gateways:
        async with make_ingest(database_url, proxy.port) as ingest, talking(town, gateways):
            await asyncio.sleep(0.5)
            proxy.say(mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER).write())
            assert await ingest.ended() == 1
            assert "took over our session" in ingest.log.read_text()
        async with make_ingest(database_url, proxy.port):
            await settled(gateways)
    assert (await town.books.account(database_url)).exact


# --- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.every_edition
async def test_everything_is_repeated(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    messages = [(gateway, i + 1, town.readings(gateway)) for gateway in town.gateways for i in range(250)]
    async with make_ingest(database_url, mosquitto.port):
        for _ in range(2):
            await publish(mosquitto.port, messages)
        await told_within(
            database_url,
            f"select coalesce(sum(readings), 0) = {2 * len(town.books.sent)} from ledger where kind = 'indoor'",
            30,
        )
    account = await town.books.account(database_url)
    assert account.exact
    assert account.stored == len(town.books.sent)
    assert await tell(database_url, "select sum(repeated) from ledger") == len(town.books.sent)


async def publish(port: int, messages: list[tuple[str, int, list[wire.Reading]]]) -> None:
    """Publish as a gateway without receipts does."""
    link = await Link.open(BrokerAddress("127.0.0.1", port), f"raw-{random.random()}", lambda *_: None)
    answers = []
    for gateway, sequence, readings in messages:
        payload = wire.envelope(gateway, sequence, "2026-01-05T08:00:03+08:00", readings)
        answers.append(await link.post(wire.topic(CITY, gateway, "indoor"), payload))
    await asyncio.gather(*answers)
    await link.close()


@pytest.mark.every_edition
async def test_junk_late_and_conflicting_readings_are_each_accounted_for(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    """1 % junk, 5 % late by 3 days, and a second value for one instant."""
    async with make_ingest(database_url, mosquitto.port), online(town, mosquitto.port) as gateways:
        for i in range(400):
            gateway = gateways[i % len(gateways)]
            late = dt.timedelta(days=3) if i % 20 == 0 else dt.timedelta()
            readings = town.readings(gateway.name, ago=late)
            if i % 100 == 50:
                readings = spoil(town.books, readings)
            gateway.send_indoor(readings)
        junk = b'{"gateway": "gw-000", "sequence": '
        town.books.junk.add(junk)
        gateways[0].send_noise(wire.topic(CITY, "gw-000", "indoor"), junk)
        again = readings[0]._replace(value="5.55")
        town.books.note([again])
        gateways[399 % len(gateways)].send_indoor([again])
        await settled(gateways)
        await told_within(database_url, "select count(*) > 0 from reject where readings = 0")
    account = await town.books.account(database_url)
    assert account.exact
    assert account.conflicting == 1
    assert account.rejected == 4 * 4
    assert int(str(await tell(database_url, "select sum(late) from ledger"))) >= 20 * 10 - 4 * 10


def spoil(books: Books, readings: list[wire.Reading]) -> list[wire.Reading]:
    """Four of them become unusable, each in its way."""
    spoilt = [
        readings[0]._replace(subject="P-nobody"),
        readings[1]._replace(value="85.0"),
        readings[2]._replace(value='"cold"'),
        readings[3]._replace(at=readings[3].at.removesuffix("+08:00")),
    ]
    books.sent -= {tuple(each) for each in readings[:4]}
    books.note(spoilt)
    return [*spoilt, *readings[4:]]


@pytest.mark.every_edition
async def test_rejects_are_replayed_once_their_cause_is_mended(
    town: Town, database_url: str, mosquitto: BrokerServer, make_ingest: MakeIngest
) -> None:
    async with make_ingest(database_url, mosquitto.port) as ingest, online(town, mosquitto.port) as gateways:
        readings = [each._replace(subject=f"new-{i}") for i, each in enumerate(town.readings("gw-000"))]
        town.books.sent -= town.books.sent
        town.books.note(readings)
        gateways[0].send_indoor(readings)
        await settled(gateways)
        assert (await town.books.account(database_url)).rejected == len(readings)
        await tell(
            database_url,
            "insert into point (device, household_id, interval_min, valid_from) "
            "select 'new-' || i, 1, 10, '2020-01-01' from generate_series(0, 99) i",
        )
        async with talking(town, gateways):
            assert await run_command("replay rejects --reason unknown_point", ingest) == 0
        await settled(gateways)
    account = await town.books.account(database_url)
    assert account.exact
    assert account.rejected == 0
