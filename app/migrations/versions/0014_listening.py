"""What is heard at the other end of live feeds"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "listening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("airing_id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("at", AT(), nullable=False),
        sa.Column("finding", TEXT(), nullable=False),
        sa.Column("delay_s", sa.Float(), nullable=True),
        sa.Column("likeness", sa.Float(), nullable=True),
        sa.Column("loudness_dbfs", sa.Float(), nullable=True),
        sa.Column("level", TEXT(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["airing_id"], ["airing.id"]),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_listening_airing_id", "listening", ["airing_id"])
    op.create_index("ix_listening_at", "listening", ["at"])


def downgrade() -> None:
    op.drop_table("listening")
