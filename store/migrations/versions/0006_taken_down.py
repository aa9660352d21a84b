"""Taken down: how a message reached us, who wrote down what was said, and who its sender is to us"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = {"source": 40, "taken_by": 200, "sender_category": 40}


def upgrade() -> None:
    # Not as a batch: SQLite would drop the table that all others point at.
    for name, length in _COLUMNS.items():
        column = sa.Column(name, sa.String(length=length), nullable=False, server_default="")
        op.add_column("cases", column)
    # Until now a case came by mail or by the form, and its channel tells which.
    op.execute("UPDATE cases SET source = 'webb' WHERE channel = 'web'")
    op.execute("UPDATE cases SET source = 'e-post' WHERE channel IN ('smtp', 'imap', 'receive')")


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("cases", name)
