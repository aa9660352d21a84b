"""Together: who has a case open, the cases that one message was divided into, and ways to find duplicates"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parts",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_parts_case_id")),
        sa.ForeignKeyConstraint(["root_id"], ["cases.id"], name=op.f("fk_parts_root_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_parts")),
    )
    op.create_index("ix_parts_root_id", "parts", ["root_id"])
    op.create_table(
        "presence",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("doing", sa.String(length=20), nullable=False),
        sa.Column("since", Timestamp(timezone=True), nullable=False),
        sa.Column("seen_at", Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_presence_case_id")),
        sa.PrimaryKeyConstraint("case_id", "person", name=op.f("pk_presence")),
    )
    op.create_index("ix_cases_refers_to", "cases", ["refers_to"])


def downgrade() -> None:
    op.drop_index("ix_cases_refers_to", table_name="cases")
    op.drop_table("presence")
    op.drop_index("ix_parts_root_id", table_name="parts")
    op.drop_table("parts")
