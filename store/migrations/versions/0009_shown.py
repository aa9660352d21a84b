"""Sight: who has been told of a case, and so may read it"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("shown_to", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("cases", "shown_to")
