"""Secrecy: marks, protected senders, and who has worded what a case is called"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("protected", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("cases", sa.Column("titled_by", sa.String(200), nullable=False, server_default=""))
    op.create_table(
        "secrecy_marks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer()),
        sa.Column("paragraph", sa.String(200), nullable=False),
        sa.Column("authority", sa.String(200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(200), nullable=False),
        sa.Column("proposed_at", Timestamp(timezone=True)),
        sa.Column("set_by", sa.String(200), nullable=False),
        sa.Column("set_at", Timestamp(timezone=True)),
        sa.Column("lifted_by", sa.String(200), nullable=False),
        sa.Column("lifted_at", Timestamp(timezone=True)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_secrecy_marks_case_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_secrecy_marks_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secrecy_marks")),
    )
    op.create_index("ix_secrecy_marks_case_id", "secrecy_marks", ["case_id"])


def downgrade() -> None:
    op.drop_index("ix_secrecy_marks_case_id", table_name="secrecy_marks")
    op.drop_table("secrecy_marks")
    for name in ("titled_by", "protected"):
        op.drop_column("cases", name)
