"""A setting is known, or nothing starts."""

from pathlib import Path

import pytest

from heatstream import settings
from heatstream.errors import SettingsError

URL = {"HEATSTREAM_DATABASE_URL": "postgresql://h@db/heat"}
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def write(folder: Path, text: str) -> dict[str, str]:
    file = folder / "heatstream.toml"
    file.write_text(text, encoding="utf-8")
    return {"HEATSTREAM_CONFIG": str(file)}


def test_a_variable_stands_above_the_file(tmp_path: Path) -> None:
    found = settings.load(
        write(tmp_path, "[ingest]\nflush_ms = 50\nahead_s = 9\n") | {"HEATSTREAM_INGEST_FLUSH_MS": "70"}
    )
    assert (found.ingest.flush_ms, found.ingest.ahead_s) == (70, 9)


def test_an_unknown_variable_refuses_to_start() -> None:
    with pytest.raises(SettingsError, match="unknown settings HEATSTREAM_INGEST_FLUSHMS; the README's table"):
        settings.load(URL | {"HEATSTREAM_INGEST_FLUSHMS": "70"})


def test_an_unknown_key_of_the_file_refuses_to_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"setting ingest\.flushms: seen 50: Extra inputs are not permitted"):
        settings.load(write(tmp_path, "[ingest]\nflushms = 50\n"))


def test_every_wrong_value_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as seen:
        settings.load({"HEATSTREAM_DATABASE_URL": "mysql://x", "HEATSTREAM_SERVE_PORT": "x"})
    assert [line.split(": ")[0] for line in str(seen.value).splitlines()] == [
        "setting database.url",
        "setting serve.port",
    ]


def test_a_password_is_never_in_a_message() -> None:
    with pytest.raises(SettingsError) as seen:
        settings.load({"HEATSTREAM_BROKER_PASSWORD": "geheim", "HEATSTREAM_BROKER_PASSWORD_FILE": "p"})
    assert "geheim" not in str(seen.value)
    with pytest.raises(SettingsError) as seen:
        settings.load({"HEATSTREAM_DATABASE_URL": "mysql://user:geheim@db"})
    assert "geheim" not in str(seen.value)


def test_the_receive_window_that_loses_messages_is_refused() -> None:
    with pytest.raises(SettingsError, match="less than or equal to 65534"):
        settings.load({"HEATSTREAM_INGEST_RECEIVE_MAX": "65535"})


def test_a_command_that_needs_the_database_says_which_variable() -> None:
    with pytest.raises(SettingsError, match="HEATSTREAM_DATABASE_URL is not set"):
        settings.load({}).database_url()


def test_a_subscription_says_where_the_gateway_stands(tmp_path: Path) -> None:
    text = '[[ingest.subscriptions]]\nfilter = "/+/up/+"\nprofile = "qingping"\n'
    with pytest.raises(SettingsError, match="gateway_level or gateway_path, one of them"):
        settings.load(write(tmp_path, text))


@pytest.mark.parametrize("text", ["22:00-06:00", "06:00", "6-22", "06:00-25:00"])
def test_a_window_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"evaluate\.day_window"):
        settings.load({"HEATSTREAM_EVALUATE_DAY_WINDOW": text})


@pytest.mark.parametrize("name", sorted(settings.variables()))
def test_every_variable_stands_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README
