"""Settings, a class a concern: from `HEATSTREAM_*` variables, else from the TOML file that `HEATSTREAM_CONFIG` names.

The variable of a field is `HEATSTREAM_<SECTION>_<FIELD>`; the file has a table a section. What nobody knows refuses to
start: a misspelt setting that is silently ignored would be a guess.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from heatstream.errors import SettingsError

PREFIX = "HEATSTREAM_"
# Read by other parts than the settings: the tests, the embedded servers, the fail points.
ELSEWHERE = frozenset({"CONFIG", "CACHE", "TEST_COMMUNITY_URL", "DATA", "FAIL_POINT"})
# A table or a list of tables, which no variable holds.
FILE_ONLY = frozenset({"subscriptions", "quality"})


def _postgres_url(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("expected postgresql://user@host:port/database")
    return url


def _http_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("expected http:// or https://")
    return url


def _window(text: str) -> str:
    start, end = window_minutes(text)
    if not 0 <= start < end <= 24 * 60:
        raise ValueError("expected a begin before the end, within 00:00-24:00")
    return text


def window_minutes(text: str) -> tuple[int, int]:
    """Read `06:00-22:00` as minutes after local midnight."""
    try:
        (h1, m1), (h2, m2) = (map(int, part.split(":")) for part in text.split("-"))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a window like 06:00-22:00") from error
    return h1 * 60 + m1, h2 * 60 + m2


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(Section):
    """PostgreSQL, with TimescaleDB or without."""

    url: Annotated[str, AfterValidator(_postgres_url)] = Field(description="where the city's database is")


class Broker(Section):
    """The MQTT 5 broker."""

    host: str = Field("127.0.0.1", description="the broker's name")
    port: int = Field(1883, ge=1, le=65535, description="1883, or 8883 with TLS")
    tls: bool = Field(default=False, description="speak TLS")
    ca_file: Path | None = Field(None, description="certificates to trust; the system's without it")
    user: str | None = Field(None, description="user name at the broker")
    password: SecretStr | None = Field(None, description="its password")
    password_file: Path | None = Field(None, description="a file that holds the password, instead")
    counts: bool = Field(default=True, description="watch what the broker says it dropped ($SYS); false if it has none")

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password and self.password_file:
            raise ValueError("give password or password_file, not both")
        return self

    def secret(self) -> str | None:
        if self.password_file:
            return self.password_file.read_text().strip()
        return self.password.get_secret_value() if self.password else None


class Subscription(Section):
    """Third-party topics: which filter, read by which profile, and where the gateway's id stands."""

    filter: str = Field(description="MQTT topic filter, e.g. /+/up/+")
    profile: str = Field(description="a mapping profile, or `senml`, or `native`")
    gateway_level: int | None = Field(None, ge=0, description="level of the topic that holds the gateway's id, from 0")
    gateway_path: str | None = Field(None, description="or the path in the payload that holds it")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.gateway_level is None) == (self.gateway_path is None):
            raise ValueError("say where the gateway's id stands: gateway_level or gateway_path, one of them")
        return self


class Ingest(Section):
    """From the broker to the store."""

    client_id: str = Field("heatstream-ingest", description="the broker keeps its session under this name")
    receive_max: int = Field(16384, ge=20, le=65534, description="messages in flight; never 65,535, see operations.md")
    max_packet_bytes: int = Field(
        16384, ge=256, description="largest message taken [bytes]; × receive_max = memory budget"
    )
    session_days: int = Field(14, ge=7, description="the broker keeps our session so long while we are away [days]")
    flush_ms: int = Field(200, ge=1, description="a batch is written at the latest after this time [ms]")
    flush_messages: int = Field(8192, ge=1, description="or when it holds so many messages")
    ahead_s: int = Field(300, ge=0, description="a reading further ahead of our clock is refused [s]")
    past_days: int = Field(400, ge=1, description="an older reading is refused [days]")
    late_hours: int = Field(24, ge=1, description="an older reading counts as late [h]")
    reject_quota: int = Field(
        10_000, ge=0, description="refused messages kept per gateway and hour; more are counted only"
    )
    repeated_time_limit: int = Field(
        3, ge=2, description="so many readings of one point with one time in a message are a broken backlog"
    )
    metrics_port: int | None = Field(None, description="serve /metrics, /livez, /readyz on this port")
    subscriptions: tuple[Subscription, ...] = Field((), description="third-party topics (file only)")


