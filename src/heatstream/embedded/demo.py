"""`heatstream demo`: a fictional city on this machine alone, from the sensors to the findings.

Everything is a child process except the town itself, which talks from here. Whatever ends this process, Ctrl-C, a
signal or `kill -9`, ends them all.
"""

import asyncio
import contextlib
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

import simulators
from heatstream.access import people
from heatstream.core.finding import Outcome
from heatstream.embedded import broker as brokers
from heatstream.embedded import child, places
from heatstream.embedded import postgres as databases
from heatstream.embedded.crew import Crew, crew
from heatstream.errors import HeatstreamError, SettingsError
from heatstream.rules.pack import SHIPPED
from heatstream.rules.supervision import file as supervision
from heatstream.store import accounts, closings, matters
from heatstream.store.pool import create_engine
from heatstream.store.read import city
from heatstream.store.read import progress as coming
from heatstream.store.read.words import OUTCOME_ZH, word
from heatstream.store.tables import finding, finding_current, flag, ledger, matter
from heatstream.store.tables import run as evaluation
from heatstream.supervision.shown import KINDS_ZH
from simulators import town
from simulators.errors import SimulatorError
from simulators.run import Progress as Played
from simulators.run import simulate

CITY = "shili"
SCENARIO = Path(simulators.__file__).parent / "scenarios" / "demo.yaml"
CHOICES = SHIPPED / "demo-shili.choices.yaml"
RULES = supervision.SHIPPED / "demo-shili.yaml"
MARK = "heatstream-demo"
PEOPLE = {
    "E01-2": "company 供热企业客服: offers, answers, pays",
    "D02-1": "district 承办: hears and drafts",
    "D02-2": "district 复核: reviews",
    "D02-3": "district 审批: approves",
    "CITY-1": "city 市主管部门: sees all, rules nothing",
}
"""Officers of the town's registry by 工号, and what they do."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# iotcore hangs up on whoever asks for $SYS, and has at most 100 messages in flight: a larger batch waits for its timer.
IOTCORE = {"HEATSTREAM_BROKER_COUNTS": "false", "HEATSTREAM_INGEST_FLUSH_MESSAGES": "100"}
MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
LOOK_S = 0.5
QUIET_LOOKS = 4
LIVE_LOOK_S = 5.0
FIRST_ROUND_S = 900.0


@dataclass(frozen=True)
class Stage:
    """Where it all happens."""

    folder: Path
    database: databases.PostgresServer
    broker: brokers.BrokerServer
    ports: "Ports"
    people: Mapping[str, str] = field(default_factory=dict)
    """Passwords by 工号 of whoever may sign in; known at the first start alone."""

    @property
    def key_file(self) -> Path:
        return self.folder / "api-key"


@dataclass(frozen=True)
class Ports:
    """Where things listen on the loopback."""

    web: int
    api: int
    ingest: int
    evaluate: int
    jobs: int

    @classmethod
    def beside(cls, web: int) -> "Ports":
        for port in (web, web + 1):
            if not child.is_free(port):
                raise SettingsError(
                    f"port {port} is taken; the demo needs it and the one beside: heatstream demo --port N"
                )
        return cls(web, web + 1, child.free_port(), child.free_port(), child.free_port())


def run(*, data: Path = Path(".heatstream"), fresh: bool = False, port: int = 8081) -> int:
    """Show the city until somebody ends it; give the exit code."""
    console = Console()
    try:
        return asyncio.run(_until_told(lambda: _show(console, data, port, fresh=fresh)))
    except KeyboardInterrupt:  # a second Ctrl-C: the leash ends what still runs
        return 128 + signal.SIGINT


async def _until_told(show: Callable[[], Awaitable[None]]) -> int:
    """Run until the first signal; then everything is ended in order, and a second signal ends this process at once."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(show())

    def end() -> None:
        for each in SIGNALS:
            loop.remove_signal_handler(each)
        task.cancel()

    for each in SIGNALS:
        loop.add_signal_handler(each, end)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return 0


@contextlib.contextmanager
def _folder(data: Path, *, fresh: bool) -> Iterator[Path]:
    """The demo's data, this process's alone; removed first if asked, and only if a demo made it."""
    folder = places.data_folder(data)
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise SettingsError(f"{folder} holds something else than a demo's data; expected an empty folder or none")
    try:
        with places.alone(folder, wait=False):
            if fresh:
                _empty(folder)
            (folder / MARK).touch()
            places.make_folder(folder / "logs")
            yield folder
    except BlockingIOError:
        raise SettingsError(f"another demo runs on {folder}; end it, or give another folder with --data") from None


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != ".lock":
            entry.unlink()


