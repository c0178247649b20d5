"""Predicted signals, reception reports, and known jammers"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0011"
down_revision = "0008"
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


def downgrade() -> None:
    op.drop_table("prediction")
