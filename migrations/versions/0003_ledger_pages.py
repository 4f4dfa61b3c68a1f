"""One page a batch in place of a row a batch and gateway.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COMMENTS = {
    "gateway": "as the topic names it",
    "kind": "indoor | meters | status",
    "undecodable": "messages, not readings",
    "over_quota": "messages counted only: the gateway's reject quota was spent",
    "readings": "= stored + repeated + conflicting + rejected",
    "repeated": "the same point, instant and value stands already",
    "conflicting": "the instant has another value",
    "late": "of the stored: older than the late limit when received",
    "contiguous": "progress after this batch; null = it did not move",
}


def upgrade() -> None:
    op.execute(
        """create function ledger_adds_up(
        readings integer[], stored integer[], repeated integer[], conflicting integer[], rejected integer[]
    ) returns boolean language sql immutable as $$
        select coalesce(bool_and(coalesce(r = s + p + c + j, false)), true)
        from unnest(readings, stored, repeated, conflicting, rejected) as each(r, s, p, c, j)
    $$"""
    )
    op.execute(
        """create table ledger_page (
            batch_id bigint not null,
            gateway text[] not null,
            kind text[] not null,
            messages integer[] not null,
            undecodable integer[] not null,
            over_quota integer[] not null,
            readings integer[] not null,
            stored integer[] not null,
            repeated integer[] not null,
            conflicting integer[] not null,
            rejected integer[] not null,
            late integer[] not null,
            contiguous bigint[] not null,
            highest bigint[] not null,
            beyond int8multirange[] not null,
            constraint ledger_page_pkey primary key (batch_id),
            constraint ledger_page_conservation_check check (
                ledger_adds_up(readings, stored, repeated, conflicting, rejected)
            )
        )"""
    )
    for column, comment in COMMENTS.items():
        quoted = comment.replace("'", "''")
        op.execute(f"comment on column ledger_page.{column} is '{quoted}'")
    op.execute(
        """insert into ledger_page
        select batch_id, array_agg(gateway order by gateway, kind), array_agg(kind order by gateway, kind),
            array_agg(messages order by gateway, kind), array_agg(undecodable order by gateway, kind),
            array_agg(over_quota order by gateway, kind), array_agg(readings order by gateway, kind),
            array_agg(stored order by gateway, kind), array_agg(repeated order by gateway, kind),
            array_agg(conflicting order by gateway, kind), array_agg(rejected order by gateway, kind),
            array_agg(late order by gateway, kind), array_agg(contiguous order by gateway, kind),
            array_agg(highest order by gateway, kind), array_agg(beyond order by gateway, kind)
        from ledger group by batch_id"""
    )
    op.execute("drop table ledger")
    op.execute(
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
    )"""
    )
