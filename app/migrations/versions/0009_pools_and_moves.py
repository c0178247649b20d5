"""Pools, changes of lines with the sites' answers, and what a site must be told"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.add_column("site", sa.Column("notice_h", sa.Float(), nullable=False, server_default="0"))
    op.add_column("site", sa.Column("notice_mail", TEXT(), nullable=True))
    op.add_column("handoff", sa.Column("frequencies", sa.JSON(), nullable=True))
    op.create_table(
        "pool_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("khz", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("legal_status", TEXT(), nullable=False),
        sa.Column("note", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_pool_entry_slot_id", "pool_entry", ["slot_id"])
    op.create_table(
        "site_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT(), nullable=False),
        sa.Column("mail_to", TEXT(), nullable=True),
        sa.Column("subject", TEXT(), nullable=False),
        sa.Column("body", TEXT(), nullable=False),
        sa.Column("cut_off_at", AT(), nullable=True),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("next_attempt_at", AT(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", AT(), nullable=True),
        sa.Column("error", TEXT(), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_site_notice_site_id", "site_notice", ["site_id"])
    op.create_index("ix_site_notice_next_attempt_at", "site_notice", ["next_attempt_at"])
    op.create_table(
        "reply_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", TEXT(), nullable=False),
        sa.Column("created_at", AT(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["site_notice.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index("ix_reply_link_notice_id", "reply_link", ["notice_id"])
    _create_line_change()
    # Column by column: a table that is laid anew gets its constraints in another order each time
    op.execute("ALTER TABLE alarm ADD COLUMN site_id INTEGER REFERENCES site (id)")
    op.execute("ALTER TABLE alarm ADD COLUMN change_id INTEGER REFERENCES line_change (id)")


def _create_line_change() -> None:
    op.create_table(
        "line_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=True),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("khz", sa.Integer(), nullable=False),
        sa.Column("power_kw", sa.Float(), nullable=True),
        sa.Column("azimuth", sa.Integer(), nullable=True),
        sa.Column("ciraf_zones", TEXT(), nullable=True),
        sa.Column("transmitter", TEXT(), nullable=True),
        sa.Column("synchronised", TEXT(), nullable=True),
        sa.Column("feed_ids", sa.JSON(), nullable=False),
        sa.Column("days", TEXT(), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("starts_at", AT(), nullable=False),
        sa.Column("reason", TEXT(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("state", TEXT(), nullable=False),
        sa.Column("requested_at", AT(), nullable=True),
        sa.Column("cut_off_at", AT(), nullable=False),
        sa.Column("answered_at", AT(), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_name", TEXT(), nullable=True),
        sa.Column("answered_how", TEXT(), nullable=True),
        sa.Column("answer_note", TEXT(), nullable=True),
        sa.Column("was", sa.JSON(), nullable=True),
        sa.Column("became", sa.JSON(), nullable=True),
        sa.Column("new_line_id", sa.Integer(), nullable=True),
        sa.Column("rest_line_id", sa.Integer(), nullable=True),
        sa.Column("rolled_from_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", AT(), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["line.id"]),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"]),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["new_line_id"], ["line.id"]),
        sa.ForeignKeyConstraint(["rest_line_id"], ["line.id"]),
        sa.ForeignKeyConstraint(["rolled_from_id"], ["line.id"]),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("line_id", "slot_id", "site_id", "state"):
        op.create_index(f"ix_line_change_{column}", "line_change", [column])
    op.create_table(
        "notice_change",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["site_notice.id"]),
        sa.ForeignKeyConstraint(["change_id"], ["line_change.id"]),
        sa.PrimaryKeyConstraint("notice_id", "change_id"),
    )
    op.create_index("ix_notice_change_change_id", "notice_change", ["change_id"])


def downgrade() -> None:
    op.drop_column("alarm", "change_id")
    op.drop_column("alarm", "site_id")
    op.drop_table("notice_change")
    op.drop_table("line_change")
    op.drop_table("reply_link")
    op.drop_table("site_notice")
    op.drop_table("pool_entry")
    op.drop_column("handoff", "frequencies")
    op.drop_column("site", "notice_mail")
    op.drop_column("site", "notice_h")
