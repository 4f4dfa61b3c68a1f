"""The page is Chinese unless a visitor asks for English."""

import pytest
from starlette.requests import Request

from heatstream.web.city_figures import share
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
