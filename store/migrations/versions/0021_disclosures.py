"""Disclosures: what is masked in which paper by which paragraph, and what was handed out"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "maskings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("paper", sa.String(80), nullable=False),
        sa.Column("paper_sum", sa.String(64), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column("paragraph", sa.String(200), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_at", Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_maskings_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maskings")),
        sa.UniqueConstraint(
            "case_id", "paper", "begins", "ends", name=op.f("uq_maskings_case_id_paper_begins_ends")
        ),
    )
    op.create_table(
        "disclosures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Integer()),
        sa.Column("enclosed", sa.JSON(), nullable=False),
        sa.Column("begun_by", sa.String(200), nullable=False),
        sa.Column("begun_at", Timestamp(timezone=True), nullable=False),
        sa.Column("handed_by", sa.String(200), nullable=False),
        sa.Column("handed_at", Timestamp(timezone=True)),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("made_with", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["cases.id"], name=op.f("fk_disclosures_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosures")),
    )
    op.create_index("ix_disclosures_request_id", "disclosures", ["request_id"])
    op.create_table(
        "disclosed",
        sa.Column("disclosure_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("contents", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["disclosure_id"], ["disclosures.id"], name=op.f("fk_disclosed_disclosure_id")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_disclosed_case_id")),
        sa.PrimaryKeyConstraint("disclosure_id", "case_id", name=op.f("pk_disclosed")),
    )
    op.create_index("ix_disclosed_case_id", "disclosed", ["case_id"])


def downgrade() -> None:
    op.drop_table("disclosed")
    op.drop_table("disclosures")
    op.drop_table("maskings")
