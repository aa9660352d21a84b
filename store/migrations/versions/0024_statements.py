"""What a statement tells besides its words: how it came, what was done, and when the sender was told"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("statement_form", sa.String(20), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("statement_measure", sa.Text(), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("statement_told_on", sa.Date()))


def downgrade() -> None:
    for name in ("statement_told_on", "statement_measure", "statement_form"):
        op.drop_column("cases", name)
