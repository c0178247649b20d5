"""Site profiles: options, names and second routes of feeds; holding, manual deliveries, folders looked into, escalation"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    # Column by column: a table that is laid anew gets its constraints in another order each time
    op.add_column("feed", sa.Column("options", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("feed", sa.Column("temporary", TEXT(), nullable=False, server_default=".{name}.part"))
    op.add_column("feed", sa.Column("may_remove", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("ALTER TABLE feed ADD COLUMN second_feed_id INTEGER REFERENCES feed (id)")
    op.add_column("feed", sa.Column("second_route", TEXT(), nullable=False, server_default="in_order"))
    op.execute("UPDATE feed SET sidecar = CASE sidecar WHEN 'beside' THEN '{name}.json' ELSE '' END")
    op.add_column("handoff", sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("handoff", sa.Column("manual", sa.JSON(), nullable=True))
    op.add_column("intent", sa.Column("details", sa.JSON(), nullable=True))
    op.add_column("site", sa.Column("desk", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column(
        "site", sa.Column("desk_in_alarms", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("alarm", sa.Column("step", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("notification", sa.Column("step", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "folder_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("airing_id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("checked_at", AT(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("error", TEXT(), nullable=True),
        sa.ForeignKeyConstraint(["airing_id"], ["airing.id"]),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("airing_id", "feed_id"),
    )
    op.create_index("ix_folder_check_airing_id", "folder_check", ["airing_id"])
    op.create_index("ix_folder_check_feed_id", "folder_check", ["feed_id"])


def downgrade() -> None:
    op.drop_table("folder_check")
    op.drop_column("notification", "step")
    op.drop_column("alarm", "step")
    op.drop_column("site", "desk_in_alarms")
    op.drop_column("site", "desk")
    op.drop_column("intent", "details")
    op.drop_column("handoff", "manual")
    op.drop_column("handoff", "held")
    op.execute("UPDATE feed SET sidecar = CASE sidecar WHEN '' THEN 'none' ELSE 'beside' END")
    with op.batch_alter_table("feed") as feed:
        for name in ("options", "temporary", "may_remove", "second_feed_id", "second_route"):
            feed.drop_column(name)
