"""When users must be told of a stop: the operator's periods, each with where it is written."""

from typing import Annotated

from pydantic import Field

from heatstream.rules.pack import Part

Minutes = Annotated[int, Field(ge=0, le=60 * 24 * 60, strict=True)]


class NoticeRule(Part):
    """One period of notice."""

    minutes: Minutes = Field(description="ahead of a planned stop, or within so long of a sudden one [min]")
    longer_than_min: Minutes = Field(0, description="asked for of stops that last longer alone [min]")
    source: Annotated[str, Field(min_length=1)] = Field(description="where it is written, or who decided it")


class Incidents(Part):
    """Periods of notice. One that is absent is not known, and whether it was kept is not said."""

    planned: NoticeRule | None = Field(None, description="计划停热: users are told so long ahead")
    sudden: NoticeRule | None = Field(None, description="突发停热: users are told within so long")
