"""The first schema.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def timescale_is_ready() -> bool:
    """The extension can be made: it is installed beside the server, and loaded by it."""
    return bool(
        op.get_bind().scalar(
            sa.text(
                "select exists (select from pg_available_extensions where name = 'timescaledb') "
                "and current_setting('shared_preload_libraries') like '%timescaledb%'"
            )
        )
    )


def upgrade() -> None:
    hypertables = timescale_is_ready()
    if hypertables:
        op.execute("create extension if not exists timescaledb")

    def cut_by(column: str) -> dict[str, str]:
        return {} if hypertables else {"postgresql_partition_by": f"RANGE ({column})"}

    def hypertable(table: str, column: str, days: int) -> None:
        if hypertables:
            op.execute(
                f"select create_hypertable('{table}', by_range('{column}', interval '{days} days'), "
                "create_default_indexes => false)"
            )

    op.create_table(
        "api_key",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False, comment="shown in lists; finds the row"),
        sa.Column(
            "hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key: 256 random bits need no slow hash"
        ),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("api_key_pkey")),
        sa.UniqueConstraint("prefix", name=op.f("api_key_prefix_key")),
    )
    op.create_table(
        "batch",
        sa.Column(
            "id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="commit order of every writer"
        ),
        sa.Column("writer", sa.Text(), nullable=False, comment="ingest | replay | import"),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("batch_pkey")),
    )
    op.create_index(op.f("batch_written_at_idx"), "batch", ["written_at"], unique=False)
    op.create_table(
        "city",
        sa.Column("id", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="as in the MQTT topics"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=True, comment="行政区划代码"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.CheckConstraint("id = 1", name=op.f("city_one_city_a_database_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("city_pkey")),
        sa.UniqueConstraint("code", name=op.f("city_code_key")),
    )
    op.create_table(
        "closing",
        sa.Column("id", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("closed_through", sa.Date(), nullable=False, comment="this day and every earlier one is closed"),
        sa.Column("closed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("closing_one_row_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("closing_pkey")),
    )
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="供热企业"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=True, comment="统一社会信用代码"),
        sa.Column("licence_no", sa.Text(), nullable=True, comment="供热经营许可证"),
        sa.Column("licence_scope", sa.Text(), nullable=True, comment="经营范围"),
        sa.Column("licence_expires", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.PrimaryKeyConstraint("id", name=op.f("company_pkey")),
        sa.UniqueConstraint("code", name=op.f("company_code_key")),
    )
    op.create_table(
        "conflict_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "temp_centi",
            sa.SmallInteger(),
            nullable=True,
            comment="the value that counts [0.01 °C]; null = neither does",
        ),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("conflict_decision_pkey")),
    )
    op.create_index(
        op.f("conflict_decision_point_id_observed_at_idx"),
        "conflict_decision",
        ["point_id", "observed_at"],
        unique=False,
    )
    op.create_table(
        "day_dirty",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False, comment="the newest batch that touched it"),
        sa.Column(
            "reason", sa.SmallInteger(), nullable=False, comment="core.finding.Change: why it must be judged again"
        ),
        sa.Column("marked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("household_id", "day", name=op.f("day_dirty_pkey")),
    )
    op.create_table(
        "day_statistic",
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.SmallInteger(), nullable=False, comment="core.statistic: frozen id"),
        sa.Column("slot_min", sa.SmallInteger(), nullable=False, comment="slot [min]"),
        sa.Column(
            "limit_centi", sa.SmallInteger(), nullable=False, comment="the standard it was held against [0.01 °C]"
        ),
        sa.Column(
            "day_from_min", sa.SmallInteger(), nullable=False, comment="昼 begins [minutes after local midnight]"
        ),
        sa.Column(
            "day_to_min", sa.SmallInteger(), nullable=False, comment="昼 ends, 夜 begins [minutes after local midnight]"
        ),
        sa.Column("readings", sa.Integer(), nullable=False, comment="readings of the statutory day, excluded ones too"),
        sa.Column("conflicts", sa.SmallInteger(), nullable=False, comment="instants with two values and no decision"),
        sa.Column("slots_expected", sa.SmallInteger(), nullable=False, comment="00:00–24:00: slots of the window"),
        sa.Column(
            "slots_valid", sa.SmallInteger(), nullable=False, comment="00:00–24:00: slots with a reading that counts"
        ),
        sa.Column("min_centi", sa.SmallInteger(), nullable=True, comment="00:00–24:00: minimum [0.01 °C]"),
        sa.Column("sum_centi", sa.Integer(), nullable=False, comment="00:00–24:00: sum over valid slots [0.01 °C]"),
        sa.Column("below_min", sa.SmallInteger(), nullable=False, comment="00:00–24:00: minutes below the limit"),
        sa.Column("day_slots_expected", sa.SmallInteger(), nullable=False, comment="昼: slots of the window"),
        sa.Column("day_slots_valid", sa.SmallInteger(), nullable=False, comment="昼: slots with a reading that counts"),
        sa.Column("day_min_centi", sa.SmallInteger(), nullable=True, comment="昼: minimum [0.01 °C]"),
        sa.Column("day_sum_centi", sa.Integer(), nullable=False, comment="昼: sum over valid slots [0.01 °C]"),
        sa.Column("day_below_min", sa.SmallInteger(), nullable=False, comment="昼: minutes below the limit"),
        sa.Column(
            "night_slots_expected",
            sa.SmallInteger(),
            nullable=False,
            comment="夜, labelled by the day it begins on: slots of the window",
        ),
        sa.Column(
            "night_slots_valid",
            sa.SmallInteger(),
            nullable=False,
            comment="夜, labelled by the day it begins on: slots with a reading that counts",
        ),
        sa.Column(
            "night_min_centi",
            sa.SmallInteger(),
            nullable=True,
            comment="夜, labelled by the day it begins on: minimum [0.01 °C]",
        ),
        sa.Column(
            "night_sum_centi",
            sa.Integer(),
            nullable=False,
            comment="夜, labelled by the day it begins on: sum over valid slots [0.01 °C]",
        ),
        sa.Column(
            "night_below_min",
            sa.SmallInteger(),
            nullable=False,
            comment="夜, labelled by the day it begins on: minutes below the limit",
        ),
        sa.Column(
            "longest_below_min", sa.SmallInteger(), nullable=False, comment="longest time below in one piece [min]"
        ),
        sa.Column(
            "below_at_start_min",
            sa.SmallInteger(),
            nullable=False,
            comment="time below from 00:00 on in one piece [min]",
        ),
        sa.Column(
            "below_at_end_min", sa.SmallInteger(), nullable=False, comment="time below up to 24:00 in one piece [min]"
        ),
        sa.Column(
            "hourly_lowest_centi", sa.SmallInteger(), nullable=True, comment="lowest hourly mean, floored [0.01 °C]"
        ),
        sa.Column(
            "hourly_mean_centi", sa.SmallInteger(), nullable=True, comment="mean of the hourly means, floored [0.01 °C]"
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the readings used, core.digest"),
        sa.Column("through_batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("point_id", "day", name=op.f("day_statistic_pkey")),
        info={"by_time": "day", "days": 7},
        **cut_by("day"),
    )
    op.create_index(op.f("day_statistic_household_id_day_idx"), "day_statistic", ["household_id", "day"], unique=False)
    hypertable("day_statistic", "day", 7)
    op.create_table(
        "district",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="区县"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=True, comment="行政区划代码"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.PrimaryKeyConstraint("id", name=op.f("district_pkey")),
        sa.UniqueConstraint("code", name=op.f("district_code_key")),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("period_kind", sa.SmallInteger(), nullable=False, comment="1 day | 2 month | 3 claim"),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False, comment="1 合格 | 2 不达标 | 3 无法判定 | 4 未监测"),
        sa.Column("reason", sa.SmallInteger(), nullable=False, comment="core.finding.Reason; 0 = none"),
        sa.Column(
            "point_id", sa.Integer(), nullable=True, comment="the room's point that decided; null = the rooms together"
        ),
        sa.Column("statistic", sa.SmallInteger(), nullable=False, comment="core.finding.Statistic that decided"),
        sa.Column("value_centi", sa.SmallInteger(), nullable=True, comment="its value [0.01 °C]"),
        sa.Column("limit_centi", sa.SmallInteger(), nullable=True, comment="the standard [0.01 °C]"),
        sa.Column("margin_centi", sa.SmallInteger(), nullable=True, comment="value − limit [0.01 °C]"),
        sa.Column("day_value_centi", sa.SmallInteger(), nullable=True, comment="昼 minimum [0.01 °C]"),
        sa.Column("night_value_centi", sa.SmallInteger(), nullable=True, comment="夜 minimum [0.01 °C]"),
        sa.Column("slots_valid", sa.SmallInteger(), nullable=False),
        sa.Column("slots_expected", sa.SmallInteger(), nullable=False),
        sa.Column("below_min", sa.SmallInteger(), nullable=False, comment="minutes below the standard"),
        sa.Column("tier", sa.SmallInteger(), nullable=True, comment="place in the pack's tiers, from 0"),
        sa.Column(
            "tier_at_least", sa.Boolean(), nullable=False, comment="the tier is a lower bound: coverage was partial"
        ),
        sa.Column("ratio_e4", sa.Integer(), nullable=True, comment="share of the fee [0.0001]"),
        sa.Column(
            "computed_fen", sa.BigInteger(), nullable=True, comment="测算额 [fen]: from readings, never called owed"
        ),
        sa.Column("entitlement_fen", sa.BigInteger(), nullable=True, comment="应退热费 [fen]"),
        sa.Column("ruled_fen", sa.BigInteger(), nullable=True, comment="裁定额 [fen]"),
        sa.Column(
            "grade",
            sa.SmallInteger(),
            nullable=False,
            comment="1 evidence | 2 what-if only: values not read or attested",
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 over the digests of the days it used"),
        sa.Column(
            "change", sa.SmallInteger(), nullable=False, comment="core.finding.Change: why this finding was made"
        ),
        sa.Column("supersedes", sa.BigInteger(), nullable=True, comment="the finding before it"),
        sa.PrimaryKeyConstraint("id", "period_from", name=op.f("finding_pkey")),
        info={"by_time": "period_from", "days": 1},
        **cut_by("period_from"),
    )
    op.create_index(
        op.f("finding_household_id_period_from_idx"), "finding", ["household_id", "period_from"], unique=False
    )
    hypertable("finding", "period_from", 1)
    op.create_table(
        "finding_current",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("period_kind", sa.SmallInteger(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("finding_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("household_id", "period_kind", "period_from", name=op.f("finding_current_pkey")),
        info={"by_time": "period_from", "days": 1},
        **cut_by("period_from"),
    )
    hypertable("finding_current", "period_from", 1)
    op.create_table(
        "frozen_evidence",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bundle_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("household_id", "day", name=op.f("frozen_evidence_pkey")),
    )
    op.create_table(
        "gateway_progress",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column(
            "contiguous", sa.BigInteger(), nullable=False, comment="every sequence up to this one is stored or rejected"
        ),
        sa.Column("highest", sa.BigInteger(), nullable=False),
        sa.Column(
            "beyond", postgresql.INT8MULTIRANGE(), nullable=False, comment="sequences above `contiguous` that came"
        ),
        sa.Column("last_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="its newest status message"
        ),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "batch_id",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="later batches: see the ledger",
        ),
        sa.PrimaryKeyConstraint("gateway", name=op.f("gateway_progress_pkey")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="session_lost | clock_suspect | broker_dropped | sequence_went_back | qos0",
        ),
        sa.Column("gateway", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("incident_pkey")),
    )
    op.create_index(op.f("incident_at_idx"), "incident", ["at"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("succeeded", sa.Boolean(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("job_run_pkey")),
    )
    op.create_index(op.f("job_run_job_started_at_idx"), "job_run", ["job", "started_at"], unique=False)
    op.create_table(
        "meter_conflict",
        sa.Column("meter_id", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gateway_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("supply_centi", sa.Integer(), nullable=True, comment="[0.01 °C]"),
        sa.Column("return_centi", sa.Integer(), nullable=True, comment="[0.01 °C]"),
        sa.Column("flow_l_h", sa.Integer(), nullable=True, comment="[l/h]"),
        sa.Column("power_w", sa.BigInteger(), nullable=True, comment="[W]"),
        sa.Column("energy_wh", sa.BigInteger(), nullable=True, comment="cumulated [Wh]"),
        sa.Column("volume_l", sa.BigInteger(), nullable=True, comment="cumulated [l]"),
        sa.Column("supply_kpa", sa.Integer(), nullable=True, comment="[kPa]"),
        sa.Column("return_kpa", sa.Integer(), nullable=True, comment="[kPa]"),
        sa.Column("outdoor_centi", sa.Integer(), nullable=True, comment="[0.01 °C]"),
        sa.Column("fault", sa.Text(), nullable=True, comment="故障代码 as the meter gives it"),
        sa.Column("flags", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the values, so that a repeat is one row"
        ),
        sa.PrimaryKeyConstraint("meter_id", "observed_at", "digest", name=op.f("meter_conflict_pkey")),
    )
    op.create_table(
        "meter_reading",
        sa.Column("meter_id", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gateway_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("supply_centi", sa.Integer(), nullable=True, comment="[0.01 °C]"),
        sa.Column("return_centi", sa.Integer(), nullable=True, comment="[0.01 °C]"),
        sa.Column("flow_l_h", sa.Integer(), nullable=True, comment="[l/h]"),
        sa.Column("power_w", sa.BigInteger(), nullable=True, comment="[W]"),
        sa.Column("energy_wh", sa.BigInteger(), nullable=True, comment="cumulated [Wh]"),
        sa.Column("volume_l", sa.BigInteger(), nullable=True, comment="cumulated [l]"),
        sa.Column("supply_kpa", sa.Integer(), nullable=True, comment="[kPa]"),
        sa.Column("return_kpa", sa.Integer(), nullable=True, comment="[kPa]"),
        sa.Column("outdoor_centi", sa.Integer(), nullable=True, comment="[0.01 °C]"),
        sa.Column("fault", sa.Text(), nullable=True, comment="故障代码 as the meter gives it"),
        sa.Column("flags", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("meter_id", "observed_at", name=op.f("meter_reading_pkey")),
        info={"by_time": "observed_at", "days": 7},
        **cut_by("observed_at"),
    )
    hypertable("meter_reading", "observed_at", 7)
    op.create_table(
        "policy",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of `canonical`"),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("watermark", sa.Text(), nullable=True, comment="stands on every result of it, e.g. 演示·非法律依据"),
        sa.Column("canonical", sa.Text(), nullable=False, comment="packs and choices in canonical form"),
        sa.Column("first_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("policy_pkey")),
        sa.UniqueConstraint("hash", name=op.f("policy_hash_key")),
    )
    op.create_table(
        "profile",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="payload mapping profile of foreign gateways"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "definition",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the mapping, as docs/formats.md tells",
        ),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.PrimaryKeyConstraint("id", name=op.f("profile_pkey")),
        sa.UniqueConstraint("code", name=op.f("profile_code_key")),
    )
    op.create_table(
        "reading",
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False, comment="the device's time"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="ours"),
        sa.Column(
            "gateway_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the gateway's sent_at; null = it gave none",
        ),
        sa.Column("temp_centi", sa.SmallInteger(), nullable=False, comment="[0.01 °C], rounded toward minus infinity"),
        sa.Column(
            "flags", sa.SmallInteger(), server_default=sa.text("0"), nullable=False, comment="bits of core.quality"
        ),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("point_id", "observed_at", name=op.f("reading_pkey")),
        info={"by_time": "observed_at", "days": 1},
        **cut_by("observed_at"),
    )
    hypertable("reading", "observed_at", 1)
    op.create_table(
        "reading_conflict",
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "temp_centi",
            sa.SmallInteger(),
            nullable=False,
            comment="a second value for an instant that has one [0.01 °C]",
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gateway_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("flags", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("point_id", "observed_at", "temp_centi", name=op.f("reading_conflict_pkey")),
    )
    op.create_index(op.f("reading_conflict_observed_at_idx"), "reading_conflict", ["observed_at"], unique=False)
    op.create_table(
        "registry_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by", sa.Text(), nullable=False, comment="who imported it"),
        sa.Column("noun", sa.Text(), nullable=False, comment="the table"),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="null = new"),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("registry_change_pkey")),
    )
    op.create_index(op.f("registry_change_noun_code_idx"), "registry_change", ["noun", "code"], unique=False)
    op.create_table(
        "reject",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="the message, whole"),
        sa.Column("payload_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=True, comment="as the topic names it"),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=True,
            comment="why the message as a whole is unusable; null = only some of its readings are",
        ),
        sa.Column("detail", sa.Text(), nullable=True, comment="what was seen, what was expected, where"),
        sa.Column(
            "readings", sa.Integer(), nullable=False, comment="refused readings in it; 0 = the message cannot be read"
        ),
        sa.Column("seen", sa.BigInteger(), server_default=sa.text("1"), nullable=False, comment="how often it came"),
        sa.Column("first_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "resolved_at", sa.DateTime(timezone=True), nullable=True, comment="when a replay left nothing of it refused"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reject_pkey")),
        sa.UniqueConstraint("topic", "payload_sha256", name=op.f("reject_topic_payload_sha256_key")),
    )
    op.create_index(op.f("reject_gateway_id_idx"), "reject", ["gateway", "id"], unique=False)
    op.create_index("reject_open_idx", "reject", ["id"], unique=False, postgresql_where=sa.text("resolved_at is null"))
    op.create_table(
        "community",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="小区"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("street_office", sa.Text(), nullable=True, comment="街道"),
        sa.Column("residents_committee", sa.Text(), nullable=True, comment="社区"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("community_district_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("community_pkey")),
        sa.UniqueConstraint("code", name=op.f("community_code_key")),
    )
    op.create_table(
        "gateway",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="as in the MQTT topics; the user name at the broker"),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("profile_id", sa.Integer(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True, comment="who operates it"),
        sa.Column(
            "first_sequence",
            sa.BigInteger(),
            server_default=sa.text("1"),
            nullable=False,
            comment="the sequence of its first message; receipts count up from here",
        ),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("gateway_company_id_fkey")),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("gateway_profile_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("gateway_pkey")),
        sa.UniqueConstraint("code", name=op.f("gateway_code_key")),
    )
    op.create_table(
        "heat_source",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="热源"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="chp 热电联产 | boiler 锅炉 | heat_pump 热泵 | industrial 工业余热 | other",
        ),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.CheckConstraint(
            "kind in ('chp','boiler','heat_pump','industrial','other')", name=op.f("heat_source_kind_check")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("heat_source_company_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("heat_source_pkey")),
        sa.UniqueConstraint("code", name=op.f("heat_source_code_key")),
    )
    op.create_table(
        "ledger",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False, comment="as the topic names it"),
        sa.Column("kind", sa.Text(), nullable=False, comment="indoor | meters | status"),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("undecodable", sa.Integer(), nullable=False, comment="messages, not readings"),
        sa.Column(
            "over_quota",
            sa.Integer(),
            nullable=False,
            comment="messages counted only: the gateway's reject quota was spent",
        ),
        sa.Column("readings", sa.Integer(), nullable=False, comment="= stored + repeated + conflicting + rejected"),
        sa.Column("stored", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False, comment="the same point, instant and value stands already"),
        sa.Column("conflicting", sa.Integer(), nullable=False, comment="the instant has another value"),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column(
            "late", sa.Integer(), nullable=False, comment="of the stored: older than the late limit when received"
        ),
        sa.Column(
            "contiguous",
            sa.BigInteger(),
            nullable=True,
            comment="gateway_progress after this batch; null = it did not move",
        ),
        sa.Column("highest", sa.BigInteger(), nullable=True),
        sa.Column("beyond", postgresql.INT8MULTIRANGE(), nullable=True),
        sa.CheckConstraint(
            "readings = stored + repeated + conflicting + rejected", name=op.f("ledger_conservation_check")
        ),
        sa.PrimaryKeyConstraint("batch_id", "gateway", "kind", name=op.f("ledger_pkey")),
    )
    op.create_index(op.f("ledger_gateway_batch_id_idx"), "ledger", ["gateway", "batch_id"], unique=False)
    op.create_table(
        "reject_reading",
        sa.Column("reject_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="place of the reading in its message, from 0"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True, comment="what was seen, what was expected"),
        sa.Column("point", sa.Text(), nullable=True, comment="device as sent"),
        sa.Column("at", sa.Text(), nullable=True, comment="time as sent"),
        sa.Column("value", sa.Text(), nullable=True, comment="value as sent"),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["reject_id"], ["reject.id"], name=op.f("reject_reading_reject_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reject_id", "position", name=op.f("reject_reading_pkey")),
    )
    op.create_index(op.f("reject_reading_reason_idx"), "reject_reading", ["reason"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column(
            "through_batch", sa.BigInteger(), nullable=False, comment="the cut-off: batches up to this one were read"
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="household-days judged and findings by outcome",
        ),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("run_policy_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("run_pkey")),
    )
    op.create_table(
        "heat_station",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="换热站"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("heat_source_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("heat_station_company_id_fkey")),
        sa.ForeignKeyConstraint(["heat_source_id"], ["heat_source.id"], name=op.f("heat_station_heat_source_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("heat_station_pkey")),
        sa.UniqueConstraint("code", name=op.f("heat_station_code_key")),
    )
    op.create_table(
        "building",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="楼栋"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("heat_station_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True, comment="标准地址"),
        sa.Column("floors", sa.SmallInteger(), nullable=True, comment="storeys above ground"),
        sa.Column("stairs", sa.SmallInteger(), nullable=True, comment="单元数"),
        sa.Column("built_year", sa.SmallInteger(), nullable=True, comment="year of completion"),
        sa.Column("open_ground_floor", sa.Boolean(), nullable=True, comment="底层架空"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"], name=op.f("building_community_id_fkey")),
        sa.ForeignKeyConstraint(["heat_station_id"], ["heat_station.id"], name=op.f("building_heat_station_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("building_pkey")),
        sa.UniqueConstraint("code", name=op.f("building_code_key")),
    )
    op.create_table(
        "household",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="户号"),
        sa.Column("building_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="residential 居民 | other 非居民"),
        sa.Column("address", sa.Text(), nullable=False, comment="标准地址"),
        sa.Column("stair", sa.SmallInteger(), nullable=True, comment="单元"),
        sa.Column("floor", sa.SmallInteger(), nullable=True, comment="楼层"),
        sa.Column("door", sa.Text(), nullable=True, comment="房号"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.CheckConstraint("kind in ('residential','other')", name=op.f("household_kind_check")),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("household_building_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("household_pkey")),
        sa.UniqueConstraint("code", name=op.f("household_code_key")),
    )
    op.create_index(op.f("household_building_id_idx"), "household", ["building_id"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="合同编号"),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("building_area_centi_m2", sa.Integer(), nullable=True, comment="建筑面积 [0.01 m²]"),
        sa.Column("inner_area_centi_m2", sa.Integer(), nullable=True, comment="套内建筑面积 [0.01 m²]"),
        sa.Column("usable_area_centi_m2", sa.Integer(), nullable=True, comment="使用面积 [0.01 m²]"),
        sa.Column("billed_area_centi_m2", sa.Integer(), nullable=True, comment="收费面积 [0.01 m²]"),
        sa.Column("supplied", sa.Boolean(), server_default=sa.text("true"), nullable=False, comment="实供"),
        sa.Column("metered", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="按热计量收费"),
        sa.Column("fee_due_fen", sa.BigInteger(), nullable=True, comment="应缴热费 of this season, as billed [fen]"),
        sa.Column("fee_paid_fen", sa.BigInteger(), nullable=True, comment="实缴热费 [fen]"),
        sa.Column(
            "standard_centi", sa.SmallInteger(), nullable=True, comment="合同约定室温 [0.01 °C]; null = the law's"
        ),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("contract_company_id_fkey")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("contract_household_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contract_pkey")),
        sa.UniqueConstraint("code", name=op.f("contract_code_key")),
    )
    op.create_index(op.f("contract_household_id_idx"), "contract", ["household_id"], unique=False)
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("day_from", sa.Date(), nullable=False),
        sa.Column("day_to", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("legal_hold_household_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("legal_hold_pkey")),
    )
    op.create_table(
        "meter",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("device", sa.Text(), nullable=False, comment="热量表 as the gateway names it"),
        sa.Column("heat_source_id", sa.Integer(), nullable=True),
        sa.Column("heat_station_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("gateway_id", sa.Integer(), nullable=True),
        sa.Column("interval_min", sa.SmallInteger(), nullable=False, comment="nominal sampling interval [min]"),
        sa.Column("certificate_no", sa.Text(), nullable=True, comment="检定证书"),
        sa.Column("certificate_expires", sa.Date(), nullable=True),
        sa.Column(
            "valid_from", sa.DateTime(timezone=True), nullable=False, comment="first instant of this installation"
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="first instant after it; null = still installed",
        ),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("meter_gateway_id_fkey")),
        sa.ForeignKeyConstraint(["heat_source_id"], ["heat_source.id"], name=op.f("meter_heat_source_id_fkey")),
        sa.ForeignKeyConstraint(["heat_station_id"], ["heat_station.id"], name=op.f("meter_heat_station_id_fkey")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("meter_household_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("meter_pkey")),
        sa.UniqueConstraint("device", "valid_from", name=op.f("meter_device_valid_from_key")),
    )
    op.create_table(
        "neighbour",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("neighbour_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False, comment="above | below | beside: where the neighbour is"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.CheckConstraint("side in ('above','below','beside')", name=op.f("neighbour_side_check")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("neighbour_household_id_fkey")),
        sa.ForeignKeyConstraint(["neighbour_id"], ["household.id"], name=op.f("neighbour_neighbour_id_fkey")),
        sa.PrimaryKeyConstraint("household_id", "neighbour_id", name=op.f("neighbour_pkey")),
    )
    op.create_table(
        "room",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="房间"),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="bedroom 卧室 | living_room 起居室 | kitchen 厨房 | bathroom 卫生间 | other",
        ),
        sa.Column("area_centi_m2", sa.Integer(), nullable=True, comment="使用面积 of the room [0.01 m²]"),
        sa.Column("orientation", sa.Text(), nullable=True, comment="north | south | east | west"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.CheckConstraint(
            "kind in ('bedroom','living_room','kitchen','bathroom','other')", name=op.f("room_kind_check")
        ),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("room_household_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("room_pkey")),
        sa.UniqueConstraint("code", name=op.f("room_code_key")),
    )
    op.create_index(op.f("room_household_id_idx"), "room", ["household_id"], unique=False)
    op.create_table(
        "stop_period",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="报停申请号"),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("stop_period_household_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("stop_period_pkey")),
        sa.UniqueConstraint("code", name=op.f("stop_period_code_key")),
    )
    op.create_index(op.f("stop_period_household_id_idx"), "stop_period", ["household_id"], unique=False)
    op.create_table(
        "point",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "device",
            sa.Text(),
            nullable=False,
            comment="监测点 as the gateway names it; one device has one installation at a time",
        ),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("gateway_id", sa.Integer(), nullable=True),
        sa.Column(
            "interval_min",
            sa.SmallInteger(),
            nullable=False,
            comment="nominal sampling interval [min]; also the slot of its day grid",
        ),
        sa.Column("height_cm", sa.SmallInteger(), nullable=True, comment="above the floor [cm]"),
        sa.Column("accepted_on", sa.Date(), nullable=True, comment="验收: readings before it are no evidence"),
        sa.Column("filed_on", sa.Date(), nullable=True, comment="备案"),
        sa.Column("owner", sa.Text(), nullable=True, comment="who owns the device"),
        sa.Column("certificate_no", sa.Text(), nullable=True, comment="检定证书"),
        sa.Column("certificate_expires", sa.Date(), nullable=True),
        sa.Column(
            "valid_from", sa.DateTime(timezone=True), nullable=False, comment="first instant of this installation"
        ),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="first instant after it; null = still installed",
        ),
        sa.CheckConstraint("interval_min in (5,10,15,20,30,60)", name=op.f("point_interval_check")),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("point_gateway_id_fkey")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("point_household_id_fkey")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("point_room_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("point_pkey")),
        sa.UniqueConstraint("device", "valid_from", name=op.f("point_device_valid_from_key")),
    )
    op.create_index(op.f("point_household_id_idx"), "point", ["household_id"], unique=False)
    op.create_table(
        "flag",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="below_standard"),
        sa.Column(
            "limit_centi", sa.SmallInteger(), nullable=False, comment="the standard it was held against [0.01 °C]"
        ),
        sa.Column(
            "temp_centi",
            sa.SmallInteger(),
            nullable=False,
            comment="the newest reading while the flag stands [0.01 °C]",
        ),
        sa.Column("lowest_centi", sa.SmallInteger(), nullable=False, comment="the lowest while it stands [0.01 °C]"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="the reading that raised it"),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False, comment="the newest reading that kept it"),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True, comment="the reading that ended it; null = now"),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("flag_point_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("flag_pkey")),
    )
    op.create_index(
        "flag_open_idx", "flag", ["point_id", "kind"], unique=True, postgresql_where=sa.text("until is null")
    )
    op.create_index(op.f("flag_since_idx"), "flag", ["since"], unique=False)
