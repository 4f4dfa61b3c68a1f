"""What the broker's side of ingest measures. No gateway, household or point is ever a label: they are too many."""

from prometheus_client import Counter, Gauge, Histogram

ACTIVE = Gauge("heatstream_ingest_active", "1 while this process is the one writer, 0 while it stands by")
CONNECTED = Gauge("heatstream_broker_connected", "1 while the broker's session is ours")
CONNECTIONS = Counter("heatstream_broker_connections", "Connections made to the broker")
SESSIONS_LOST = Counter("heatstream_broker_sessions_lost", "Connections that found no session where there was one")
UNACKNOWLEDGED = Gauge(
    "heatstream_broker_unacknowledged", "Messages received and not yet acknowledged; the window bounds it"
)
REDELIVERED = Counter(
    "heatstream_broker_redelivered_messages", "Messages that the broker sent again, unacknowledged before"
)
QOS0 = Counter("heatstream_broker_qos0_messages", "Messages of QoS 0, which nobody redelivers")
DROPPED = Gauge("heatstream_broker_dropped_messages", "The broker's own count of messages it dropped since it started")
LAG_S = Histogram(
    "heatstream_ingest_lag_seconds",
    "From receiving the oldest message of a batch to its commit",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
RETRIES = Counter("heatstream_ingest_write_retries", "Writes that failed and are tried again")
RECEIPTS = Counter("heatstream_ingest_receipts", "Receipts published")
