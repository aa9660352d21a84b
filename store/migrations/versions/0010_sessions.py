"""Sessions: who is signed in, kept on the server, and what was typed when a session had ended"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("how", sa.String(length=40), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("guest", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.Column("created_at", Timestamp(timezone=True), nullable=False),
        sa.Column("seen_at", Timestamp(timezone=True), nullable=False),
        sa.Column("ends_at", Timestamp(timezone=True), nullable=False),
        sa.Column("ended_at", Timestamp(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_person", "sessions", ["person"])
    op.create_index("ix_sessions_ends_at", "sessions", ["ends_at"])
    op.create_table(
        "stranded",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("until", Timestamp(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stranded")),
    )
    op.create_index("ix_stranded_person", "stranded", ["person"])
    op.create_index("ix_stranded_until", "stranded", ["until"])


def downgrade() -> None:
    op.drop_index("ix_stranded_until", table_name="stranded")
    op.drop_index("ix_stranded_person", table_name="stranded")
    op.drop_table("stranded")
    op.drop_index("ix_sessions_ends_at", table_name="sessions")
    op.drop_index("ix_sessions_person", table_name="sessions")
    op.drop_table("sessions")
