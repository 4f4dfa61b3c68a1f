"""The page is Chinese unless a visitor asks for English, and this machine's alone."""

import pytest
from starlette.requests import Request

from heatstream.errors import SettingsError
from heatstream.web.app import require_loopback
from heatstream.web.city_page import share
from heatstream.web.words import of_request


def request(cookie: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", cookie.encode())]})


@pytest.mark.parametrize(
    ("cookie", "word"), [("", "不达标"), ("hs_language=en", "failing"), ("hs_language=<script>", "不达标")]
)
def test_the_words_are_those_the_visitor_chose(cookie: str, word: str) -> None:
    assert of_request(request(cookie))("不达标", "failing") == word


def test_a_share_stands_with_both_its_numbers() -> None:
    assert (share(1, 8, "监测户"), share(0, 0, "监测户")) == ("1/8 监测户 · 12.5\N{NO-BREAK SPACE}%", "0/0 监测户")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_the_page_listens_on_this_machine(host: str) -> None:
    require_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "heat.example.cn", ""])  # noqa: S104
def test_the_page_refuses_a_network_while_it_has_no_sign_in(host: str) -> None:
    with pytest.raises(SettingsError, match="the page has no sign-in in this release"):
        require_loopback(host)
