"""What one date's readings are held against."""

from dataclasses import dataclass

from heatstream.core.calendar import Windows
from heatstream.core.standard import DayRules


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The rules of one date, or what the settings say where there are none."""

    windows: Windows
    standard_centi: int
    """Without a contract's own [0.01 °C]."""
    rules: DayRules | None = None
    """None = statistics only."""
    grade: int = 1
    """Whether a finding is evidence or serves what-if only."""
    fee_column: str | None = None
    """Which fee of the contract 测算额 is computed of; None = no amount is computed."""
    net_of_base_fee: bool = False
    """基本热费 is taken off that fee first."""
    room_kinds: tuple[str, ...] | None = None
    """Rooms that the standard holds for; None = all. A point without a registered room counts."""

    @property
    def counted_min(self) -> tuple[int, int] | None:
        """The part of the date that counts; all of it outside the season, where only statistics are wanted."""
        return self.rules.counted_min if self.rules is not None and self.rules.in_season else None
