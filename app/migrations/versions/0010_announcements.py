"""What is spoken for single airings: the station's choices, the sounds, and what could not be said"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("station", sa.Column("spoken_name", sa.String()))
    op.add_column("station", sa.Column("announced_zone", sa.String(), nullable=False, server_default="kst"))
    op.add_column(
        "station", sa.Column("frequencies_spoken", sa.Boolean(), nullable=False, server_default="1")
    )
    op.add_column("station", sa.Column("next_spoken", sa.Boolean(), nullable=False, server_default="1"))
    op.add_column("segment", sa.Column("spoken_key", sa.String()))
    op.add_column("segment", sa.Column("spoken", sa.JSON()))
    op.create_index("ix_segment_spoken_key", "segment", ["spoken_key"], unique=True)
    op.add_column("rundown", sa.Column("unspoken", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("rundown", sa.Column("clock_sha256", sa.String()))


def downgrade() -> None:
    op.drop_column("rundown", "clock_sha256")
    op.drop_column("rundown", "unspoken")
    op.drop_index("ix_segment_spoken_key", "segment")
    op.drop_column("segment", "spoken")
    op.drop_column("segment", "spoken_key")
    op.drop_column("station", "next_spoken")
    op.drop_column("station", "frequencies_spoken")
    op.drop_column("station", "announced_zone")
    op.drop_column("station", "spoken_name")
