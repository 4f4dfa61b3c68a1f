"""What meter and homes showed in a span, in a line: the evidence of both sides."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from heatstream.store.spans import SpanRow


def sentence(evidence: Mapping[str, Any]) -> str:
    """Tell what both sides showed; what neither told is said, too."""
    return "；".join([*_supply(evidence["supply"], from_homes=evidence["from_homes"]), _homes(evidence["homes"])])


def of_spans(spans: Sequence[SpanRow]) -> str:
    """Tell it of the newest of some spans; empty where there is none."""
    return sentence(spans[-1].evidence) if spans else ""


def _supply(supply: Mapping[str, Any], *, from_homes: bool) -> Iterator[str]:
    if from_homes:
        yield f"热表无数据 {supply['silent_min']} min 仅见于室温 the meter told nothing, the homes alone show it"
        return
    if supply["lowest_centi"] is not None:
        yield f"供水最低 supply down to {supply['lowest_centi'] / 100:.2f} °C"
    if supply["mean_deviation_centi"] is not None:
        side = "低于" if supply["mean_deviation_centi"] < 0 else "高于"
        yield f"平均{side}曲线 against the curve {supply['mean_deviation_centi'] / 100:+.2f} K"


def _homes(homes: Mapping[str, Any]) -> str:
    fell = "" if homes["fell_centi"] is None else f" {homes['fell_centi'] / 100:.2f} K"
    return {
        "fell": f"室温下降 homes fell{fell}",
        "held": "室温未降 homes held",
        "untold": "室温无从判断 homes do not tell",
    }[homes["said"]]
