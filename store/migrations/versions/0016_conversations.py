"""Conversations: what came by chat, SMS and social media, and what became of letters there"""

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MESSAGES = {"conversation": 300, "event": 20, "about": 400, "album": 200}


def upgrade() -> None:
    for name, width in _MESSAGES.items():
        op.add_column("messages", sa.Column(name, sa.String(width), nullable=False, server_default=""))
    for name in ("conversation", "about"):
        _index_where_filled("messages", name)
    op.create_index("ix_messages_external_id", "messages", ["external_id"])
    op.add_column("letters", sa.Column("buttons", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("letters", sa.Column("conversation", sa.String(300), nullable=False, server_default=""))
    op.add_column("letters", sa.Column("delivered_at", Timestamp(timezone=True)))
    op.add_column("letters", sa.Column("seen_at", Timestamp(timezone=True)))
    for name in ("conversation", "service_id"):
        _index_where_filled("letters", name)
    op.create_table(
        "cursors",
        sa.Column("account", sa.String(200), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_cursors")),
    )
    op.create_table(
        "conversations",
        sa.Column("conversation", sa.String(300), nullable=False),
        sa.Column("begun_at", Timestamp(timezone=True), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("starts_anew", sa.Boolean(), nullable=False),
        sa.Column("stopped_at", Timestamp(timezone=True)),
        sa.PrimaryKeyConstraint("conversation", name=op.f("pk_conversations")),
    )


def downgrade() -> None:
    op.drop_table("conversations")
    op.drop_table("cursors")
    for name in ("service_id", "conversation"):
        op.drop_index(f"ix_letters_{name}", table_name="letters")
    for name in ("seen_at", "delivered_at", "conversation", "buttons"):
        op.drop_column("letters", name)
    op.drop_index("ix_messages_external_id", table_name="messages")
    for name in ("about", "conversation"):
        op.drop_index(f"ix_messages_{name}", table_name="messages")
    for name in reversed(_MESSAGES):
        op.drop_column("messages", name)


def _index_where_filled(table: str, name: str) -> None:
    filled = sa.text(f"{name} <> ''")
    op.create_index(f"ix_{table}_{name}", table, [name], sqlite_where=filled, postgresql_where=filled)
