"""Which names the page answers to."""

import pytest

from heatstream.errors import SettingsError
from heatstream.settings import Web
from heatstream.web.guard import names


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_the_page_is_this_machine_s_alone(host: str) -> None:
    assert names(Web(host=host)) == ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "heat.example.cn", ""])  # noqa: S104
def test_the_page_refuses_a_network_until_told_how_people_open_it(host: str) -> None:
    with pytest.raises(SettingsError, match="HEATSTREAM_WEB_PUBLIC_URL"):
        names(Web(host=host))
    assert "heat.example.cn" in names(Web(host=host, public_url="https://heat.example.cn:8443/"))
