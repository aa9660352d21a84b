"""Quicker lists: indexes of what is somebody's by their unit, of what is believed, and of what is not kept"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_cases_unit_status_restricted_id", "cases", ["unit", "status", "restricted", "id"])
    op.create_index(
        "ix_cases_believed",
        "cases",
        [
            sa.text("coalesce(nullif(factor, ''), suggested_factor)"),
            sa.text("coalesce(nullif(kind, ''), suggested_kind)"),
        ],
    )
    unkept = sa.text("kept_at IS NULL")
    op.create_index(
        "ix_promises_unkept",
        "promises",
        ["due_on", "case_id", "round"],
        sqlite_where=unkept,
        postgresql_where=unkept,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_cases_handler_id", "cases", ["handler", "id"])
        op.create_index(
            "ix_promises_answer",
            "promises",
            ["case_id", "round", "due_on"],
            postgresql_where=sa.text("kind = 'svar'"),
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_promises_answer", table_name="promises")
        op.drop_index("ix_cases_handler_id", table_name="cases")
    op.drop_index("ix_promises_unkept", table_name="promises")
    op.drop_index("ix_cases_believed", table_name="cases")
    op.drop_index("ix_cases_unit_status_restricted_id", table_name="cases")
