"""Decisions to refuse what somebody asked to see"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("disclosures", sa.Column("refusal", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("disclosures", "refusal")
