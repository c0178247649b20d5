"""Finding segments: by their words, their tags and presenter, and by when they were heard"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

from app.library.search import searched_lines, spelled, typed

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

AT_ONCE = 1000

TEXT = sqlmodel.sql.sqltypes.AutoString

SEGMENT = sa.table(
    "segment",
    sa.column("id", sa.Integer()),
    sa.column("title", sa.String()),
    sa.column("presenter", sa.String()),
    sa.column("pseudonym", sa.String()),
    sa.column("tags", sa.JSON()),
    sa.column("series", sa.String()),
)


def upgrade() -> None:
    search = op.create_table(
        "segment_search",
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("spelled", TEXT(), nullable=False),
        sa.Column("typed", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("segment_id"),
    )
    tags = op.create_table(
        "segment_tag",
        sa.Column("tag", TEXT(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tag", "segment_id"),
    )
    op.create_index("ix_segment_tag_segment_id", "segment_tag", ["segment_id"])
    op.create_index("ix_as_run_segment", "as_run", ["segment_id", "starts_at", "airing_id", "evidence"])
    _fill(search, tags)


def _fill(search: sa.Table, tags: sa.Table) -> None:
    """The forms are the code's own (`app.library.search`): a change of theirs needs a migration that fills anew."""
    for rows in _segments():
        texts = [
            (row.id, searched_lines([row.title, row.presenter, row.pseudonym, *row.tags, row.series]))
            for row in rows
        ]
        op.bulk_insert(
            search,
            [{"segment_id": found, "spelled": spelled(text), "typed": typed(text)} for found, text in texts],
        )
        op.bulk_insert(
            tags, [{"tag": tag, "segment_id": row.id} for row in rows for tag in dict.fromkeys(row.tags)]
        )


def _segments() -> Iterable[list[sa.Row[Any]]]:
    after = 0
    query = sa.select(SEGMENT).order_by(SEGMENT.c.id).limit(AT_ONCE)
    while rows := list(op.get_bind().execute(query.where(SEGMENT.c.id > after))):
        yield rows
        after = rows[-1].id


def downgrade() -> None:
    op.drop_index("ix_as_run_segment", table_name="as_run")
    op.drop_table("segment_tag")
    op.drop_table("segment_search")
