"""Supervision of heat sources and companies: what the registry holds of it, what is seen, what persons record.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="daily | weekly | half_monthly"),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False, comment="last day"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="what its tables show"),
        sa.Column("workbook", sa.LargeBinary(), nullable=False, comment="XLSX"),
        sa.Column("workbook_sha256", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind in ('daily','weekly','half_monthly')", name=op.f("report_kind_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("report_pkey")),
    )
    op.create_index(op.f("report_kind_period_from_idx"), "report", ["kind", "period_from"], unique=False)
    op.create_table(
        "supervision_rules",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 of `canonical`"),
        sa.Column("version", sa.Text(), nullable=False, comment="as its file says"),
        sa.Column("watermark", sa.Text(), nullable=True, comment="stands on every result of it, e.g. 演示·非法律依据"),
        sa.Column("canonical", sa.Text(), nullable=False, comment="thresholds, weights and routes in canonical form"),
        sa.Column("first_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("supervision_rules_pkey")),
        sa.UniqueConstraint("hash", name=op.f("supervision_rules_hash_key")),
    )
    op.create_table(
        "fuel_plan",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="用煤计划, a row a heat source and season"),
        sa.Column("heat_source_id", sa.Integer(), nullable=False),
        sa.Column("season_year", sa.SmallInteger(), nullable=False, comment="the year that season begins in"),
        sa.Column("fuel", sa.Text(), nullable=False, comment="coal | gas | oil | biomass | other"),
        sa.Column("season_need_kg", sa.BigInteger(), nullable=False, comment="采暖期用煤总量, as filed [kg]"),
        sa.Column("filed_with", sa.Text(), nullable=True, comment="where it was filed"),
        sa.CheckConstraint("fuel in ('coal','gas','oil','biomass','other')", name=op.f("fuel_plan_fuel_check")),
        sa.CheckConstraint("season_need_kg > 0", name=op.f("fuel_plan_need_check")),
        sa.ForeignKeyConstraint(["heat_source_id"], ["heat_source.id"], name=op.f("fuel_plan_heat_source_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("fuel_plan_pkey")),
        sa.UniqueConstraint("code", name=op.f("fuel_plan_code_key")),
        sa.UniqueConstraint(
            "heat_source_id", "season_year", "fuel", name=op.f("fuel_plan_heat_source_id_season_year_fuel_key")
        ),
    )
    op.create_table(
        "heating_schedule",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="间歇供热备案号, a row a window of heat"),
        sa.Column("heat_station_id", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.Text(), nullable=False, comment="days it holds on, 1 = Monday: 1234567"),
        sa.Column("from_min", sa.SmallInteger(), nullable=False, comment="heat begins [minutes after local midnight]"),
        sa.Column(
            "to_min",
            sa.SmallInteger(),
            nullable=False,
            comment="heat ends [minutes after local midnight]; 1440 = midnight",
        ),
        sa.Column("filed_on", sa.Date(), nullable=False, comment="备案 date"),
        sa.Column("filed_with", sa.Text(), nullable=True, comment="with whom"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.CheckConstraint("weekdays ~ '^[1-7]+$'", name=op.f("heating_schedule_weekdays_check")),
        sa.CheckConstraint(
            "0 <= from_min and from_min < to_min and to_min <= 1440", name=op.f("heating_schedule_window_check")
        ),
        sa.ForeignKeyConstraint(
            ["heat_station_id"], ["heat_station.id"], name=op.f("heating_schedule_heat_station_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("heating_schedule_pkey")),
        sa.UniqueConstraint("code", name=op.f("heating_schedule_code_key")),
    )
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="检修停热公告号"),
        sa.Column("heat_source_id", sa.Integer(), nullable=True),
        sa.Column("heat_station_id", sa.Integer(), nullable=True),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False, comment="as announced"),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False, comment="as announced"),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False, comment="when users were told"),
        sa.Column("announced_by", sa.Text(), nullable=False, comment="how users were told: 公告, 短信, …"),
        sa.CheckConstraint(
            "(heat_source_id is null) <> (heat_station_id is null)", name=op.f("maintenance_one_place_check")
        ),
        sa.CheckConstraint("begins < ends", name=op.f("maintenance_forward_check")),
        sa.ForeignKeyConstraint(["heat_source_id"], ["heat_source.id"], name=op.f("maintenance_heat_source_id_fkey")),
        sa.ForeignKeyConstraint(
            ["heat_station_id"], ["heat_station.id"], name=op.f("maintenance_heat_station_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("maintenance_pkey")),
        sa.UniqueConstraint("code", name=op.f("maintenance_code_key")),
    )
    op.create_table(
        "station_pass",
        sa.Column("id", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "through_batch",
            sa.BigInteger(),
            nullable=False,
            comment="meter readings through this batch were looked at",
        ),
        sa.Column(
            "through_change",
            sa.BigInteger(),
            nullable=False,
            comment="the newest change of the registry that was known",
        ),
        sa.Column("supervision_rules_id", sa.Integer(), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("station_pass_one_row_check")),
        sa.ForeignKeyConstraint(
            ["supervision_rules_id"], ["supervision_rules.id"], name=op.f("station_pass_supervision_rules_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("station_pass_pkey")),
    )
    op.create_table(
        "station_day",
        sa.Column("heat_station_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("supervision_rules_id", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.SmallInteger(), nullable=False, comment="core.supply: frozen id"),
        sa.Column(
            "due_min", sa.Integer(), nullable=False, comment="heat was owed: season, schedule, announced stops [min]"
        ),
        sa.Column("known_min", sa.Integer(), nullable=False, comment="of those: the meter told [min]"),
        sa.Column("without_min", sa.Integer(), nullable=False, comment="of those: without heat [min]"),
        sa.Column("low_min", sa.Integer(), nullable=False, comment="of those: below the curve less tolerance [min]"),
        sa.Column("homes", sa.Integer(), nullable=False, comment="residential households supplied, without 报停"),
        sa.Column("monitored", sa.Integer(), nullable=False, comment="of those: with a statistic of the day"),
        sa.Column("below", sa.Integer(), nullable=False, comment="of the monitored: with minutes below the standard"),
        sa.Column("lowest_centi", sa.SmallInteger(), nullable=True, comment="of the homes [0.01 °C]"),
        sa.Column("mean_centi", sa.SmallInteger(), nullable=True, comment="of the homes' means, floored [0.01 °C]"),
        sa.Column("through_batch", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["heat_station_id"], ["heat_station.id"], name=op.f("station_day_heat_station_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["supervision_rules_id"], ["supervision_rules.id"], name=op.f("station_day_supervision_rules_id_fkey")
        ),
        sa.PrimaryKeyConstraint("heat_station_id", "day", name=op.f("station_day_pkey")),
    )
    op.create_index(op.f("station_day_day_idx"), "station_day", ["day"], unique=False)
    op.create_table(
        "weather_curve",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "code",
            sa.Text(),
            nullable=False,
            comment="运行曲线: expected supply temperature by outdoor temperature, as filed",
        ),
        sa.Column("heat_source_id", sa.Integer(), nullable=True),
        sa.Column("heat_station_id", sa.Integer(), nullable=True),
        sa.Column("filed_with", sa.Text(), nullable=True, comment="where it was filed, and under which number"),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.CheckConstraint(
            "(heat_source_id is null) <> (heat_station_id is null)", name=op.f("weather_curve_one_place_check")
        ),
        sa.ForeignKeyConstraint(["heat_source_id"], ["heat_source.id"], name=op.f("weather_curve_heat_source_id_fkey")),
        sa.ForeignKeyConstraint(
            ["heat_station_id"], ["heat_station.id"], name=op.f("weather_curve_heat_station_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("weather_curve_pkey")),
        sa.UniqueConstraint("code", name=op.f("weather_curve_code_key")),
    )
    op.create_table(
        "weather_curve_point",
        sa.Column("weather_curve_id", sa.Integer(), nullable=False),
        sa.Column("outdoor_centi", sa.SmallInteger(), nullable=False, comment="outdoor temperature [0.01 °C]"),
        sa.Column("supply_centi", sa.Integer(), nullable=False, comment="supply temperature expected there [0.01 °C]"),
        sa.ForeignKeyConstraint(
            ["weather_curve_id"], ["weather_curve.id"], name=op.f("weather_curve_point_weather_curve_id_fkey")
        ),
        sa.PrimaryKeyConstraint("weather_curve_id", "outdoor_centi", name=op.f("weather_curve_point_pkey")),
    )
    op.create_table(
        "matter",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="事项编号"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="incident | task | order | publication | warning | work_order | assessment | company_file",
        ),
        sa.Column("district_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("heat_source_id", sa.Integer(), nullable=True),
        sa.Column("heat_station_id", sa.Integer(), nullable=True),
        sa.Column("building_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("gateway_id", sa.Integer(), nullable=True),
        sa.Column("headline", sa.Text(), nullable=False, comment="what it is about, in a line"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.Text(), nullable=False, comment="where it stands, in the words of its kind"),
        sa.Column(
            "urgency",
            sa.SmallInteger(),
            nullable=False,
            comment="0 closed, 1 routine, 2 soon, 3 now: orders the morning's list",
        ),
        sa.Column(
            "next_due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the next time limit that runs; null = none",
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "stands_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="it stands so until then if nobody records anything; null = until somebody does",
        ),
        sa.Column(
            "state",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="folded from its events, for lists and reports alone",
        ),
        sa.CheckConstraint(
            "kind in ('incident','task','order','publication','warning','work_order','assessment','company_file')",
            name=op.f("matter_kind_check"),
        ),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("matter_building_id_fkey")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("matter_company_id_fkey")),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("matter_district_id_fkey")),
        sa.ForeignKeyConstraint(["gateway_id"], ["gateway.id"], name=op.f("matter_gateway_id_fkey")),
        sa.ForeignKeyConstraint(["heat_source_id"], ["heat_source.id"], name=op.f("matter_heat_source_id_fkey")),
        sa.ForeignKeyConstraint(["heat_station_id"], ["heat_station.id"], name=op.f("matter_heat_station_id_fkey")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("matter_household_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("matter_pkey")),
        sa.UniqueConstraint("code", name=op.f("matter_code_key")),
    )
    op.create_index(op.f("matter_kind_opened_at_idx"), "matter", ["kind", "opened_at"], unique=False)
    op.create_index(op.f("matter_building_id_idx"), "matter", ["building_id"], unique=False)
    op.create_index(
        "matter_open_idx", "matter", ["kind", "urgency"], unique=False, postgresql_where=sa.text("closed_at is null")
    )
    op.create_table(
        "matter_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1, without a gap, within its matter"),
        sa.Column("kind", sa.Text(), nullable=False, comment="supervision.events"),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False, comment="when it happened, as told"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, comment="when it was recorded"),
        sa.Column("officer", sa.Text(), nullable=False, comment="工号 of who recorded it; `heatstream` = the software"),
        sa.Column(
            "body", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="supervision tells its fields"
        ),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 over the event and the hash before it"),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("matter_event_matter_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("matter_event_pkey")),
        sa.UniqueConstraint("matter_id", "number", name=op.f("matter_event_matter_id_number_key")),
    )
    op.create_index(op.f("matter_event_kind_happened_at_idx"), "matter_event", ["kind", "happened_at"], unique=False)
    op.create_table(
        "matter_file",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("matter_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("matter_file_matter_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("matter_file_pkey")),
        sa.UniqueConstraint("matter_id", "sha256", name=op.f("matter_file_matter_id_sha256_key")),
    )
    op.create_table(
        "meter_day",
        sa.Column("meter_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("algorithm", sa.SmallInteger(), nullable=False, comment="core.metered: frozen id"),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("slots_expected", sa.Integer(), nullable=False, comment="slots of the meter's interval"),
        sa.Column("slots_valid", sa.Integer(), nullable=False),
        sa.Column(
            "energy_wh",
            sa.BigInteger(),
            nullable=True,
            comment="taken between the day's bounds, by the counter [Wh]; null = not known",
        ),
        sa.Column("volume_l", sa.BigInteger(), nullable=True, comment="the same [l]"),
        sa.Column(
            "flow_energy_wh",
            sa.BigInteger(),
            nullable=True,
            comment="heat content × volume flow × ΔT over the day [Wh]",
        ),
        sa.Column("power_energy_wh", sa.BigInteger(), nullable=True, comment="power over the day [Wh]"),
        sa.Column(
            "estimated_wh",
            sa.BigInteger(),
            nullable=True,
            comment="by degree days, CJJ/T 223-2014 5.3, where the counter is missing [Wh]",
        ),
        sa.Column(
            "estimate",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="what the estimate rests on; null = none was made",
        ),
        sa.Column("gap_min", sa.Integer(), nullable=False, comment="time without a reading [min]"),
        sa.Column(
            "uncounted_min",
            sa.Integer(),
            nullable=False,
            comment="time that the heat counter does not tell [min]",
        ),
        sa.Column("heating_min", sa.Integer(), nullable=False, comment="time with heat [min]"),
        sa.Column(
            "below_curve_min",
            sa.Integer(),
            nullable=True,
            comment="time below the curve less tolerance [min]; null = no curve",
        ),
        sa.Column("supply_mean_centi", sa.Integer(), nullable=True, comment="[0.01 °C]"),
        sa.Column("return_mean_centi", sa.Integer(), nullable=True, comment="[0.01 °C]"),
        sa.Column(
            "expected_mean_centi", sa.Integer(), nullable=True, comment="the curve's mean over the same slots [0.01 °C]"
        ),
        sa.Column("outdoor_mean_centi", sa.Integer(), nullable=True, comment="[0.01 °C]"),
        sa.Column("through_batch", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("meter_day_meter_id_fkey")),
        sa.PrimaryKeyConstraint("meter_id", "day", name=op.f("meter_day_pkey")),
    )
    op.create_index(op.f("meter_day_day_idx"), "meter_day", ["day"], unique=False)
    op.create_table(
        "meter_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("meter_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="core.counter.Kind, by its name in lower case"),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False, comment="the last reading before it"),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False, comment="the first reading after it"),
        sa.Column("algorithm", sa.SmallInteger(), nullable=False, comment="frozen id of the rule"),
        sa.Column(
            "evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what was seen, and against which limit",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "withdrawn_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="later readings showed otherwise; null = it stands",
        ),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("meter_mark_meter_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("meter_mark_pkey")),
        sa.UniqueConstraint(
            "meter_id",
            "kind",
            "begins",
            "algorithm",
            name=op.f("meter_mark_meter_id_kind_begins_algorithm_key"),
        ),
    )
    op.create_index(op.f("meter_mark_begins_idx"), "meter_mark", ["begins"], unique=False)
    op.create_index(op.f("meter_mark_meter_id_ends_idx"), "meter_mark", ["meter_id", "ends"], unique=False)
    op.create_table(
        "meter_pass",
        sa.Column("id", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "through_batch",
            sa.BigInteger(),
            nullable=False,
            comment="meter readings through this batch were looked at",
        ),
        sa.Column("passed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("meter_pass_one_row_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("meter_pass_pkey")),
    )
    op.create_index(
        op.f("meter_reading_batch_id_idx"),
        "meter_reading",
        ["batch_id"],
        unique=False,
        postgresql_using="brin",
    )
    op.create_table(
        "station_span",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("heat_station_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="core.supply.Kind, by its name in lower case"),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False, comment="the reading by which it was known"),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=True, comment="null = it goes on"),
        sa.Column("supervision_rules_id", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.SmallInteger(), nullable=False, comment="core.supply: frozen id"),
        sa.Column(
            "evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="of the supply, of the homes, and the limits they were held to",
        ),
        sa.Column("matter_id", sa.Integer(), nullable=True),
        sa.Column("through_batch", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "withdrawn_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="later data showed otherwise; null = it stands",
        ),
        sa.ForeignKeyConstraint(
            ["heat_station_id"], ["heat_station.id"], name=op.f("station_span_heat_station_id_fkey")
        ),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("station_span_matter_id_fkey")),
        sa.ForeignKeyConstraint(
            ["supervision_rules_id"], ["supervision_rules.id"], name=op.f("station_span_supervision_rules_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("station_span_pkey")),
    )
    op.create_index(
        op.f("station_span_heat_station_id_begins_idx"), "station_span", ["heat_station_id", "begins"], unique=False
    )
    op.create_index(
        "station_span_standing_idx",
        "station_span",
        ["begins"],
        unique=False,
        postgresql_where=sa.text("withdrawn_at is null"),
    )
    op.create_table(
        "warning_level",
        sa.Column("rule", sa.Text(), nullable=False, comment="as the rules name it"),
        sa.Column("subject", sa.Text(), nullable=False, comment="building | heat_station | company | district"),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("supervision_rules_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False, comment="core.hysteresis.Level: the colour it took last"),
        sa.Column(
            "since", sa.DateTime(timezone=True), nullable=True, comment="when it took it; null = it has none yet"
        ),
        sa.Column(
            "known",
            sa.Boolean(),
            nullable=False,
            comment="the last look told; a green that was not told is undetermined",
        ),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=True, comment="of the last look; null = nothing was told"),
        sa.Column("denominator", sa.BigInteger(), nullable=False, comment="of the last look: what it was told of"),
        sa.Column(
            "yellow_past",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="since when every look was past the threshold to enter yellow",
        ),
        sa.Column("red_past", sa.DateTime(timezone=True), nullable=True, comment="the same of red"),
        sa.Column(
            "yellow_back",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="since when every look was back past the threshold to leave yellow",
        ),
        sa.Column("red_back", sa.DateTime(timezone=True), nullable=True, comment="the same of red"),
        sa.Column("matter_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "subject in ('building','heat_station','company','district')", name=op.f("warning_level_subject_check")
        ),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("warning_level_matter_id_fkey")),
        sa.ForeignKeyConstraint(
            ["supervision_rules_id"], ["supervision_rules.id"], name=op.f("warning_level_supervision_rules_id_fkey")
        ),
        sa.PrimaryKeyConstraint("rule", "subject", "subject_id", name=op.f("warning_level_pkey")),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("line", sa.Text(), nullable=False, comment="96118 | 12345 | 12319 | …"),
        sa.Column("ticket_no", sa.Text(), nullable=False, comment="工单号 of that line"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, comment="when the line took the call"),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("category", sa.Text(), nullable=False, comment="诉求类别, as the line names it"),
        sa.Column("topic", sa.Text(), nullable=False, comment="temperature | no_heat | leak | fee | service | other"),
        sa.Column("address", sa.Text(), nullable=False, comment="as the line wrote it"),
        sa.Column("content", sa.Text(), nullable=False, comment="what was said"),
        sa.Column("caller", sa.Text(), nullable=True, comment="who called, as far as the line passes it on"),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column("building_id", sa.Integer(), nullable=True),
        sa.Column("matched_by", sa.Text(), nullable=True, comment="exact | officer 工号; null = unmatched"),
        sa.Column("match_why", sa.Text(), nullable=True, comment="by which way it was matched; null = unmatched"),
        sa.Column(
            "set_aside_by",
            sa.Text(),
            nullable=True,
            comment="工号 of who said that it is about no building of the registry",
        ),
        sa.Column("set_aside_why", sa.Text(), nullable=True),
        sa.Column("matter_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "topic in ('temperature','no_heat','leak','fee','service','other')", name=op.f("ticket_topic_check")
        ),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("ticket_building_id_fkey")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("ticket_household_id_fkey")),
        sa.ForeignKeyConstraint(["matter_id"], ["matter.id"], name=op.f("ticket_matter_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("ticket_pkey")),
        sa.UniqueConstraint("line", "ticket_no", name=op.f("ticket_line_ticket_no_key")),
    )
    op.create_index(op.f("ticket_received_at_idx"), "ticket", ["received_at"], unique=False)
    op.create_index(op.f("ticket_matter_id_idx"), "ticket", ["matter_id"], unique=False)
    op.create_index(
        "ticket_unmatched_idx",
        "ticket",
        ["id"],
        unique=False,
        postgresql_where=sa.text("building_id is null and set_aside_by is null"),
    )
    op.create_table(
        "ticket_version",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1; `ticket` holds the newest"),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="file:line it came in"),
        sa.Column("sha256", sa.LargeBinary(), nullable=False, comment="of `raw` in canonical form"),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the row as it came"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("ticket_version_ticket_id_fkey")),
        sa.PrimaryKeyConstraint("ticket_id", "number", name=op.f("ticket_version_pkey")),
    )
    for table in ("matter_event", "ticket_version", "report"):
        op.execute(
            f"create function {table}_add_only() returns trigger language plpgsql as "
            f"$$ begin raise exception '{table}: rows are added, never changed'; end $$"
        )
        op.execute(
            f"create trigger {table}_add_only before update or delete on {table} "
            f"for each row execute function {table}_add_only()"
        )
