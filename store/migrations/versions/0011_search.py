"""Search: the words of every case, what is believed of it, and the filters that people save"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from store.engine import Timestamp

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# FTS5 keeps no text of its own: what stood in a row must be told when it is changed or goes.
_SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5("
    "words, content='search_words', content_rowid='case_id', tokenize='ascii', prefix='2 3 4')",
    "CREATE TRIGGER search_words_added AFTER INSERT ON search_words BEGIN"
    " INSERT INTO search_index (rowid, words) VALUES (new.case_id, new.words); END",
    "CREATE TRIGGER search_words_removed AFTER DELETE ON search_words BEGIN"
    " INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.case_id, old.words); END",
    "CREATE TRIGGER search_words_changed AFTER UPDATE ON search_words BEGIN"
    " INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.case_id, old.words);"
    " INSERT INTO search_index (rowid, words) VALUES (new.case_id, new.words); END",
)
# A case has few suggestions, and the last of them counts.
_BELIEVED = (
    "UPDATE cases SET suggested_{0} ="
    " (SELECT s.{0} FROM suggestions s WHERE s.case_id = cases.id ORDER BY s.id DESC LIMIT 1)"
    " WHERE EXISTS (SELECT 1 FROM suggestions s WHERE s.case_id = cases.id)"
)


def upgrade() -> None:
    words = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")
    op.create_table(
        "search_words",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", words, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_search_words_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_search_words")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE:
            op.execute(statement)
    else:
        op.create_index("ix_search_words_words", "search_words", ["words"], postgresql_using="gin")
    op.create_table(
        "saved_filters",
        sa.Column("person", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("saved_at", Timestamp(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", "name", name=op.f("pk_saved_filters")),
    )
    op.add_column("cases", sa.Column("suggested_kind", sa.String(20), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("suggested_factor", sa.String(40), nullable=False, server_default=""))
    for axis in ("kind", "factor"):
        op.execute(_BELIEVED.format(axis))
    op.create_index("ix_cases_unit", "cases", ["unit"])
    op.create_index("ix_cases_received_at", "cases", ["received_at"])


def downgrade() -> None:
    op.drop_index("ix_cases_received_at", table_name="cases")
    op.drop_index("ix_cases_unit", table_name="cases")
    op.drop_column("cases", "suggested_factor")
    op.drop_column("cases", "suggested_kind")
    op.drop_table("saved_filters")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    op.drop_table("search_words")
