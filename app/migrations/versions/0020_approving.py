"""Notes on segments, signatures under rundowns, and reminders to who approves"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_index("ix_segment_awaited", "segment", ["awaited_on", "awaited_as"])
    op.add_column("person", sa.Column("email", TEXT(), nullable=True))
    op.add_column("person", sa.Column("approves", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "segment_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("cut", sa.Integer(), nullable=False),
        sa.Column("at_sample", sa.Integer(), nullable=True),
        sa.Column("text", TEXT(), nullable=False),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("resolved_at", AT(), nullable=True),
        sa.Column("resolved_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"]),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["resolved_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_segment_note_segment_id", "segment_note", ["segment_id"])
    op.create_table(
        "sign_off",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("airing_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("signed_at", AT(), nullable=False),
        sa.Column("signed_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["airing_id"], ["airing.id"]),
        sa.ForeignKeyConstraint(["signed_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("airing_id", "version", "signed_by"),
    )
    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("cut", sa.Integer(), nullable=False),
        sa.Column("airing_id", sa.Integer(), nullable=False),
        sa.Column("step", TEXT(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("arrived_at", AT(), nullable=False),
        sa.Column("cut_off_at", AT(), nullable=False),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("next_attempt_at", AT(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", AT(), nullable=True),
        sa.Column("error", TEXT(), nullable=True),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"]),
        sa.ForeignKeyConstraint(["airing_id"], ["airing.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("segment_id", "cut", "airing_id", "step", "person_id"),
    )
    op.create_index("ix_reminder_next_attempt_at", "reminder", ["next_attempt_at"])
    op.create_index(
        "ix_reminder_webhook",
        "reminder",
        ["segment_id", "cut", "airing_id", "step"],
        unique=True,
        sqlite_where=sa.text("person_id IS NULL"),
        postgresql_where=sa.text("person_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("reminder")
    op.drop_table("sign_off")
    op.drop_table("segment_note")
    op.drop_index("ix_segment_awaited", "segment")
    op.drop_column("person", "approves")
    op.drop_column("person", "email")
