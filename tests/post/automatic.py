# ruff: noqa: E501  # mails are written out line by line, as they came
"""Mail that machines wrote: absence, bounces, receipts, calendars, loops; and humans who look like them."""

from store.domain import Automatic
from tests.post.made import GUNGA, OWN, Made, bare, inside, mail, part, several

A = Automatic
_OUR_ID = "<s7.0011223344556677.abcdefghijklmnopqrstuvwxyz@lillkommun.example>"
_RETURNED = f"From: {OWN}\nTo: asa.lind@example.se\nSubject: Din synpunkt\nMessage-ID: {_OUR_ID}\n"


def _header(name: str, line: str, kind: Automatic, rule: str, *, subject: str = "Hej") -> Made:
    return Made(
        id=f"auto_{name}", raw=mail("Jag är borta.", subject=subject, extra=f"{line}\n"), kind=kind, rule=rule
    )


def _subject(name: str, subject: str, kind: Automatic = A.AUTO_REPLY) -> Made:
    return Made(id=f"subject_{name}", raw=mail("Kort text.", subject=subject), kind=kind, rule="subject")


def _from(name: str, sender: str, kind: Automatic, rule: str) -> Made:
    raw = mail("Kort text.", sender=sender)
    return Made(id=f"auto_from_{name}", raw=raw, kind=kind, rule=rule, from_addr=None, answer_to="")


def _human(name: str, *, subject: str = "Hej", extra: str = "", body: str = GUNGA) -> Made:
    raw = mail(body, subject=subject, extra=extra)
    return Made(id=f"human_{name}", raw=raw, has=(body,), answer_to="asa.lind@example.se")


def _dsn(
    name: str, action: str, kind: Automatic, *, status: str, returned: str | bytes, more: str = ""
) -> Made:
    fields = f"Final-Recipient: rfc822; asa.lind@example.se\nAction: {action}\nStatus: {status}\n{more}"
    raw = mail(
        inside(
            part("Det gick inte att leverera ditt brev.\n"),
            part(f"Reporting-MTA: dns; mx.example.se\n\n{fields}", "message/delivery-status"),
            returned,
        ),
        sender="Mail Delivery System <MAILER-DAEMON@mx.example.se>",
        subject="Undelivered Mail Returned to Sender",
        content="multipart/report; report-type=delivery-status; boundary=grans",
    )
    return Made(
        id=f"dsn_{name}",
        raw=raw,
        from_addr="MAILER-DAEMON@mx.example.se",
        answer_to="",
        kind=kind,
        rule="null sender",
        envelope_from="",
        action=action.lower().split()[0],
        original_id=_OUR_ID,
        has=("Det gick inte att leverera",),
        lacks=("Din synpunkt",),
    )


_WHOLE = part(_RETURNED + "\nHej!", "message/rfc822")
_HEADERS = part(_RETURNED, "text/rfc822-headers")


def _calendar(name: str, method: str, kind: Automatic | None, rule: str = "") -> Made:
    event = f"BEGIN:VCALENDAR\nMETHOD:{method}\nEND:VCALENDAR"
    raw = several(
        part("Möte om gungan"),
        part(event, f"text/calendar; method={method}; charset=utf-8"),
        kind="alternative",
    )
    return Made(
        id=f"calendar_{name}", raw=raw, kind=kind, rule=rule, has=("Möte om gungan",), files=("bilaga-1.ics",)
    )


