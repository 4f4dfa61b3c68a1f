"""What the operator decides of the hotlines: their words, their limits, what is one thing, what is many homes' thing.

One limit is written down: how soon to reach who complains of the temperature. A promise of the operator may be shorter,
and where both are known the shorter holds.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from heatstream.rules.pack import Pack, Part
from heatstream.rules.supervision.law import CONTACT, in_jilin

Topic = Literal["temperature", "no_heat", "leak", "fee", "service", "other"]
TOPICS: Final[dict[str, str]] = {
    "temperature": "室温",
    "no_heat": "停热",
    "leak": "漏水",
    "fee": "热费",
    "service": "服务",
    "other": "其他",
}
EVERY_LINE: Final = "*"


class Limit(Part):
    """A time limit that somebody has set."""

    minutes: Annotated[int, Field(gt=0, le=60 * 24 * 365, strict=True)] = Field(
        description="within so long of the call [min]"
    )
    source: Annotated[str, Field(min_length=1)] = Field(description="where it is written, or who decided it")


class Hotlines(Part):
    """Rules of tickets and work orders. A topic without a limit has none that is known."""

    topics: dict[str, dict[str, Topic]] = Field(
        description="by line, what each word of its 诉求类别 is about; line `*` holds for every line"
    )
    same_within_hours: Annotated[int, Field(gt=0, le=24 * 365, strict=True)] = Field(
        description="tickets about one home and topic within this time are one work order [h]"
    )
    group_households: Annotated[int, Field(ge=2, strict=True)] = Field(
        description="群体投诉: so many households of one building within 24 h"
    )
    contact: dict[Topic, Limit] = Field(default_factory=dict, description="联系时限 by topic")
    handle: dict[Topic, Limit] = Field(default_factory=dict, description="办结时限 by topic")
    aliases: dict[str, str] = Field(
        default_factory=dict, description="other names of communities: the name, and the community's code"
    )
    around: tuple[str, ...] = Field((), description="words that may stand before any community in an address: 吉林省")

    def topic_of(self, line: str, word: str) -> Topic | None:
        """Tell what a line's word is about; None where nobody has said."""
        return self.topics.get(line, {}).get(word) or self.topics.get(EVERY_LINE, {}).get(word)


def contact_min(rules: Hotlines | None, pack: Pack | None, topic: Topic) -> int | None:
    """Give 联系时限 of a topic [min]: the shortest that is known; None = unknown."""
    promised = rules.contact.get(topic) if rules else None
    known = [promised.minutes if promised else None, _of_the_law(pack) if topic == "temperature" else None]
    return min((each for each in known if each is not None), default=None)


def _of_the_law(pack: Pack | None) -> int | None:
    if pack is not None and pack.complaint is not None and pack.complaint.contact_min is not None:
        return pack.complaint.contact_min
    return CONTACT.minutes if in_jilin(pack) else None


def handle_min(rules: Hotlines | None, topic: Topic) -> int | None:
    """Give 办结时限 of a topic [min]; None = unknown."""
    promised = rules.handle.get(topic) if rules else None
    return promised.minutes if promised else None
