"""Disposal by decision: what was disposed of, what may not be, and what was put right"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("disposal_decision", sa.Text(), nullable=False, server_default=""))
    op.add_column("messages", sa.Column("disposed_at", Timestamp(timezone=True)))
    op.create_table(
        "disposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("record", sa.String(40), nullable=False),
        sa.Column("decision_ref", sa.Text(), nullable=False),
        sa.Column("carried_out_at", Timestamp(timezone=True), nullable=False),
        sa.Column("carried_out_by", sa.String(200), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposals")),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.String(200), nullable=False),
        sa.Column("set_at", Timestamp(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(200), nullable=False),
        sa.Column("lifted_at", Timestamp(timezone=True)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_holds_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index("ix_holds_case_id", "holds", ["case_id"])
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer()),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("became", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("corrected_by", sa.String(200), nullable=False),
        sa.Column("corrected_at", Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_corrections_case_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_corrections_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_case_id", "corrections", ["case_id"])


def downgrade() -> None:
    op.drop_index("ix_corrections_case_id", table_name="corrections")
    op.drop_table("corrections")
    op.drop_index("ix_holds_case_id", table_name="holds")
    op.drop_table("holds")
    op.drop_table("disposals")
    op.drop_column("messages", "disposed_at")
    op.drop_column("cases", "disposal_decision")