_REPORTS = (
    _dsn(
        "failed_whole_mail",
        "failed",
        A.BOUNCE,
        status="5.1.1",
        returned=_WHOLE,
        more="Diagnostic-Code: smtp; 550 5.1.1 No such user\n",
    ),
    _dsn("failed_headers_only", "failed", A.BOUNCE, status="5.1.1", returned=_HEADERS),
    _dsn("failed_upper_case", "FAILED", A.BOUNCE, status="5.2.2", returned=_HEADERS),
    _dsn("failed_with_comment", "failed (bad address)", A.BOUNCE, status="5.1.1", returned=_HEADERS),
    _dsn("delayed", "delayed", A.DELAYED, status="4.4.1", returned=_HEADERS),
    _dsn("delivered", "delivered", A.DELIVERED, status="2.0.0", returned=_HEADERS),
    _dsn("relayed", "relayed", A.DELIVERED, status="2.0.0", returned=_WHOLE),
    _dsn("expanded", "expanded", A.DELIVERED, status="2.0.0", returned=_HEADERS),
    Made(
        id="dsn_exchange_sv",
        raw=mail(
            inside(
                part("<p>Leveransen misslyckades till dessa mottagare</p>", "text/html; charset=utf-8"),
                part(
                    "Reporting-MTA: dns;EX1\n\nFinal-recipient: RFC822;asa.lind@example.se\nAction: failed\nStatus: 5.1.10\n",
                    "message/delivery-status",
                ),
                _WHOLE,
            ),
            sender="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@lillkommun.example>",
            subject="Olevererbart: Din synpunkt",
            content="multipart/report; report-type=delivery-status; boundary=grans",
        ),
        from_addr=None,
        kind=A.BOUNCE,
        rule="report: delivery-status",
        action="failed",
        original_id=_OUR_ID,
        has=("Leveransen misslyckades",),
    ),
    Made(
        id="dsn_original_id_in_report",
        raw=mail(
            inside(
                part("Fel."),
                part(
                    f"Reporting-MTA: dns; mx\nOriginal-Message-ID: {_OUR_ID}\n\nFinal-Recipient: rfc822; a@example.se\nAction: failed\nStatus: 5.0.0\n",
                    "message/delivery-status",
                ),
            ),
            content="multipart/report; report-type=delivery-status; boundary=grans",
        ),
        kind=A.BOUNCE,
        rule="report: delivery-status",
        action="failed",
        original_id=_OUR_ID,
    ),
    Made(
        id="dsn_two_recipients_one_failed",
        raw=mail(
            inside(
                part("Fel."),
                part(
                    "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@example.se\nAction: delivered\n\nFinal-Recipient: rfc822; b@example.se\nAction: failed\nStatus: 5.0.0\n",
                    "message/delivery-status",
                ),
                _HEADERS,
            ),
            content="multipart/report; report-type=delivery-status; boundary=grans",
        ),
        kind=A.BOUNCE,
        rule="report: delivery-status",
        action="failed",
        original_id=_OUR_ID,
    ),
    Made(
        id="dsn_exim_old_style",
        raw=mail(
            f"A message that you sent could not be delivered.\n\n  asa.lind@example.se\n    550 5.1.1 Unknown user\n\n------ This is a copy of the message ------\n\n{_RETURNED}",
            sender="Mail Delivery System <Mailer-Daemon@mx.example.se>",
            subject="Mail delivery failed: returning message to sender",
            extra="X-Failed-Recipients: asa.lind@example.se\n",
        ),
        from_addr="Mailer-Daemon@mx.example.se",
        envelope_from="<>",
        kind=A.BOUNCE,
        rule="null sender",
        action="failed",
        original_id=_OUR_ID,
    ),
    Made(
        id="dsn_qmail_text",
        raw=mail(
            f"Hi. This is the qmail-send program.\n<asa.lind@example.se>: 5.1.1 no mailbox\n\n--- Below this line is a copy\n\n{_RETURNED}",
            sender="MAILER-DAEMON@mx.example.se",
            subject="failure notice",
        ),
        from_addr="MAILER-DAEMON@mx.example.se",
        kind=A.BOUNCE,
        rule="bounce address",
        action="failed",
        original_id=_OUR_ID,
    ),
    Made(
        id="dsn_no_details",
        raw=mail("Fel.", sender="postmaster@example.se", subject="Olevererbart: Hej"),
        from_addr=None,
        kind=A.BOUNCE,
        rule="bounce address",
    ),
    Made(
        id="mdn_displayed_sv",
        raw=mail(
            inside(
                part("Ditt brev har lästs."),
                part(
                    f"Final-Recipient: rfc822; asa.lind@example.se\nOriginal-Message-ID: {_OUR_ID}\nDisposition: manual-action/MDN-sent-manually; displayed\n",
                    "message/disposition-notification",
                ),
            ),
            subject="Läst: Din synpunkt",
            content="multipart/report; report-type=disposition-notification; boundary=grans",
        ),
        kind=A.DISPOSITION,
        rule="report: disposition-notification",
        action="displayed",
        original_id=_OUR_ID,
    ),
    Made(
        id="mdn_deleted_unread",
        raw=mail(
            inside(
                part("Borttaget."),
                part(
                    f"Original-Message-ID: {_OUR_ID}\nDisposition: automatic-action/MDN-sent-automatically; deleted/error\n",
                    "message/disposition-notification",
                ),
            ),
            subject="Ej läst: Din synpunkt",
            content="multipart/report; report-type=disposition-notification; boundary=grans",
        ),
        envelope_from="",
        kind=A.DISPOSITION,
        rule="null sender",
        action="deleted",
        original_id=_OUR_ID,
    ),
    Made(
        id="arf_feedback",
        raw=mail(
            inside(
                part("Detta är ett klagomål om skräppost."),
                part("Feedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\n", "message/feedback-report"),
                _WHOLE,
            ),
            content="multipart/report; report-type=feedback-report; boundary=grans",
        ),
        kind=A.ABUSE_REPORT,
        rule="report: feedback-report",
        action="abuse",
        original_id=_OUR_ID,
    ),
    _calendar("reply", "REPLY", A.CALENDAR_REPLY, "text/calendar method=REPLY"),
    _calendar("reply_lower", "reply", A.CALENDAR_REPLY, "text/calendar method=REPLY"),
    _calendar("request_is_human", "REQUEST", None),
)

