"""The tables. What they mean is said in `store.domain`; how they came about, in `store.migrations`."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from store.engine import Timestamp

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The bytes of every message and file, by their own sum: the same bytes are kept once. Go through store.blobs:
# `sha256` and `size` are of the bytes as they came, `data` may be encrypted.
blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("kept_at", Timestamp, nullable=False),
    Column("key_id", String(16), nullable=False, default="", server_default=""),  # empty: not encrypted
    Index(None, "key_id", "sha256"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("account", String(200), nullable=False),
    Column("external_id", String(400), nullable=False),
    # The same message twice is one: Message-ID and body, or the service's own id (see store.inbox).
    Column("dedupe_key", String(120), nullable=False, unique=True),
    Column("sha256", ForeignKey("blobs.sha256"), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("envelope_from", Text),
    Column("envelope_to", JSON, nullable=False),
    Column("given", JSON, nullable=False),  # what a channel that is not mail already knew
    Column("received_at", Timestamp, nullable=False),  # R
    Column("kept_at", Timestamp, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("claimed_until", Timestamp),
    Column("case_id", ForeignKey("cases.id")),
    # From here on: what reading made of it.
    Column("from_addr", Text, nullable=False, default=""),
    Column("from_name", Text, nullable=False, default=""),
    Column("answer_to", Text, nullable=False, default=""),
    Column("subject", Text, nullable=False, default=""),
    Column("message_id", Text, nullable=False, default=""),
    Column("text", Text, nullable=False, default=""),
    Column("full_text", Text, nullable=False, default=""),
    Column("automatic", String(40), nullable=False, default=""),
    Column("automatic_kind", Text, nullable=False, default=""),
    Column("attachments", JSON, nullable=False, default=list),
    Column("verdicts", JSON, nullable=False, default=list),
    Column("warnings", JSON, nullable=False, default=list),
    # Of what came by a chat, an SMS or a social medium (store.domain.Said).
    Column("conversation", String(300), nullable=False, default="", server_default=""),
    Column("event", String(20), nullable=False, default="", server_default=""),
    Column("about", String(400), nullable=False, default="", server_default=""),
    Column("album", String(200), nullable=False, default="", server_default=""),
    # When its bytes were disposed of: `sha256` is then that of no bytes at all (store.retention).
    Column("disposed_at", Timestamp),
    Index(None, "state", "attempts", "id"),  # the order in which they are taken
    Index(None, "case_id"),
    Index(None, "message_id"),
    # Mail has none of these.
    *(
        Index(
            f"ix_messages_{name}",
            name,
            sqlite_where=text(f"{name} <> ''"),
            postgresql_where=text(f"{name} <> ''"),
        )
        for name in ("conversation", "about")
    ),
    Index(None, "external_id"),
)

# What a scanner for viruses has said of a message that was read, and of its files (store.scans).
scans = Table(
    "scans",
    metadata,
    Column(
        "message_id", ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("state", String(20), nullable=False),
    Column("found", JSON, nullable=False, default=list),  # which part, and what it is called
    Column("attempts", Integer, nullable=False, default=0),
    Column("try_at", Timestamp),
    Column("scanned_at", Timestamp),
    Index(
        "ix_scans_waiting",
        "message_id",
        sqlite_where=text("state = 'väntar'"),
        postgresql_where=text("state = 'väntar'"),
    ),
)

# What the small model judged in haste, until the full one has looked at it (store.second_looks).
second_looks = Table(
    "second_looks",
    metadata,
    Column(
        "message_id", ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("untold", Boolean, nullable=False),  # the handler has not been told of the case yet
    Column("wanted_at", Timestamp, nullable=False),
    Column("try_at", Timestamp, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
)

# Each time a message came that we already had: the same mail in two mailboxes, or sent again.
repeats = Table(
    "repeats",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False, index=True),
    Column("channel", String(40), nullable=False),
    Column("account", String(200), nullable=False),
    Column("external_id", String(400), nullable=False),
    Column("envelope_to", JSON, nullable=False),
    Column("received_at", Timestamp, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(40), nullable=False, unique=True),
    Column("series", String(40), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("received_at", Timestamp, nullable=False),  # R
    Column("opened_at", Timestamp, nullable=False),
    Column("title", Text, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("sender_channel", String(40), nullable=False, default=""),
    Column("sender_handle", Text, nullable=False, default=""),
    Column("sender_name", Text, nullable=False, default=""),
    Column("language", String(8), nullable=False),
    Column("unit", String(100), nullable=False, default=""),
    Column("handler", String(100), nullable=False),
    Column("routed_because", Text, nullable=False, default=""),
    Column("chosen_kind", String(20), nullable=False, default=""),
    Column("kind", String(20), nullable=False, default=""),  # only what a human has confirmed
    Column("factor", String(40), nullable=False, default=""),
    # Of the newest suggestion, so that a list need not look for it (see store.cases.suggest).
    Column("suggested_kind", String(20), nullable=False, default="", server_default=""),
    Column("suggested_factor", String(40), nullable=False, default="", server_default=""),
    Column("lanes", JSON, nullable=False, default=list),
    Column("quarantined_because", Text, nullable=False, default=""),
    Column("refers_to", ForeignKey("cases.id"), index=True),  # of a duplicate: its original
    Column("round", Integer, nullable=False, default=1),  # one more each time it is opened again
    Column("serious", Boolean, nullable=False, default=False),
    Column("diary_number", String(100), nullable=False, default=""),
    Column("service_note", Text, nullable=False, default=""),
    Column("statement_of", Text, nullable=False, default=""),  # who was asked to tell what happened
    Column("statement_asked_at", Timestamp),
    Column("statement_due_on", Date),
    Column("statement_received_at", Timestamp),
    Column("statement", Text, nullable=False, default=""),
    Column("statement_form", String(20), nullable=False, default="", server_default=""),
    Column("statement_measure", Text, nullable=False, default="", server_default=""),  # what they did
    Column("statement_told_on", Date),  # the day on which they told the sender themselves
    Column("handed_to", Text, nullable=False, default=""),
    Column("door", String(40), nullable=False, default=""),  # what it was, if it was no synpunkt
    Column("restricted", Boolean, nullable=False, default=False),  # rows N2, B27, B28: for few eyes
    # Row B15: its sender is protected, and few see it (store.sight).
    Column("protected", Boolean, nullable=False, default=False, server_default=false()),
    Column("titled_by", String(200), nullable=False, default="", server_default=""),  # who worded the title
    Column("barred", JSON, nullable=False, default=list),  # who may not have it, being what it is about (B6)
    Column("shown_to", JSON, nullable=False, default=list),  # who was told of it besides, and so may read it
    Column("checklist", JSON, nullable=False, default=dict),  # what must be done besides: who did it, when
    Column("answer_channel", String(40), nullable=False, default=""),  # where the answer is wished (G10)
    Column("answer_handle", Text, nullable=False, default=""),
    Column("pick_up", String(64), nullable=False, default="", index=True),  # of an anonymous sender's code
    Column("source", String(40), nullable=False, default=""),  # how it reached us (row L6)
    Column("taken_by", String(200), nullable=False, default=""),  # who wrote down what was said (row B8)
    Column("sender_category", String(40), nullable=False, default=""),  # row K24
    Column("assigned_at", Timestamp),  # when the present handler got it
    Column("question_asked_at", Timestamp),
    Column("question_due_on", Date),
    Column("follow_up_on", Date),
    Column("follow_up_result", Text, nullable=False, default=""),
    Column("closed_at", Timestamp),
    # By which decision its words are gone (row B16); empty of a case that is whole.
    Column("disposal_decision", Text, nullable=False, default="", server_default=""),
    Column("version", Integer, nullable=False, default=1),
    UniqueConstraint("series", "sequence"),
    Index(None, "status", "received_at"),
    Index(None, "handler", "status"),
    # Few cases hold a flag, or are shown to anybody besides (store.sight.holds).
    *(
        Index(f"ix_cases_{name}", "id", sqlite_where=text(holds), postgresql_where=text(holds))
        for name, holds in (
            ("lanes", "CAST(lanes AS VARCHAR) <> '[]'"),
            ("shown_to", "CAST(shown_to AS VARCHAR) <> '[]'"),
        )
    ),
    Index(None, "sender_handle"),
    Index(
        "ix_cases_protected",
        "sender_handle",
        sqlite_where=text("protected = 1"),
        postgresql_where=text("protected"),
    ),
    Index(None, "unit"),
    Index(None, "unit", "status", "restricted", "id"),  # what is somebody's by their unit, and may be seen
    Index("ix_cases_handler_id", "handler", "id").ddl_if(dialect="postgresql"),  # SQLite has the id in any
    Index(None, "received_at"),
    # What is believed of a case (store.lists), written there as it is here.
    Index(
        "ix_cases_believed",
        text("coalesce(nullif(factor, ''), suggested_factor)"),
        text("coalesce(nullif(kind, ''), suggested_kind)"),
    ),
)

# What each case is found by. SQLite has a full-text index over it, `search_index`; PostgreSQL a GIN index.
search_words = Table(
    "search_words",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("words", Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
    Column("length", Integer, nullable=False),
    Column("version", Integer, nullable=False),  # of the way in which words are cut
    Index(None, "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
)

# What people look for often: the query string of a list.
saved_filters = Table(
    "saved_filters",
    metadata,
    Column("person", String(100), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("query", Text, nullable=False),
    Column("saved_at", Timestamp, nullable=False),
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("kind_confidence", Float, nullable=False),
    Column("kind_sure", Boolean, nullable=False),
    Column("factor", String(40), nullable=False),
    Column("factor_confidence", Float, nullable=False),
    Column("factor_sure", Boolean, nullable=False),
    Column("area", String(100), nullable=False, default=""),
    Column("area_confidence", Float, nullable=False, default=0.0),
    Column("lanes", JSON, nullable=False),
    Column("language", String(8), nullable=False),
    Column("model", String(100), nullable=False),
    Column("why", JSON, nullable=False),
    Column("vector", LargeBinary, nullable=False, default=b""),
    Column("made_at", Timestamp, nullable=False),
)

# What a human said of a suggestion: next year's training data.
confirmations = Table(
    "confirmations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("suggestion_id", ForeignKey("suggestions.id")),
    Column("kind", String(20), nullable=False),
    Column("factor", String(40), nullable=False),
    Column("changed", Boolean, nullable=False),
    Column("confirmed_by", String(200), nullable=False),
    Column("confirmed_at", Timestamp, nullable=False),
)

promises = Table(
    "promises",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("clause", Text, nullable=False),
    Column("arithmetic", JSON, nullable=False),
    Column("kept_at", Timestamp),
    Column("round", Integer, nullable=False, default=1),
    UniqueConstraint("case_id", "kind", "round"),
    Index(None, "due_on"),
    # What has not been kept: of late promises few are left.
    Index(
        "ix_promises_unkept",
        *("due_on", "case_id", "round"),
        sqlite_where=text("kept_at IS NULL"),
        postgresql_where=text("kept_at IS NULL"),
    ),
    # The day of the answer without the rest of its row. SQLite keeps to the unique one.
    Index(
        "ix_promises_answer",
        *("case_id", "round", "due_on"),
        postgresql_where=text("kind = 'svar'"),
    ).ddl_if(dialect="postgresql"),
)

# What we answered, and when it was there. The newest of the case's present round counts.
answers = Table(
    "answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("way", String(20), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("measure", Text, nullable=False, default=""),
    Column("improvement", Text, nullable=False, default=""),
    Column("explanation", Text, nullable=False, default=""),
    Column("act_on", Date),
    Column("has_contact", Boolean, nullable=False),
    Column("keeps_promise", Boolean, nullable=False),  # False where only closing does (row T10)
    Column("letter_key", String(120), nullable=False, default="", index=True),
    Column("written_by", String(200), nullable=False),
    Column("written_at", Timestamp, nullable=False),
    Column("approved_by", String(200), nullable=False, default=""),
    Column("approved_at", Timestamp),
    Column("delivered_at", Timestamp),
    Column("then_closed_by", String(200), nullable=False, default=""),  # who wants it closed once it is there
    Column("undone_at", Timestamp),  # taken back before it was sent: it counts for nothing
    Index(None, "case_id", "round"),
)

# What somebody has begun to write to a sender, and not sent: one for each person, case and act.
unsent = Table(
    "unsent",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("person", String(100), nullable=False),
    Column("act", String(40), nullable=False),
    Column("typed", JSON, nullable=False),
    Column("saved_at", Timestamp, nullable=False),
    UniqueConstraint("case_id", "person", "act"),
)

# The files that go with an answer, or with one that is being written; the bytes lie in `blobs`.
enclosures = Table(
    "enclosures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("answer_id", ForeignKey("answers.id"), index=True),
    Column("unsent_id", ForeignKey("unsent.id"), index=True),
    Column("sha256", ForeignKey("blobs.sha256"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size", Integer, nullable=False),
)

# The outbox. No letter leaves the house but through here.
letters = Table(
    "letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("case_id", ForeignKey("cases.id"), index=True),
    Column("purpose", String(40), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("handle", Text, nullable=False),
    Column("recipient_name", Text, nullable=False, default=""),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("external_id", String(400), nullable=False, index=True),
    Column("in_reply_to", Text, nullable=False, default=""),
    Column("references", JSON, nullable=False, default=list),
    Column("keeps", JSON, nullable=False, default=list),  # the promises that are kept when it has gone
    Column("state", String(20), nullable=False),
    Column("state_because", Text, nullable=False, default=""),
    Column("priority", Integer, nullable=False, default=5),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_at", Timestamp, nullable=False),
    Column("next_try_at", Timestamp, nullable=False),
    Column("sent_at", Timestamp),
    Column("service_id", Text, nullable=False, default=""),
    Column("undo", JSON, nullable=False, default=dict),  # how the case was before, if it may be taken back
    Column("buttons", JSON, nullable=False, default=list, server_default="[]"),
    Column("conversation", String(300), nullable=False, default="", server_default=""),  # that it began
    Column("delivered_at", Timestamp),  # when its service told that it arrived
    Column("seen_at", Timestamp),  # likewise, that it was seen
    *(
        Index(
            f"ix_letters_{name}",
            name,
            sqlite_where=text(f"{name} <> ''"),
            postgresql_where=text(f"{name} <> ''"),
        )
        for name in ("conversation", "service_id")
    ),
    Index(None, "state", "next_try_at"),
    Index(None, "channel", "handle", "created_at"),
    # The rate guard folds the address, so it can be found only among the letters of the last day.
    Index(None, "purpose", "created_at"),
)

# Each time somebody was told that a clock had run so far: once for each step of each clock.
alarms = Table(
    "alarms",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("clock", String(40), nullable=False),
    Column("turn", String(40), nullable=False),  # of what may run more than once: its round, or its day
    Column("step", String(40), nullable=False),
    Column("due_on", Date),
    Column("told", JSON, nullable=False),  # ids of people
    Column("at", Timestamp, nullable=False),
    UniqueConstraint("case_id", "clock", "turn", "step"),
)

# A later day that the sender was told, and why (letter M07). The promise itself stands as it was.
delays = Table(
    "delays",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("was_due_on", Date),
    Column("answer_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("told_by", String(200), nullable=False),
    Column("told_at", Timestamp, nullable=False),
)

# Answers that came by mail to a notice of ours, and wait for their writer's word (row N17).
drafts = Table(
    "drafts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("message_id", ForeignKey("messages.id"), nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("written_by", String(200), nullable=False),
    Column("written_at", Timestamp, nullable=False),
    Column("used_at", Timestamp),
)

# That something in a case may be secret (OSL 5:5): proposed, set, lifted. Only a warning (store.secrecy).
secrecy_marks = Table(
    "secrecy_marks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("message_id", ForeignKey("messages.id")),  # None: the whole case
    Column("paragraph", String(200), nullable=False),
    Column("authority", String(200), nullable=False),
    Column("why", Text, nullable=False, default=""),
    Column("proposed_by", String(200), nullable=False, default=""),
    Column("proposed_at", Timestamp),
    Column("set_by", String(200), nullable=False, default=""),
    Column("set_at", Timestamp),
    Column("lifted_by", String(200), nullable=False, default=""),
    Column("lifted_at", Timestamp),
)

# Signed links that have been used: each works once.
used_links = Table(
    "used_links",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("act", String(40), nullable=False),
    Column("used_by", String(200), nullable=False),
    Column("used_at", Timestamp, nullable=False),
)

# Who of the staff can sign in, and by what. Names and roles stand in the configuration.
accounts = Table(
    "accounts",
    metadata,
    Column("person", String(100), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("totp_secret", String(64), nullable=False),
    Column("totp_step", BigInteger, nullable=False, default=0),  # of the last code used: each works once
    Column("changed_at", Timestamp, nullable=False),
)

# The cases that one message was divided into. `root_id` is the one that kept its number, and is in here too.
parts = Table(
    "parts",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("root_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("words", Text, nullable=False),  # those of the message that this case is about
)

# Who has a case open right now, and what they do there. Overwritten, and old after two minutes.
presence = Table(
    "presence",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("person", String(100), primary_key=True),
    Column("doing", String(20), nullable=False),
    Column("since", Timestamp, nullable=False),
    Column("seen_at", Timestamp, nullable=False),
)

# What has been changed on the settings pages: only what differs from the configuration (store.directory).
directory = Table(
    "directory",
    metadata,
    Column("subject", String(20), primary_key=True),
    Column("name", String(100), primary_key=True),  # of a person or unit its id, of a closed day its date
    Column("facts", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_by", String(200), nullable=False),
    Column("changed_at", Timestamp, nullable=False),
)

# Texts that handlers begin an answer with (svarsmallar).
reply_templates = Table(
    "reply_templates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("title", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("kind", String(20), nullable=False, default=""),  # for this type only
    Column("unit", String(100), nullable=False, default=""),  # for this unit only
    Column("removed", Boolean, nullable=False, default=False),
    Column("version", Integer, nullable=False, default=1),
    Column("changed_by", String(200), nullable=False),
    Column("changed_at", Timestamp, nullable=False),
)

# How a sender thought that it went: one answer for each case, and no reminder (row T17).
surveys = Table(
    "surveys",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("score", Integer, nullable=False),  # 1 not at all satisfied ... 5 very satisfied
    Column("words", Text, nullable=False, default=""),
    Column("answered_at", Timestamp, nullable=False),
)

# What was disposed of, and by which decision (gallringsprotokoll, R13). Written once, and kept for ever.
disposals = Table(
    "disposals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(40), nullable=False),  # of the case; empty for what belongs to none
    Column("record", String(40), nullable=False),  # what kind (store.retention.Record)
    Column("decision_ref", Text, nullable=False),
    Column("carried_out_at", Timestamp, nullable=False),
    Column("carried_out_by", String(200), nullable=False),
    Column("pieces", Integer, nullable=False),
)

# Cases that the registrator keeps from disposal, until the hold is lifted.
holds = Table(
    "holds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("set_by", String(200), nullable=False),
    Column("set_at", Timestamp, nullable=False),
    Column("lifted_by", String(200), nullable=False, default=""),
    Column("lifted_at", Timestamp),
)

# What was put right (GDPR art. 16): how it stood, how it stands since, who changed it and why.
corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("message_id", ForeignKey("messages.id")),  # of a transcription: the message stays as it was
    Column("subject", String(40), nullable=False),
    Column("was", Text, nullable=False),
    Column("became", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("corrected_by", String(200), nullable=False),
    Column("corrected_at", Timestamp, nullable=False),
)

# Who is signed in. The id is a sum of what the browser holds (see store.sessions).
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("person", String(100), nullable=False, index=True),
    Column("how", String(40), nullable=False),
    Column("mark", String(64), nullable=False, default=""),  # what it depends on, besides the person
    Column("guest", JSON, nullable=False, default=dict),  # of who is not in the configuration
    Column("roles", JSON, nullable=False, default=list),
    Column("id_token", Text, nullable=False, default=""),
    Column("created_at", Timestamp, nullable=False),
    Column("seen_at", Timestamp, nullable=False),
    Column("ends_at", Timestamp, nullable=False, index=True),
    Column("ended_at", Timestamp),
)

# What was typed on a page whose session had ended; it waits a short while for its writer.
stranded = Table(
    "stranded",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("person", String(100), nullable=False, index=True),
    Column("path", Text, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("files", Integer, nullable=False, default=0),  # how many came along, and were not kept
    Column("until", Timestamp, nullable=False, index=True),
)

# Written once, never changed.
journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Timestamp, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("act", String(80), nullable=False),
    Column("case_id", ForeignKey("cases.id"), index=True),
    Column("message_id", ForeignKey("messages.id"), index=True),
    Column("details", JSON, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("series", String(40), primary_key=True),
    Column("value", Integer, nullable=False),
)

# How far each IMAP folder has been read (RFC 3501: UIDVALIDITY and UID).
# How far a channel has read, in its service's own words (store.positions).
cursors = Table(
    "cursors",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("value", Text, nullable=False),
)
# What the assistant must know of a conversation besides its messages (store.conversations).
conversations = Table(
    "conversations",
    metadata,
    Column("conversation", String(300), primary_key=True),
    Column("begun_at", Timestamp, nullable=False),
    Column("language", String(8), nullable=False, default=""),  # as the sender has chosen
    Column("starts_anew", Boolean, nullable=False, default=False),  # the next message is another matter
    Column("stopped_at", Timestamp),  # since when its sender wants no letters there
)
positions = Table(
    "positions",
    metadata,
    Column("account", String(200), primary_key=True),
    Column("folder", String(200), primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
)

# A line for each row of the record that was written, changed or removed (store.sealing). Triggers write it.
changes = Table(
    "changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("subject", String(40), nullable=False),  # the table
    Column("key", String(400), nullable=False),  # the row in it
    Column("digest", LargeBinary, nullable=False),  # of the row as it then was; empty: it was removed
    Column("how", String(20), nullable=False, server_default=""),  # empty: by the program, as always
    Column("note", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

# The links of the chain (store.seals): each signs the lines since the one before it.
seals = Table(
    "seals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("up_to", BigInteger, nullable=False),  # the last line that it closes
    Column("count", Integer, nullable=False),
    Column("lines", String(64), nullable=False),  # the sum of those lines
    Column("previous", String(64), nullable=False),  # the sum of the link before
    Column("made_at", Timestamp, nullable=False),
    Column("sum", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
    Column("public_key", String(64), nullable=False),
)

# What the lines were made with: the mark of the key, and the columns of each table.
seal_facts = Table(
    "seal_facts",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("value", Text, nullable=False),
)

# What somebody has decided of a passage of a paper, before it was handed out: masked, or left to be read.
maskings = Table(
    "maskings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("paper", String(80), nullable=False),  # of the case (bots.desk.disclosure.papers)
    Column("paper_sum", String(64), nullable=False),  # of its text then: in another text it says nothing
    Column("begins", Integer, nullable=False),  # in characters of that text
    Column("ends", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("masked", Boolean, nullable=False),
    Column("paragraph", String(200), nullable=False, default=""),
    Column("decided_by", String(200), nullable=False),
    Column("decided_at", Timestamp, nullable=False),
    UniqueConstraint("case_id", "paper", "begins", "ends"),
)

# What was handed out of the record, or is being made ready. Who asked, and why, is asked of nobody (TF 2:18).
disclosures = Table(
    "disclosures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("selection", Text, nullable=False, default=""),  # how the cases were chosen, in words
    Column("request_id", ForeignKey("cases.id"), index=True),  # the case in which it was asked for, if any
    Column("enclosed", JSON, nullable=False, default=list),  # names of the files that go along
    Column("begun_by", String(200), nullable=False),
    Column("begun_at", Timestamp, nullable=False),
    Column("handed_by", String(200), nullable=False, default=""),
    Column("handed_at", Timestamp),
    Column("sha256", String(64), nullable=False, default=""),  # of the package
    Column("size", BigInteger, nullable=False, default=0),
    Column("made_with", String(200), nullable=False, default=""),
    Column("refusal", Text, nullable=False, default="", server_default=""),  # the decision, as last written
)

# The cases of a disclosure, each with what was given of it, as masked: no word that was masked is in it.
disclosed = Table(
    "disclosed",
    metadata,
    Column("disclosure_id", ForeignKey("disclosures.id"), primary_key=True, autoincrement=False),
    Column("case_id", ForeignKey("cases.id"), primary_key=True, autoincrement=False, index=True),
    Column("place", Integer, nullable=False),
    Column("contents", JSON, nullable=False, default=dict),  # empty until it is handed out
)

# What came of a case, as its unit's manager has approved that everybody may read it (store.improvements).
improvements = Table(
    "improvements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("unit", String(100), nullable=False),  # that the case lay at then
    Column("text", Text, nullable=False),
    Column("approved_by", String(200), nullable=False),
    Column("approved_at", Timestamp, nullable=False),
    Column("withdrawn_by", String(200), nullable=False, default=""),
    Column("withdrawn_at", Timestamp),
    # One text of each case at a time.
    Index(
        "ix_improvements_standing",
        "case_id",
        unique=True,
        sqlite_where=text("withdrawn_at IS NULL"),
        postgresql_where=text("withdrawn_at IS NULL"),
    ),
)

# More complaints of a factor at a unit than its own history lets one expect (store.figures.signals).
signals = Table(
    "signals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("unit", String(100), nullable=False),
    Column("factor", String(40), nullable=False),
    Column("month", String(7), nullable=False),  # as 2026-11
    Column("observed", Integer, nullable=False),
    Column("expected", Float, nullable=False),
    Column("chance", Float, nullable=False),  # of so many or more, had nothing changed
    Column("cases", JSON, nullable=False),  # the ids of those that were counted
    Column("told", JSON, nullable=False),  # ids of people
    Column("at", Timestamp, nullable=False),
    UniqueConstraint("unit", "factor", "month"),
)

# What a report said of a period that has ended: made once, never changed (store.snapshots).
snapshots = Table(
    "snapshots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("report", String(8), nullable=False),
    Column("period", String(40), nullable=False),
    Column("scope", String(100), nullable=False, default=""),  # the unit that it is of; empty: of all
    Column("last", Date, nullable=False),  # the last day of the period
    Column("counted_to", Date, nullable=False),
    Column("content", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("csv", LargeBinary, nullable=False),
    Column("release", String(40), nullable=False),  # of the program that made it
    Column("made_at", Timestamp, nullable=False),
    UniqueConstraint("report", "period", "scope"),
)

# Each time somebody was told that the words on a report are missing: each step once.
report_steps = Table(
    "report_steps",
    metadata,
    Column("snapshot_id", ForeignKey("snapshots.id"), primary_key=True, autoincrement=False),
    Column("step", String(40), primary_key=True),
    Column("told", JSON, nullable=False),  # ids of people
    Column("at", Timestamp, nullable=False),
)

# What a manager makes of the figures of a unit (store.analyses). What is signed is never changed.
analyses = Table(
    "analyses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("report", String(8), nullable=False),
    Column("period", String(40), nullable=False),
    Column("unit", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("written_by", String(200), nullable=False),
    Column("written_at", Timestamp, nullable=False),
    Column("signed_by", String(200), nullable=False, default=""),
    Column("signed_name", String(200), nullable=False, default=""),  # as it was then: names change
    Column("signed_at", Timestamp),
    UniqueConstraint("report", "period", "unit", "version"),
)
