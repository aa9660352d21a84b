"""Bytes at rest: by which key they are encrypted, and what a scanner for viruses has said of them"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# What has been read before there was a scanner is looked through as well, the newest first.
_BEFORE = (
    "INSERT INTO scans (message_id, state, found, attempts)"
    " SELECT id, 'väntar', '[]', 0 FROM messages WHERE state <> 'mottaget'"
)


def upgrade() -> None:
    op.add_column("blobs", sa.Column("key_id", sa.String(16), nullable=False, server_default=""))
    op.create_index("ix_blobs_key_id_sha256", "blobs", ["key_id", "sha256"])
    op.create_table(
        "scans",
        sa.Column("message_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("try_at", Timestamp(timezone=True)),
        sa.Column("scanned_at", Timestamp(timezone=True)),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_scans_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_scans")),
    )
    waiting = sa.text("state = 'väntar'")
    op.create_index(
        "ix_scans_waiting", "scans", ["message_id"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.execute(_BEFORE)


def downgrade() -> None:
    op.drop_table("scans")
    op.drop_index("ix_blobs_key_id_sha256", table_name="blobs")
    op.drop_column("blobs", "key_id")
