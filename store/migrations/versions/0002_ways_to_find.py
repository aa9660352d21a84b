"""Ways to find what waits to be read, and who was thanked of late, that do not slow down with the years"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_messages_state_attempts_id", "messages", ["state", "attempts", "id"])
    op.drop_index("ix_messages_state_id", "messages")
    op.create_index("ix_letters_purpose_created_at", "letters", ["purpose", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_letters_purpose_created_at", "letters")
    op.create_index("ix_messages_state_id", "messages", ["state", "id"])
    op.drop_index("ix_messages_state_attempts_id", "messages")
