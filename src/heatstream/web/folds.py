"""Forms folded away until somebody opens them: only then are their fields made."""

from collections.abc import Callable

from heatstream.web.frame import box, tag


def fold(title: str, fill: Callable[[], object]) -> None:
    """Fold something away under its title."""
    with box("details", "hs-fold") as made:
        tag("summary", title)
        holder = box("div")

    def once() -> None:
        if not holder.default_slot.children:
            with holder:
                fill()

    made.on("toggle", once, args=[])
