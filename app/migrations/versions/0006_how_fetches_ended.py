"""How each answer to a site ended: only one that ended whole proves that the site has it"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("fetch") as fetch:
        fetch.add_column(sa.Column("ended", sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("fetch") as fetch:
        fetch.drop_column("ended")
