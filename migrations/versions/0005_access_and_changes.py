"""The feed of changes, who may see what, and what proves who saw it.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from heatstream.store import row_scope

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
    for statement in row_scope.statements():
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
