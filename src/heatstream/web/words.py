"""The page speaks Chinese first and English on request; both stand side by side where a word is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from fastapi import Request

Language = Literal["zh", "en"]
COOKIE = "hs_language"
ROLES: Final[Mapping[str, tuple[str, str]]] = {
    "household": ("热用户", "household"),
    "hotline": ("热线坐席", "hotline"),
    "street": ("街道社区", "street office"),
    "third_party": ("第三方检测机构", "third-party tester"),
    "inspector": ("企业巡检员", "company inspector"),
    "company": ("供热企业", "heating company"),
    "district": ("区主管部门", "district authority"),
    "city": ("市主管部门", "city authority"),
    "province": ("省主管部门", "province"),
    "auditor": ("审计", "auditor"),
}
"""What a person is, of `store.tables.ROLES`."""


@dataclass(frozen=True)
class Words:
    """Choose between the Chinese and the English of a word."""

    language: Language = "zh"

    def __call__(self, zh: str, en: str) -> str:
        """Give the one that is asked for."""
        return en if self.language == "en" else zh


def of_request(request: Request) -> Words:
    """Read the visitor's choice."""
    return Words("en" if request.cookies.get(COOKIE) == "en" else "zh")
