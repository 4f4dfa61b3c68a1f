"""Which names the page answers to, and by which way it asks."""

import re
from pathlib import Path

import pytest

from heatstream.errors import SettingsError
from heatstream.settings import Web
from heatstream.web import guard
from heatstream.web.guard import names

SCRIPTS = sorted(Path(guard.__file__).with_name("static").glob("*.js"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_the_page_is_this_machine_s_alone(host: str) -> None:
    assert names(Web(host=host)) == ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "heat.example.cn", ""])  # noqa: S104
def test_the_page_refuses_a_network_until_told_how_people_open_it(host: str) -> None:
    with pytest.raises(SettingsError, match="HEATSTREAM_WEB_PUBLIC_URL"):
        names(Web(host=host))
    assert "heat.example.cn" in names(Web(host=host, public_url="https://heat.example.cn:8443/"))


def test_whatever_a_page_asks_by_itself_can_be_told_from_what_a_person_asks() -> None:
    """`hs.ask` tells it; nothing goes past that."""
    assert [script.name for script in SCRIPTS for _ in re.findall(r"\bfetch\(", script.read_text())] == ["page.js"]