_HEADER_RULES = (
    _header("autosub_replied", "Auto-Submitted: auto-replied", A.AUTO_REPLY, "Auto-Submitted: auto-replied"),
    _header("autosub_generated", "Auto-Submitted: auto-generated", A.OTHER, "Auto-Submitted: auto-generated"),
    _header("autosub_notified", "Auto-Submitted: auto-notified", A.OTHER, "Auto-Submitted: auto-notified"),
    _header("autosub_upper", "AUTO-SUBMITTED: AUTO-REPLIED", A.AUTO_REPLY, "Auto-Submitted: auto-replied"),
    _header(
        "autosub_params",
        'Auto-Submitted: auto-replied; owner-email="a@example.se"',
        A.AUTO_REPLY,
        "Auto-Submitted: auto-replied",
    ),
    _header(
        "autosub_comment",
        "Auto-Submitted: auto-replied (vacation)",
        A.AUTO_REPLY,
        "Auto-Submitted: auto-replied",
    ),
    _header("autosub_folded", "Auto-Submitted:\n auto-replied", A.AUTO_REPLY, "Auto-Submitted: auto-replied"),
    _header("autosub_unknown_word", "Auto-Submitted: yes", A.OTHER, "Auto-Submitted: yes"),
    _header(
        "autosub_no_then_yes",
        "Auto-Submitted: no\nAuto-Submitted: auto-replied",
        A.AUTO_REPLY,
        "Auto-Submitted: auto-replied",
    ),
    _header(
        "autosub_with_subject",
        "Auto-Submitted: auto-generated",
        A.AUTO_REPLY,
        "Auto-Submitted",
        subject="Automatiskt svar: Semester",
    ),
    _header("precedence_auto_reply", "Precedence: auto_reply", A.AUTO_REPLY, "Precedence: auto_reply"),
    _header("suppress_all", "X-Auto-Response-Suppress: All", A.OTHER, "X-Auto-Response-Suppress"),
    _header(
        "suppress_oof_list",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        A.OTHER,
        "X-Auto-Response-Suppress",
    ),
    _header("suppress_lower", "x-auto-response-suppress: dr,autoreply", A.OTHER, "X-Auto-Response-Suppress"),
    _header("x_autoreply", "X-Autoreply: yes", A.AUTO_REPLY, "X-Autoreply"),
    _header("x_autorespond", "X-Autorespond: Semester", A.AUTO_REPLY, "X-Autorespond"),
    _header("x_autoresponder", "X-Autoresponder: 1", A.AUTO_REPLY, "X-Autoresponder"),
    _header("x_autoreply_from", "X-Autoreply-From: a@example.se", A.AUTO_REPLY, "X-Autoreply-From"),
    _header("x_mail_autoreply", "X-Mail-Autoreply: autoresponder", A.AUTO_REPLY, "X-Mail-Autoreply"),
    _header("x_vacation", "X-Vacation: yes", A.AUTO_REPLY, "X-Vacation"),
    _header("x_post_class", "X-POST-MessageClass: 9; Autoresponder", A.AUTO_REPLY, "X-Post-Messageclass"),
    _header(
        "inbox_rules_loop",
        "X-MS-Exchange-Inbox-Rules-Loop: a@example.se",
        A.OTHER,
        "X-Ms-Exchange-Inbox-Rules-Loop",
    ),
    _header("apple_action", "X-Apple-Action: vacation", A.OTHER, "X-Apple-Action"),
    _header("cron", "X-Cron-Env: <SHELL=/bin/sh>", A.OTHER, "X-Cron-Env"),
    _header("firstclass", "X-FC-MachineGenerated: true", A.OTHER, "X-Fc-Machinegenerated"),
    _header("exchange_ndr", "X-MS-Exchange-Message-Is-Ndr:", A.BOUNCE, "X-Ms-Exchange-Message-Is-Ndr"),
    _header("x_loop", "X-Loop: help@example.se", A.OTHER, "X-Loop"),
    Made(
        id="oof_null_envelope_only",
        raw=mail("Jag är borta till den 12 augusti."),
        envelope_from="",
        kind=A.AUTO_REPLY,
        rule="null sender",
        answer_to="",
    ),
    Made(
        id="oof_null_envelope_angles",
        raw=mail("Jag är borta."),
        envelope_from="<>",
        kind=A.AUTO_REPLY,
        rule="null sender",
    ),
    Made(
        id="oof_null_returnpath_only",
        raw=b"Return-Path: <>\r\n" + mail("Jag är borta."),
        envelope_from=None,
        kind=A.AUTO_REPLY,
        rule="null sender",
    ),
    Made(
        id="bounce_returnpath_daemon",
        raw=b"Return-Path: <MAILER-DAEMON@mx.example.se>\r\n" + mail("Fel."),
        envelope_from=None,
        kind=A.BOUNCE,
        rule="Return-Path: mailer-daemon",
    ),
    Made(
        id="human_envelope_beats_returnpath",
        raw=b"Return-Path: <>\r\n" + mail(),
        envelope_from="asa.lind@example.se",
        has=(GUNGA,),
    ),
    Made(
        id="human_returnpath",
        raw=b"Return-Path: <asa.lind@example.se>\r\n" + mail(),
        envelope_from=None,
        has=(GUNGA,),
    ),
)

