import asyncio
import contextlib
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import asyncpg
import pytest

from heatstream.embedded import debian
from heatstream.embedded.places import account_of_servers, make_folder
from heatstream.embedded.postgres import Kind, _copied, find_postgres, postgres, prepare, programs, why_no_timescale
from heatstream.errors import StoreError

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may not enter as another account")
KINDS = [
    "plain",
    pytest.param("timescale", marks=pytest.mark.skipif(bool(why_no_timescale()), reason="no TimescaleDB")),
]
RUN_AND_SLEEP = """
import asyncio, sys
from pathlib import Path
from heatstream.embedded.postgres import postgres
async def main():
    async with postgres(sys.argv[1], Path(sys.argv[2]), durable=False) as server:
        print(server.pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
def data(scratch: Path) -> Path:
    return scratch / f"own-{uuid.uuid4().hex[:8]}"


async def _ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def _lives(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    return False


async def _gone(pid: int, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while _lives(pid) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return not _lives(pid)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_killed_parent_takes_its_server_along(kind: Kind, data: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", RUN_AND_SLEEP, kind, data], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        parent.kill()
    assert await _gone(pid)


async def test_an_ended_block_leaves_no_server(data: Path) -> None:
    async with postgres("plain", data, durable=False) as server:
        pid = server.pid
    assert await _gone(pid, 0)


async def test_what_was_committed_survives_a_killed_server(data: Path) -> None:
    async with postgres("plain", data, durable=False) as server:
        await _ask(server.url, "create table kept as select 7 as n")
        await server.kill()
        await server.start()
        assert await _ask(server.url, "select n from kept") == 7


async def test_a_stopped_server_answers_nobody(data: Path) -> None:
    async with postgres("plain", data, durable=False) as server:
        await server.stop()
        with pytest.raises(OSError, match="Connect call failed"):
            await _ask(server.url, "select 1")


async def test_a_restart_keeps_the_port(data: Path) -> None:
    async with postgres("plain", data, durable=False) as server:
        before = server.url
        await server.restart()
        assert (server.url, await _ask(before, "select 1")) == (before, 1)


async def test_a_second_start_on_the_same_folder_ends_the_server_left_over(data: Path) -> None:
    async with postgres("plain", data, durable=False) as left_over, postgres("plain", data, durable=False) as server:
        assert await _gone(left_over.pid, 0)
        assert await _ask(server.url, "select 1") == 1


async def test_a_process_id_that_somebody_else_has_now_is_left_alone(data: Path) -> None:
    server = prepare("plain", data, durable=False)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n")
        with contextlib.suppress(StoreError):
            await server.start()
        await server.stop()
        assert stranger.poll() is None
        stranger.kill()


async def test_the_demo_is_durable(data: Path) -> None:
    async with postgres("plain", data) as server:
        assert (
            await _ask(server.url, "select current_setting('fsync') || current_setting('checkpoint_timeout')")
            == "on30min"
        )


async def test_timescale_is_the_apache_edition(own_postgres) -> None:
    server = await own_postgres("timescale")
    assert await _ask(server.url, "select current_setting('timescaledb.license')") == "apache"


async def test_a_port_that_is_taken_is_an_error_that_says_so(data: Path, scratch: Path) -> None:
    async with postgres("plain", data, durable=False) as server:
        with pytest.raises(StoreError, match=f"port {server.port} is taken"):
            async with postgres("plain", scratch / f"{data.name}-2", durable=False, port=server.port):
                pass


async def test_data_of_another_version_are_refused(data: Path) -> None:
    make_folder(data)
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(
        StoreError, match=r"was made by PostgreSQL 12, and what runs here is postgres \(PostgreSQL\) 18"
    ):
        prepare("plain", data)


@AS_ROOT
async def test_a_folder_that_the_account_cannot_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(StoreError, match=f"cannot enter {tmp_path}"):
        prepare("plain", tmp_path / "data")


@AS_ROOT
def test_programs_below_a_closed_folder_are_copied_to_the_cache(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEATSTREAM_CACHE", str(scratch / "cache"))
    package = programs("plain").parents[1]
    account = account_of_servers()
    assert account is not None
    said = subprocess.run(
        [_copied(package) / "pginstall/bin/postgres", "--version"],
        user=account.uid,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.startswith("postgres (PostgreSQL) 18")


@pytest.mark.skipif(bool(debian.lacking()), reason=f"{debian.lacking()}")
def test_timescale_is_preferred_where_it_can_be_had() -> None:
    assert find_postgres().kind == "timescale"


@pytest.mark.skipif(bool(debian.lacking()), reason=f"{debian.lacking()}")
def test_a_moved_cache_is_unpacked_again(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = programs("timescale").parents[6] / "debs"
    old, new = make_folder(scratch / "old"), scratch / "new"
    (old / "debs").symlink_to(packages)
    bundle = debian.Bundle("trial", ("libc6", "libtinfo6", "libreadline8t64"))
    monkeypatch.setenv("HEATSTREAM_CACHE", str(old))
    debian.unpacked(bundle)
    old.rename(new)
    monkeypatch.setenv("HEATSTREAM_CACHE", str(new))
    root = debian.unpacked(bundle)
    assert (root / ".unpacked").read_text().splitlines()[0] == str(root)


@pytest.mark.skipif(bool(debian.lacking()), reason=f"{debian.lacking()}")
def test_a_package_that_debian_does_not_have_is_an_error_that_names_it(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATSTREAM_CACHE", str(scratch / "empty-cache"))
    with pytest.raises(Exception, match="no-such-package"):
        debian.unpacked(debian.Bundle("nothing", ("no-such-package",)))
