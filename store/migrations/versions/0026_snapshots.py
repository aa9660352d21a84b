"""Reports of closed periods, as they were made; what managers make of them, and who was reminded"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(8), nullable=False),
        sa.Column("period", sa.String(40), nullable=False),
        sa.Column("scope", sa.String(100), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("counted_to", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("csv", sa.LargeBinary(), nullable=False),
        sa.Column("release", sa.String(40), nullable=False),
        sa.Column("made_at", Timestamp(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("report", "period", "scope", name=op.f("uq_snapshots_report_period_scope")),
    )
    op.create_table(
        "report_steps",
        sa.Column("snapshot_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("at", Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_report_steps_snapshot_id")),
        sa.PrimaryKeyConstraint("snapshot_id", "step", name=op.f("pk_report_steps")),
    )
    op.create_table(
        "analyses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report", sa.String(8), nullable=False),
        sa.Column("period", sa.String(40), nullable=False),
        sa.Column("unit", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(200), nullable=False),
        sa.Column("written_at", Timestamp(timezone=True), nullable=False),
        sa.Column("signed_by", sa.String(200), nullable=False),
        sa.Column("signed_name", sa.String(200), nullable=False),
        sa.Column("signed_at", Timestamp(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analyses")),
        sa.UniqueConstraint(
            "report", "period", "unit", "version", name=op.f("uq_analyses_report_period_unit_version")
        ),
    )


def downgrade() -> None:
    op.drop_table("analyses")
    op.drop_table("report_steps")
    op.drop_table("snapshots")
