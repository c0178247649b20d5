"""Contracts with sites, and the sites' logs"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "contract",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("booked_minutes", sa.Integer(), nullable=False),
        sa.Column("booked_per", TEXT(), nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("currency", TEXT(), nullable=False),
        sa.Column("billing_unit", TEXT(), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=True),
        sa.Column("note", TEXT(), nullable=True),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_contract_site_id", "contract", ["site_id"])
    op.create_table(
        "log_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("file_name", TEXT(), nullable=False),
        sa.Column("file_sha256", TEXT(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("imported_at", AT(), nullable=False),
        sa.Column("imported_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"]),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_log_import_contract_id", "log_import", ["contract_id"])
    op.create_table(
        "log_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("starts_at", AT(), nullable=False),
        sa.Column("stops_at", AT(), nullable=False),
        sa.Column("khz", sa.Integer(), nullable=True),
        sa.Column("status", TEXT(), nullable=False),
        sa.Column("aired", sa.Boolean(), nullable=False),
        sa.Column("row_sha256", TEXT(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"]),
        sa.ForeignKeyConstraint(["import_id"], ["log_import.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("contract_id", "row_sha256", "occurrence"),
    )
    op.create_index("ix_log_entry_import_id", "log_entry", ["import_id"])


def downgrade() -> None:
    op.drop_table("log_entry")
    op.drop_table("log_import")
    op.drop_table("contract")