_ADDRESS_RULES = (
    _from("noreply", "Banken <noreply@example.com>", A.NO_REPLY, "no-reply address"),
    _from("no_dash_reply", "no-reply@example.com", A.NO_REPLY, "no-reply address"),
    _from("noreply_tagged", "NoReply+123@example.com", A.NO_REPLY, "no-reply address"),
    _from("do_not_reply", "do-not-reply@example.com", A.NO_REPLY, "no-reply address"),
    _from("donotreply", "DoNotReply@example.com", A.NO_REPLY, "no-reply address"),
    _from("svarainte", "Region <svarainte@example.se>", A.NO_REPLY, "no-reply address"),
    _from("ejsvar", "ejsvar@example.se", A.NO_REPLY, "no-reply address"),
    _from("list_owner", "foraldrar-owner@example.org", A.NO_REPLY, "no-reply address"),
    _from("list_request", "foraldrar-request@example.org", A.NO_REPLY, "no-reply address"),
    _from("bounces_verp", "bounces+asa=example.se@example.com", A.BOUNCE, "bounce address"),
    _from("postmaster", "postmaster@example.se", A.BOUNCE, "bounce address"),
    _from("own_loop_plain", f"Synpunkter <{OWN}>", A.OWN_LOOP, "own address"),
    _from("own_loop_other_case", "SYNPUNKTER@LillKommun.EXAMPLE", A.OWN_LOOP, "own address"),
    _from("own_loop_tag", "synpunkter+c7.abc@lillkommun.example", A.OWN_LOOP, "own address"),
    Made(
        id="own_loop_forwarded_back",
        raw=bare(
            f"From: {OWN}\nTo: {OWN}\nSubject: Sv: Din synpunkt\nAuto-Submitted: auto-replied\nMessage-ID: {_OUR_ID}\n"
        ),
        from_addr=OWN,
        kind=A.OWN_LOOP,
        rule="Auto-Submitted",
    ),
    Made(
        id="own_loop_message_id",
        raw=bare(
            f"From: Relay <relay@example.net>\nTo: {OWN}\nSubject: Din synpunkt\nMessage-ID: {_OUR_ID}\n"
        ),
        from_addr="relay@example.net",
        kind=A.OWN_LOOP,
        rule="own Message-ID",
    ),
    Made(id="own_loop_sender_field", raw=mail(extra=f"Sender: {OWN}\n"), kind=A.OWN_LOOP, rule="own address"),
    Made(
        id="human_colleague_in_own_domain",
        raw=bare(
            f"From: Bo Ek <bo.ek@lillkommun.example>\nTo: {OWN}\nSubject: Hej\nMessage-ID: <a1@lillkommun.example>\n"
        ),
        from_addr="bo.ek@lillkommun.example",
        answer_to="bo.ek@lillkommun.example",
    ),
    Made(
        id="human_name_like_noreply",
        raw=mail(sender="Nora Eply <nora.eply@example.se>"),
        from_addr="nora.eply@example.se",
        answer_to="nora.eply@example.se",
    ),
)

