"""Keep what a message means as a vector, so that cases alike can be found"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # SQLite would keep a plain '' as text in old rows, and give it back as no bytes.
    none = sa.text("x''") if op.get_bind().dialect.name == "sqlite" else ""
    op.add_column("suggestions", sa.Column("vector", sa.LargeBinary(), nullable=False, server_default=none))


def downgrade() -> None:
    op.drop_column("suggestions", "vector")
