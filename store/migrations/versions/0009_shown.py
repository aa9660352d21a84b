"""Sight: who has been told of a case, and so may read it"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LISTS = ("lanes", "shown_to")


def upgrade() -> None:
    op.add_column("cases", sa.Column("shown_to", sa.JSON(), nullable=False, server_default="[]"))
    for name in _LISTS:
        holds = sa.text(f"CAST({name} AS VARCHAR) <> '[]'")
        op.create_index(f"ix_cases_{name}", "cases", ["id"], sqlite_where=holds, postgresql_where=holds)


def downgrade() -> None:
    for name in _LISTS:
        op.drop_index(f"ix_cases_{name}", table_name="cases")
    op.drop_column("cases", "shown_to")
