"""From when on a point or a gateway is silent, where the rule pack does not say how often it uploads."""

from typing import Annotated

from pydantic import Field

from heatstream.rules.pack import Part

Minutes = Annotated[int, Field(gt=0, le=60 * 24 * 60, strict=True)]


class Silence(Part):
    """The operator's limits. What a pack says of uploading (实时上传, `fixed_point.upload_min`) goes before them."""

    point_min: Minutes = Field(description="a point without a reading for longer is silent [min]")
    gateway_min: Minutes = Field(description="a gateway without a message for longer is silent [min]")
