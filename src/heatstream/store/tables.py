"""The one declared schema.

Units close a name: `_centi` hundredths of °C, `_centi_m2` hundredths of m², `_fen` money, `_min` minutes. Instants are
`timestamptz`; a `day` is a local calendar day at UTC+08:00. Tables with `info["by_time"]` are cut along that column:
hypertables under TimescaleDB, native range partitions without it (`store.timescale`). Rows of tables with
`info["add_only"]` are neither changed nor deleted: a trigger refuses it.
"""

from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE, JSONB
from sqlalchemy.types import UserDefinedType

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

Instant = DateTime(timezone=True)


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's `xid8`: a transaction, in the order of beginning to write; asyncpg reads and takes whole numbers."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def _id() -> Column[int]:
    return Column("id", Integer, Identity(always=True), primary_key=True)


def _code(comment: str) -> Column[str]:
    return Column("code", Text, nullable=False, unique=True, comment=comment)


def _text(name: str, comment: str | None = None, *, null: bool = True, default: str | None = None) -> Column[str]:
    given = None if default is None else text(f"'{default}'")
    return Column(name, Text, nullable=null, comment=comment, server_default=given)


def _ref(table: str, *, null: bool = False, name: str | None = None) -> Column[int]:
    return Column(name or f"{table}_id", Integer, ForeignKey(f"{table}.id"), nullable=null)


def _dates() -> tuple[Column[object], Column[object]]:
    return (
        Column("valid_from", Date, nullable=False, comment="first day it holds"),
        Column("valid_to", Date, comment="last day it holds; null = still"),
    )


def _instants() -> tuple[Column[object], Column[object]]:
    return (
        Column("valid_from", Instant, nullable=False, comment="first instant of this installation"),
        Column("valid_to", Instant, comment="first instant after it; null = still installed"),
    )


def _area(name: str, comment: str) -> Column[int]:
    return Column(name, Integer, comment=f"{comment} [0.01 m²]")


def _small(name: str, comment: str, *, null: bool = False) -> Column[int]:
    return Column(name, SmallInteger, nullable=null, comment=comment)


# --- registry ---------------------------------------------------------------------------------------------------------

city = Table(
    "city",
    metadata,
    Column("id", Integer, primary_key=True, server_default=text("1")),
    _code("as in the MQTT topics"),
    _text("name", null=False),
    _text("division_code", "行政区划代码"),
    *_dates(),
    CheckConstraint("id = 1", name="one_city_a_database"),
)
district = Table(
    "district",
    metadata,
    _id(),
    _code("区县"),
    _text("name", null=False),
    _text("division_code", "行政区划代码"),
    *_dates(),
)
community = Table(
    "community",
    metadata,
    _id(),
    _code("小区"),
    _text("name", null=False),
    _ref("district"),
    _text("street_office", "街道"),
    _text("residents_committee", "社区"),
    *_dates(),
)
company = Table(
    "company",
    metadata,
    _id(),
    _code("供热企业"),
    _text("name", null=False),
    _text("credit_code", "统一社会信用代码"),
    _text("licence_no", "供热经营许可证"),
    _text("licence_scope", "经营范围"),
    Column("licence_expires", Date),
    *_dates(),
)
heat_source = Table(
    "heat_source",
    metadata,
    _id(),
    _code("热源"),
    _text("name", null=False),
    _ref("company"),
    _text("kind", "chp 热电联产 | boiler 锅炉 | heat_pump 热泵 | industrial 工业余热 | other", null=False),
    *_dates(),
    CheckConstraint("kind in ('chp','boiler','heat_pump','industrial','other')", name="kind"),
)
heat_station = Table(
    "heat_station",
    metadata,
    _id(),
    _code("换热站"),
    _text("name", null=False),
    _ref("heat_source"),
    _ref("company"),
    *_dates(),
)
building = Table(
    "building",
    metadata,
    _id(),
    _code("楼栋"),
    _text("name", null=False),
    _ref("community"),
    _ref("heat_station"),
    _text("address", "标准地址"),
    _small("floors", "storeys above ground", null=True),
    _small("stairs", "单元数", null=True),
    _small("built_year", "year of completion", null=True),
    Column("open_ground_floor", Boolean, comment="底层架空"),
    *_dates(),
    Column("renovated", Boolean, comment="节能改造; null = not known"),
)
household = Table(
    "household",
    metadata,
    _id(),
    _code("户号"),
    _ref("building"),
    _text("kind", "residential 居民 | other 非居民", null=False),
    _text("address", "标准地址", null=False),
    _small("stair", "单元", null=True),
    _small("floor", "楼层", null=True),
    _text("door", "房号"),
    *_dates(),
    CheckConstraint("kind in ('residential','other')", name="kind"),
    Index(None, "building_id"),
)
neighbour = Table(
    "neighbour",
    metadata,
    _ref("household"),
    _ref("household", name="neighbour_id"),
    _text("side", "above | below | beside: where the neighbour is", null=False),
    *_dates(),
    PrimaryKeyConstraint("household_id", "neighbour_id"),
    CheckConstraint("side in ('above','below','beside')", name="side"),
)
room = Table(
    "room",
    metadata,
    _id(),
    _code("房间"),
    _ref("household"),
    _text("kind", "bedroom 卧室 | living_room 起居室 | kitchen 厨房 | bathroom 卫生间 | other", null=False),
    _area("area_centi_m2", "使用面积 of the room"),
    _text("orientation", "north | south | east | west"),
    *_dates(),
    CheckConstraint("kind in ('bedroom','living_room','kitchen','bathroom','other')", name="kind"),
    Index(None, "household_id"),
)
profile = Table(
    "profile",
    metadata,
    _id(),
    _code("payload mapping profile of foreign gateways"),
    _text("name", null=False),
    Column("definition", JSONB, nullable=False, comment="the mapping, as docs/formats.md tells"),
    *_dates(),
)
gateway = Table(
    "gateway",
    metadata,
    _id(),
    _code("as in the MQTT topics; the user name at the broker"),
    _text("name"),
    _ref("company", null=True),
    _ref("profile", null=True),
    _text("owner", "who operates it"),
    Column(
        "first_sequence",
        BigInteger,
        nullable=False,
        server_default=text("1"),
        comment="the sequence of its first message; receipts count up from here",
    ),
    *_dates(),
)
point = Table(
    "point",
    metadata,
    _id(),
    _text("device", "监测点 as the gateway names it; one device has one installation at a time", null=False),
    _ref("household"),
    _ref("room", null=True),
    _ref("gateway", null=True),
    _small("interval_min", "nominal sampling interval [min]; also the slot of its day grid"),
    _small("height_cm", "above the floor [cm]", null=True),
    Column("accepted_on", Date, comment="验收: readings before it are no evidence"),
    Column("filed_on", Date, comment="备案"),
    _text("owner", "who owns the device"),
    _text("certificate_no", "检定证书"),
    Column("certificate_expires", Date),
    *_instants(),
    UniqueConstraint("device", "valid_from"),
    CheckConstraint("interval_min in (5,10,15,20,30,60)", name="interval"),
    Index(None, "household_id"),
    Index(None, "valid_from"),
)
meter = Table(
    "meter",
    metadata,
    _id(),
    _text("device", "热量表 as the gateway names it", null=False),
    _ref("heat_source", null=True),
    _ref("heat_station", null=True),
    _ref("household", null=True),
    _ref("gateway", null=True),
    _small("interval_min", "nominal sampling interval [min]"),
    _text("certificate_no", "检定证书"),
    Column("certificate_expires", Date),
    *_instants(),
    UniqueConstraint("device", "valid_from"),
)
contract = Table(
    "contract",
    metadata,
    _id(),
    _code("合同编号"),
    _ref("household"),
    _ref("company"),
    _area("building_area_centi_m2", "建筑面积"),
    _area("inner_area_centi_m2", "套内建筑面积"),
    _area("usable_area_centi_m2", "使用面积"),
    _area("billed_area_centi_m2", "收费面积"),
    Column("supplied", Boolean, nullable=False, server_default=text("true"), comment="实供"),
    Column("metered", Boolean, nullable=False, server_default=text("false"), comment="按热计量收费"),
    Column("fee_due_fen", BigInteger, comment="应缴热费 of this season, as billed [fen]"),
    Column("fee_paid_fen", BigInteger, comment="实缴热费 [fen]"),
    _small("standard_centi", "合同约定室温 [0.01 °C]; null = the law's", null=True),
    *_dates(),
    Column("base_fee_fen", BigInteger, comment="基本热费 of this season, where the tariff has two parts [fen]"),
    Index(None, "household_id"),
)
stop_period = Table(
    "stop_period",
    metadata,
    _id(),
    _code("报停申请号"),
    _ref("household"),
    *_dates(),
    Index(None, "household_id"),
)
# --- supervision: what the registry holds of it -----------------------------------------------------------------------

