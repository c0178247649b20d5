"""Schedule files in and out, other people's lines, and what conflicts need to know of sites and lines"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "background",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("season", TEXT(), nullable=False),
        sa.Column("format", TEXT(), nullable=False),
        sa.Column("file_name", TEXT(), nullable=False),
        sa.Column("file_sha256", TEXT(), nullable=False),
        sa.Column("encoding", TEXT(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("imported_at", AT(), nullable=False),
        sa.Column("imported_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_background_season", "background", ["season"])
    op.create_table(
        "background_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("background_id", sa.Integer(), nullable=False),
        sa.Column("key", TEXT(), nullable=False),
        sa.Column("khz", sa.Float(), nullable=False),
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("stop_minute", sa.Integer(), nullable=False),
        sa.Column("days", TEXT(), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("site", TEXT(), nullable=False),
        sa.Column("who", TEXT(), nullable=False),
        sa.Column("zones", TEXT(), nullable=False),
        sa.Column("power_kw", sa.Float(), nullable=True),
        sa.Column("azimuth", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["background_id"], ["background.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_background_line_background_id", "background_line", ["background_id"])
    op.add_column("contract", sa.Column("hours", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("site", sa.Column("country", TEXT(), nullable=True))
    op.add_column("site", sa.Column("retune_s", sa.Integer(), nullable=True))
    op.add_column("line", sa.Column("transmitter", TEXT(), nullable=True))
    op.add_column("line", sa.Column("synchronised", TEXT(), nullable=True))
    op.add_column("line", sa.Column("texts", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    for name in ("texts", "synchronised", "transmitter"):
        op.drop_column("line", name)
    for name in ("retune_s", "country"):
        op.drop_column("site", name)
    op.drop_column("contract", "hours")
    op.drop_table("background_line")
    op.drop_table("background")
