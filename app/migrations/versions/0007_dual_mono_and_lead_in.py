"""What a feed wants of the sound: one channel or two, and what comes before the programme"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Column by column: a table that is laid anew gets its constraints in another order each time
    op.add_column("feed", sa.Column("channels", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("feed", sa.Column("lead_in", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("feed") as feed:
        feed.drop_column("lead_in")
        feed.drop_column("channels")
