# ruff: noqa: E501  # mails are written out line by line, as they came
"""Mail to many, and mail that web forms write for one person."""

from store.domain import Automatic
from tests.post.made import GUNGA, OWN, Made, bare, mail

FORM = "webbformular@lillkommun.example"


def _bulk(name: str, line: str, rule: str) -> Made:
    return Made(
        id=f"bulk_{name}",
        raw=mail("Veckans nyheter.", extra=f"{line}\n"),
        kind=Automatic.BULK,
        rule=rule,
        answer_to="",
    )


def _form(name: str, extra: str, *, reply_to: str, answer_to: str, envelope: str | None = FORM) -> Made:
    head = f"From: Webbformulär <{FORM}>\nTo: {OWN}\nSubject: Synpunkt via webben\n{extra}"
    return Made(
        id=f"webform_{name}",
        raw=bare(head + "Content-Type: text/plain; charset=utf-8\n"),
        from_addr=FORM,
        reply_to=reply_to,
        answer_to=answer_to,
        kind=Automatic.WEB_FORM,
        has=(GUNGA,),
        envelope_from=envelope,
        warns=("Svar går till en annan adress",) if reply_to else (),
    )


_ASA = "asa.lind@example.se"

MAILS = (
    _bulk("precedence", "Precedence: bulk", "Precedence: bulk"),
    _bulk("precedence_caps", "Precedence:  BULK ", "Precedence: bulk"),
    _bulk("precedence_junk", "Precedence: junk", "Precedence: junk"),
    _bulk("precedence_list", "Precedence: list", "Precedence: list"),
    _bulk("x_precedence", "X-Precedence: Bulk", "X-Precedence: bulk"),
    _bulk("list_only_id", "List-Id: <nyheter.example.org>", "List-Id"),
    _bulk("list_unsubscribe", "List-Unsubscribe: <https://example.org/u>", "List-Unsubscribe"),
    _bulk("list_post", "List-Post: <mailto:lista@example.org>", "List-Post"),
    _bulk("list_help", "List-Help: <mailto:hjalp@example.org>", "List-Help"),
    _bulk(
        "list_googlegroups",
        "Mailing-list: list grannar@example.org; contact grannar+owners@example.org",
        "Mailing-List",
    ),
    _bulk("list_ezmlm", "Mailing-List: contact lista-help@example.org; run by ezmlm", "Mailing-List"),
    _bulk("beenthere", "X-BeenThere: lista@example.org", "X-Beenthere"),
    _bulk("mailman", "X-Mailman-Version: 2.1.39", "X-Mailman-Version"),
    _bulk("feedback_id", "Feedback-ID: 1:kampanj:example", "Feedback-Id"),
    _form(
        "noreply_replyto",
        f"Reply-To: Åsa <{_ASA}>\nAuto-Submitted: auto-generated\n",
        reply_to=_ASA,
        answer_to=_ASA,
    ),
    _form("no_marks", f"Reply-To: {_ASA}\n", reply_to=_ASA, answer_to=_ASA),
    _form("null_envelope", f"Reply-To: {_ASA}\n", reply_to=_ASA, answer_to=_ASA, envelope=""),
    _form("anonymous", "Auto-Submitted: auto-generated\n", reply_to="", answer_to=""),
    _form("replyto_unusable", "Reply-To: (lämnades tomt)\n", reply_to="", answer_to=""),
    _form("replyto_ours", f"Reply-To: {OWN}\n", reply_to="", answer_to=""),
    _form("replyto_noreply", "Reply-To: noreply@example.com\n", reply_to="noreply@example.com", answer_to=""),
    Made(
        id="webform_of_a_stranger",
        raw=bare(
            f"From: Formulär <noreply@example.com>\nTo: {OWN}\nReply-To: {_ASA}\nSubject: Synpunkt\nAuto-Submitted: auto-generated\n"
        ),
        from_addr="noreply@example.com",
        reply_to=_ASA,
        answer_to="",
        kind=Automatic.NO_REPLY,
        rule="Auto-Submitted: auto-generated",
        warns=("Svar går till en annan adress",),
    ),
)
