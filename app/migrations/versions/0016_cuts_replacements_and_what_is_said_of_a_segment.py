"""Cuts of segments, programmes of a single date, and more that is said of a segment"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
AT = sqlmodel.sql.sqltypes.UTCDateTime

SEGMENT = (
    ("script", TEXT()),
    ("notes", TEXT()),
    ("rights", TEXT()),
    ("pseudonym", TEXT()),
    ("max_airings", sa.Integer()),
    ("retain_until", sa.Date()),
    ("approved_cut", sa.Integer()),
    ("played_samples", sa.Integer()),
)


def upgrade() -> None:
    op.create_table(
        "cut",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("edits", sa.JSON(), nullable=False),
        sa.Column("edits_sha256", TEXT(), nullable=False),
        sa.Column("state", TEXT(), nullable=False),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.Column("gain_db", sa.Float(), nullable=False),
        sa.Column("made_at", AT(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", AT(), nullable=True),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("master_sha256", TEXT(), nullable=True),
        sa.Column("samples", sa.Integer(), nullable=True),
        sa.Column("cue_in", sa.Integer(), nullable=True),
        sa.Column("cue_out", sa.Integer(), nullable=True),
        sa.Column("loudness_lufs", sa.Float(), nullable=True),
        sa.Column("peak_dbtp", sa.Float(), nullable=True),
        sa.Column("peaks_sha256", TEXT(), nullable=True),
        sa.Column("joins", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["segment_id"], ["segment.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("segment_id", "number"),
    )
    op.create_index("ix_cut_segment_id", "cut", ["segment_id"])
    op.create_index("ix_cut_master_sha256", "cut", ["master_sha256"])
    op.create_table(
        "replacement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("reason", TEXT(), nullable=False),
        sa.Column("created_at", AT(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"]),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"]),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slot_id", "on_date"),
    )
    for name, kind in SEGMENT:
        op.add_column("segment", sa.Column(name, kind, nullable=True))
    op.create_index("ix_segment_retain_until", "segment", ["retain_until"])
    op.add_column("segment", sa.Column("cut", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "station", sa.Column("approved_by_another", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("rundown", sa.Column("awaited", sa.JSON(), nullable=True))
    op.execute("ALTER TABLE airing ADD COLUMN instead_id INTEGER REFERENCES programme (id)")
    _first_cuts()


def _first_cuts() -> None:
    """What every recording aired as until now: its master from cue to cue, approved where it was."""
    nothing = hashlib.sha256(b"{}").hexdigest()
    op.execute(
        f"""
        INSERT INTO cut (segment_id, number, edits, edits_sha256, state, gain_db, made_at, made_by, approved_at,
            approved_by, master_sha256, samples, cue_in, cue_out, loudness_lufs, peak_dbtp, peaks_sha256, joins)
        SELECT id, 1, '{{}}', '{nothing}', 'ready', 0, created_at, created_by, approved_at,
            approved_by, master_sha256, samples, cue_in, cue_out, loudness_lufs, peak_dbtp, peaks_sha256, '[]'
        FROM segment WHERE master_sha256 IS NOT NULL
        """  # noqa: S608 - a digest of ours
    )
    op.execute(
        """
        UPDATE segment SET cut = 1, played_samples = cue_out - cue_in,
            approved_cut = CASE WHEN state IN ('approved', 'retired') OR approved_at IS NOT NULL THEN 1 END
        WHERE master_sha256 IS NOT NULL
        """
    )


def downgrade() -> None:
    op.drop_column("airing", "instead_id")
    op.drop_column("rundown", "awaited")
    op.drop_column("station", "approved_by_another")
    op.drop_column("job", "urgent")
    op.drop_index("ix_segment_retain_until", "segment")
    for name in ("cut", *(name for name, _ in reversed(SEGMENT))):
        op.drop_column("segment", name)
    op.drop_table("replacement")
    op.drop_table("cut")