weather_curve = Table(
    "weather_curve",
    metadata,
    _id(),
    _code("运行曲线: expected supply temperature by outdoor temperature, as filed"),
    _ref("heat_source", null=True),
    _ref("heat_station", null=True),
    _text("filed_with", "where it was filed, and under which number"),
    *_dates(),
    CheckConstraint("(heat_source_id is null) <> (heat_station_id is null)", name="one_place"),
)
weather_curve_point = Table(
    "weather_curve_point",
    metadata,
    _ref("weather_curve"),
    _small("outdoor_centi", "outdoor temperature [0.01 °C]"),
    Column("supply_centi", Integer, nullable=False, comment="supply temperature expected there [0.01 °C]"),
    PrimaryKeyConstraint("weather_curve_id", "outdoor_centi"),
)
heating_schedule = Table(
    "heating_schedule",
    metadata,
    _id(),
    _code("间歇供热备案号, a row a window of heat"),
    _ref("heat_station"),
    _text("weekdays", "days it holds on, 1 = Monday: 1234567", null=False),
    _small("from_min", "heat begins [minutes after local midnight]"),
    _small("to_min", "heat ends [minutes after local midnight]; 1440 = midnight"),
    Column("filed_on", Date, nullable=False, comment="备案 date"),
    _text("filed_with", "with whom"),
    *_dates(),
    CheckConstraint("0 <= from_min and from_min < to_min and to_min <= 1440", name="window"),
    CheckConstraint("weekdays ~ '^[1-7]+$'", name="weekdays"),
)
maintenance = Table(
    "maintenance",
    metadata,
    _id(),
    _code("检修停热公告号"),
    _ref("heat_source", null=True),
    _ref("heat_station", null=True),
    Column("begins", Instant, nullable=False, comment="as announced"),
    Column("ends", Instant, nullable=False, comment="as announced"),
    Column("announced_at", Instant, nullable=False, comment="when users were told"),
    _text("announced_by", "how users were told: 公告, 短信, …", null=False),
    CheckConstraint("(heat_source_id is null) <> (heat_station_id is null)", name="one_place"),
    CheckConstraint("begins < ends", name="forward"),
)
fuel_plan = Table(
    "fuel_plan",
    metadata,
    _id(),
    _code("用煤计划, a row a heat source and season"),
    _ref("heat_source"),
    _small("season_year", "the year that season begins in"),
    _text("fuel", "coal | gas | oil | biomass | other", null=False),
    Column("season_need_kg", BigInteger, nullable=False, comment="采暖期用煤总量, as filed [kg]"),
    _text("filed_with", "where it was filed"),
    UniqueConstraint("heat_source_id", "season_year", "fuel"),
    CheckConstraint("fuel in ('coal','gas','oil','biomass','other')", name="fuel"),
    CheckConstraint("season_need_kg > 0", name="need"),
)
officer = Table(
    "officer",
    metadata,
    _id(),
    _code("工号: who acts in a claim; never used for another person"),
    _text("name", null=False),
    _text("organisation", "单位", null=False),
    _text(
        "role",
        "household 热用户, hotline 热线, street 街道社区, third_party 第三方检测, inspector 企业测温人员, "
        "company 供热企业, district 区主管部门, city 市主管部门, province 省, auditor 审计",
        null=False,
    ),
    _ref("district", null=True),
    _ref("company", null=True),
    *_dates(),
    _text("street_office", "街道 of an officer of role street"),
    _ref("household", null=True),
    CheckConstraint(
        "role in ('household','hotline','street','third_party','inspector','company','district','city','province',"
        "'auditor')",
        name="role",
    ),
)
registry_change = Table(
    "registry_change",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Instant, nullable=False, server_default=func.now()),
    _text("by", "who imported it", null=False),
    _text("noun", "the table", null=False),
    _text("code", null=False),
    Column("before", JSONB, comment="null = new"),
    Column("after", JSONB, nullable=False),
    Index(None, "noun", "code"),
)

REGISTRY = (
    city,
    district,
    community,
    company,
    heat_source,
    heat_station,
    building,
    household,
    neighbour,
    room,
    profile,
    gateway,
    point,
    meter,
    contract,
    stop_period,
    weather_curve,
    weather_curve_point,
    heating_schedule,
    maintenance,
    fuel_plan,
    officer,
)

# --- what was received ------------------------------------------------------------------------------------------------

