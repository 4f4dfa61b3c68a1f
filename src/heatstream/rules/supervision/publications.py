"""How long a company may object to what is to be published about it. No text that was read says so."""

from typing import Annotated, Literal

from pydantic import Field

from heatstream.rules.pack import Part


class Publications(Part):
    """异议期 of 公示."""

    objection_days: Annotated[int, Field(gt=0, le=180, strict=True)] = Field(
        description="a company may object for so many days after the day it was told"
    )
    counted: Literal["calendar", "working"] = Field(
        description="`calendar` days, the last moved past days off (Civil Code 203), or `working` days"
    )