async def _show(console: Console, data: Path, port: int, *, fresh: bool) -> None:
    ports = Ports.beside(port)
    with _folder(data, fresh=fresh) as folder:
        async with _servers(console, folder) as (database, broker):
            await _house(console, Stage(folder, database, broker, ports))


async def _house(console: Console, stage: Stage) -> None:
    async with crew(_environment(stage), stage.folder / "logs") as ours, _engine(stage.database.url) as engine:
        stage = replace(stage, people=await _prepare(console, ours, engine, stage))
        await _start(console, ours, stage.ports)
        await _play(console, ours, engine, stage)


# --- the servers ------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _servers(
    console: Console, folder: Path
) -> AsyncIterator[tuple[databases.PostgresServer, brokers.BrokerServer]]:
    with console.status("getting PostgreSQL and a broker …"):
        choice = await asyncio.to_thread(_choose_postgres, folder)
    console.print(f"[bold]PostgreSQL[/] {choice.reason}")
    async with (
        databases.postgres(choice.kind, folder / f"postgres-{choice.kind}") as database,
        brokers.broker(folder / "broker") as broker,
    ):
        console.print(f"[bold]broker[/]     {broker.reason}")
        if broker.warning:
            console.print(Panel(broker.warning, title="warning", border_style="yellow"))
        yield database, broker


def _choose_postgres(folder: Path) -> databases.Choice:
    """What this folder began with goes on; a new one gets TimescaleDB where it can be had."""
    if (folder / "postgres-plain").exists():
        return databases.Choice("plain", "plain PostgreSQL, as this folder began with (--fresh chooses anew)")
    choice = databases.find_postgres()
    try:
        databases.programs(choice.kind)
    except HeatstreamError as error:
        if choice.kind == "plain" or (folder / "postgres-timescale").exists():
            raise
        return databases.Choice("plain", f"PostgreSQL 18 from PyPI, native partitions; no TimescaleDB: {error}")
    return choice


def _environment(stage: Stage) -> dict[str, str]:
    broker, ports = stage.broker, stage.ports
    return (IOTCORE if broker.kind == "iotcore" else {}) | {
        "HEATSTREAM_CITY": CITY,
        "HEATSTREAM_DATABASE_URL": stage.database.url,
        "HEATSTREAM_BROKER_HOST": broker.host,
        "HEATSTREAM_BROKER_PORT": str(broker.port),
        "HEATSTREAM_INGEST_METRICS_PORT": str(ports.ingest),
        # The past is played now: it is not late.
        "HEATSTREAM_INGEST_LATE_HOURS": str(60 * 24),
        "HEATSTREAM_EVALUATE_METRICS_PORT": str(ports.evaluate),
        "HEATSTREAM_EVALUATE_CHOICES_FILE": str(CHOICES),
        "HEATSTREAM_EVALUATE_EVERY_S": "2",
        "HEATSTREAM_EVALUATE_SETTLE_S": "10",
        "HEATSTREAM_JOBS_METRICS_PORT": str(ports.jobs),
        "HEATSTREAM_SUPERVISION_RULES_FILE": str(RULES),
        "HEATSTREAM_SERVE_PORT": str(ports.api),
        "HEATSTREAM_WEB_PORT": str(ports.web),
    }


@contextlib.asynccontextmanager
async def _engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(url, size=1, application="heatstream-demo")
    try:
        yield engine
    finally:
        await engine.dispose()


# --- the house --------------------------------------------------------------------------------------------------------


async def _prepare(console: Console, ours: Crew, engine: AsyncEngine, stage: Stage) -> Mapping[str, str]:
    """Have the schema, the registry, an API key and people; all are there from the second start on."""
    with console.status("migrating …"):
        await ours.run("migrate")
    given: Mapping[str, str] = {}
    if not stage.key_file.exists():
        with console.status("importing the registry …"):
            papers = stage.folder / "registry"
            rows = town.write_registry(papers, town.load_scenario(SCENARIO), CITY)
            await ours.run("registry", "import", str(papers), "--by", "demo")
        console.print(f"[bold]registry[/]   {rows['household']} households, {rows['point']} points")
        given = await _sign_up(engine)
        key = await ours.ask("keys", "create", "demo", "--scope", "read")
        stage.key_file.touch(mode=0o600)
        stage.key_file.write_text(key)
    return given