batch = Table(
    "batch",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True, comment="commit order of every writer"),
    _text("writer", "ingest | replay | import", null=False),
    Column("written_at", Instant, nullable=False, server_default=func.now()),
    Index(None, "written_at"),
)
reading = Table(
    "reading",
    metadata,
    Column("point_id", Integer, nullable=False),
    Column("observed_at", Instant, nullable=False, comment="the device's time"),
    Column("received_at", Instant, nullable=False, comment="ours"),
    Column("gateway_at", Instant, comment="the gateway's sent_at; null = it gave none"),
    _small("temp_centi", "[0.01 °C], rounded toward minus infinity"),
    Column("flags", SmallInteger, nullable=False, server_default=text("0"), comment="bits of core.quality"),
    Column("batch_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("point_id", "observed_at"),
    info={"by_time": "observed_at", "days": 1},
)
reading_conflict = Table(
    "reading_conflict",
    metadata,
    Column("point_id", Integer, nullable=False),
    Column("observed_at", Instant, nullable=False),
    _small("temp_centi", "a second value for an instant that has one [0.01 °C]"),
    Column("received_at", Instant, nullable=False),
    Column("gateway_at", Instant),
    Column("flags", SmallInteger, nullable=False, server_default=text("0")),
    Column("batch_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("point_id", "observed_at", "temp_centi"),
    Index(None, "observed_at"),
)
conflict_decision = Table(
    "conflict_decision",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("point_id", Integer, nullable=False),
    Column("observed_at", Instant, nullable=False),
    _small("temp_centi", "the value that counts [0.01 °C]; null = neither does", null=True),
    _text("officer", null=False),
    _text("reason", null=False),
    Column("decided_at", Instant, nullable=False, server_default=func.now()),
    Column("batch_id", BigInteger, nullable=False),
    Index(None, "point_id", "observed_at"),
)
_METER_COLUMNS = (
    ("supply_centi", Integer, "[0.01 °C]"),
    ("return_centi", Integer, "[0.01 °C]"),
    ("flow_l_h", Integer, "[l/h]"),
    ("power_w", BigInteger, "[W]"),
    ("energy_wh", BigInteger, "cumulated [Wh]"),
    ("volume_l", BigInteger, "cumulated [l]"),
    ("supply_kpa", Integer, "[kPa]"),
    ("return_kpa", Integer, "[kPa]"),
    ("outdoor_centi", Integer, "[0.01 °C]"),
)


def _meter_columns() -> list[Column[Any]]:
    return [
        Column("meter_id", Integer, nullable=False),
        Column("observed_at", Instant, nullable=False),
        Column("received_at", Instant, nullable=False),
        Column("gateway_at", Instant),
        *(Column(name, kind, comment=comment) for name, kind, comment in _METER_COLUMNS),
        _text("fault", "故障代码 as the meter gives it"),
        Column("flags", SmallInteger, nullable=False, server_default=text("0")),
        Column("batch_id", BigInteger, nullable=False),
    ]


meter_reading = Table(
    "meter_reading",
    metadata,
    *_meter_columns(),
    PrimaryKeyConstraint("meter_id", "observed_at"),
    # Batches are written in the order of their ids: a few pages tell where the new ones lie, also in old pieces.
    Index(None, "batch_id", postgresql_using="brin"),
    info={"by_time": "observed_at", "days": 7},
)
meter_conflict = Table(
    "meter_conflict",
    metadata,
    *_meter_columns(),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the values, so that a repeat is one row"),
    PrimaryKeyConstraint("meter_id", "observed_at", "digest"),
)
reject = Table(
    "reject",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _text("topic", null=False),
    Column("payload", LargeBinary, nullable=False, comment="the message, whole"),
    Column("payload_sha256", LargeBinary, nullable=False),
    _text("gateway", "as the topic names it"),
    _text("reason", "why the message as a whole is unusable; null = only some of its readings are"),
    _text("detail", "what was seen, what was expected, where"),
    Column("readings", Integer, nullable=False, comment="refused readings in it; 0 = the message cannot be read"),
    Column("seen", BigInteger, nullable=False, server_default=text("1"), comment="how often it came"),
    Column("first_received_at", Instant, nullable=False),
    Column("last_received_at", Instant, nullable=False),
    Column("batch_id", BigInteger, nullable=False),
    Column("resolved_at", Instant, comment="when a replay left nothing of it refused"),
    UniqueConstraint("topic", "payload_sha256"),
    Index(None, "gateway", "id"),
    Index("reject_open_idx", "id", postgresql_where=text("resolved_at is null")),
)
reject_reading = Table(
    "reject_reading",
    metadata,
    Column("reject_id", BigInteger, ForeignKey("reject.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False, comment="place of the reading in its message, from 0"),
    _text("reason", null=False),
    _text("detail", "what was seen, what was expected"),
    _text("point", "device as sent"),
    _text("at", "time as sent"),
    _text("value", "value as sent"),
    Column("resolved_at", Instant),
    PrimaryKeyConstraint("reject_id", "position"),
    Index(None, "reason"),
)
# A page holds what a batch did to each of its gateways, as arrays of one length: one row for thousands and their index
# entries. No foreign key: its batch is written in the same transaction.
ledger_page = Table(
    "ledger_page",
    metadata,
    Column("batch_id", BigInteger, primary_key=True, autoincrement=False),
    Column("gateway", ARRAY(Text), nullable=False, comment="as the topic names it"),
    Column("kind", ARRAY(Text), nullable=False, comment="indoor | meters | status"),
    Column("messages", ARRAY(Integer), nullable=False),
    Column("undecodable", ARRAY(Integer), nullable=False, comment="messages, not readings"),
    Column(
        "over_quota",
        ARRAY(Integer),
        nullable=False,
        comment="messages counted only: the gateway's reject quota was spent",
    ),
    Column("readings", ARRAY(Integer), nullable=False, comment="= stored + repeated + conflicting + rejected"),
    Column("stored", ARRAY(Integer), nullable=False),
    Column("repeated", ARRAY(Integer), nullable=False, comment="the same point, instant and value stands already"),
    Column("conflicting", ARRAY(Integer), nullable=False, comment="the instant has another value"),
    Column("rejected", ARRAY(Integer), nullable=False),
    Column("late", ARRAY(Integer), nullable=False, comment="of the stored: older than the late limit when received"),
    Column(
        "contiguous", ARRAY(BigInteger), nullable=False, comment="progress after this batch; null = it did not move"
    ),
    Column("highest", ARRAY(BigInteger), nullable=False),
    Column("beyond", ARRAY(INT8MULTIRANGE), nullable=False),
    CheckConstraint("ledger_adds_up(readings, stored, repeated, conflicting, rejected)", name="conservation"),
)
_LEDGER_COLUMNS = [column.name for column in ledger_page.c if column.name != "batch_id"]
ledger = Table(
    "ledger",
    MetaData(),
    Column("batch_id", BigInteger),
    *(Column(name, cast(ARRAY[Any], ledger_page.c[name].type).item_type) for name in _LEDGER_COLUMNS),
    comment="a view: ledger_page, a row a gateway",
)
FUNCTIONS = (
    """create function ledger_adds_up(
        readings integer[], stored integer[], repeated integer[], conflicting integer[], rejected integer[]
    ) returns boolean language sql immutable as $$
        select coalesce(bool_and(coalesce(r = s + p + c + j, false)), true)
        from unnest(readings, stored, repeated, conflicting, rejected) as each(r, s, p, c, j)
    $$""",
    """create function feed_database() returns text language sql stable security definer
    return concat_ws('/', (pg_control_system()).system_identifier, (pg_control_checkpoint()).timeline_id,
        (select oid from pg_catalog.pg_database where datname = current_database()),
        to_regclass('public.feed')::oid)""",
)
"""What tables need to be made."""
VIEWS = (
    """create view ledger as
    select page.batch_id, each.gateway, each.kind, each.messages, each.undecodable, each.over_quota, each.readings,
        each.stored, each.repeated, each.conflicting, each.rejected, each.late, each.contiguous, each.highest,
        each.beyond
    from ledger_page page
    cross join lateral unnest(
        page.gateway, page.kind, page.messages, page.undecodable, page.over_quota, page.readings, page.stored,
        page.repeated, page.conflicting, page.rejected, page.late, page.contiguous, page.highest, page.beyond
    ) as each(
        gateway, kind, messages, undecodable, over_quota, readings, stored, repeated, conflicting, rejected, late,
        contiguous, highest, beyond
    )""",
)
gateway_progress = Table(
    "gateway_progress",
    metadata,
    Column("gateway", Text, primary_key=True),
    Column("contiguous", BigInteger, nullable=False, comment="every sequence up to this one is stored or rejected"),
    Column("highest", BigInteger, nullable=False),
    Column("beyond", INT8MULTIRANGE, nullable=False, comment="sequences above `contiguous` that came"),
    Column("last_received_at", Instant, nullable=False),
    Column("status", JSONB, comment="its newest status message"),
    Column("status_at", Instant),
    Column("batch_id", BigInteger, nullable=False, server_default=text("0"), comment="later batches: see the ledger"),
)
incident = Table(
    "incident",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Instant, nullable=False, server_default=func.now()),
    _text("kind", "session_lost | clock_suspect | broker_dropped | sequence_went_back | qos0", null=False),
    _text("gateway"),
    Column("detail", JSONB, nullable=False),
    Index(None, "at"),
)
flag = Table(
    "flag",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("point_id", Integer, ForeignKey("point.id"), nullable=False),
    _text("kind", "below_standard", null=False),
    _small("limit_centi", "the standard it was held against [0.01 °C]"),
    _small("temp_centi", "the newest reading while the flag stands [0.01 °C]"),
    _small("lowest_centi", "the lowest while it stands [0.01 °C]"),
    Column("since", Instant, nullable=False, comment="the reading that raised it"),
    Column("observed_at", Instant, nullable=False, comment="the newest reading that kept it"),
    Column("until", Instant, comment="the reading that ended it; null = now"),
    Index("flag_open_idx", "point_id", "kind", unique=True, postgresql_where=text("until is null")),
    Index(None, "since"),
)

# --- what was judged --------------------------------------------------------------------------------------------------

closing = Table(
    "closing",
    metadata,
    Column("id", Integer, primary_key=True, server_default=text("1")),
    Column("closed_through", Date, nullable=False, comment="this day and every earlier one is closed"),
    Column("closed_at", Instant, nullable=False, server_default=func.now()),
    CheckConstraint("id = 1", name="one_row"),
)
day_dirty = Table(
    "day_dirty",
    metadata,
    Column("household_id", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("batch_id", BigInteger, nullable=False, comment="the newest batch that touched it"),
    _small("reason", "core.finding.Change: why it must be judged again"),
    Column("marked_at", Instant, nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("household_id", "day"),
)
policy = Table(
    "policy",
    metadata,
    _id(),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of `canonical`"),
    _text("place", null=False),
    _text("watermark", "stands on every result of it, e.g. 演示·非法律依据"),
    _text("canonical", "packs and choices in canonical form", null=False),
    Column("first_used_at", Instant, nullable=False, server_default=func.now()),
)
run = Table(
    "run",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _ref("policy", null=True),
    _text("code_version", null=False),
    Column("through_batch", BigInteger, nullable=False, comment="the cut-off: batches up to this one were read"),
    Column("started_at", Instant, nullable=False, server_default=func.now()),
    Column("ended_at", Instant),
    Column("counts", JSONB, comment="household-days judged and findings by outcome"),
)


def _window(prefix: str, word: str) -> list[Column[int]]:
    return [
        _small(f"{prefix}slots_expected", f"{word}: slots of the window"),
        _small(f"{prefix}slots_valid", f"{word}: slots with a reading that counts"),
        _small(f"{prefix}min_centi", f"{word}: minimum [0.01 °C]", null=True),
        Column(f"{prefix}sum_centi", Integer, nullable=False, comment=f"{word}: sum over valid slots [0.01 °C]"),
        _small(f"{prefix}below_min", f"{word}: minutes below the limit"),
    ]


day_statistic = Table(
    "day_statistic",
    metadata,
    Column("point_id", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("household_id", Integer, nullable=False),
    _small("algorithm", "core.statistic: frozen id"),
    _small("slot_min", "slot [min]"),
    _small("limit_centi", "the standard it was held against [0.01 °C]"),
    _small("day_from_min", "昼 begins [minutes after local midnight]"),
    _small("day_to_min", "昼 ends, 夜 begins [minutes after local midnight]"),
    Column("readings", Integer, nullable=False, comment="readings of the statutory day, excluded ones too"),
    _small("conflicts", "instants with two values and no decision"),
    *_window("", "00:00–24:00"),
    *_window("day_", "昼"),
    *_window("night_", "夜, labelled by the day it begins on"),
    _small("longest_below_min", "longest time below in one piece [min]"),
    _small("below_at_start_min", "time below from 00:00 on in one piece [min]"),
    _small("below_at_end_min", "time below up to 24:00 in one piece [min]"),
    _small("hourly_lowest_centi", "lowest hourly mean, floored [0.01 °C]", null=True),
    _small("hourly_mean_centi", "mean of the hourly means, floored [0.01 °C]", null=True),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the readings used, core.digest"),
    Column("through_batch", BigInteger, nullable=False),
    PrimaryKeyConstraint("point_id", "day"),
    Index(None, "household_id", "day"),
    # They come in the order of their batches: a few pages tell where the new ones lie.
    Index(None, "through_batch", postgresql_using="brin"),
    info={"by_time": "day", "days": 7},
)


def _finding_columns() -> list[Column[Any]]:
    return [
        Column("run_id", BigInteger, nullable=False),
        Column("policy_id", Integer, nullable=False),
        Column("household_id", Integer, nullable=False),
        Column("period_kind", SmallInteger, nullable=False, comment="1 day | 2 month | 3 claim"),
        Column("period_from", Date, nullable=False),
        Column("period_to", Date, nullable=False),
        Column("outcome", SmallInteger, nullable=False, comment="1 合格 | 2 不达标 | 3 无法判定 | 4 未监测"),
        Column("reason", SmallInteger, nullable=False, comment="core.finding.Reason; 0 = none"),
        Column("point_id", Integer, comment="the room's point that decided; null = the rooms together"),
        Column("statistic", SmallInteger, nullable=False, comment="core.finding.Statistic that decided"),
        Column("value_centi", SmallInteger, comment="its value [0.01 °C]"),
        Column("limit_centi", SmallInteger, comment="the standard [0.01 °C]"),
        Column("margin_centi", SmallInteger, comment="value − limit [0.01 °C]"),
        Column("day_value_centi", SmallInteger, comment="昼 minimum [0.01 °C]"),
        Column("night_value_centi", SmallInteger, comment="夜 minimum [0.01 °C]"),
        Column("slots_valid", SmallInteger, nullable=False),
        Column("slots_expected", SmallInteger, nullable=False),
        Column("below_min", SmallInteger, nullable=False, comment="minutes below the standard"),
        Column("tier", SmallInteger, comment="place in the pack's tiers, from 0"),
        Column("tier_at_least", Boolean, nullable=False, comment="the tier is a lower bound: coverage was partial"),
        Column("ratio_e4", Integer, comment="share of the fee [0.0001]"),
        Column("computed_fen", BigInteger, comment="测算额 [fen]: from readings, never called owed"),
        Column("entitlement_fen", BigInteger, comment="应退热费 [fen]"),
        Column("ruled_fen", BigInteger, comment="裁定额 [fen]"),
        Column(
            "grade", SmallInteger, nullable=False, comment="1 evidence | 2 what-if only: values not read or attested"
        ),
        Column("digest", LargeBinary, nullable=False, comment="SHA-256 over the digests of the days it used"),
        Column("change", SmallInteger, nullable=False, comment="core.finding.Change: why this finding was made"),
        Column("supersedes", BigInteger, comment="the finding before it"),
    ]


finding = Table(
    "finding",
    metadata,
    Column("id", BigInteger, Identity(always=True), nullable=False),
    *_finding_columns(),
    PrimaryKeyConstraint("id", "period_from"),
    Index(None, "household_id", "period_from"),
    info={"by_time": "period_from", "days": 1},
)
finding_current = Table(
    "finding_current",
    metadata,
    Column("household_id", Integer, nullable=False),
    Column("period_kind", SmallInteger, nullable=False),
    Column("period_from", Date, nullable=False),
    Column("finding_id", BigInteger, nullable=False),
    PrimaryKeyConstraint("household_id", "period_kind", "period_from"),
    info={"by_time": "period_from", "days": 1},
)
day_outcome = Table(
    "day_outcome",
    metadata,
    Column("day", Date, nullable=False),
    Column("building_id", Integer, ForeignKey("building.id"), nullable=False),
    _small("outcome", "core.finding.Outcome"),
    Column("homes", Integer, nullable=False, comment="users of heat whose current finding of the day is this"),
    _small("lowest_centi", "lowest deciding value of 合格 and 不达标 [0.01 °C]", null=True),
    Column("computed_fen", BigInteger, nullable=False, comment="sum of 测算额 [fen]"),
    PrimaryKeyConstraint("day", "building_id", "outcome"),
)
legal_hold = Table(
    "legal_hold",
    metadata,
    _id(),
    _ref("household", null=True),
    Column("day_from", Date, nullable=False),
    Column("day_to", Date, nullable=False),
    _text("reason", null=False),
    _text("by", null=False),
    Column("placed_at", Instant, nullable=False, server_default=func.now()),
    Column("released_at", Instant),
    _text("released_by"),
)
frozen_evidence = Table(
    "frozen_evidence",
    metadata,
    Column("household_id", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("bundle_sha256", LargeBinary, nullable=False, comment="of the frozen readings"),
    Column("frozen_at", Instant, nullable=False, server_default=func.now()),
    Column("content", LargeBinary, comment="the readings of the day's points; null = kept outside"),
    Column("through_batch", BigInteger, comment="the day's statistics were known through it; null = frozen by hand"),
    PrimaryKeyConstraint("household_id", "day"),
)

# --- what may be seen in the readings, and what a person said of it ---------------------------------------------------

quality_mark = Table(
    "quality_mark",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("point_id", Integer, ForeignKey("point.id"), nullable=False),
    _text("kind", "core.marks.Kind, by its name in lower case", null=False),
    Column("begins", Instant, nullable=False, comment="the first reading it is about"),
    Column("ends", Instant, nullable=False, comment="the last reading it is about"),
    _small("algorithm", "core.marks: frozen id of the rule"),
    Column("evidence", JSONB, nullable=False, comment="thresholds, and what was seen against them"),
    Column("made_at", Instant, nullable=False, server_default=func.now()),
    UniqueConstraint("point_id", "kind", "begins", "ends", "algorithm"),
    Index(None, "begins"),
)
quality_pass = Table(
    "quality_pass",
    metadata,
    Column("day", Date, primary_key=True),
    Column("through_batch", BigInteger, nullable=False, comment="statistics through this batch were looked at"),
    Column("passed_at", Instant, nullable=False, server_default=func.now()),
)
quality_review = Table(
    "quality_review",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("mark_id", BigInteger, ForeignKey("quality_mark.id"), nullable=False),
    Column("excludes", Boolean, nullable=False, comment="true: its readings count for nothing | false: they count"),
    _text("officer", null=False),
    _text("reason", null=False),
    Column("reviewed_at", Instant, nullable=False, server_default=func.now()),
    Column("batch_id", BigInteger, nullable=False),
    Index(None, "mark_id"),
)
outdoor_day = Table(
    "outdoor_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("mean_centi", SmallInteger, nullable=False, comment="official outdoor daily mean [0.01 °C]"),
    _text("source", "who published it", null=False),
    Column("recorded_at", Instant, nullable=False, server_default=func.now()),
)

# --- the way of a claim -----------------------------------------------------------------------------------------------

claim = Table(
    "claim",
    metadata,
    _id(),
    _code("案号"),
    _ref("household"),
    Column("season_from", Date, nullable=False, comment="first day of its season"),
    Column("season_to", Date, nullable=False, comment="last day of its season"),
    _ref("policy"),
    Column("opened_at", Instant, nullable=False),
    _text("opened_way", "application | complaint | hotline | fixed_point | officer | batch", null=False),
    _text("batch_case", "批量退费: the case that opened it"),
    _text("step", "where it stands: claims.way.Step, by its name in lower case", null=False),
    Column("next_due_at", Instant, comment="the next time limit that runs; null = none"),
    Column("computed_fen", BigInteger, comment="测算额 of its days [fen]"),
    Column("entitlement_fen", BigInteger, comment="应退热费 [fen]; null = undetermined"),
    Column("ruled_fen", BigInteger, comment="裁定额 [fen]"),
    Column("paid_fen", BigInteger, nullable=False, server_default=text("0"), comment="paid so far [fen]"),
    Column("pay_by", Date, comment="履行期限"),
    Index(None, "household_id"),
    Index("claim_due_idx", "next_due_at", postgresql_where=text("next_due_at is not null")),
)
claim_event = Table(
    "claim_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _ref("claim"),
    Column("number", Integer, nullable=False, comment="from 1, without a gap, within its claim"),
    _text("kind", "claims.events", null=False),
    Column("happened_at", Instant, nullable=False, comment="when it happened, as told"),
    Column("recorded_at", Instant, nullable=False, comment="when it was recorded"),
    _text("officer", "工号 of who recorded it", null=False),
    Column("body", JSONB, nullable=False, comment="claims.events tells its fields"),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256 over the event and the hash before it"),
    Column(
        "erasure_id",
        Integer,
        ForeignKey("erasure.id"),
        comment="words about persons in `body` were erased under it; the hash is of what stood there",
    ),
    UniqueConstraint("claim_id", "number"),
    info={"add_only": True, "erasable": "body"},
)
ruling = Table(
    "ruling",
    metadata,
    _id(),
    _ref("claim"),
    Column("doc_no", Text, nullable=False, unique=True, comment="文号"),
    _text("outcome", "refund 退费 | no_refund 不退费", null=False),
    Column("ruled_fen", BigInteger, nullable=False, comment="裁定额 [fen]"),
    _text("drafted_by", "承办", null=False),
    _text("reviewed_by", "复核", null=False),
    _text("approved_by", "审批", null=False),
    Column("issued_at", Instant, nullable=False),
    Column("served_at", Instant, comment="送达"),
    Column("bundle_sha256", LargeBinary, nullable=False, comment="the evidence bundle that it cites"),
    Column("revoked_at", Instant, comment="撤销; only then may another stand"),
    Column("closed_through", Date, comment="newest closed day when it was issued; null = none was closed"),
    CheckConstraint("outcome in ('refund','no_refund')", name="outcome"),
    CheckConstraint("ruled_fen >= 0 and (outcome = 'refund') = (ruled_fen > 0)", name="amount"),
    CheckConstraint(
        "drafted_by <> reviewed_by and reviewed_by <> approved_by and drafted_by <> approved_by", name="three_people"
    ),
    Index("ruling_standing_idx", "claim_id", unique=True, postgresql_where=text("revoked_at is null")),
)
claim_file = Table(
    "claim_file",
    metadata,
    _id(),
    _ref("claim"),
    _text("kind", "scan | form | ruling | receipt | bundle | other", null=False),
    _text("name", null=False),
    _text("media_type", null=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False, server_default=func.now()),
    _text("officer", null=False),
    Column(
        "erasure_id",
        Integer,
        ForeignKey("erasure.id"),
        comment="the content was erased under it; the SHA-256 is of what stood there",
    ),
    UniqueConstraint("claim_id", "sha256"),
)
review_task = Table(
    "review_task",
    metadata,
    _id(),
    _ref("claim"),
    Column("event_number", Integer, nullable=False, comment="the claim's event that opened it"),
    _text(
        "kind",
        "late_data | conflict_decided | quality_reviewed | registry | policy | officer: what came after",
        null=False,
    ),
    Column("detail", JSONB, nullable=False),
    Column("opened_at", Instant, nullable=False, server_default=func.now()),
    Column("closed_at", Instant),
    _text("closed_by"),
    _text("outcome", "what the reviewer found"),
    Index("review_task_open_idx", "claim_id", postgresql_where=text("closed_at is null")),
)

entitlement = Table(
    "entitlement",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _ref("claim"),
    Column("number", Integer, nullable=False, comment="from 1, without a gap, within its claim"),
    _text("step", "as of the claim", null=False),
    Column("computed_fen", BigInteger, comment="测算额 [fen]"),
    Column("entitlement_fen", BigInteger, comment="应退热费 [fen]; null = undetermined"),
    Column("ruled_fen", BigInteger, comment="裁定额 [fen]"),
    Column("paid_fen", BigInteger, nullable=False, comment="paid so far [fen]"),
    Column("pay_by", Date, comment="履行期限"),
    Column("next_due_at", Instant, comment="the next time limit that runs; null = none"),
    Column("made_at", Instant, nullable=False, server_default=func.now()),
    UniqueConstraint("claim_id", "number"),
    info={"add_only": True},
)

# --- what proves it ---------------------------------------------------------------------------------------------------

merkle_root = Table(
    "merkle_root",
    metadata,
    _id(),
    Column("made_at", Instant, nullable=False, server_default=func.now()),
    Column("through_batch", BigInteger, nullable=False, comment="statistics through this batch are under it"),
    Column("leaves", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False, comment="core.merkle"),
    Column("time_stamp", LargeBinary, comment="RFC 3161 token over the root; null = none was asked for"),
    _text("time_stamped_by"),
)
merkle_leaves = Table(
    "merkle_leaves",
    metadata,
    _ref("merkle_root", name="root_id"),
    Column("part", Integer, nullable=False),
    Column("first_point", Integer, nullable=False, comment="point of its first leaf; leaves are sorted by point, day"),
    Column("last_point", Integer, nullable=False),
    Column("first_day", Date, nullable=False, comment="the earliest day among its leaves"),
    Column("last_day", Date, nullable=False),
    Column("root", LargeBinary, nullable=False, comment="of this part alone: a part is a whole subtree"),
    Column("leaves", LargeBinary, nullable=False, comment="40 bytes each: point int4, day int4, digest; big-endian"),
    PrimaryKeyConstraint("root_id", "part"),
)

# --- supervision ------------------------------------------------------------------------------------------------------

supervision_rules = Table(
    "supervision_rules",
    metadata,
    _id(),
    Column("hash", LargeBinary, nullable=False, unique=True, comment="SHA-256 of `canonical`"),
    _text("version", "as its file says", null=False),
    _text("watermark", "stands on every result of it, e.g. 演示·非法律依据"),
    _text("canonical", "thresholds, weights and routes in canonical form", null=False),
    Column("first_used_at", Instant, nullable=False, server_default=func.now()),
)
meter_day = Table(
    "meter_day",
    metadata,
    Column("meter_id", Integer, ForeignKey("meter.id"), nullable=False),
    Column("day", Date, nullable=False),
    _small("algorithm", "core.metered: frozen id"),
    Column("readings", Integer, nullable=False),
    Column("slots_expected", Integer, nullable=False, comment="slots of the meter's interval"),
    Column("slots_valid", Integer, nullable=False),
    Column("energy_wh", BigInteger, comment="taken between the day's bounds, by the counter [Wh]; null = not known"),
    Column("volume_l", BigInteger, comment="the same [l]"),
    Column("flow_energy_wh", BigInteger, comment="heat content × volume flow × ΔT over the day [Wh]"),
    Column("power_energy_wh", BigInteger, comment="power over the day [Wh]"),
    Column("estimated_wh", BigInteger, comment="by degree days, CJJ/T 223-2014 5.3, where the counter is missing [Wh]"),
    Column("estimate", JSONB, comment="what the estimate rests on; null = none was made"),
    Column("gap_min", Integer, nullable=False, comment="time without a reading [min]"),
    Column("uncounted_min", Integer, nullable=False, comment="time that the heat counter does not tell [min]"),
    Column("heating_min", Integer, nullable=False, comment="time with heat [min]"),
    Column("below_curve_min", Integer, comment="time below the curve less tolerance [min]; null = no curve"),
    Column("supply_mean_centi", Integer, comment="[0.01 °C]"),
    Column("return_mean_centi", Integer, comment="[0.01 °C]"),
    Column("expected_mean_centi", Integer, comment="the curve's mean over the same slots [0.01 °C]"),
    Column("outdoor_mean_centi", Integer, comment="[0.01 °C]"),
    Column("through_batch", BigInteger, nullable=False),
    PrimaryKeyConstraint("meter_id", "day"),
    Index(None, "day"),
)
meter_mark = Table(
    "meter_mark",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("meter_id", Integer, ForeignKey("meter.id"), nullable=False),
    _text("kind", "core.counter.Kind, by its name in lower case", null=False),
    Column("begins", Instant, nullable=False, comment="the last reading before it"),
    Column("ends", Instant, nullable=False, comment="the first reading after it"),
    _small("algorithm", "frozen id of the rule"),
    Column("evidence", JSONB, nullable=False, comment="what was seen, and against which limit"),
    Column("made_at", Instant, nullable=False, server_default=func.now()),
    Column("withdrawn_at", Instant, comment="later readings showed otherwise; null = it stands"),
    UniqueConstraint("meter_id", "kind", "begins", "algorithm"),
    Index(None, "begins"),
    Index(None, "meter_id", "ends"),
)
meter_pass = Table(
    "meter_pass",
    metadata,
    Column("id", Integer, primary_key=True, server_default=text("1")),
    Column("through_batch", BigInteger, nullable=False, comment="meter readings through this batch were looked at"),
    Column("passed_at", Instant, nullable=False, server_default=func.now()),
    CheckConstraint("id = 1", name="one_row"),
)
station_span = Table(
    "station_span",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("heat_station_id", Integer, ForeignKey("heat_station.id"), nullable=False),
    _text("kind", "core.supply.Kind, by its name in lower case", null=False),
    Column("begins", Instant, nullable=False),
    Column("known_at", Instant, nullable=False, comment="the reading by which it was known"),
    Column("ends", Instant, comment="null = it goes on"),
    _ref("supervision_rules"),
    _small("algorithm", "core.supply: frozen id"),
    Column("evidence", JSONB, nullable=False, comment="of the supply, of the homes, and the limits they were held to"),
    _ref("matter", null=True),
    Column("through_batch", BigInteger, nullable=False),
    Column("made_at", Instant, nullable=False, server_default=func.now()),
    Column("withdrawn_at", Instant, comment="later data showed otherwise; null = it stands"),
    Index(None, "heat_station_id", "begins"),
    Index("station_span_standing_idx", "begins", postgresql_where=text("withdrawn_at is null")),
)
station_pass = Table(
    "station_pass",
    metadata,
    Column("id", Integer, primary_key=True, server_default=text("1")),
    Column("through_batch", BigInteger, nullable=False, comment="meter readings through this batch were looked at"),
    Column("through_change", BigInteger, nullable=False, comment="the newest change of the registry that was known"),
    _ref("supervision_rules"),
    Column("passed_at", Instant, nullable=False, server_default=func.now()),
    CheckConstraint("id = 1", name="one_row"),
)
station_day = Table(
    "station_day",
    metadata,
    Column("heat_station_id", Integer, ForeignKey("heat_station.id"), nullable=False),
    Column("day", Date, nullable=False),
    _ref("supervision_rules"),
    _small("algorithm", "core.supply: frozen id"),
    Column("due_min", Integer, nullable=False, comment="heat was owed: season, schedule, announced stops [min]"),
    Column("known_min", Integer, nullable=False, comment="of those: the meter told [min]"),
    Column("without_min", Integer, nullable=False, comment="of those: without heat [min]"),
    Column("low_min", Integer, nullable=False, comment="of those: below the curve less tolerance [min]"),
    Column("homes", Integer, nullable=False, comment="residential households supplied, without 报停"),
    Column("monitored", Integer, nullable=False, comment="of those: with a statistic of the day"),
    Column("below", Integer, nullable=False, comment="of the monitored: with minutes below the standard"),
    Column("lowest_centi", SmallInteger, comment="of the homes [0.01 °C]"),
    Column("mean_centi", SmallInteger, comment="of the homes' means, floored [0.01 °C]"),
    Column("through_batch", BigInteger, nullable=False),
    PrimaryKeyConstraint("heat_station_id", "day"),
    Index(None, "day"),
)
matter = Table(
    "matter",
    metadata,
    _id(),
    _code("事项编号"),
    _text(
        "kind", "incident | task | order | publication | warning | work_order | assessment | company_file", null=False
    ),
    _ref("district", null=True),
    _ref("company", null=True),
    _ref("heat_source", null=True),
    _ref("heat_station", null=True),
    _ref("building", null=True),
    _ref("household", null=True),
    _ref("gateway", null=True),
    _text("headline", "what it is about, in a line", null=False),
    Column("opened_at", Instant, nullable=False),
    _text("step", "where it stands, in the words of its kind", null=False),
    _small("urgency", "0 closed, 1 routine, 2 soon, 3 now: orders the morning's list"),
    Column("next_due_at", Instant, comment="the next time limit that runs; null = none"),
    Column("closed_at", Instant),
    Column(
        "stands_until",
        Instant,
        comment="it stands so until then if nobody records anything; null = until somebody does",
    ),
    Column("state", JSONB, nullable=False, comment="folded from its events, for lists and reports alone"),
    Index(None, "kind", "opened_at"),
    Index(None, "building_id"),
    Index("matter_open_idx", "kind", "urgency", postgresql_where=text("closed_at is null")),
    CheckConstraint(
        "kind in ('incident','task','order','publication','warning','work_order','assessment','company_file')",
        name="kind",
    ),
)
matter_event = Table(
    "matter_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _ref("matter"),
    Column("number", Integer, nullable=False, comment="from 1, without a gap, within its matter"),
    _text("kind", "supervision.events", null=False),
    Column("happened_at", Instant, nullable=False, comment="when it happened, as told"),
    Column("recorded_at", Instant, nullable=False, comment="when it was recorded"),
    _text("officer", "工号 of who recorded it; `heatstream` = the software", null=False),
    Column("body", JSONB, nullable=False, comment="supervision tells its fields"),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256 over the event and the hash before it"),
    Column(
        "erasure_id",
        Integer,
        ForeignKey("erasure.id"),
        comment="words about persons in `body` were erased under it; the hash is of what stood there",
    ),
    UniqueConstraint("matter_id", "number"),
    Index(None, "kind", "happened_at"),
    info={"add_only": True, "erasable": "body"},
)
matter_file = Table(
    "matter_file",
    metadata,
    _id(),
    _ref("matter"),
    _text("name", null=False),
    _text("media_type", null=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("added_at", Instant, nullable=False, server_default=func.now()),
    _text("officer", null=False),
    Column(
        "erasure_id",
        Integer,
        ForeignKey("erasure.id"),
        comment="the content was erased under it; the SHA-256 is of what stood there",
    ),
    UniqueConstraint("matter_id", "sha256"),
)
warning_level = Table(
    "warning_level",
    metadata,
    _text("rule", "as the rules name it", null=False),
    _text("subject", "building | heat_station | company | district", null=False),
    Column("subject_id", Integer, nullable=False),
    _ref("supervision_rules"),
    _small("level", "core.hysteresis.Level: the colour it took last"),
    Column("since", Instant, comment="when it took it; null = it has none yet"),
    Column("known", Boolean, nullable=False, comment="the last look told; a green that was not told is undetermined"),
    Column("looked_at", Instant, nullable=False),
    Column("numerator", BigInteger, comment="of the last look; null = nothing was told"),
    Column("denominator", BigInteger, nullable=False, comment="of the last look: what it was told of"),
    Column("yellow_past", Instant, comment="since when every look was past the threshold to enter yellow"),
    Column("red_past", Instant, comment="the same of red"),
    Column("yellow_back", Instant, comment="since when every look was back past the threshold to leave yellow"),
    Column("red_back", Instant, comment="the same of red"),
    _ref("matter", null=True),
    PrimaryKeyConstraint("rule", "subject", "subject_id"),
    CheckConstraint("subject in ('building','heat_station','company','district')", name="subject"),
)
ticket = Table(
    "ticket",
    metadata,
    _id(),
    _text("line", "96118 | 12345 | 12319 | …", null=False),
    _text("ticket_no", "工单号 of that line", null=False),
    Column("received_at", Instant, nullable=False, comment="when the line took the call"),
    Column("imported_at", Instant, nullable=False, server_default=func.now()),
    _text("category", "诉求类别, as the line names it", null=False),
    _text("topic", "temperature | no_heat | leak | fee | service | other", null=False),
    _text("address", "as the line wrote it", null=False),
    _text("content", "what was said", null=False),
    _text("caller", "who called, as far as the line passes it on"),
    _ref("household", null=True),
    _ref("building", null=True),
    _text("matched_by", "exact | officer 工号; null = unmatched"),
    _text("match_why", "by which way it was matched; null = unmatched"),
    _text("set_aside_by", "工号 of who said that it is about no building of the registry"),
    _text("set_aside_why"),
    _ref("matter", null=True),
    UniqueConstraint("line", "ticket_no"),
    Index(None, "received_at"),
    Index(None, "matter_id"),
    Index(
        "ticket_unmatched_idx",
        "id",
        postgresql_where=text("building_id is null and set_aside_by is null"),
    ),
    CheckConstraint("topic in ('temperature','no_heat','leak','fee','service','other')", name="topic"),
)
ticket_version = Table(
    "ticket_version",
    metadata,
    _ref("ticket"),
    Column("number", Integer, nullable=False, comment="from 1; `ticket` holds the newest"),
    Column("imported_at", Instant, nullable=False, server_default=func.now()),
    _text("imported_by", null=False),
    _text("source", "file:line it came in", null=False),
    Column("sha256", LargeBinary, nullable=False, comment="of `raw` in canonical form"),
    Column("raw", JSONB, nullable=False, comment="the row as it came"),
    Column(
        "erasure_id",
        Integer,
        ForeignKey("erasure.id"),
        comment="what was said in `raw` was erased under it; the SHA-256 is of what stood there",
    ),
    PrimaryKeyConstraint("ticket_id", "number"),
    info={"add_only": True, "erasable": "raw"},
)
report = Table(
    "report",
    metadata,
    _id(),
    _text("kind", "daily | weekly | half_monthly", null=False),
    Column("period_from", Date, nullable=False),
    Column("period_to", Date, nullable=False, comment="last day"),
    Column("made_at", Instant, nullable=False, server_default=func.now()),
    Column("figures", JSONB, nullable=False, comment="what its tables show"),
    Column("workbook", LargeBinary, nullable=False, comment="XLSX"),
    Column("workbook_sha256", LargeBinary, nullable=False),
    Index(None, "kind", "period_from"),
    CheckConstraint("kind in ('daily','weekly','half_monthly')", name="kind"),
    info={"add_only": True},
)

# --- who may ask, and what ran ----------------------------------------------------------------------------------------

ROLES = (
    *("household", "hotline", "street", "third_party", "inspector", "company", "district", "city", "province"),
    "auditor",
)
"""Who may act and who may see: `office.md` 22, docs/access.md."""

api_key = Table(
    "api_key",
    metadata,
    _id(),
    _text("name", null=False),
    Column("prefix", Text, nullable=False, unique=True, comment="shown in lists; finds the row"),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256 of the key: 256 random bits need no slow hash"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", Instant, nullable=False, server_default=func.now()),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    _text("role", "whose eyes it sees with, as of an officer", null=False, default="city"),
    _ref("district", null=True),
    _ref("company", null=True),
    CheckConstraint("role in ('hotline','company','district','city','province','auditor')", name="role"),
)
account = Table(
    "account",
    metadata,
    _id(),
    _text("login", "what the person signs in with", null=False),
    _ref("officer"),
    _text("password_hash", "Argon2id", null=False),
    Column(
        "must_change", Boolean, nullable=False, comment="somebody else knows the password: it must be changed first"
    ),
    Column("failures", Integer, nullable=False, server_default=text("0"), comment="wrong passwords in a row"),
    Column("locked_until", Instant, comment="no sign-in before it; null = not locked"),
    Column("created_at", Instant, nullable=False, server_default=func.now()),
    _text("created_by", null=False),
    Column("changed_at", Instant, nullable=False, server_default=func.now(), comment="of the password"),
    Column("disabled_at", Instant),
    Column("signed_in_at", Instant, comment="the last time; null = never"),
    UniqueConstraint("login"),
    UniqueConstraint("officer_id"),
)
session = Table(
    "session",
    metadata,
    _id(),
    _ref("account"),
    Column("token_sha256", LargeBinary, nullable=False, unique=True, comment="256 random bits need no slow hash"),
    Column("began_at", Instant, nullable=False, server_default=func.now()),
    Column("used_at", Instant, nullable=False, server_default=func.now()),
    Column("ends_at", Instant, nullable=False, comment="at the latest"),
    Column("ended_at", Instant, comment="signed out, or ended by somebody"),
    _text("address", "of the browser"),
    Index(None, "account_id"),
)
access_log = Table(
    "access_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Instant, nullable=False),
    _text("request", "X-Request-Id, as given or made", null=False),
    _text("process", "serve | web", null=False),
    _text("who", "key:prefix | account:login | nobody", null=False),
    _text("role", "with whose eyes; null = nobody"),
    _text("method", null=False),
    _text("route", "the address's pattern, as in OpenAPI", null=False),
    _text("target", "path and query as asked, no secret", null=False),
    _text("household", "户号 it named, if one"),
    _small("status", "HTTP"),
    Column("rows", Integer, comment="rows of the answer; null = no listing"),
    Column("took_ms", Integer, nullable=False),
    _text("address", "of the client"),
    Index(None, "at", postgresql_using="brin"),
    Index(None, "household", "at", postgresql_where=text("household is not null")),
    Index(None, "who", "id"),
)
idempotent_answer = Table(
    "idempotent_answer",
    metadata,
    _text("who", "as in access_log", null=False),
    _text("key", "Idempotency-Key", null=False),
    Column("request_sha256", LargeBinary, nullable=False, comment="method, address and body: another is refused"),
    _small("status", "HTTP"),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("who", "key"),
)
export = Table(
    "export",
    metadata,
    _id(),
    _code("its number, not to be guessed"),
    _text("who", "who asked, as in access_log", null=False),
    Column("scope", JSONB, nullable=False, comment="access.scope.Scope: whose rows it holds"),
    _text("noun", "readings | statistics | findings | …", null=False),
    Column("parameters", JSONB, nullable=False, comment="the filters, as of the listing of the same name"),
    _text("media_type", null=False),
    _text("state", "waiting | running | done | failed | expired", null=False),
    Column("asked_at", Instant, nullable=False, server_default=func.now()),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("manifest", JSONB, comment="rows, bytes, SHA-256, policy hashes, as_of; null = not done"),
    _text("detail", "why it failed"),
    CheckConstraint("state in ('waiting','running','done','failed','expired')", name="state"),
    Index("export_waiting_idx", "id", postgresql_where=text("state in ('waiting','running')")),
)
export_part = Table(
    "export_part",
    metadata,
    Column("export_id", Integer, ForeignKey("export.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False, comment="from 1; the file is all of them in order"),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("export_id", "number"),
)
erasure = Table(
    "erasure",
    metadata,
    _id(),
    Column("household_id", Integer, ForeignKey("household.id"), comment="null = the retention of a class of data"),
    Column("at", Instant, nullable=False, server_default=func.now()),
    _text("officer", "工号 of who ordered it; `heatstream` = the software, by a setting", null=False),
    _text("reason", null=False),
    Column("erased", JSONB, nullable=False, comment="what was erased: table, rows, columns, SHA-256 before"),
    info={"add_only": True},
)
feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True, server_default=text("1")),
    _text("epoch", "part of every token: a restored database is another feed", null=False),
    _text(
        "database",
        "the cluster's identifier, its timeline, the oids of database and table: another one is a restore",
        null=False,
    ),
    Column("next_seq", BigInteger, nullable=False, comment="the next number that will be given"),
    Column("oldest_seq", BigInteger, nullable=False, comment="older changes were pruned"),
    Column("sequenced_at", Instant, nullable=False, comment="when the sequencer last looked"),
    Column(
        "moves",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="how often homes went over to another company or district: who sees a part sees another",
    ),
    CheckConstraint("id = 1", name="one_row"),
)
change = Table(
    "change",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("txid", TransactionId(), nullable=False, server_default=text("pg_current_xact_id()")),
    _text(
        "noun",
        "finding | entitlement | claim_event | matter_event | registry_change | erasure: the ids' table",
        null=False,
    ),
    Column(
        "ids", INT8MULTIRANGE, nullable=False, comment="the rows that were added together, in the order of their ids"
    ),
    Column("rows", Integer, nullable=False, comment="how many ids"),
    Column("day", Date, comment="of findings: their period_from"),
    Column("at", Instant, nullable=False, server_default=func.now()),
    Column("first_seq", BigInteger, comment="number of its first row; the others follow; null = not sequenced yet"),
    Index("change_waiting_idx", "txid", "id", postgresql_where=text("first_seq is null")),
    Index("change_first_seq_idx", "first_seq", unique=True, postgresql_where=text("first_seq is not null")),
    CheckConstraint("rows > 0", name="rows"),
)
job_run = Table(
    "job_run",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _text("job", null=False),
    Column("started_at", Instant, nullable=False, server_default=func.now()),
    Column("ended_at", Instant),
    Column("succeeded", Boolean),
    _text("detail"),
    Index(None, "job", "started_at"),
)

BY_TIME = tuple(table for table in metadata.tables.values() if "by_time" in table.info)


def add_only_statements(table: Table) -> tuple[str, ...]:
    """Write the trigger that keeps rows as they were added, but for one column that an erasure on record may empty."""
    name, erasable = f"{table.name}_add_only", table.info.get("erasable")
    free = f"array['{erasable}', 'erasure_id']"
    but = (
        f"if tg_op = 'UPDATE' and old.erasure_id is null and new.erasure_id is not null "
        f"and to_jsonb(new) - {free} = to_jsonb(old) - {free} then return new; end if; "
        if erasable
        else ""
    )
    return (
        f"""create or replace function {name}() returns trigger language plpgsql as
            $$ begin {but}raise exception '{table.name}: rows are added, never changed'; end $$""",
        f"create trigger {name} before update or delete on {table.name} for each row execute function {name}()",
    )
