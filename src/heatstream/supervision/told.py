"""What every event of a matter says, whatever its kind. `docs/supervision.md` lists them all."""

from pydantic import Field

from heatstream.claims.events import Instant, Part, Sha256, Text


class Event(Part):
    """A thing that happened, as somebody told it; who recorded it and when stands beside it."""

    at: Instant = Field(description="when it happened, with its zone")
    why: Text = Field(description="why it is recorded, in a sentence; kept for good")
    files: tuple[Sha256, ...] = Field((), description="SHA-256 of the papers it rests on, as `supervise attach` told")

    @property
    def name(self) -> str:
        """Its kind, as it is kept."""
        return str(type(self).model_fields["kind"].default)