async def _sign_up(engine: AsyncEngine) -> Mapping[str, str]:
    """Make the accounts of those who take a cold home to its ruling, and one of the city; give their passwords."""
    given = {code: secrets.token_urlsafe(9) for code in PEOPLE}
    async with engine.begin() as conn:
        there = {each.login for each in await accounts.listed(conn)}  # of a first start that did not come to its end
        for code, password in given.items():
            if code in there:
                given[code] = await people.reset(conn, code)
            else:
                await people.create(conn, code, code, by="demo", password=password)
    return given


async def _start(console: Console, ours: Crew, ports: Ports) -> None:
    with console.status("starting ingest, the API and the page …"):
        ours.start("ingest")
        ours.start("serve")
        ours.start("web")
        await ours.answers("ingest", ports.ingest, "/readyz")
        await ours.answers("serve", ports.api, "/readyz")
        await ours.answers("web", ports.web, "/readyz")


# --- the play ---------------------------------------------------------------------------------------------------------


async def _play(console: Console, ours: Crew, engine: AsyncEngine, stage: Stage) -> None:
    """Tell the past, judge it, then go on with the clock; a process that ends by itself ends the play."""
    scenario = town.load_scenario(SCENARIO)
    past = Past(_bar(console), scenario.upload_minutes)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(ours.watch())
            group.create_task(_talk(scenario, stage, past.show))
            group.create_task(_narrate(console, ours, engine, stage, past))
    except BaseExceptionGroup as several:
        raise _first(several) from several


