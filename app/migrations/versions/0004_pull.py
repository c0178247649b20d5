"""Pull: keys of sites, what is on offer to them, and the log of what they fetched"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "pull_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("label", TEXT(), nullable=False),
        sa.Column("token_sha256", TEXT(), nullable=False),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("revoked_at", AT(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index("ix_pull_key_feed_id", "pull_key", ["feed_id"])
    op.create_table(
        "offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("sha256", TEXT(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("media_type", TEXT(), nullable=False),
        sa.Column("suffix", TEXT(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("offered_at", AT(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"]),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoff.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("feed_id", "name"),
    )
    op.create_index("ix_offer_feed_id", "offer", ["feed_id"])
    op.create_index("ix_offer_handoff_id", "offer", ["handoff_id"])
    op.create_table(
        "fetch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("pull_key_id", sa.Integer(), nullable=False),
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("sha256", TEXT(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("method", TEXT(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("first_byte", sa.Integer(), nullable=False),
        sa.Column("end_byte", sa.Integer(), nullable=False),
        sa.Column("bytes_sent", sa.Integer(), nullable=False),
        sa.Column("started_at", AT(), nullable=False),
        sa.Column("finished_at", AT(), nullable=True),
        sa.Column("remote_address", TEXT(), nullable=False),
        sa.Column("user_agent", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"]),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoff.id"]),
        sa.ForeignKeyConstraint(["pull_key_id"], ["pull_key.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_fetch_feed_id_name", "fetch", ["feed_id", "name"])
    op.create_index("ix_fetch_handoff_id", "fetch", ["handoff_id"])


def downgrade() -> None:
    op.drop_table("fetch")
    op.drop_table("offer")
    op.drop_table("pull_key")
