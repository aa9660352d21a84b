"""Watching: alarms that go off once, later days, drafts by mail, one-time links; wrong doors and wished roads"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.engine import Timestamp

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_DAYS = ("question_due_on", "follow_up_on")
_MOMENTS = ("assigned_at", "question_asked_at")
_TEXTS = ("answer_handle", "follow_up_result")


def upgrade() -> None:
    # Not as a batch: SQLite would drop the table that all others point at.
    columns: list[sa.Column[Any]] = [
        sa.Column("door", sa.String(length=40), nullable=False, server_default=""),
        sa.Column("restricted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("barred", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("checklist", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("answer_channel", sa.String(length=40), nullable=False, server_default=""),
        sa.Column("pick_up", sa.String(length=64), nullable=False, server_default=""),
        *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in _TEXTS),
        *(sa.Column(name, Timestamp(timezone=True)) for name in _MOMENTS),
        *(sa.Column(name, sa.Date()) for name in _DAYS),
    ]
    for column in columns:
        op.add_column("cases", column)
    op.create_index("ix_cases_pick_up", "cases", ["pick_up"])
    op.add_column("letters", sa.Column("keeps", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "alarms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("clock", sa.String(length=40), nullable=False),
        sa.Column("turn", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("at", Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_alarms_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("case_id", "clock", "turn", "step", name=op.f("uq_alarms_case_id_clock_turn_step")),
    )
    op.create_table(
        "delays",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("was_due_on", sa.Date()),
        sa.Column("answer_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("told_by", sa.String(length=200), nullable=False),
        sa.Column("told_at", Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_delays_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delays")),
    )
    op.create_index("ix_delays_case_id", "delays", ["case_id"])
    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(length=200), nullable=False),
        sa.Column("written_at", Timestamp(timezone=True), nullable=False),
        sa.Column("used_at", Timestamp(timezone=True)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_drafts_case_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_drafts_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("message_id", name=op.f("uq_drafts_message_id")),
    )
    op.create_index("ix_drafts_case_id", "drafts", ["case_id"])
    op.create_table(
        "used_links",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("used_by", sa.String(length=200), nullable=False),
        sa.Column("used_at", Timestamp(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_used_links_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_used_links")),
    )


def downgrade() -> None:
    for table in ("used_links", "drafts", "delays", "alarms"):
        op.drop_table(table)
    op.drop_column("letters", "keeps")
    op.drop_index("ix_cases_pick_up", "cases")
    for name in (
        *_DAYS,
        *_MOMENTS,
        *_TEXTS,
        "pick_up",
        "answer_channel",
        "checklist",
        "barred",
        "restricted",
        "door",
    ):
        op.drop_column("cases", name)
