"""Uploads that arrive in pieces"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", TEXT(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("file_name", TEXT(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("announced", TEXT(), nullable=False),
        sa.Column("sha256", TEXT(), nullable=True),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("progressed_at", AT(), nullable=False),
        sa.Column("expires_at", AT(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_upload_person_id", "upload", ["person_id"])
    op.create_index("ix_upload_state", "upload", ["state"])


def downgrade() -> None:
    op.drop_table("upload")
