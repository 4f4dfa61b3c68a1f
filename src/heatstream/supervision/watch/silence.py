"""From when on silence is too long: by the place's law, else by the operator."""

from heatstream.errors import Refused
from heatstream.store.read.silence import Limits
from heatstream.supervision.matter import Ground


def limits(ground: Ground) -> Limits:
    """Give the limits of points and gateways.

    Where the pack orders 实时上传 and says how often, a point may be silent for that long and one sampling interval, a
    gateway for that long; else the operator's rule holds.

    Raises
    ------
    Refused
        Neither says.
    """
    pack = None if ground.law is None else ground.law.pack
    fixed = None if pack is None else pack.fixed_point
    if pack is not None and fixed is not None and fixed.realtime_upload and fixed.upload_min is not None:
        source = f"{pack.id} fixed_point.upload_min" + (f" ({fixed.article})" if fixed.article else "")
        return Limits(fixed.upload_min, plus_interval=True, gateway_min=fixed.upload_min, source=source)
    rules = ground.rules
    if rules is None or rules.silence is None:
        place = "no law is in force" if pack is None else f"{pack.id} does not say how often a point uploads"
        zh_place = "没有现行的规则包与选项" if pack is None else f"{pack.id} 未载监测点多久上传一次"
        raise Refused(
            f"from when on a point is silent is open: {place}; expected a section `silence` in the file that "
            "HEATSTREAM_SUPERVISION_RULES_FILE names",
            zh=f"监测点多久未上传为失联未定：{zh_place}；应在 HEATSTREAM_SUPERVISION_RULES_FILE 所指文件中"
            "载明 `silence` 一节",
        )
    found = rules.silence
    return Limits(found.point_min, plus_interval=False, gateway_min=found.gateway_min, source=f"rules {rules.version}")