class Evaluate(Section):
    """From readings to findings."""

    choices_file: Path | None = Field(None, description="the operator's choices; without it only statistics and flags")
    packs_dir: Path | None = Field(None, description="rule packs of the operator, beside those shipped")
    standard_centi: int = Field(
        1800, description="what statistics and flags are held against without a contract's own [0.01 °C]"
    )
    day_window: Annotated[str, AfterValidator(_window)] = Field(
        "06:00-22:00", description="昼; the rest is 夜. Local configuration, no law"
    )
    close_after_min: int = Field(120, ge=0, description="a day is closed so long after its night ended [min]")
    settle_s: int = Field(300, ge=0, description="a late household-day is judged after so long without more [s]")
    every_s: int = Field(30, ge=1, description="how often to look for work [s]")
    chunk_households: int = Field(4000, ge=1, description="household-days judged and committed at once")
    metrics_port: int | None = Field(None, description="serve /metrics, /livez, /readyz on this port")
    quality: dict[str, int] = Field({}, description="thresholds of quality marks, docs/quality.md (file only)")


class Serve(Section):
    """The API."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on")
    page_limit: int = Field(1000, ge=1, le=10_000, description="most rows a page")
    streams: int = Field(100, ge=1, description="most streams of changes held open at once")
    streams_per_key: int = Field(10, ge=1, description="most of them that one key may hold")
    requests_per_minute: int = Field(6000, ge=1, description="requests a minute and key; more get 429 [1/min]")
    strangers_per_minute: int = Field(
        60, ge=1, description="requests a minute and address without a good key; more get 429 [1/min]"
    )
    smallest_group: int = Field(
        10, ge=1, description="homes that must be monitored for a province to be told counts [homes]"
    )
    proxies: str = Field(
        "", description="addresses of reverse proxies, by commas, whose X-Forwarded-For and -Proto are believed"
    )


class Web(Section):
    """The officials' page."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8081, ge=0, le=65535, description="port to listen on")
    public_url: Annotated[str, AfterValidator(_http_url)] | None = Field(
        None, description="the address people open, https://…; without it the page is this machine's alone"
    )
    sign_ins_per_minute: int = Field(30, ge=1, description="tries to sign in a minute and address [1/min]")
    strangers_per_minute: int = Field(
        120,
        ge=1,
        description="requests a minute and address by nobody signed in that are logged; more are counted [1/min]",
    )
    proxies: str = Field(
        "", description="addresses of reverse proxies, by commas, whose X-Forwarded-For and -Proto are believed"
    )


class Jobs(Section):
    """What recurs."""

    partitions_ahead_days: int = Field(14, ge=2, description="native partitions are made so far ahead [days]")
    retention_days: int | None = Field(
        None, ge=30, description="readings are deleted after it; never by default [days]"
    )
    compress_after_days: int | None = Field(
        None, ge=30, description="columnstore after it, Community edition only [days]"
    )
    feed_days: int | None = Field(
        None, ge=7, description="changes are pruned from the feed after it; never by default [days]"
    )
    export_days: int = Field(30, ge=1, description="the files of exports are deleted after it [days]")
    metrics_port: int | None = Field(None, description="serve /metrics, /livez, /readyz on this port")


class Evidence(Section):
    """What proves a finding: signature and time stamp."""

    provider: Literal["ed25519"] = Field("ed25519", description="what signs bundles")
    key_file: Path | None = Field(
        None, description="private key of `evidence key create`; without it nothing is signed"
    )
    signer: str | None = Field(None, description="whose key it is, as bundles name it; with a key")
    tsa_url: Annotated[str, AfterValidator(_http_url)] | None = Field(
        None, description="RFC 3161 time-stamp service for each root; none without it"
    )
    tsa_ca_file: Path | None = Field(None, description="certificates it is trusted by (PEM); with a service")
    tsa_timeout_s: int = Field(30, ge=1, description="it answers within this time, or at the next run [s]")

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.key_file is None) != (self.signer is None):
            raise ValueError("a key and whose it is: expected key_file and signer together, or neither")
        if (self.tsa_url is None) != (self.tsa_ca_file is None):
            raise ValueError(
                "a time stamp that nobody checks proves nothing: expected tsa_url and tsa_ca_file together"
            )
        return self


