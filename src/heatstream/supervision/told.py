"""What every event of a matter says, whatever its kind. `docs/supervision.md` lists them all."""

from typing import ClassVar

from pydantic import Field

from heatstream.claims.events import Instant, Part, Said, Sha256


class Event(Part):
    """A thing that happened, as somebody told it; who recorded it and when stands beside it."""

    by_act: ClassVar[str | None] = None
    """The command whose act records it among other things; None = it may be recorded by itself."""

    at: Instant = Field(description="when it happened, with its zone")
    why: Said = Field(description="why it is recorded, in a sentence; kept for good")
    files: tuple[Sha256, ...] = Field((), description="SHA-256 of the papers it rests on, as `supervise attach` told")

    @property
    def name(self) -> str:
        """Its kind, as it is kept."""
        return str(type(self).model_fields["kind"].default)

    @property
    def cited_matters(self) -> tuple[str, ...]:
        """Codes of other matters that it cites; there must be such."""
        return ()

    @property
    def cited_claims(self) -> tuple[str, ...]:
        """案号 that it cites; there must be such claims."""
        return ()
