"""The policy of this process, or why there is none; and what each date is held against."""

import datetime as dt
from dataclasses import dataclass
from typing import Self

from heatstream.core.calendar import Windows, day_of
from heatstream.core.standard import DayRules
from heatstream.errors import Refused, SettingsError
from heatstream.evaluate.yardstick import Yardstick
from heatstream.rules import policy as policies
from heatstream.rules.policy import MissingChoices, Policy
from heatstream.settings import Evaluate, window_minutes
from heatstream.store.accepted import after

NO_CHOICES = (
    "HEATSTREAM_EVALUATE_CHOICES_FILE is not set: statistics and flags go on, findings are refused until a choices "
    "file names the place's rule packs and what their law leaves open (`heatstream rules list`, `rules check FILE`)"
)


@dataclass(frozen=True)
class Rulebook:
    """What readings are held against; never chosen by itself."""

    windows: Windows
    standard_centi: int
    policy: Policy | None
    refusal: str | None
    """Why there is no policy, naming what must be chosen; None = there is one."""
    chosen: bool
    """A choices file was given; a refusal is then a fault of it."""

    @classmethod
    def load(cls, settings: Evaluate) -> Self:
        """Read the choices file; what it leaves open refuses findings, not statistics.

        Raises
        ------
        BadInput
            The file or a pack cannot be read.
        """
        policy, refusal = None, None
        if settings.choices_file is None:
            refusal = NO_CHOICES
        else:
            try:
                policy = policies.load(settings.choices_file, settings.packs_dir)
            except MissingChoices as missing:
                refusal = str(missing)
        chosen = settings.choices_file is not None
        return cls(_windows(settings.day_window), settings.standard_centi, policy, refusal, chosen)

    def of(self, day: dt.date) -> Yardstick:
        """Give what one date is held against; without rules where the policy has none for it."""
        number = day_of(day)
        if self.policy is not None:
            try:
                rules = self.policy.day_rules(number)
            except Refused:
                return Yardstick(self.windows, self.standard_centi)
            return _yardstick(self.policy, rules)
        return Yardstick(self.windows, self.standard_centi)

    def season_of(self, day: dt.date) -> dt.date | None:
        """Find the first day of the season that a day is in."""
        if not self._in_season(day):
            return None
        while self._in_season(after(day, -1)):
            day = after(day, -1)
        return day

    def last_season_start(self, day: dt.date) -> dt.date | None:
        """Find the first day of the season that a day is in, or that ended last before it, within a year."""
        earliest = after(day, -366)
        while day > earliest and not self._in_season(day):
            day = after(day, -1)
        return self.season_of(day)

    def _in_season(self, day: dt.date) -> bool:
        rules = self.of(day).rules
        return rules is not None and rules.in_season


def _yardstick(policy: Policy, rules: DayRules) -> Yardstick:
    law = policy.law_on(rules.day)
    return Yardstick(
        windows=rules.windows,
        standard_centi=rules.standard_centi,
        rules=rules,
        grade=policy.grade(rules.day),
        fee_column=policy.fee_column,
        net_of_base_fee=law.net_of_base_fee(),
        room_kinds=law.rooms(),
    )


def _windows(text: str) -> Windows:
    try:
        return Windows(*window_minutes(text))
    except ValueError as error:
        raise SettingsError(f"HEATSTREAM_EVALUATE_DAY_WINDOW is {text!r}: {error}") from error
