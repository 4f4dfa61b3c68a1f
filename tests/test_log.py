"""One line per event and reason a minute: a storm must not bury its cause."""

import pytest
import structlog

from heatstream.log import OncePerMinute


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_second_line_of_a_reason_is_withheld_and_counted(clock: Clock) -> None:
    once = OncePerMinute(clock)
    once(None, "warning", {"event": "refused", "reason": "unknown_point"})
    with pytest.raises(structlog.DropEvent):
        once(None, "warning", {"event": "refused", "reason": "unknown_point"})
    clock.now = 61
    assert once(None, "warning", {"event": "refused", "reason": "unknown_point"})["withheld"] == 1


def test_another_reason_is_told_at_once(clock: Clock) -> None:
    once = OncePerMinute(clock)
    once(None, "warning", {"event": "refused", "reason": "unknown_point"})
    assert once(None, "warning", {"event": "refused", "reason": "too_old"})["reason"] == "too_old"


def test_an_event_without_a_reason_is_always_told(clock: Clock) -> None:
    once = OncePerMinute(clock)
    assert [once(None, "info", {"event": "flushed"}) for _ in range(2)] == [{"event": "flushed"}] * 2