_SUBJECT_RULES = (
    _subject("automatiskt_svar", "Automatiskt svar: Din synpunkt"),
    _subject("automatiskt_svar_encoded", "=?utf-8?Q?Automatiskt_svar:_Fr=C3=A5nvarande?="),
    _subject("autosvar", "Autosvar"),
    _subject("franvaro", "Frånvaro: semester v 28"),
    _subject("franvaro_alone", "Frånvaro"),
    _subject("franvarande_till", "Frånvarande till 12/8"),
    _subject("franvaromeddelande", "Frånvaromeddelande från Bo Ek"),
    _subject("semester", "Semester: åter den 12 augusti"),
    _subject("out_of_office", "Out of office: Re: Din synpunkt"),
    _subject("out_of_the_office", "Out of the office"),
    _subject("automatic_reply", "Automatic reply: Din synpunkt"),
    _subject("german", "Abwesenheitsnotiz: Din synpunkt"),
    _subject("finnish", "Automaattinen vastaus: Din synpunkt"),
    _subject("finnish_away", "Poissa toimistosta 12.8. asti"),
    _subject("finnish_notice", "Poissaoloilmoitus"),
    _subject("norwegian", "Automatisk svar: Din synpunkt"),
    _subject("leading_space", "   Automatiskt svar: Hej"),
    _subject("last", "Läst: Din synpunkt", A.DISPOSITION),
    _subject("ej_last", "Ej läst: Din synpunkt", A.DISPOSITION),
    _subject("kvittens", "Kvittens: Din synpunkt", A.DISPOSITION),
    _subject("mottagningsbekraftelse", "Mottagningsbekräftelse", A.DISPOSITION),
    _subject("accepterat", "Accepterat: Möte om gungan", A.CALENDAR_REPLY),
    _subject("avbojt", "Avböjt: Möte om gungan", A.CALENDAR_REPLY),
    _subject("preliminart", "Preliminärt: Möte om gungan", A.CALENDAR_REPLY),
    _subject("olevererbart", "Olevererbart: Din synpunkt", A.BOUNCE),
    _subject("gick_inte", "Det gick inte att leverera: Din synpunkt", A.BOUNCE),
    _subject("undeliverable", "Undeliverable: Din synpunkt", A.BOUNCE),
    _subject("undelivered_mail", "Undelivered Mail Returned to Sender", A.BOUNCE),
    _subject("returned_mail", "Returned mail: see transcript for details", A.BOUNCE),
    _subject("failure_notice", "failure notice", A.BOUNCE),
    _subject("forsenat", "Försenat: Din synpunkt", A.DELAYED),
    _subject("levererat", "Levererat: Din synpunkt", A.DELIVERED),
    _subject("recall_outlook", "Återkallande: Trasig gunga", A.OTHER),
)

