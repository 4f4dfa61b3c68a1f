"""How reports of fuel are read. The floors are law (`law.py`), the colours a choice (A39); this is the operator's."""

from typing import Annotated

from pydantic import Field

from heatstream.rules.pack import Part


class Fuel(Part):
    """What a report of fuel is held against, and how long it tells the stock."""

    recent_days: Annotated[int, Field(gt=0, le=60, strict=True)] = Field(
        description="用量: a day's use is the mean of so many reported days, the newest; CHP's floor rests on it"
    )
    tolerance_e4: Annotated[int, Field(ge=0, lt=10_000, strict=True)] = Field(
        description="stock may differ from the day before + received − used by this share of before + received [0.0001]"
    )
    holds_days: Annotated[int, Field(ge=0, le=30, strict=True)] = Field(
        description="a report tells the stock of its day and of so many days after it"
    )
    degree_base_centi: Annotated[int, Field(gt=0, le=3000, strict=True)] | None = Field(
        None, description="degree days are counted below this outdoor mean [0.01 °C]; null = no days left by forecast"
    )
