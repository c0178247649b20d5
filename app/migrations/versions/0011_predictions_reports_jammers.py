"""Predicted signals, reception reports, and known jammers"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "prediction",
        sa.Column("circuit_key", TEXT(), nullable=False),
        sa.Column("khz", sa.Integer(), nullable=False),
        sa.Column("snr_db", sa.JSON(), nullable=False),
        sa.Column("reliability_percent", sa.JSON(), nullable=False),
        sa.Column("muf_khz", sa.JSON(), nullable=False),
        sa.Column("computed_at", AT(), nullable=False),
        sa.PrimaryKeyConstraint("circuit_key", "khz"),
    )
    op.create_index("ix_prediction_computed_at", "prediction", ["computed_at"])
    op.create_table(
        "reception_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("heard_at", AT(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("khz", sa.Integer(), nullable=False),
        sa.Column("sinpo", TEXT(), nullable=True),
        sa.Column("overall", sa.Integer(), nullable=False),
        sa.Column("jamming", TEXT(), nullable=False),
        sa.Column("source", TEXT(), nullable=False),
        sa.Column("place", TEXT(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("note", TEXT(), nullable=True),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("created_at", AT(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["line.id"]),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("heard_at", "khz", "line_id"):
        op.create_index(f"ix_reception_report_{column}", "reception_report", [column])
    op.create_table(
        "jammer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("khz", sa.Float(), nullable=False),
        sa.Column("site", TEXT(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("note", TEXT(), nullable=True),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("jammer")
    op.drop_table("reception_report")
    op.drop_table("prediction")
