"""What a person types; the same commands stand under `heatstream` and under `python -m simulators`.

A command imports what it runs when it runs: every start of `heatstream` passes here.
"""

import asyncio
import signal
from collections.abc import Coroutine
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from simulators.errors import SimulatorError

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from simulators.run import Progress

Result = TypeVar("Result")

FOLDER = Path(__file__).parent
FAILED, WRONG_USE = 1, 2

app = typer.Typer(help="A town that talks: gateways, sensors and meters over MQTT.", no_args_is_help=True)
replay_app = typer.Typer(help="Publish real files through MQTT.", no_args_is_help=True)
app.add_typer(replay_app, name="replay")

ScenarioName = Annotated[str, typer.Argument(help="a scenario file, or the name of one that is shipped")]
BrokerUrl = Annotated[str, typer.Option("--broker", help="mqtt://[user:password@]host[:port]")]
City = Annotated[str, typer.Option(help="city code in the topics")]
Receipts = Annotated[bool, typer.Option(help="a message is done with its receipt; else with the broker's answer")]

LOCAL_BROKER = "mqtt://127.0.0.1:1883"


def shipped(kind: str, name: str) -> Path:
    """Find a file by its path, or a shipped one (`scenarios`, `mappings`) by its name."""
    path = Path(name)
    own = FOLDER / kind / f"{name}.yaml"
    if path.is_file() or not own.is_file():
        return path
    return own


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end; what a person can mend is said in one line."""
    try:
        return asyncio.run(work)
    except SimulatorError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from error


@app.command("simulate")
def simulate_command(
    scenario: ScenarioName,
    truth: Annotated[Path, typer.Option(help="every reading that is sent is written here, CSV")],
    broker: BrokerUrl = LOCAL_BROKER,
    city: City = "demo",
    state: Annotated[
        Path | None, typer.Option(help="folder of the gateways' memory: an interrupted run goes on")
    ] = None,
    *,
    live: Annotated[bool, typer.Option(help="go on with the clock when the past is played")] = False,
    receipts: Receipts = True,
) -> None:
    """Publish a town's readings, in real or compressed time, and write down every one of them.

    What is wrong with its stations, and when, stands beside the truth, in FILE.known.jsonl.
    """
    run(_simulate(shipped("scenarios", scenario), truth, broker, city, state, live=live, receipts=receipts))


async def _simulate(
    scenario: Path, truth: Path, broker: str, city: str, state: Path | None, *, live: bool, receipts: bool
) -> None:
    from simulators.run import simulate
    from simulators.scenario import load_scenario

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with _bar() as bar:
        shown = _Shown(bar)
        summary = await simulate(
            load_scenario(scenario),
            broker,
            city,
            truth,
            state=state,
            live=live,
            receipts=receipts,
            progress=shown.show,
            stop=stop,
        )
    typer.echo(" ".join(f"{name}={value}" for name, value in asdict(summary).items()))
    if summary.unreceipted and not stop.is_set():
        raise typer.Exit(FAILED)


def _bar() -> "Bar":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Bar(*columns, console=Console(stderr=True))


class _Shown:
    """A progress bar in simulated hours, then a line that counts readings."""

    def __init__(self, bar: "Bar") -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def show(self, progress: "Progress") -> None:
        from simulators import clocks

        total = (progress.end_us - progress.start_us) // clocks.HOUR_US
        if self._task is None:
            self._task = self._bar.add_task("past", total=total)
        now = clocks.instant_text(progress.played_us)[:16]
        word = "live" if progress.live else "past"
        self._bar.update(
            self._task,
            completed=round(progress.share * total),
            description=f"{word} {now} readings {progress.readings} unreceipted {progress.unreceipted}",
        )


@replay_app.command("csv")
def replay_csv_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    mapping: Annotated[str, typer.Option(help="a mapping file, or the name of one that is shipped")],
    broker: BrokerUrl = LOCAL_BROKER,
    city: City = "real",
    truth: Annotated[Path | None, typer.Option(help="every reading that is sent is written here, CSV")] = None,
    *,
    receipts: Receipts = True,
) -> None:
    """Publish a CSV file as the gateway that its mapping names; report what could not be read, guess nothing."""
    run(_replay(file, shipped("mappings", mapping), broker, city, truth, receipts=receipts))


async def _replay(file: Path, mapping: Path, broker: str, city: str, truth: Path | None, *, receipts: bool) -> None:
    from simulators.replay import load_mapping, replay_csv

    report = await replay_csv(file, load_mapping(mapping), broker, city, truth=truth, receipts=receipts)
    for problem in report.problems:
        typer.echo(f"not sent: {file}, {problem}", err=True)
    typer.echo(
        f"rows={report.rows} readings={report.readings} messages={report.messages} "
        f"settled_by_order={report.settled_by_order} problems={len(report.problems)} unreceipted={report.unreceipted}"
    )
    if report.unreceipted or report.problems:
        raise typer.Exit(FAILED)


@app.command("load")
def load_command(
    messages: Annotated[int, typer.Argument(min=1)],
    *,
    broker: BrokerUrl = LOCAL_BROKER,
    city: City = "load",
    points: Annotated[int, typer.Option(min=1)] = 200_000,
    gateways: Annotated[int, typer.Option(min=1)] = 2_000,
    readings: Annotated[int, typer.Option(min=1, help="readings a message")] = 1,
    rate: Annotated[float | None, typer.Option(help="messages a second; absent = as many as the broker takes")] = None,
    start: Annotated[str, typer.Option(help="local day of the first readings")] = "2026-01-05",
    truth: Annotated[Path | None, typer.Option(help="an .npz file of what was sent")] = None,
) -> None:
    """Saturate a broker from one process."""
    from simulators import clocks
    from simulators.load import LoadPlan, load

    plan = LoadPlan(
        city=city,
        points=points,
        gateways=gateways,
        messages=messages,
        readings_per_message=readings,
        shape="single" if readings == 1 else "envelope",
        start_us=clocks.midnight_us(date.fromisoformat(start)),
    )
    result = run(load(broker, plan, truth=truth, rate=rate))
    typer.echo(
        f"messages={result.messages} readings={result.readings} seconds={result.seconds:.3f} "
        f"messages_per_s={result.messages_per_s:.0f} readings_per_s={result.readings_per_s:.0f}"
    )


@app.command("registry")
def registry_command(
    scenario: ScenarioName,
    folder: Annotated[Path, typer.Argument(help="where the CSV files go")],
    city: City = "demo",
) -> None:
    """Write the registry of a scenario's town, one CSV file a table, ready for `heatstream registry import`."""
    from simulators.registry import write_registry
    from simulators.scenario import load_scenario

    _tell_counts(write_registry(folder, load_scenario(shipped("scenarios", scenario)), city))


@app.command("known")
def known_command(scenario: ScenarioName) -> None:
    """Print what is wrong with a scenario's stations and when, and what is lawful: one JSON object a line."""
    from simulators.gateway import wall_clock_us
    from simulators.known import as_text, known
    from simulators.layout import lay_out
    from simulators.scenario import load_scenario

    of = load_scenario(shipped("scenarios", scenario))
    town = lay_out(of.town, of.seed)
    for row in known(of, town.stations, of.period.start_us(wall_clock_us())):
        typer.echo(as_text(row, town))


@app.command("load-registry")
def load_registry_command(
    folder: Annotated[Path, typer.Argument(help="where the CSV files go")],
    city: City = "load",
    points: Annotated[int, typer.Option(min=1)] = 200_000,
    gateways: Annotated[int, typer.Option(min=1)] = 2_000,
) -> None:
    """Write the least registry that `load` needs."""
    from simulators.registry import write_load_registry

    _tell_counts(write_load_registry(folder, city, points, gateways))


def _tell_counts(counts: dict[str, int]) -> None:
    typer.echo(" ".join(f"{name}={count}" for name, count in counts.items()))


@app.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of scenario files."""
    from simulators.scenario import schema_text

    typer.echo(schema_text(), nl=False)