def _first(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong first; the rest are its followers."""
    cause = several.exceptions[0]
    if isinstance(cause, SimulatorError):
        return HeatstreamError(f"the town fell silent: {cause}")
    return cause


class Past:
    """The days before today, on a bar."""

    def __init__(self, bar: Progress, upload_minutes: int) -> None:
        self.bar = bar
        self.told = asyncio.Event()
        self._upload_us = upload_minutes * MINUTE_US
        self._task = bar.add_task("playing the last days of a season", total=None)

    def show(self, played: Played) -> None:
        days = round((played.end_us - played.start_us) / DAY_US)
        self.bar.update(self._task, total=days, completed=round(played.share * days))
        if played.played_us + self._upload_us > played.end_us:  # the next upload waits for the clock
            self.told.set()


async def _narrate(console: Console, ours: Crew, engine: AsyncEngine, stage: Stage, past: Past) -> None:
    with past.bar:
        await past.told.wait()
        await _stored(engine)
        await _judge(ours, engine, past.bar, stage.ports)
        await _supervise(ours, past.bar, stage.ports)
    await _report(console, engine, stage)
    await _stay(console, engine)


def _bar(console: Console) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console)


async def _talk(scenario: town.Scenario, stage: Stage, show: Callable[[Played], None]) -> None:
    await simulate(
        scenario,
        stage.broker.url,
        CITY,
        stage.folder / "sent.csv",
        state=stage.folder / "gateways",
        live=True,
        progress=show,
    )


async def _stored(engine: AsyncEngine) -> None:
    """Wait until ingest has caught up: nothing more has been stored for a moment."""
    before, quiet = -1, 0
    while quiet < QUIET_LOOKS:
        await asyncio.sleep(LOOK_S)
        now = sum((await _fates(engine)).values())
        quiet = quiet + 1 if now == before else 0
        before = now


async def _judge(ours: Crew, engine: AsyncEngine, progress: Progress, ports: Ports) -> None:
    """Judge once the past is whole: days closed before their readings came would be judged twice."""
    ours.start("evaluate")
    judging = progress.add_task("judging every household-day", total=None)
    await ours.answers("evaluate", ports.evaluate, "/livez")
    while not await _is_judged(engine):
        progress.update(judging, completed=sum((await _outcomes(engine)).values()))
        await asyncio.sleep(LOOK_S)
    found = sum((await _outcomes(engine)).values())
    progress.update(judging, total=found, completed=found)


async def _supervise(ours: Crew, progress: Progress, ports: Ports) -> None:
    """Look at stations and companies once the homes are judged: the evidence is of both sides."""
    looking = progress.add_task("looking at stations and companies", total=None)
    ours.start("jobs")
    # It is ready when its first round is done, and that one looks at every day there is.
    await ours.answers("jobs", ports.jobs, "/readyz", patience=FIRST_ROUND_S)
    progress.update(looking, total=1, completed=1)


async def _is_judged(engine: AsyncEngine) -> bool:
    async with engine.connect() as conn:
        ended = await conn.scalar(select(func.count()).where(evaluation.c.ended_at.is_not(None)))
        return bool(ended) and not (await coming.backlog(conn)).household_days


async def _outcomes(engine: AsyncEngine) -> dict[Outcome, int]:
    """Household-days by outcome."""
    current = finding_current.join(finding, finding.c.id == finding_current.c.finding_id)
    query = select(finding.c.outcome, func.count()).select_from(current).where(finding.c.period_kind == 1)
    async with engine.connect() as conn:
        found = await conn.execute(query.group_by(finding.c.outcome))
        return {Outcome(outcome): count for outcome, count in found}


async def _report(console: Console, engine: AsyncEngine, stage: Stage) -> None:
    outcomes, fates, homes = await _outcomes(engine), await _fates(engine), await _homes(engine)
    table = Table(title="演示·非法律依据: what was found", title_justify="left", show_header=False)
    for outcome, count in sorted(outcomes.items()):
        table.add_row(f"{OUTCOME_ZH[outcome]} {word(outcome)}", f"{count:,}", "household-days")
    table.add_row("未监测 unmonitored", f"{homes.unmonitored:,}", f"homes of {homes.homes:,}")
    table.add_section()
    for fate, count in fates.items():
        table.add_row(fate, f"{count:,}", "readings")
    table.add_section()
    for kind, count in (await _open_matters(engine)).items():
        table.add_row(f"{KINDS_ZH[kind]} {kind.replace('_', ' ')}", f"{count:,}", "open matters")
    console.print(table)
    console.print(_whereabouts(stage))
    console.print(_people(stage))


async def _open_matters(engine: AsyncEngine) -> dict[str, int]:
    """Open matters of supervision by kind."""
    query = select(matter.c.kind, func.count()).where(matters.is_open()).group_by(matter.c.kind).order_by(matter.c.kind)
    async with engine.connect() as conn:
        return dict((await conn.execute(query)).tuples().all())


async def _homes(engine: AsyncEngine) -> city.Tally:
    """How many homes there are on the last closed day, and how many have a point: the denominators."""
    async with engine.connect() as conn:
        day = await closings.closed_through(conn)
        return await city.tally(conn, day) if day else city.Tally()


async def _fates(engine: AsyncEngine) -> dict[str, int]:
    """What became of every reading received: each is in exactly one of these."""
    columns = (ledger.c.stored, ledger.c.repeated, ledger.c.conflicting, ledger.c.rejected)
    async with engine.connect() as conn:
        row = (
            await conn.execute(select(*(func.coalesce(func.sum(each), 0).label(each.name) for each in columns)))
        ).one()
        return {name: int(count) for name, count in row._asdict().items()}


def _whereabouts(stage: Stage) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]page[/]", f"http://127.0.0.1:{stage.ports.web}/")
    table.add_row("[bold]today 巡查[/]", f"http://127.0.0.1:{stage.ports.web}/today")
    table.add_row("[bold]API[/]", f"http://127.0.0.1:{stage.ports.api}/api/v1/   manual: /openapi.json")
    table.add_row("[bold]API key[/]", stage.key_file.read_text())
    table.add_row("[bold]broker[/]", stage.broker.url)
    table.add_row("[bold]database[/]", stage.database.url)
    table.add_row("[bold]data, logs[/]", str(stage.folder))
    table.add_row("[bold]try a claim[/]", "docs/examples/claim/README.md")
    return table


def _people(stage: Stage) -> Table:
    """Say who may sign in; passwords are kept nowhere but as hashes."""
    if not stage.people:
        table = Table.grid(padding=(0, 2))
        table.add_row("[bold]sign in[/]", "as shown at the first start; --fresh begins anew, with new passwords")
        return table
    table = Table("login", "password", "", title="who may sign in: shown this once", title_justify="left")
    for code, password in stage.people.items():
        table.add_row(code, password, PEOPLE[code])
    return table


async def _stay(console: Console, engine: AsyncEngine) -> None:
    """Say how the city is, until somebody ends it."""
    with console.status("") as status:
        while True:
            stored, below = await _now(engine)
            status.update(f"live: {stored:,} readings stored, {below} points below the standard now · Ctrl-C ends")
            await asyncio.sleep(LIVE_LOOK_S)


async def _now(engine: AsyncEngine) -> tuple[int, int]:
    """Readings stored, and points below the standard."""
    below = select(func.count()).select_from(flag).where(flag.c.until.is_(None))
    async with engine.connect() as conn:
        return (await _fates(engine))["stored"], await conn.scalar(below) or 0
