"""The feed of changes, who may see what, and what proves who saw it.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


class TransactionId(sa.types.UserDefinedType[int]):
    """xid8."""

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request", sa.Text(), nullable=False, comment="X-Request-Id, as given or made"),
        sa.Column("process", sa.Text(), nullable=False, comment="serve | web"),
        sa.Column("who", sa.Text(), nullable=False, comment="key:prefix | account:login | nobody"),
        sa.Column("role", sa.Text(), nullable=True, comment="with whose eyes; null = nobody"),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False, comment="the address's pattern, as in OpenAPI"),
        sa.Column("target", sa.Text(), nullable=False, comment="path and query as asked, no secret"),
        sa.Column("household", sa.Text(), nullable=True, comment="户号 it named, if one"),
        sa.Column("status", sa.SmallInteger(), nullable=False, comment="HTTP"),
        sa.Column("rows", sa.Integer(), nullable=True, comment="rows of the answer; null = no listing"),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True, comment="of the client"),
        sa.PrimaryKeyConstraint("id", name=op.f("access_log_pkey")),
    )
    op.create_index(op.f("access_log_at_idx"), "access_log", ["at"], unique=False, postgresql_using="brin")
    op.create_index(
        op.f("access_log_household_at_idx"),
        "access_log",
        ["household", "at"],
        unique=False,
        postgresql_where=sa.text("household is not null"),
    )
    op.create_index(op.f("access_log_who_id_idx"), "access_log", ["who", "id"], unique=False)
    op.create_index(op.f("point_valid_from_idx"), "point", ["valid_from"], unique=False)
    op.create_table(
        "change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("txid", TransactionId(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column(
            "noun",
            sa.Text(),
            nullable=False,
            comment="finding | entitlement | claim_event | matter_event | registry_change | erasure: the ids' table",
        ),
        sa.Column(
            "ids",
            postgresql.INT8MULTIRANGE(),
            nullable=False,
            comment="the rows that were added together, in the order of their ids",
        ),
        sa.Column("rows", sa.Integer(), nullable=False, comment="how many ids"),
        sa.Column("day", sa.Date(), nullable=True, comment="of findings: their period_from"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "first_seq",
            sa.BigInteger(),
            nullable=True,
            comment="number of its first row; the others follow; null = not sequenced yet",
        ),
        sa.CheckConstraint("rows > 0", name=op.f("change_rows_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("change_pkey")),
    )
    op.create_index(
        "change_first_seq_idx", "change", ["first_seq"], unique=True, postgresql_where=sa.text("first_seq is not null")
    )
    op.create_index(
        "change_waiting_idx", "change", ["txid", "id"], unique=False, postgresql_where=sa.text("first_seq is null")
    )
    op.create_table(
        "export",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="its number, not to be guessed"),
        sa.Column("who", sa.Text(), nullable=False, comment="who asked, as in access_log"),
        sa.Column(
            "scope",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="access.scope.Scope: whose rows it holds",
        ),
        sa.Column("noun", sa.Text(), nullable=False, comment="readings | statistics | findings | …"),
        sa.Column(
            "parameters",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the filters, as of the listing of the same name",
        ),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting | running | done | failed | expired"),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "manifest",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="rows, bytes, SHA-256, policy hashes, as_of; null = not done",
        ),
        sa.Column("detail", sa.Text(), nullable=True, comment="why it failed"),
        sa.CheckConstraint("state in ('waiting','running','done','failed','expired')", name=op.f("export_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("export_pkey")),
        sa.UniqueConstraint("code", name=op.f("export_code_key")),
    )
    op.create_index(
        "export_waiting_idx", "export", ["id"], unique=False, postgresql_where=sa.text("state in ('waiting','running')")
    )
    op.create_table(
        "day_outcome",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("building_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=False, comment="core.finding.Outcome"),
        sa.Column(
            "homes",
            sa.Integer(),
            nullable=False,
            comment="users of heat whose current finding of the day is this",
        ),
        sa.Column(
            "lowest_centi",
            sa.SmallInteger(),
            nullable=True,
            comment="lowest deciding value of 合格 and 不达标 [0.01 °C]",
        ),
        sa.Column("computed_fen", sa.BigInteger(), nullable=False, comment="sum of 测算额 [fen]"),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("day_outcome_building_id_fkey")),
        sa.PrimaryKeyConstraint("day", "building_id", "outcome", name=op.f("day_outcome_pkey")),
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "epoch", sa.Text(), nullable=False, comment="part of every token: a restored database is another feed"
        ),
        sa.Column(
            "database",
            sa.Text(),
            nullable=False,
            comment="the cluster's identifier, its timeline, the oids of database and table: another one is a restore",
        ),
        sa.Column("next_seq", sa.BigInteger(), nullable=False, comment="the next number that will be given"),
        sa.Column("oldest_seq", sa.BigInteger(), nullable=False, comment="older changes were pruned"),
        sa.Column("sequenced_at", sa.DateTime(timezone=True), nullable=False, comment="when the sequencer last looked"),
        sa.Column(
            "moves",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how often homes went over to another company or district: who sees a part sees another",
        ),
        sa.CheckConstraint("id = 1", name=op.f("feed_one_row_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("feed_pkey")),
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("who", sa.Text(), nullable=False, comment="as in access_log"),
        sa.Column("key", sa.Text(), nullable=False, comment="Idempotency-Key"),
        sa.Column(
            "request_sha256", sa.LargeBinary(), nullable=False, comment="method, address and body: another is refused"
        ),
        sa.Column("status", sa.SmallInteger(), nullable=False, comment="HTTP"),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("who", "key", name=op.f("idempotent_answer_pkey")),
    )
    op.create_table(
        "export_part",
        sa.Column("export_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1; the file is all of them in order"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["export.id"], name=op.f("export_part_export_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("export_part_pkey")),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True, comment="null = the retention of a class of data"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "officer",
            sa.Text(),
            nullable=False,
            comment="工号 of who ordered it; `heatstream` = the software, by a setting",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "erased",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what was erased: table, rows, columns, SHA-256 before",
        ),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("erasure_household_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("erasure_pkey")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False, comment="what the person signs in with"),
        sa.Column("officer_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="Argon2id"),
        sa.Column(
            "must_change",
            sa.Boolean(),
            nullable=False,
            comment="somebody else knows the password: it must be changed first",
        ),
        sa.Column(
            "failures", sa.Integer(), server_default=sa.text("0"), nullable=False, comment="wrong passwords in a row"
        ),
        sa.Column(
            "locked_until", sa.DateTime(timezone=True), nullable=True, comment="no sign-in before it; null = not locked"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="of the password",
        ),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True, comment="the last time; null = never"),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("account_officer_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("account_pkey")),
        sa.UniqueConstraint("login", name=op.f("account_login_key")),
        sa.UniqueConstraint("officer_id", name=op.f("account_officer_id_key")),
    )
    op.create_table(
        "entitlement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1, without a gap, within its claim"),
        sa.Column("step", sa.Text(), nullable=False, comment="as of the claim"),
        sa.Column("computed_fen", sa.BigInteger(), nullable=True, comment="测算额 [fen]"),
        sa.Column("entitlement_fen", sa.BigInteger(), nullable=True, comment="应退热费 [fen]; null = undetermined"),
        sa.Column("ruled_fen", sa.BigInteger(), nullable=True, comment="裁定额 [fen]"),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False, comment="paid so far [fen]"),
        sa.Column("pay_by", sa.Date(), nullable=True, comment="履行期限"),
        sa.Column(
            "next_due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the next time limit that runs; null = none",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("entitlement_claim_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("entitlement_pkey")),
        sa.UniqueConstraint("claim_id", "number", name=op.f("entitlement_claim_id_number_key")),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False, comment="256 random bits need no slow hash"),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False, comment="at the latest"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="signed out, or ended by somebody"),
        sa.Column("address", sa.Text(), nullable=True, comment="of the browser"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("session_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("session_pkey")),
        sa.UniqueConstraint("token_sha256", name=op.f("session_token_sha256_key")),
    )
    op.create_index(op.f("session_account_id_idx"), "session", ["account_id"], unique=False)
    op.add_column(
        "api_key",
        sa.Column(
            "role",
            sa.Text(),
            server_default=sa.text("'city'"),
            nullable=False,
            comment="whose eyes it sees with, as of an officer",
        ),
    )
    op.add_column("api_key", sa.Column("district_id", sa.Integer(), nullable=True))
    op.add_column("api_key", sa.Column("company_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("api_key_company_id_fkey"), "api_key", "company", ["company_id"], ["id"])
    op.create_foreign_key(op.f("api_key_district_id_fkey"), "api_key", "district", ["district_id"], ["id"])
    op.add_column(
        "officer", sa.Column("street_office", sa.Text(), nullable=True, comment="街道 of an officer of role street")
    )
    op.add_column("officer", sa.Column("household_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("officer_household_id_fkey"), "officer", "household", ["household_id"], ["id"])
    op.add_column(
        "claim_event",
        sa.Column(
            "erasure_id",
            sa.Integer(),
            nullable=True,
            comment="words about persons in `body` were erased under it; the hash is of what stood there",
        ),
    )
    op.create_foreign_key(op.f("claim_event_erasure_id_fkey"), "claim_event", "erasure", ["erasure_id"], ["id"])
    op.add_column(
        "claim_file",
        sa.Column(
            "erasure_id",
            sa.Integer(),
            nullable=True,
            comment="the content was erased under it; the SHA-256 is of what stood there",
        ),
    )
    op.create_foreign_key(op.f("claim_file_erasure_id_fkey"), "claim_file", "erasure", ["erasure_id"], ["id"])
    op.add_column(
        "matter_event",
        sa.Column(
            "erasure_id",
            sa.Integer(),
            nullable=True,
            comment="words about persons in `body` were erased under it; the hash is of what stood there",
        ),
    )
    op.create_foreign_key(op.f("matter_event_erasure_id_fkey"), "matter_event", "erasure", ["erasure_id"], ["id"])
    op.add_column(
        "matter_file",
        sa.Column(
            "erasure_id",
            sa.Integer(),
            nullable=True,
            comment="the content was erased under it; the SHA-256 is of what stood there",
        ),
    )
    op.create_foreign_key(op.f("matter_file_erasure_id_fkey"), "matter_file", "erasure", ["erasure_id"], ["id"])
    op.add_column(
        "ticket_version",
        sa.Column(
            "erasure_id",
            sa.Integer(),
            nullable=True,
            comment="what was said in `raw` was erased under it; the SHA-256 is of what stood there",
        ),
    )
    op.create_foreign_key(op.f("ticket_version_erasure_id_fkey"), "ticket_version", "erasure", ["erasure_id"], ["id"])
    op.create_check_constraint(
        op.f("api_key_role_check"), "api_key", "role in ('hotline','company','district','city','province','auditor')"
    )
    for table in ("entitlement", "erasure"):
        op.execute(
            f"create function {table}_add_only() returns trigger language plpgsql as "
            f"$$ begin raise exception '{table}: rows are added, never changed'; end $$"
        )
        op.execute(
            f"create trigger {table}_add_only before update or delete on {table} "
            f"for each row execute function {table}_add_only()"
        )
    for table, column in (("claim_event", "body"), ("matter_event", "body"), ("ticket_version", "raw")):
        free = f"array['{column}', 'erasure_id']"
        op.execute(
            f"create or replace function {table}_add_only() returns trigger language plpgsql as "
            f"$$ begin if tg_op = 'UPDATE' and old.erasure_id is null and new.erasure_id is not null "
            f"and to_jsonb(new) - {free} = to_jsonb(old) - {free} then return new; end if; "
            f"raise exception '{table}: rows are added, never changed'; end $$"
        )
    op.execute(FEED_DATABASE)
    _tell_what_was_there()
    for statement in ROW_SCOPE:
        op.execute(statement)


FEED_DATABASE = """create function feed_database() returns text language sql stable security definer
    return concat_ws('/', (pg_control_system()).system_identifier, (pg_control_checkpoint()).timeline_id,
        (select oid from pg_catalog.pg_database where datname = current_database()),
        to_regclass('public.feed')::oid)"""


def _tell_what_was_there() -> None:
    """Whoever follows the feed from its beginning meets what was stored before there was one."""
    op.execute(
        "insert into entitlement (claim_id, number, step, computed_fen, entitlement_fen, ruled_fen, paid_fen, pay_by, "
        "next_due_at) select id, 1, step, computed_fen, entitlement_fen, ruled_fen, paid_fen, pay_by, next_due_at "
        "from claim order by id"
    )
    told = "range_agg(int8range(id, id, '[]')), count(*)"
    op.execute(
        f"insert into change (noun, ids, rows, at) select 'registry_change', {told}, at from registry_change "  # noqa: S608
        "group by at order by at"
    )
    op.execute(
        "insert into change (noun, ids, rows, day, at) select 'finding', range_agg(int8range(f.id, f.id, '[]')), "
        "count(*), f.period_from, r.started_at from finding f join run r on r.id = f.run_id "
        "group by f.run_id, f.period_from, r.started_at order by f.run_id, f.period_from"
    )
    followed = "where matter_id in (select id from matter where kind in ('incident', 'warning'))"
    for noun, at, which in (
        ("claim_event", "recorded_at", ""),
        ("matter_event", "recorded_at", followed),
        ("entitlement", "made_at", ""),
    ):
        op.execute(
            f"insert into change (noun, ids, rows, at) select '{noun}', {told}, {at} from {noun} {which} "  # noqa: S608
            f"group by {at} order by {at}"
        )
    op.execute(
        "insert into day_outcome select f.period_from, h.building_id, f.outcome, count(*), "
        "min(f.value_centi) filter (where f.outcome in (1, 2)), coalesce(sum(f.computed_fen), 0) "
        "from finding_current c join finding f on f.id = c.finding_id and f.period_from = c.period_from "
        "join household h on h.id = c.household_id where c.period_kind = 1 group by 1, 2, 3"
    )
    op.execute(
        "insert into feed (epoch, database, next_seq, oldest_seq, sequenced_at) "
        "values (gen_random_uuid()::text, feed_database(), 1, 1, now())"
    )


ROW_SCOPE = (
    """do $$ begin
        if not exists (select 1 from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)) then
            raise exception 'the database user % needs BYPASSRLS: alter role % bypassrls; ingest and evaluate write '
                'tables with row-level security, see docs/operations.md', current_user, current_user;
        end if;
        if not exists (select 1 from pg_roles where rolname = 'heatstream_reader') then
            create role heatstream_reader nologin;
        end if;
        if not pg_has_role(current_user, 'heatstream_reader', 'member') then
            execute format('grant heatstream_reader to %I', current_user);
        end if;
    exception
        when duplicate_object or unique_violation then null;
    end $$""",
    """create function seen_as(what text) returns text stable parallel safe language sql
    return nullif(current_setting('heatstream.' || what, true), '')""",
    """create function seen_by(what text, variadic roles text[]) returns text stable parallel safe language sql
    return case when seen_as('role') = any (roles) then seen_as(what) end""",
    """create function sees_everything() returns boolean stable parallel safe language sql
    return coalesce(
        seen_as('role') in ('city', 'auditor', 'aggregates')
        or (seen_as('role') = 'hotline' and seen_as('district') is null), false)""",
    """create function seen_buildings() returns int4multirange stable parallel safe security definer language sql begin atomic
        select coalesce(range_agg(int4range(seen.id, seen.id, '[]')), '{}') from (select b.id from public.building b
        join public.community c on c.id = b.community_id
        join public.heat_station s on s.id = b.heat_station_id
        where s.company_id = (select seen_by('company', 'company', 'inspector')::integer) or c.district_id = (select seen_by('district', 'district', 'hotline')::integer)
            or c.street_office = (select seen_by('street', 'street'))
                and ((select seen_as('district')) is null or c.district_id = (select seen_as('district')::integer))) as seen (id)
        where seen.id is not null;  -- a range without bounds would hold everybody
    end""",
    """create function seen_homes() returns int4multirange stable parallel safe security definer language sql begin atomic
        select coalesce(range_agg(int4range(seen.id, seen.id, '[]')), '{}') from (select seen_by('household', 'household')::integer
        union all
        select h.id from public.household h
        join public.building b on b.id = h.building_id
        join public.community c on c.id = b.community_id
        where c.district_id = (select seen_by('district', 'third_party')::integer)
            and h.id in (select k.household_id from public.claim k where k.step not in ('closed', 'withdrawn'))) as seen (id)
        where seen.id is not null;  -- a range without bounds would hold everybody
    end""",
    """create function seen_roofs() returns int4multirange stable parallel safe security definer language sql begin atomic
        select coalesce(range_agg(int4range(seen.id, seen.id, '[]')), '{}') from (select h.building_id from public.household h
        where h.id in (select generate_series(lower(r), upper(r) - 1) from unnest(seen_homes()) as r)) as seen (id)
        where seen.id is not null;  -- a range without bounds would hold everybody
    end""",
    """create function seen_households() returns int4multirange stable parallel safe security definer language sql begin atomic
        with roof as materialized (
            select h.building_id, min(h.id) as first, max(h.id) as last, count(*) as homes
            from public.household h where (select seen_buildings()) @> h.building_id group by h.building_id)
        select coalesce(range_agg(seen.ids), '{}') + (select seen_homes()) from (
            select int4range(first, last, '[]') from roof where last - first + 1 = homes
            union all
            select int4range(h.id, h.id, '[]') from public.household h join roof using (building_id)
            where last - first + 1 <> homes) as seen (ids);
    end""",
    """create function seen_points() returns int4multirange stable parallel safe security definer language sql begin atomic
        select coalesce(range_agg(int4range(seen.id, seen.id, '[]')), '{}') from (select p.id from public.point p where (select seen_households()) @> household_id) as seen (id)
        where seen.id is not null;  -- a range without bounds would hold everybody
    end""",
    """create function seen_stations() returns int4multirange stable parallel safe security definer language sql begin atomic
        select coalesce(range_agg(int4range(seen.id, seen.id, '[]')), '{}') from (select s.id from public.heat_station s where s.company_id = (select seen_by('company', 'company', 'inspector')::integer)
        union all
        select b.heat_station_id from public.building b where (select seen_buildings()) @> b.id) as seen (id)
        where seen.id is not null;  -- a range without bounds would hold everybody
    end""",
    """create function seen_sources() returns int4multirange stable parallel safe security definer language sql begin atomic
        select coalesce(range_agg(int4range(seen.id, seen.id, '[]')), '{}') from (select s.id from public.heat_source s where s.company_id = (select seen_by('company', 'company', 'inspector')::integer)
        union all
        select s.heat_source_id from public.heat_station s where (select seen_stations()) @> s.id) as seen (id)
        where seen.id is not null;  -- a range without bounds would hold everybody
    end""",
    """create function seen_companies() returns int4multirange stable parallel safe security definer language sql begin atomic
        select coalesce(range_agg(int4range(seen.id, seen.id, '[]')), '{}') from (select s.company_id from public.heat_station s where (select seen_as('role') = 'district') and (select seen_stations()) @> s.id
        union all
        select s.company_id from public.heat_source s where (select seen_as('role') = 'district') and (select seen_sources()) @> s.id) as seen (id)
        where seen.id is not null;  -- a range without bounds would hold everybody
    end""",
    """create function seen_meters() returns int4multirange stable parallel safe security definer language sql begin atomic
        select coalesce(range_agg(int4range(seen.id, seen.id, '[]')), '{}') from (select m.id from public.meter m where (select seen_households()) @> household_id or household_id is null
            and ((select seen_stations()) @> heat_station_id or (select seen_sources()) @> heat_source_id)) as seen (id)
        where seen.id is not null;  -- a range without bounds would hold everybody
    end""",
    """create function seen_gateways() returns setof text stable parallel safe security definer language sql
    begin atomic
        select g.code from public.gateway g where g.company_id = (select seen_by('company', 'company', 'inspector')::integer)
        union
        select g.code from public.gateway g join public.point p on p.gateway_id = g.id
        where (select seen_households()) @> p.household_id;
    end""",
    """create function judged_days() returns table (first date, last date) stable parallel safe security definer language sql
    begin atomic
        select min(o.day), max(o.day) from public.day_outcome o;
    end""",
    """create function api_key_named(named text) returns setof api_key stable parallel safe security definer language sql
    begin atomic
        select k.* from public.api_key k
        left join public.company c on c.id = k.company_id
        left join public.district d on d.id = k.district_id
        where k.prefix = named
            and coalesce(c.valid_to, 'infinity') >= (now() at time zone interval '8 hours')::date
            and coalesce(d.valid_to, 'infinity') >= (now() at time zone interval '8 hours')::date;
    end""",
    """alter table household enable row level security""",
    """alter table household force row level security""",
    """create policy household_seen on household for select to heatstream_reader using ((select sees_everything()) or (select seen_buildings()) @> building_id or (select seen_homes()) @> id)""",
    """grant select on household to heatstream_reader""",
    """alter table building enable row level security""",
    """alter table building force row level security""",
    """create policy building_seen on building for select to heatstream_reader using ((select sees_everything()) or (select seen_buildings()) @> id or (select seen_roofs()) @> id)""",
    """grant select on building to heatstream_reader""",
    """alter table community enable row level security""",
    """alter table community force row level security""",
    """create policy community_seen on community for select to heatstream_reader using ((select sees_everything()) or district_id = (select seen_by('district', 'district', 'hotline')::integer) or id in (select community_id from building))""",
    """grant select on community to heatstream_reader""",
    """alter table heat_station enable row level security""",
    """alter table heat_station force row level security""",
    """create policy heat_station_seen on heat_station for select to heatstream_reader using ((select sees_everything()) or (select seen_stations()) @> id or id in (select heat_station_id from building))""",
    """grant select on heat_station to heatstream_reader""",
    """alter table heat_source enable row level security""",
    """alter table heat_source force row level security""",
    """create policy heat_source_seen on heat_source for select to heatstream_reader using ((select sees_everything()) or (select seen_sources()) @> id or id in (select heat_source_id from heat_station))""",
    """grant select on heat_source to heatstream_reader""",
    """alter table company enable row level security""",
    """alter table company force row level security""",
    """create policy company_seen on company for select to heatstream_reader using ((select sees_everything()) or id = (select seen_by('company', 'company', 'inspector')::integer) or (select seen_companies()) @> id or id in (select company_id from heat_station))""",
    """grant select on company to heatstream_reader""",
    """alter table gateway enable row level security""",
    """alter table gateway force row level security""",
    """create policy gateway_seen on gateway for select to heatstream_reader using ((select sees_everything()) or code in (select seen_gateways()))""",
    """grant select on gateway to heatstream_reader""",
    """alter table gateway_progress enable row level security""",
    """alter table gateway_progress force row level security""",
    """create policy gateway_progress_seen on gateway_progress for select to heatstream_reader using ((select sees_everything()) or gateway in (select seen_gateways()))""",
    """grant select on gateway_progress to heatstream_reader""",
    """alter table meter enable row level security""",
    """alter table meter force row level security""",
    """create policy meter_seen on meter for select to heatstream_reader using ((select sees_everything()) or (select seen_meters()) @> id)""",
    """grant select on meter to heatstream_reader""",
    """alter table weather_curve enable row level security""",
    """alter table weather_curve force row level security""",
    """create policy weather_curve_seen on weather_curve for select to heatstream_reader using ((select sees_everything()) or heat_station_id in (select id from heat_station) or heat_source_id in (select id from heat_source))""",
    """grant select on weather_curve to heatstream_reader""",
    """alter table weather_curve_point enable row level security""",
    """alter table weather_curve_point force row level security""",
    """create policy weather_curve_point_seen on weather_curve_point for select to heatstream_reader using ((select sees_everything()) or weather_curve_id in (select id from weather_curve))""",
    """grant select on weather_curve_point to heatstream_reader""",
    """alter table heating_schedule enable row level security""",
    """alter table heating_schedule force row level security""",
    """create policy heating_schedule_seen on heating_schedule for select to heatstream_reader using ((select sees_everything()) or heat_station_id in (select id from heat_station))""",
    """grant select on heating_schedule to heatstream_reader""",
    """alter table maintenance enable row level security""",
    """alter table maintenance force row level security""",
    """create policy maintenance_seen on maintenance for select to heatstream_reader using ((select sees_everything()) or heat_station_id in (select id from heat_station) or heat_source_id in (select id from heat_source))""",
    """grant select on maintenance to heatstream_reader""",
    """alter table fuel_plan enable row level security""",
    """alter table fuel_plan force row level security""",
    """create policy fuel_plan_seen on fuel_plan for select to heatstream_reader using ((select sees_everything()) or heat_source_id in (select id from heat_source where company_id = (select seen_by('company', 'company', 'inspector')::integer)) or (select seen_as('role') = 'district') and heat_source_id in (select id from heat_source))""",
    """grant select on fuel_plan to heatstream_reader""",
    """alter table neighbour enable row level security""",
    """alter table neighbour force row level security""",
    """create policy neighbour_seen on neighbour for select to heatstream_reader using ((select sees_everything()) or (select seen_households()) @> household_id)""",
    """grant select on neighbour to heatstream_reader""",
    """alter table room enable row level security""",
    """alter table room force row level security""",
    """create policy room_seen on room for select to heatstream_reader using ((select sees_everything()) or (select seen_households()) @> household_id)""",
    """grant select on room to heatstream_reader""",
    """alter table contract enable row level security""",
    """alter table contract force row level security""",
    """create policy contract_seen on contract for select to heatstream_reader using ((select sees_everything()) or (select seen_households()) @> household_id)""",
    """grant select on contract to heatstream_reader""",
    """alter table stop_period enable row level security""",
    """alter table stop_period force row level security""",
    """create policy stop_period_seen on stop_period for select to heatstream_reader using ((select sees_everything()) or (select seen_households()) @> household_id)""",
    """grant select on stop_period to heatstream_reader""",
    """alter table point enable row level security""",
    """alter table point force row level security""",
    """create policy point_seen on point for select to heatstream_reader using ((select sees_everything()) or (select seen_households()) @> household_id)""",
    """grant select on point to heatstream_reader""",
    """alter table officer enable row level security""",
    """alter table officer force row level security""",
    """create policy officer_seen on officer for select to heatstream_reader using ((select sees_everything()) or role <> 'household' or (select seen_households()) @> household_id)""",
    """grant select on officer to heatstream_reader""",
    """alter table registry_change enable row level security""",
    """alter table registry_change force row level security""",
    """create policy registry_change_seen on registry_change for select to heatstream_reader using ((select sees_everything()) or noun in ('city', 'district', 'outdoor_day') or noun = 'household' and code in (select code from household) or noun = 'building' and code in (select code from building) or noun = 'community' and code in (select code from community) or noun = 'heat_station' and code in (select code from heat_station) or noun = 'heat_source' and code in (select code from heat_source) or noun = 'company' and code in (select code from company) or noun = 'gateway' and code in (select code from gateway) or (select seen_households()) @> (after ->> 'household_id')::integer)""",
    """grant select on registry_change to heatstream_reader""",
    """alter table day_dirty enable row level security""",
    """alter table day_dirty force row level security""",
    """create policy day_dirty_seen on day_dirty for select to heatstream_reader using ((select sees_everything()) or (select seen_households()) @> household_id)""",
    """grant select on day_dirty to heatstream_reader""",
    """alter table flag enable row level security""",
    """alter table flag force row level security""",
    """create policy flag_seen on flag for select to heatstream_reader using ((select sees_everything()) or (select seen_points()) @> point_id)""",
    """grant select on flag to heatstream_reader""",
    """alter table conflict_decision enable row level security""",
    """alter table conflict_decision force row level security""",
    """create policy conflict_decision_seen on conflict_decision for select to heatstream_reader using ((select sees_everything()) or (select seen_points()) @> point_id)""",
    """grant select on conflict_decision to heatstream_reader""",
    """alter table quality_mark enable row level security""",
    """alter table quality_mark force row level security""",
    """create policy quality_mark_seen on quality_mark for select to heatstream_reader using ((select sees_everything()) or (select seen_points()) @> point_id)""",
    """grant select on quality_mark to heatstream_reader""",
    """alter table quality_review enable row level security""",
    """alter table quality_review force row level security""",
    """create policy quality_review_seen on quality_review for select to heatstream_reader using ((select sees_everything()) or mark_id in (select id from quality_mark))""",
    """grant select on quality_review to heatstream_reader""",
    """alter table reject enable row level security""",
    """alter table reject force row level security""",
    """create policy reject_seen on reject for select to heatstream_reader using ((select sees_everything()) or (select seen_as('role') in ('company', 'inspector')) and gateway in (select code from gateway where company_id = (select seen_by('company', 'company', 'inspector')::integer)))""",
    """grant select on reject to heatstream_reader""",
    """alter table incident enable row level security""",
    """alter table incident force row level security""",
    """create policy incident_seen on incident for select to heatstream_reader using ((select seen_as('role') in ('city', 'auditor')))""",
    """grant select on incident to heatstream_reader""",
    """alter table reject_reading enable row level security""",
    """alter table reject_reading force row level security""",
    """create policy reject_reading_seen on reject_reading for select to heatstream_reader using ((select sees_everything()) or reject_id in (select id from reject))""",
    """grant select on reject_reading to heatstream_reader""",
    """alter table legal_hold enable row level security""",
    """alter table legal_hold force row level security""",
    """create policy legal_hold_seen on legal_hold for select to heatstream_reader using ((select sees_everything()) or household_id is null or (select seen_households()) @> household_id)""",
    """grant select on legal_hold to heatstream_reader""",
    """alter table frozen_evidence enable row level security""",
    """alter table frozen_evidence force row level security""",
    """create policy frozen_evidence_seen on frozen_evidence for select to heatstream_reader using ((select sees_everything()) or (select seen_households()) @> household_id)""",
    """grant select on frozen_evidence to heatstream_reader""",
    """alter table claim enable row level security""",
    """alter table claim force row level security""",
    """create policy claim_seen on claim for select to heatstream_reader using ((select sees_everything()) or (select seen_households()) @> household_id)""",
    """grant select on claim to heatstream_reader""",
    """alter table claim_event enable row level security""",
    """alter table claim_event force row level security""",
    """create policy claim_event_seen on claim_event for select to heatstream_reader using ((select sees_everything()) or claim_id in (select id from claim))""",
    """grant select on claim_event to heatstream_reader""",
    """alter table ruling enable row level security""",
    """alter table ruling force row level security""",
    """create policy ruling_seen on ruling for select to heatstream_reader using ((select sees_everything()) or claim_id in (select id from claim))""",
    """grant select on ruling to heatstream_reader""",
    """alter table claim_file enable row level security""",
    """alter table claim_file force row level security""",
    """create policy claim_file_seen on claim_file for select to heatstream_reader using ((select sees_everything()) or claim_id in (select id from claim))""",
    """grant select on claim_file to heatstream_reader""",
    """alter table review_task enable row level security""",
    """alter table review_task force row level security""",
    """create policy review_task_seen on review_task for select to heatstream_reader using ((select sees_everything()) or claim_id in (select id from claim))""",
    """grant select on review_task to heatstream_reader""",
    """alter table entitlement enable row level security""",
    """alter table entitlement force row level security""",
    """create policy entitlement_seen on entitlement for select to heatstream_reader using ((select sees_everything()) or claim_id in (select id from claim))""",
    """grant select on entitlement to heatstream_reader""",
    """alter table meter_day enable row level security""",
    """alter table meter_day force row level security""",
    """create policy meter_day_seen on meter_day for select to heatstream_reader using ((select sees_everything()) or (select seen_meters()) @> meter_id)""",
    """grant select on meter_day to heatstream_reader""",
    """alter table meter_mark enable row level security""",
    """alter table meter_mark force row level security""",
    """create policy meter_mark_seen on meter_mark for select to heatstream_reader using ((select sees_everything()) or (select seen_meters()) @> meter_id)""",
    """grant select on meter_mark to heatstream_reader""",
    """alter table station_span enable row level security""",
    """alter table station_span force row level security""",
    """create policy station_span_seen on station_span for select to heatstream_reader using ((select sees_everything()) or (select seen_stations()) @> heat_station_id)""",
    """grant select on station_span to heatstream_reader""",
    """alter table station_day enable row level security""",
    """alter table station_day force row level security""",
    """create policy station_day_seen on station_day for select to heatstream_reader using ((select sees_everything()) or (select seen_stations()) @> heat_station_id)""",
    """grant select on station_day to heatstream_reader""",
    """alter table day_outcome enable row level security""",
    """alter table day_outcome force row level security""",
    """create policy day_outcome_seen on day_outcome for select to heatstream_reader using ((select sees_everything()) or (select seen_buildings()) @> building_id)""",
    """grant select on day_outcome to heatstream_reader""",
    """alter table warning_level enable row level security""",
    """alter table warning_level force row level security""",
    """create policy warning_level_seen on warning_level for select to heatstream_reader using ((select sees_everything()) or case subject when 'building' then (select seen_buildings()) @> subject_id when 'heat_station' then (select seen_stations()) @> subject_id when 'company' then subject_id = (select seen_by('company', 'company', 'inspector')::integer) or (select seen_companies()) @> subject_id when 'district' then subject_id = (select seen_by('district', 'district', 'hotline')::integer) end)""",
    """grant select on warning_level to heatstream_reader""",
    """alter table matter enable row level security""",
    """alter table matter force row level security""",
    """create policy matter_seen on matter for select to heatstream_reader using ((select sees_everything()) or company_id = (select seen_by('company', 'company', 'inspector')::integer) or district_id = (select seen_by('district', 'district', 'hotline')::integer) or (select seen_buildings()) @> building_id or (select seen_households()) @> household_id or num_nonnulls(district_id, heat_source_id, heat_station_id, building_id, household_id) = 0 and (select seen_companies()) @> company_id or building_id is null and household_id is null and ((select seen_stations()) @> heat_station_id or heat_station_id is null and (select seen_sources()) @> heat_source_id))""",
    """grant select on matter to heatstream_reader""",
    """alter table matter_event enable row level security""",
    """alter table matter_event force row level security""",
    """create policy matter_event_seen on matter_event for select to heatstream_reader using ((select sees_everything()) or matter_id in (select id from matter))""",
    """grant select on matter_event to heatstream_reader""",
    """alter table matter_file enable row level security""",
    """alter table matter_file force row level security""",
    """create policy matter_file_seen on matter_file for select to heatstream_reader using ((select sees_everything()) or matter_id in (select id from matter))""",
    """grant select on matter_file to heatstream_reader""",
    """alter table ticket enable row level security""",
    """alter table ticket force row level security""",
    """create policy ticket_seen on ticket for select to heatstream_reader using ((select sees_everything()) or (select seen_buildings()) @> building_id or building_id is null and seen_as('role') in ('hotline', 'district'))""",
    """grant select on ticket to heatstream_reader""",
    """alter table ticket_version enable row level security""",
    """alter table ticket_version force row level security""",
    """create policy ticket_version_seen on ticket_version for select to heatstream_reader using ((select sees_everything()) or ticket_id in (select id from ticket))""",
    """grant select on ticket_version to heatstream_reader""",
    """alter table report enable row level security""",
    """alter table report force row level security""",
    """create policy report_seen on report for select to heatstream_reader using ((select seen_as('role') in ('city', 'auditor')))""",
    """grant select on report to heatstream_reader""",
    """alter table erasure enable row level security""",
    """alter table erasure force row level security""",
    """create policy erasure_seen on erasure for select to heatstream_reader using ((select sees_everything()) or (select seen_households()) @> household_id)""",
    """grant select on erasure to heatstream_reader""",
    """alter table access_log enable row level security""",
    """alter table access_log force row level security""",
    """create policy access_log_seen on access_log for select to heatstream_reader using ((select seen_as('role') in ('city', 'auditor')))""",
    """grant select on access_log to heatstream_reader""",
    """create policy access_log_added on access_log for insert to heatstream_reader with check (true)""",
    """grant insert on access_log to heatstream_reader""",
    """alter table export enable row level security""",
    """alter table export force row level security""",
    """create policy export_seen on export for select to heatstream_reader using (who = (select seen_as('who')))""",
    """grant select on export to heatstream_reader""",
    """create policy export_added on export for insert to heatstream_reader with check (who = (select seen_as('who')))""",
    """grant insert on export to heatstream_reader""",
    """alter table export_part enable row level security""",
    """alter table export_part force row level security""",
    """create policy export_part_seen on export_part for select to heatstream_reader using (export_id in (select id from export))""",
    """grant select on export_part to heatstream_reader""",
    """alter table idempotent_answer enable row level security""",
    """alter table idempotent_answer force row level security""",
    """create policy idempotent_answer_seen on idempotent_answer for select to heatstream_reader using (who = (select seen_as('who')))""",
    """grant select on idempotent_answer to heatstream_reader""",
    """create policy idempotent_answer_added on idempotent_answer for insert to heatstream_reader with check (who = (select seen_as('who')))""",
    """grant insert on idempotent_answer to heatstream_reader""",
    """create schema seen""",
    """create view seen.finding as select * from public.finding where (select sees_everything()) or (select seen_households()) @> household_id""",
    """create view seen.finding_current as select * from public.finding_current where (select sees_everything()) or (select seen_households()) @> household_id""",
    """create view seen.day_statistic as select * from public.day_statistic where (select sees_everything()) or (select seen_households()) @> household_id""",
    """create view seen.reading as select * from public.reading where (select sees_everything()) or (select seen_points()) @> point_id""",
    """create view seen.reading_conflict as select * from public.reading_conflict where (select sees_everything()) or (select seen_points()) @> point_id""",
    """create view seen.meter_reading as select * from public.meter_reading where (select sees_everything()) or (select seen_meters()) @> meter_id""",
    """create view seen.meter_conflict as select * from public.meter_conflict where (select sees_everything()) or (select seen_meters()) @> meter_id""",
    """create view seen.ledger as select * from public.ledger where (select sees_everything()) or gateway in (select seen_gateways())""",
    """grant usage on schema seen to heatstream_reader""",
    """grant select on all tables in schema seen to heatstream_reader""",
    """grant select on alembic_version, city, district, profile, batch, closing, policy, run, quality_pass, outdoor_day, merkle_root, merkle_leaves, supervision_rules, meter_pass, station_pass, feed, change, job_run to heatstream_reader""",
    """revoke execute on function api_key_named(text) from public""",
    """grant execute on function api_key_named(text) to heatstream_reader""",
)