class Supervision(Section):
    """Heat sources and companies under supervision."""

    rules_file: Path | None = Field(
        None, description="the operator's rules of supervision; what needs one refuses without it"
    )


class Privacy(Section):
    """What is kept of persons, and for how long; nothing is deleted before somebody chose."""

    keep_cases_years: int | None = Field(
        None, ge=0, le=100, description="a closed claim forbids erasing its household so long [years of 365 days]"
    )
    calls_days: int | None = Field(
        None, ge=30, description="what callers said is erased so long after their work order closed [days]"
    )
    access_log_days: int | None = Field(None, ge=180, description="older lines of the access log are deleted [days]")


class Log(Section):
    """What is written to standard error."""

    format: Literal["console", "json"] = Field("console", description="for a person or for a collector")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level written")


class Settings(Section):
    """All of them. `database` is needed by nearly every command, so it has no default."""

    city: str | None = Field(None, description="code of the city; must agree with the database's")
    database: Database | None = None
    broker: Broker = Broker()
    ingest: Ingest = Ingest()
    evaluate: Evaluate = Evaluate()
    serve: Serve = Serve()
    web: Web = Web()
    jobs: Jobs = Jobs()
    evidence: Evidence = Evidence()
    supervision: Supervision = Supervision()
    privacy: Privacy = Privacy()
    log: Log = Log()

    def database_url(self) -> str:
        if self.database is None:
            raise SettingsError("HEATSTREAM_DATABASE_URL is not set; expected postgresql://user@host:port/database")
        return self.database.url


def sections() -> dict[str, type[Section]]:
    """Name each section and its class."""
    return {
        "database": Database,
        "broker": Broker,
        "ingest": Ingest,
        "evaluate": Evaluate,
        "serve": Serve,
        "web": Web,
        "jobs": Jobs,
        "evidence": Evidence,
        "supervision": Supervision,
        "privacy": Privacy,
        "log": Log,
    }


def variables() -> dict[str, tuple[str, str]]:
    """Map each variable to its (section, field); `HEATSTREAM_CITY` has no section."""
    found = {
        f"{PREFIX}{section.upper()}_{field.upper()}": (section, field)
        for section, model in sections().items()
        for field in model.model_fields
        if field not in FILE_ONLY
    }
    return found | {f"{PREFIX}CITY": ("", "city")}


def _from_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"HEATSTREAM_CONFIG names {path}, which is not there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error


def _unknown(environ: Mapping[str, str], known: Mapping[str, object]) -> list[str]:
    return sorted(
        name
        for name in environ
        if name.startswith(PREFIX) and name not in known and name[len(PREFIX) :] not in ELSEWHERE
    )


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; a variable stands above the file.

    Raises
    ------
    SettingsError
        A variable or a key of the file is unknown, or a value is not what the field takes; all faults in one message.
    """
    environ = os.environ if environ is None else environ
    known = variables()
    if unknown := _unknown(environ, known):
        raise SettingsError(f"unknown settings {', '.join(unknown)}; the README's table lists those there are")
    path = environ.get(f"{PREFIX}CONFIG")
    tree = _from_file(Path(path)) if path else {}
    for name, (section, field) in known.items():
        if name in environ:
            table = tree.setdefault(section, {}) if section else tree
            if not isinstance(table, dict):
                raise SettingsError(f"{path}: [{section}] is {table!r}, expected a table")
            table[field] = environ[name]
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(_faults(error)) from error


def _seen(place: tuple[int | str, ...], value: object) -> str:
    """Show what was given, but never what can hold a password: a whole section, a password, a database's address."""
    secret = isinstance(value, Mapping) or bool({"password", "url"} & set(place))
    return "" if secret else f"seen {value!r}: "


def _faults(error: ValidationError) -> str:
    return "\n".join(
        f"setting {'.'.join(map(str, fault['loc']))}: {_seen(fault['loc'], fault['input'])}{fault['msg']}"
        for fault in error.errors()
    )
