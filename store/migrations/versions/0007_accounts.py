"""Accounts: who of the staff can sign in, and by what"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_secret", sa.String(length=64), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", Timestamp(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_accounts")),
    )


def downgrade() -> None:
    op.drop_table("accounts")
