"""From where on a series of a station's meter, or of its homes, shows something: engineering, not law."""

from typing import Annotated

from pydantic import Field

from heatstream.rules.pack import Part

Minutes = Annotated[int, Field(gt=0, strict=True)]
Centi = Annotated[int, Field(gt=0, strict=True)]


class Detection(Part):
    """Thresholds of detection. They change what is looked at, never what is owed."""

    off_below_mw_per_m2: Annotated[int, Field(gt=0, strict=True)] = Field(
        2000, description="a station that gives less is without heat [mW/m² of the supplied area]"
    )
    off_for_min: Minutes = Field(30, description="for so long before it is an interruption [min]")
    back_for_min: Minutes = Field(30, description="heat for so long ends it [min]")
    low_tolerance_centi: Centi = Field(500, description="supply so far below the curve is low [0.01 K]")
    low_for_min: Minutes = Field(180, description="for so long before it is low running [min]")
    homes_fall_centi: Centi = Field(50, description="homes that lost so much fall [0.01 K]")
    homes_within_min: Minutes = Field(360, description="within this time [min]")
    least_points: Annotated[int, Field(gt=0, strict=True)] = Field(
        3, description="fewer points of a station tell nothing of its homes"
    )
    stuck_for_min: Minutes = Field(360, description="a meter whose values all stand so long is stuck [min]")
    gap_from_min: Minutes = Field(60, description="no reading for so long is a gap [min]")
    power_tolerance_e4: Annotated[int, Field(gt=0, strict=True)] = Field(
        500, description="power and flow × ΔT may differ by this share [0.0001]"
    )
