"""What the writer's side of ingest measures. No gateway, household or point is ever a label: they are too many."""

from collections.abc import Mapping

from prometheus_client import Counter, Histogram

from heatstream.ingest.ledger import Totals

RECEIVED = Counter("heatstream_ingest_readings_received", "Readings received")
STORED = Counter("heatstream_ingest_readings_stored", "Readings stored")
REPEATED = Counter("heatstream_ingest_readings_repeated", "Readings that stood already")
CONFLICTING = Counter("heatstream_ingest_readings_conflicting", "Second values of an instant")
REJECTED = Counter("heatstream_ingest_readings_rejected", "Readings refused", ["reason"])
LATE = Counter("heatstream_ingest_readings_late", "Readings stored that were older than the late limit when they came")
MESSAGES = Counter("heatstream_ingest_messages", "Messages written or refused")
UNDECODABLE = Counter("heatstream_ingest_messages_undecodable", "Messages that cannot be read")
OVER_QUOTA = Counter(
    "heatstream_ingest_messages_over_quota", "Refused messages counted only: their gateway's quota is spent"
)
BATCH_S = Histogram(
    "heatstream_ingest_batch_seconds",
    "One batch, from the first statement to the commit",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
STAGED = Counter("heatstream_ingest_batches_staged", "Batches written anew through the stage, after a unique violation")
BISECTED = Counter("heatstream_ingest_batches_bisected", "Batches in which the database refused a row")
CLOCK_SUSPECT = Counter("heatstream_ingest_clock_suspect", "Times that most gateways seemed ahead of our clock")


def count(totals: Totals, refused: Mapping[str, int]) -> None:
    """Count a committed batch."""
    RECEIVED.inc(totals.readings)
    STORED.inc(totals.stored)
    REPEATED.inc(totals.repeated)
    CONFLICTING.inc(totals.conflicting)
    LATE.inc(totals.late)
    MESSAGES.inc(totals.messages)
    UNDECODABLE.inc(totals.undecodable)
    OVER_QUOTA.inc(totals.over_quota)
    for reason, readings in refused.items():
        REJECTED.labels(reason).inc(readings)
