"""From where on a series of a station's meter, or of its homes, shows something: engineering, not law."""

from dataclasses import fields
from typing import Annotated

from pydantic import Field

from heatstream.core.supply import Limits
from heatstream.core.water import Pipe
from heatstream.rules.pack import Part

Minutes = Annotated[int, Field(gt=0, strict=True)]
Centi = Annotated[int, Field(gt=0, strict=True)]


class Detection(Part):
    """Thresholds of detection. They change what is looked at, never what is owed."""

    off_below_mw_per_m2: Annotated[int, Field(gt=0, strict=True)] = Field(
        2000, description="a station that gives less is without heat [mW/m² of the supplied area]"
    )
    off_drop_centi: Centi = Field(
        50, description="where the area is not known: a smaller drop from supply to return is no heat [0.01 K]"
    )
    off_for_min: Minutes = Field(30, description="for so long before it is an interruption, where water stands [min]")
    idle_for_min: Minutes = Field(
        120, description="for so long where water moves: a plant that lowers its supply gives no heat at first [min]"
    )
    mild_from_centi: Annotated[int, Field(strict=True)] = Field(
        1200, description="outdoors as warm: homes may take no heat for a while; used where there is no curve [0.01 °C]"
    )
    late_within_min: Minutes = Field(
        1440,
        description="a meter that is first heard later than this after the season's start shows no late start [min]",
    )
    back_for_min: Minutes = Field(30, description="heat for so long ends it [min]")
    low_tolerance_centi: Centi = Field(500, description="supply so far below the curve is low [0.01 K]")
    low_for_min: Minutes = Field(180, description="for so long before it is low running [min]")
    homes_fall_centi: Centi = Field(80, description="homes that lost so much fall [0.01 K]")
    homes_alone_fall_centi: Centi = Field(
        100, description="where the meter tells nothing: homes that lost so much show an interruption [0.01 K]"
    )
    homes_within_min: Minutes = Field(360, description="within this time [min]")
    least_points: Annotated[int, Field(gt=0, strict=True)] = Field(
        3, description="fewer points of a station tell nothing of its homes"
    )
    stuck_for_min: Minutes = Field(360, description="a meter whose values all stand so long is stuck [min]")
    stuck_outdoor_centi: Centi = Field(
        100, description="and the outdoor temperature moved by so much meanwhile [0.01 K]"
    )
    gap_from_min: Minutes = Field(60, description="no reading for so long is a gap [min]")
    power_tolerance_e4: Annotated[int, Field(gt=0, strict=True)] = Field(
        500, description="power and flow × ΔT may differ by this share [0.0001]"
    )
    jump_times: Annotated[int, Field(gt=0, strict=True)] = Field(
        4, description="a counter that rises by more than so many times what the power near by gives, jumps"
    )
    flow_meter_in: Pipe = Field(
        Pipe.RETURN, description="the pipe that flow is metered in: it tells the water's density"
    )

    def limits(self) -> Limits:
        """Give what stations are held to."""
        return Limits(**{each.name: getattr(self, each.name) for each in fields(Limits)})
