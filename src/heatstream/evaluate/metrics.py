"""What the evaluator tells a collector; no household, point or gateway is ever a label."""

from prometheus_client import Counter, Gauge, Histogram

JUDGED = Counter("heatstream_evaluate_household_days_total", "Household-days judged")
FINDINGS = Counter("heatstream_evaluate_findings_total", "Findings made", ["outcome"])
UNCHANGED = Counter("heatstream_evaluate_unchanged_total", "Household-days judged again with the same finding")
READINGS_DELETED = Counter(
    "heatstream_evaluate_readings_deleted_total", "Household-days not judged again because readings were deleted"
)
MARKS = Counter("heatstream_evaluate_quality_marks_total", "Quality marks made", ["kind"])
BACKLOG = Gauge("heatstream_evaluate_backlog_household_days", "Household-days that wait to be judged")
BACKLOG_AGE = Gauge("heatstream_evaluate_backlog_age_seconds", "Age of the oldest mark")
CLOSED_THROUGH = Gauge("heatstream_evaluate_closed_through_timestamp_seconds", "End of the last closed day")
REFUSED = Gauge("heatstream_evaluate_findings_refused", "1 while findings are refused: no policy")
SECONDS = Histogram(
    "heatstream_evaluate_group_seconds",
    "Time a group of household-days takes",
    ["stage"],
    buckets=(0.01, 0.05, 0.2, 1, 5, 20, 60),
)
