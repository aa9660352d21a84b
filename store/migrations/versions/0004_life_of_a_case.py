"""The life of a case: answers, statements, closing, and a new round of promises when it is opened again"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEXTS = ("service_note", "statement_of", "statement", "handed_to")
_MOMENTS = ("statement_asked_at", "statement_received_at", "closed_at")


def upgrade() -> None:
    # Not as a batch: SQLite would drop the table that all others point at.
    columns: list[sa.Column[Any]] = [
        sa.Column("round", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("serious", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("diary_number", sa.String(length=100), nullable=False, server_default=""),
        *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in _TEXTS),
        *(sa.Column(name, Timestamp(timezone=True)) for name in _MOMENTS),
        sa.Column("statement_due_on", sa.Date()),
    ]
    for column in columns:
        op.add_column("cases", column)
    with op.batch_alter_table("promises") as promises:
        promises.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
        promises.drop_constraint("uq_promises_case_id_kind", type_="unique")
        promises.create_unique_constraint("uq_promises_case_id_kind_round", ["case_id", "kind", "round"])
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("improvement", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("act_on", sa.Date()),
        sa.Column("has_contact", sa.Boolean(), nullable=False),
        sa.Column("keeps_promise", sa.Boolean(), nullable=False),
        sa.Column("letter_key", sa.String(length=120), nullable=False),
        sa.Column("written_by", sa.String(length=200), nullable=False),
        sa.Column("written_at", Timestamp(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=200), nullable=False),
        sa.Column("approved_at", Timestamp(timezone=True)),
        sa.Column("delivered_at", Timestamp(timezone=True)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_answers_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_case_id_round", "answers", ["case_id", "round"])
    op.create_index("ix_answers_letter_key", "answers", ["letter_key"])


def downgrade() -> None:
    op.drop_table("answers")
    with op.batch_alter_table("promises") as promises:
        promises.drop_constraint("uq_promises_case_id_kind_round", type_="unique")
        promises.drop_column("round")
        promises.create_unique_constraint("uq_promises_case_id_kind", ["case_id", "kind"])
    for name in ("statement_due_on", *_MOMENTS, *_TEXTS, "diary_number", "serious", "round"):
        op.drop_column("cases", name)
