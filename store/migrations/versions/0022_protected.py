"""The few protected senders, found by their address"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_cases_protected",
        "cases",
        ["sender_handle"],
        sqlite_where=sa.text("protected = 1"),
        postgresql_where=sa.text("protected"),
    )


def downgrade() -> None:
    op.drop_index("ix_cases_protected", table_name="cases")
