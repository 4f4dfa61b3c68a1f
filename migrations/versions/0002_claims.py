"""What a claim needs: officers, quality marks, the way of a claim, what proves it.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merkle_root",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "through_batch", sa.BigInteger(), nullable=False, comment="statistics through this batch are under it"
        ),
        sa.Column("leaves", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False, comment="core.merkle"),
        sa.Column(
            "time_stamp",
            sa.LargeBinary(),
            nullable=True,
            comment="RFC 3161 token over the root; null = none was asked for",
        ),
        sa.Column("time_stamped_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("merkle_root_pkey")),
    )
    op.create_table(
        "outdoor_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mean_centi", sa.SmallInteger(), nullable=False, comment="official outdoor daily mean [0.01 °C]"),
        sa.Column("source", sa.Text(), nullable=False, comment="who published it"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("outdoor_day_pkey")),
    )
    op.create_table(
        "merkle_leaves",
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column(
            "first_point",
            sa.Integer(),
            nullable=False,
            comment="point of its first leaf; leaves are sorted by point, day",
        ),
        sa.Column("last_point", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False, comment="the earliest day among its leaves"),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False, comment="of this part alone: a part is a whole subtree"),
        sa.Column(
            "leaves",
            sa.LargeBinary(),
            nullable=False,
            comment="40 bytes each: point int4, day int4, digest; big-endian",
        ),
        sa.ForeignKeyConstraint(["root_id"], ["merkle_root.id"], name=op.f("merkle_leaves_root_id_fkey")),
        sa.PrimaryKeyConstraint("root_id", "part", name=op.f("merkle_leaves_pkey")),
    )
    op.create_table(
        "officer",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "code", sa.Text(), nullable=False, comment="工号: who acts in a claim; never used for another person"
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False, comment="单位"),
        sa.Column(
            "role",
            sa.Text(),
            nullable=False,
            comment="household 热用户, hotline 热线, street 街道社区, third_party 第三方检测, inspector 企业测温人员, "
            "company 供热企业, district 区主管部门, city 市主管部门, province 省, auditor 审计",
        ),
        sa.Column("district_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False, comment="first day it holds"),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day it holds; null = still"),
        sa.CheckConstraint(
            "role in ('household','hotline','street','third_party','inspector','company','district','city','province',"
            "'auditor')",
            name=op.f("officer_role_check"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("officer_company_id_fkey")),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("officer_district_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("officer_pkey")),
        sa.UniqueConstraint("code", name=op.f("officer_code_key")),
    )
    op.create_table(
        "claim",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="案号"),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("season_from", sa.Date(), nullable=False, comment="first day of its season"),
        sa.Column("season_to", sa.Date(), nullable=False, comment="last day of its season"),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "opened_way",
            sa.Text(),
            nullable=False,
            comment="application | complaint | hotline | fixed_point | officer | batch",
        ),
        sa.Column("batch_case", sa.Text(), nullable=True, comment="批量退费: the case that opened it"),
        sa.Column(
            "step", sa.Text(), nullable=False, comment="where it stands: claims.way.Step, by its name in lower case"
        ),
        sa.Column(
            "next_due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the next time limit that runs; null = none",
        ),
        sa.Column("computed_fen", sa.BigInteger(), nullable=True, comment="测算额 of its days [fen]"),
        sa.Column("entitlement_fen", sa.BigInteger(), nullable=True, comment="应退热费 [fen]; null = undetermined"),
        sa.Column("ruled_fen", sa.BigInteger(), nullable=True, comment="裁定额 [fen]"),
        sa.Column(
            "paid_fen", sa.BigInteger(), server_default=sa.text("0"), nullable=False, comment="paid so far [fen]"
        ),
        sa.Column("pay_by", sa.Date(), nullable=True, comment="履行期限"),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("claim_household_id_fkey")),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name=op.f("claim_policy_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("claim_pkey")),
        sa.UniqueConstraint("code", name=op.f("claim_code_key")),
    )
    op.create_index(
        "claim_due_idx", "claim", ["next_due_at"], unique=False, postgresql_where=sa.text("next_due_at is not null")
    )
    op.create_index(op.f("claim_household_id_idx"), "claim", ["household_id"], unique=False)
    op.create_table(
        "claim_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 1, without a gap, within its claim"),
        sa.Column("kind", sa.Text(), nullable=False, comment="claims.events"),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False, comment="when it happened, as told"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, comment="when it was recorded"),
        sa.Column("officer", sa.Text(), nullable=False, comment="工号 of who recorded it"),
        sa.Column(
            "body", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="claims.events tells its fields"
        ),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="SHA-256 over the event and the hash before it"),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("claim_event_claim_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("claim_event_pkey")),
        sa.UniqueConstraint("claim_id", "number", name=op.f("claim_event_claim_id_number_key")),
    )
    op.create_table(
        "claim_file",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="scan | form | ruling | receipt | bundle | other"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("claim_file_claim_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("claim_file_pkey")),
        sa.UniqueConstraint("claim_id", "sha256", name=op.f("claim_file_claim_id_sha256_key")),
    )
    op.create_table(
        "review_task",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=False, comment="the claim's event that opened it"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="late_data | conflict_decided | quality_reviewed | registry | policy | officer: what came after",
        ),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True, comment="what the reviewer found"),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("review_task_claim_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("review_task_pkey")),
    )
    op.create_index(
        "review_task_open_idx", "review_task", ["claim_id"], unique=False, postgresql_where=sa.text("closed_at is null")
    )
    op.create_table(
        "ruling",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("doc_no", sa.Text(), nullable=False, comment="文号"),
        sa.Column("outcome", sa.Text(), nullable=False, comment="refund 退费 | no_refund 不退费"),
        sa.Column("ruled_fen", sa.BigInteger(), nullable=False, comment="裁定额 [fen]"),
        sa.Column("drafted_by", sa.Text(), nullable=False, comment="承办"),
        sa.Column("reviewed_by", sa.Text(), nullable=False, comment="复核"),
        sa.Column("approved_by", sa.Text(), nullable=False, comment="审批"),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True, comment="送达"),
        sa.Column("bundle_sha256", sa.LargeBinary(), nullable=False, comment="the evidence bundle that it cites"),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True, comment="撤销; only then may another stand"),
        sa.Column(
            "closed_through",
            sa.Date(),
            nullable=True,
            comment="newest closed day when it was issued; null = none was closed",
        ),
        sa.CheckConstraint("outcome in ('refund','no_refund')", name=op.f("ruling_outcome_check")),
        sa.CheckConstraint(
            "ruled_fen >= 0 and (outcome = 'refund') = (ruled_fen > 0)", name=op.f("ruling_amount_check")
        ),
        sa.CheckConstraint(
            "drafted_by <> reviewed_by and reviewed_by <> approved_by and drafted_by <> approved_by",
            name=op.f("ruling_three_people_check"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("ruling_claim_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("ruling_pkey")),
        sa.UniqueConstraint("doc_no", name=op.f("ruling_doc_no_key")),
    )
    op.create_index(
        "ruling_standing_idx", "ruling", ["claim_id"], unique=True, postgresql_where=sa.text("revoked_at is null")
    )
    op.create_table(
        "quality_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="core.marks.Kind, by its name in lower case"),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False, comment="the first reading it is about"),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False, comment="the last reading it is about"),
        sa.Column("algorithm", sa.SmallInteger(), nullable=False, comment="core.marks: frozen id of the rule"),
        sa.Column(
            "evidence",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="thresholds, and what was seen against them",
        ),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("quality_mark_point_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("quality_mark_pkey")),
        sa.UniqueConstraint(
            "point_id",
            "kind",
            "begins",
            "ends",
            "algorithm",
            name=op.f("quality_mark_point_id_kind_begins_ends_algorithm_key"),
        ),
    )
    op.create_index(op.f("quality_mark_begins_idx"), "quality_mark", ["begins"], unique=False)
    op.create_table(
        "quality_pass",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "through_batch", sa.BigInteger(), nullable=False, comment="statistics through this batch were looked at"
        ),
        sa.Column("passed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("quality_pass_pkey")),
    )
    op.create_table(
        "quality_review",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("mark_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "excludes", sa.Boolean(), nullable=False, comment="true: its readings count for nothing | false: they count"
        ),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mark_id"], ["quality_mark.id"], name=op.f("quality_review_mark_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("quality_review_pkey")),
    )
    op.create_index(op.f("quality_review_mark_id_idx"), "quality_review", ["mark_id"], unique=False)
    op.add_column("building", sa.Column("renovated", sa.Boolean(), nullable=True, comment="节能改造; null = not known"))
    op.add_column(
        "contract",
        sa.Column(
            "base_fee_fen",
            sa.BigInteger(),
            nullable=True,
            comment="基本热费 of this season, where the tariff has two parts [fen]",
        ),
    )
    op.add_column(
        "frozen_evidence",
        sa.Column(
            "content", sa.LargeBinary(), nullable=True, comment="the readings of the day's points; null = kept outside"
        ),
    )
    op.add_column("legal_hold", sa.Column("released_by", sa.Text(), nullable=True))
    op.add_column(
        "frozen_evidence",
        sa.Column(
            "through_batch",
            sa.BigInteger(),
            nullable=True,
            comment="the day's statistics were known through it; null = frozen by hand",
        ),
    )
    op.create_index(
        op.f("day_statistic_through_batch_idx"),
        "day_statistic",
        ["through_batch"],
        unique=False,
        postgresql_using="brin",
    )
    op.alter_column(
        "frozen_evidence",
        "bundle_sha256",
        existing_type=postgresql.BYTEA(),
        comment="of the frozen readings",
        existing_nullable=False,
    )
    op.execute(
        "create function claim_event_add_only() returns trigger language plpgsql as "
        "$$ begin raise exception 'claim_event: rows are added, never changed'; end $$"
    )
    op.execute(
        "create trigger claim_event_add_only before update or delete on claim_event "
        "for each row execute function claim_event_add_only()"
    )
