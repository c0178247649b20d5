"""Live feeds: what an airing is armed with, and what stands in on the air"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.add_column("airing", sa.Column("armed_as", TEXT(), nullable=True))
    op.add_column("airing", sa.Column("arming", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("airing", sa.Column("turns", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "stand_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", TEXT(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=True),
        sa.Column("recipe", TEXT(), nullable=False),
        sa.Column("sha256", TEXT(), nullable=False),
        sa.Column("extension", TEXT(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=False),
        sa.Column("rendered_at", AT(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "recipe"),
    )
    op.create_index("ix_stand_in_sha256", "stand_in", ["sha256"])
    # Armed files have another form now: everything that is open is armed again
    op.execute("UPDATE airing SET armed_version = 0")


def downgrade() -> None:
    op.drop_table("stand_in")
    for name in ("turns", "arming", "armed_as"):
        op.drop_column("airing", name)
    op.execute("UPDATE airing SET armed_version = 0")
