"""Which part of each airing a feed takes, as a file by itself"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed", sa.Column("part", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("feed", "part")
