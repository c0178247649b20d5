"""Fingerprints: segments that sound alike"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "segment", sa.Column("fingerprint_sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=True)
    )
    op.create_table(
        "segment_landmark",
        sa.Column("word", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("word", "segment_id", "frame"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("segment_landmark")
    op.drop_column("segment", "fingerprint_sha256")
