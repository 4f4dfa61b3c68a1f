"""The page speaks Chinese first and English on request; both stand side by side where a word is used."""

from dataclasses import dataclass
from typing import Literal

from fastapi import Request

from heatstream.errors import HeatstreamError

Language = Literal["zh", "en"]
COOKIE = "hs_language"


@dataclass(frozen=True)
class Words:
    """Choose between the Chinese and the English of a word."""

    language: Language = "zh"

    def __call__(self, zh: str, en: str) -> str:
        """Give the one that is asked for."""
        return en if self.language == "en" else zh

    def why(self, error: HeatstreamError) -> str:
        """Tell what went wrong; where nobody wrote it in Chinese, the English is told whole."""
        return self(error.zh or str(error), str(error))


def of_request(request: Request) -> Words:
    """Read the visitor's choice."""
    return Words("en" if request.cookies.get(COOKIE) == "en" else "zh")
