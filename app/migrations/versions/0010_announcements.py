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
    with op.batch_alter_table("rundown") as rundown:
        rundown.drop_column("clock_sha256")
        rundown.drop_column("unspoken")
    op.drop_index("ix_segment_spoken_key", "segment")
    with op.batch_alter_table("segment") as segment:
        segment.drop_column("spoken")
        segment.drop_column("spoken_key")
    with op.batch_alter_table("station") as station:
        station.drop_column("next_spoken")
        station.drop_column("frequencies_spoken")
        station.drop_column("announced_zone")
        station.drop_column("spoken_name")
