"""Answers: files that go with them, a moment to change one's mind, and what is begun and not sent"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letters", sa.Column("undo", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column(
        "answers", sa.Column("then_closed_by", sa.String(length=200), nullable=False, server_default="")
    )
    op.add_column("answers", sa.Column("undone_at", Timestamp(timezone=True), nullable=True))
    op.create_table(
        "unsent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("saved_at", Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_unsent_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unsent")),
        sa.UniqueConstraint("case_id", "person", "act", name=op.f("uq_unsent_case_id_person_act")),
    )
    op.create_table(
        "enclosures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=True),
        sa.Column("unsent_id", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name=op.f("fk_enclosures_answer_id")),
        sa.ForeignKeyConstraint(["unsent_id"], ["unsent.id"], name=op.f("fk_enclosures_unsent_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_enclosures_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enclosures")),
    )
    for column in ("answer_id", "unsent_id", "sha256"):
        op.create_index(op.f(f"ix_enclosures_{column}"), "enclosures", [column])


def downgrade() -> None:
    op.drop_table("enclosures")
    op.drop_table("unsent")
    op.drop_column("answers", "undone_at")
    op.drop_column("answers", "then_closed_by")
    op.drop_column("letters", "undo")