_HUMANS = (
    _human("autosub_no", extra="Auto-Submitted: no\n"),
    _human("autosub_no_upper_comment", extra="Auto-Submitted: NO (jag lovar)\n"),
    _human("suppress_dr_rn_nrn", extra="X-Auto-Response-Suppress: DR, RN, NRN\n"),
    _human("precedence_first_class", extra="Precedence: first-class\n"),
    _human("answers_autoreply", subject="Sv: Automatiskt svar: Din synpunkt"),
    _human("answers_out_of_office", subject="Re: Out of office"),
    _human("about_absence_at_school", subject="Frånvaro i skolan anmäls på ett krångligt sätt"),
    _human("about_receipt", subject="Kvittens saknas när jag betalar parkering"),
    _human("about_delay", subject="Försenat bygglov igen"),
    _human("about_automatic_doors", subject="Automatiska dörrar på biblioteket stänger för fort"),
    _human("about_absence_for_a_reason", subject="Frånvaro till följd av mögel i skolan"),
    _human("about_absence_in_finnish", subject="Poissaolot koulussa"),
    _human("about_absence_in_german", subject="Abwesenheitsquote der Lehrer"),
    _human("about_our_automatic_replies", subject="Autosvaret hos er är fel"),
    _human("about_undelivered_things", subject="Undelivered newspapers at the care home"),
    _human("about_vacation", subject="Semesterstängt på badet hela juli?"),
    _human("wants_read_receipt", extra="Disposition-Notification-To: asa.lind@example.se\n"),
    _human("x_fc_false", extra="X-FC-MachineGenerated: false\n"),
    _human("body_says_automatic", body="Automatiskt svar: fick jag av er, men ingen människa hör av sig."),
)

_BOUNCED_TO_A_HUMAN = inside(
    part("Det gick inte att leverera.\n"),
    part(
        "Reporting-MTA: dns; mx.example.se\n\nFinal-Recipient: rfc822; rektor@example.se\nAction: failed\n",
        "message/delivery-status",
    ),
    boundary="inre",
)
_LOOK_ALIKES = (
    Made(
        id="human_shows_us_a_bounce",
        raw=several(
            part(GUNGA),
            part(
                b"From: MAILER-DAEMON@mx.example.se\nSubject: Undelivered Mail\nAuto-Submitted: auto-replied\n"
                b"Content-Type: multipart/report; report-type=delivery-status; boundary=inre\n\n"
                + _BOUNCED_TO_A_HUMAN,
                "message/rfc822",
            ),
        ),
        has=(GUNGA, "Det gick inte att leverera."),
        answer_to="asa.lind@example.se",
    ),
    Made(
        id="human_shows_us_a_declined_meeting",
        raw=several(
            part(GUNGA),
            part(
                "Subject: Nej\nContent-Type: text/calendar; method=REPLY\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n",
                "message/rfc822",
            ),
        ),
        has=(GUNGA,),
        answer_to="asa.lind@example.se",
        files=("bilaga-1.ics",),
    ),
    Made(
        id="human_whose_replies_go_to_nobody",
        raw=mail(extra="Reply-To: noreply@example.se\n"),
        reply_to="noreply@example.se",
        answer_to="asa.lind@example.se",
        warns=("annan adress",),
    ),
)

MAILS = (*_LOOK_ALIKES, *_REPORTS, *_HEADER_RULES, *_ADDRESS_RULES, *_SUBJECT_RULES, *_HUMANS)
