"""The command line. Each command loads only what it needs, so that the small ones answer at once."""

import argparse
import asyncio
import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bots import archiving, exits, logs, reporting, retention, safekeeping, timeline, upgrading, verifying

if TYPE_CHECKING:
    from bots.settings import Settings
    from bots.together import Part
    from classifier.learning import Verdict
    from classifier.model import Classifier
    from store.engine import Store

_CONFIG = Path("config.toml")
_FIRST_YEAR, _LAST_YEAR = 1990, 2200  # the law on working days was another before, and will be after


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; errors go to standard error, in Swedish."""
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    top = argparse.ArgumentParser(
        prog="synpunkt",
        description="Tar emot, sorterar och bekräftar synpunkter till en kommun.",
        epilog="Börja med: synpunkt demo",
    )
    commands = top.add_subparsers(title="kommandon", required=True, metavar="KOMMANDO")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.add_argument("--config", type=Path, default=_CONFIG, help="inställningar (config.toml)")
        made.set_defaults(run=run)
        return made

    run = command("run", _run, "Kör tjänsten tills den avbryts.")
    run.add_argument(
        "--clock",
        type=Path,
        default=None,
        metavar="FIL",
        help="bara för prov: klockan står på tidpunkten i filen",
    )
    _add_only(run, "kör bara dessa delar, bredvid andra processer på samma PostgreSQL")
    demo = command("demo", _demo, "Visa hela vägen på den egna maskinen, med påhittade mejl.")
    demo.add_argument("--once", action="store_true", help="avsluta när mejlen har gått igenom")
    demo.add_argument("--smtp-port", type=int, default=8025)
    demo.add_argument("--web-port", type=int, default=8080)
    check = command(
        "check", _check, "Prova inställningar, databas, modell och varje kanal innan tjänsten körs."
    )
    _add_only(check, "prova bara det som dessa delar behöver på den här maskinen")
    receive = command(
        "receive", _receive, "Ta emot ett mejl från en fil eller standard in, och öppna ärendet."
    )
    receive.add_argument(
        "files", nargs="*", type=Path, metavar="FIL", help="RFC 5322; utan fil läses standard in"
    )
    receive.add_argument("--from", dest="envelope_from", default=None, help="kuvertets avsändare")
    receive.add_argument("--to", dest="envelope_to", action="append", default=[], help="kuvertets mottagare")
    read = command("read", _read, "Visa vad intaget läser ut ur mejlfiler, en JSON-rad per fil.")
    read.add_argument("files", nargs="+", metavar="FIL")
    classify = command("classify", _classify, "Föreslå typ och kvalitetsfaktor för varje rad på standard in.")
    classify.add_argument("--jsonl", action="store_true", help='raderna är JSON-objekt med nyckeln "text"')
    deadline = command("deadline", _deadline, "Räkna ut när ett löfte faller, och visa uträkningen.")
    deadline.add_argument("--profile", default="standard", help="profilens namn, eller en .toml-fil")
    deadline.add_argument("--received", required=True, help="när det kom in, ISO 8601 (utan zon: svensk tid)")
    train = command(
        "train",
        _train,
        "Lär av bekräftade ärenden. En utmanare tränas och tas i bruk bara om den är bättre.",
    )
    train.add_argument("--rollback", action="store_true", help="gå tillbaka till modellen som användes förut")
    train.add_argument(
        "--corpus", type=Path, default=None, help="träna i stället den lilla modellen ur en mapp"
    )
    train.add_argument("--out", type=Path, default=None, help="mapp för den lilla modellen")
    train.add_argument("--teacher", action="store_true", help="låt modellen full undervisa den lilla")
    train.add_argument(
        "--whole", action="store_true", help="träna hela språkmodellen (kräver tillägget tuning)"
    )
    train.add_argument("--seed", type=int, default=0)
    evaluate = command("evaluate", _evaluate, "Mät modellen mot märkta meddelanden.")
    measured = evaluate.add_mutually_exclusive_group(required=True)
    measured.add_argument("file", type=Path, nargs="?", metavar="FIL.jsonl")
    measured.add_argument(
        "--passages", action="store_true", help="mät i stället hur väl det som kan behöva maskas hittas"
    )
    evaluate.add_argument(
        "--out",
        type=Path,
        default=None,
        metavar="FIL.md",
        help="för in siffrorna på en sida (med --passages)",
    )
    card = command(
        "card", _card, "Skriv kortet med vägarna till oss, fyra på ett ark, som HTML att skriva ut."
    )
    card.add_argument("--out", type=Path, default=None, metavar="FIL", help="fil att skriva till")
    user = command("user", _user, "Ge någon i personalen ett konto, byt lösenord eller ta bort kontot.")
    user.add_argument(
        "act",
        choices=("add", "remove", "list", "sessions", "end-sessions"),
        help="add också för nytt lösenord; sessions visar vem som är inloggad, end-sessions loggar ut",
    )
    user.add_argument("person", nargs="?", default="", help="id under [[handlers]], eller ur sessions")
    safekeeping.add(command)
    retention.add(command)
    retention.add_extract(command)
    archiving.add(command)
    reporting.add(command)
    verifying.add(command)
    timeline.add(command)
    upgrading.add(command)
    command("bench", _bench, "Mät tiden från mejl till kvitto på den här maskinen.")
    return top


def _add_only(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="DELAR",
        help=f"{text}: receive, judge, deliver, web, watch, med komma emellan",
    )


def _only(chosen: argparse.Namespace) -> "frozenset[Part]":
    """Return the parts that were asked for, none for all; raise `SettingsError` for a name that is none."""
    from bots.settings import SettingsError
    from bots.together import Part

    names = [name.strip() for one in chosen.only for name in one.split(",")]
    if wrong := [name for name in names if name not in set(Part)]:
        raise SettingsError(f"--only {','.join(wrong)}: ingen sådan del. Välj bland {', '.join(Part)}.")
    return frozenset(Part(name) for name in names)


def _clock(file: Path | None) -> Callable[[], datetime]:
    from bots.clock import MovableClock, now

    if file is None:
        return now
    clock = MovableClock(file)
    clock()  # a wrong file is told before anything starts
    logging.getLogger(__name__).warning("the clock is moved by a file: not for production")
    return clock


def _run(chosen: argparse.Namespace) -> int:
    from bots import app
    from bots.clock import ClockError
    from bots.settings import SettingsError, load
    from store.alone import OccupiedError, alone
    from store.engine import StoreError
    from store.migrations import AnotherReleaseError

    logs.begin()
    try:
        settings = load(chosen.config)
        logs.begin(form=settings.log.format)
        if problems := _missing_secrets(settings):
            return exits.fail("\n".join(problems), exits.CONFIG)
        house = app.build(settings, clock=_clock(chosen.clock), only=_only(chosen))
    except (SettingsError, ClockError) as error:
        return exits.fail(str(error), exits.CONFIG)
    except StoreError as error:
        # To try again makes no newer program: the service manager shall not.
        is_for_good = isinstance(error, AnotherReleaseError)
        return exits.fail(f"databasen: {error}", exits.CONFIG if is_for_good else exits.TEMPORARY)
    together = house.together
    try:
        with alone(house.store) if together is None else closing(together.line):
            if together is not None:
                together.line.open()
            asyncio.run(_until_signalled(house))
    except StoreError as error:
        house.close()
        if not isinstance(error, OccupiedError):
            return exits.fail(f"databasen: {error}", exits.TEMPORARY)
        return exits.fail(
            f"{error}: stoppa den först, eller ange en annan databas under [store].", exits.TEMPORARY
        )
    # Whoever was shut out is to be started again by the service manager, when the database is free.
    return exits.TEMPORARY if together is not None and together.is_shut_out else exits.OK


async def _until_signalled(house: "object") -> None:
    from bots.app import App, settle

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    assert isinstance(house, App)  # noqa: S101 - narrows the type that is imported late
    settle()
    await house.run(stop)


def _demo(chosen: argparse.Namespace) -> int:
    from bots.demo.run import run

    logs.begin(logging.ERROR)
    outcome = asyncio.run(run(once=chosen.once, smtp_port=chosen.smtp_port, web_port=chosen.web_port))
    return exits.OK if outcome.is_right else 1


def _check(chosen: argparse.Namespace) -> int:
    from bots import app
    from bots.parts import key_left_behind
    from bots.settings import SettingsError, load
    from bots.together import Part
    from store.engine import StoreError

    logs.begin(logging.ERROR)
    try:
        settings = load(chosen.config)
        print(f"ok   {chosen.config} är rätt skriven")
        if problems := _missing_secrets(settings):
            return exits.fail("\n".join(problems), exits.CONFIG)
        print("ok   alla hemligheter finns")
        house = app.build(settings, only=_only(chosen))
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except StoreError as error:
        remedy = "kontrollera att databasen är igång och att tjänsten får skriva där"
        return exits.fail(f"tabell [store], nyckel url: {remedy} ({error}).", exits.CONFIG)
    print(f"ok   databasen svarar ({house.store.engine_name})")
    print(f"ok   {verifying.public_key_of(house.store)}")
    fine, wrong = asyncio.run(app.check(house))
    judges = settings.classifier.enabled and Part.JUDGE in house.parts
    if judges and house.opinion.is_second_choice:
        wrong.append(
            "tabell [classifier], nyckel model: modellen kan inte laddas (orsaken står ovan). Till dess "
            'föreslår den lilla modellen, om den finns. Ange "full" eller "fast" för de modeller som följer '
            "med, eller sätt enabled = false."
        )
    elif judges:
        fine.insert(0, "modellen är laddad")
    old = safekeeping.warning(settings, house.store, house.acts.clock())
    left_behind = key_left_behind(settings)
    house.close()
    for line in fine:
        print(f"ok   {line}")
    for line in retention.looked_over(settings, datetime.now(UTC)):
        print(f"obs  {line}")
    for line in filter(None, (old, left_behind)):
        print(f"obs  {line}")
    for line in wrong:
        print(f"fel  {line}")
    return exits.CONFIG if wrong else exits.OK


def _missing_secrets(settings: "object") -> list[str]:
    from bots.settings import Settings, SettingsError, secret, secrets_of

    assert isinstance(settings, Settings)  # noqa: S101 - narrows the type that is imported late
    problems = []
    for where, reference in secrets_of(settings):
        try:
            secret(reference)
        except SettingsError as error:
            table, _, key = where.rpartition(".")
            problems.append(f"tabell [{table}], nyckel {key}: {error}")
    return problems


def _receive(chosen: argparse.Namespace) -> int:
    from bots import app
    from bots.clock import now
    from bots.settings import SettingsError, load
    from store import inbox
    from store.domain import Inbound
    from store.engine import StoreError

    logs.begin(logging.ERROR)
    try:
        raws = [path.read_bytes() for path in chosen.files] or [sys.stdin.buffer.read()]
    except OSError as error:
        return exits.fail(f"filen kan inte läsas: {error}", exits.DATA)
    try:
        house = app.build(load(chosen.config), with_doors=False)
    except SettingsError as error:
        # Not EX_CONFIG: a mail server that pipes to us would send the citizen's mail back.
        return exits.fail(str(error), exits.TEMPORARY)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    group = [
        Inbound(
            channel="receive",
            account="kommandorad",
            received_at=now(),
            raw=raw,
            envelope_from=chosen.envelope_from,
            envelope_to=tuple(chosen.envelope_to),
        )
        for raw in raws
    ]
    try:
        with house.store.write() as transaction:
            receipts = inbox.keep(transaction, group, now())
    except StoreError as error:
        return exits.fail(f"inte mottaget: {error}", exits.TEMPORARY)
    for receipt in receipts:
        print(json.dumps({"message": receipt.message_id, "duplicate": receipt.duplicate}))
    try:
        while house.judge.once():
            pass
    except StoreError as error:
        # It is kept, so we say so: tried again or sent back it would be wrong. `run` opens the case.
        print(f"mottaget, men ärendet öppnas senare: {error}", file=sys.stderr)
    finally:
        house.close()
    return exits.OK


def _read(chosen: argparse.Namespace) -> int:
    from bots.mail.reading import describe

    for file in chosen.files:
        print(json.dumps(describe(file), ensure_ascii=False), flush=True)
    return exits.OK


def _classify(chosen: argparse.Namespace) -> int:
    from classifier.model import ModelError, classify_line

    try:
        classifier = _classifier(chosen.config)
    except ModelError as error:
        return exits.fail(str(error), exits.CONFIG)
    for text in _texts(sys.stdin, jsonl=chosen.jsonl):
        print(json.dumps(classify_line(classifier, text), ensure_ascii=False), flush=True)
    return exits.OK


def _classifier(config: Path) -> "Classifier":
    """Load the model that the configuration names;

    the shipped one where there is none. Raises `ModelError`.
    """
    from bots.parts import learning_folder, model_folder
    from bots.settings import SettingsError, load
    from classifier.learning import load_in_use
    from classifier.model import FAST, MODELS, Classifier, ModelError

    try:
        settings = load(config) if config.exists() else None
    except SettingsError:
        settings = None
    if settings is not None:
        return load_in_use(learning_folder(settings), model_folder(settings))
    try:
        return Classifier.load()
    except ModelError as error:
        print(f"{error}; modellen {FAST} svarar", file=sys.stderr)
        return Classifier.load(MODELS / FAST)


def _texts(lines: Iterable[str], *, jsonl: bool) -> Iterable[str]:
    for line in lines:
        if not line.strip():
            continue
        stripped = line.rstrip("\r\n")
        if not jsonl and not stripped.lstrip().startswith("{"):
            yield stripped
            continue
        try:
            found = json.loads(stripped)
        except (ValueError, RecursionError):  # no JSON, a number too long for Python, or too deep
            found = None
        if isinstance(found, dict) and isinstance(found.get("text"), str):
            yield found["text"]
        else:
            if jsonl:
                print("raden är inte ett JSON-objekt med nyckeln text; den läses som text", file=sys.stderr)
            yield stripped


def _deadline(chosen: argparse.Namespace) -> int:
    from store import profiles
    from store.deadlines import STOCKHOLM, day_of, promises
    from store.domain import Kind

    try:
        received = datetime.fromisoformat(chosen.received)
        if not _FIRST_YEAR <= received.year <= _LAST_YEAR:
            raise ValueError("out of the calendar")
        days = profiles.load(chosen.profile).days
    except ValueError:
        return exits.fail(
            f"--received {chosen.received!r} är ingen tid; skriv till exempel 2026-12-18T15:00", exits.DATA
        )
    except profiles.ProfileError as error:
        return exits.fail(str(error), exits.CONFIG)
    if received.tzinfo is None:
        received = received.replace(tzinfo=STOCKHOLM)
    owed = {}
    for kind in Kind:
        for promise in promises(received, kind, days):
            name = f"{promise.kind}_{kind}" if promise.kind == "svar" else str(promise.kind)
            owed[name] = {
                "due": promise.due_on.isoformat(),
                "clause": promise.clause,
                "arithmetic": list(promise.arithmetic),
            }
    shown = {
        "profile": chosen.profile,
        "received": received.isoformat(),
        "received_day": day_of(received).isoformat(),
        "promises": owed,
    }
    print(json.dumps(shown, ensure_ascii=False, indent=2))
    return exits.OK


def _user(chosen: argparse.Namespace) -> int:
    from bots.clock import now
    from bots.parts import house_of, open_store_of
    from bots.settings import SettingsError, load
    from bots.web.keys import PasswordError, new_account
    from store import accounts, migrations
    from store.engine import StoreError

    try:
        settings = load(chosen.config)
        with closing(open_store_of(settings)) as store:
            migrations.upgrade(store)
            if chosen.act == "list":
                with store.read() as transaction:
                    print("\n".join(accounts.people(transaction)))
                return exits.OK
            if chosen.act in {"sessions", "end-sessions"}:
                return _sessions(chosen, settings, store)
            people = house_of(settings, store, now).handlers.values()
            # Whoever has left gets no account, and may still have one to take away.
            known = [one.id for one in people if not one.has_left or chosen.act == "remove"]
            if chosen.person not in known:
                return exits.fail(f"ange en person av {', '.join(known)}", exits.DATA)
            if chosen.act == "remove":
                with store.write() as transaction:
                    gone = accounts.remove(transaction, chosen.person, now=now())
                return exits.OK if gone else exits.fail(f"{chosen.person} har inget konto", exits.DATA)
            account = new_account(chosen.person, _password(), now=now())
            with store.write() as transaction:
                accounts.keep(transaction, account)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except PasswordError as error:
        return exits.fail(str(error), exits.DATA)
    except StoreError as error:
        return exits.fail(f"databasen: {error}", exits.TEMPORARY)
    _show_code(account.totp_secret, chosen.person, settings.municipality.service_name)
    return exits.OK


def _sessions(chosen: argparse.Namespace, settings: "Settings", store: "Store") -> int:
    """List who is signed in, or sign somebody out everywhere; also who is no longer in the configuration."""
    from bots.clock import now
    from bots.parts import session_limits
    from store import sessions

    if chosen.act == "end-sessions":
        with store.write() as transaction:
            ended = sessions.end_all(transaction, chosen.person, now=now())
        return exits.OK if ended else exits.fail(f"{chosen.person or 'ingen'} är inte inloggad", exits.DATA)
    with store.read() as transaction:
        going_on = sessions.going_on(transaction, now=now(), limits=session_limits(settings))
    for row in going_on:
        print(f"{row['person']}  {row['how']}  sedan {row['created_at'].astimezone():%Y-%m-%d %H:%M}")
    return exits.OK


def _password() -> str:
    """Ask for a password twice; from a pipe, read one line."""
    import getpass

    from bots.web.keys import PasswordError

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Lösenord: ")
    if getpass.getpass("Samma igen: ") != first:
        raise PasswordError("lösenorden är inte lika; börja om")
    return first


def _show_code(totp_secret: str, person: str, service: str) -> None:
    import pyotp
    import segno

    address = pyotp.TOTP(totp_secret).provisioning_uri(name=person, issuer_name=service)
    if sys.stdout.isatty():
        segno.make(address, micro=False).terminal(compact=True)
    print(f"Läs in koden i en kodapp, eller skriv in den för hand: {totp_secret}\n{address}")


def _card(chosen: argparse.Namespace) -> int:
    import segno

    from bots.settings import SettingsError, load
    from templates import document

    try:
        settings = load(chosen.config)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    town, web = settings.municipality, settings.web
    if web is None:
        return exits.fail(
            f"{chosen.config}: tabell [web] saknas. Kortet visar formulärets adress.", exits.CONFIG
        )
    sheet = document(
        "card",
        service_name=town.service_name,
        municipality=town.name,
        web_address=web.public_url,
        email=settings.mail.address,
        phone=town.phone,
        phone_hours=town.phone_hours,
        post_address=tuple(town.post_address),
        qr=tuple(tuple(bool(dark) for dark in row) for row in segno.make(web.public_url, micro=False).matrix),
    )
    if chosen.out is None:
        print(sheet)
        return exits.OK
    try:
        chosen.out.write_text(sheet, encoding="utf-8")
    except OSError as error:
        return exits.fail(f"{chosen.out}: kan inte skrivas ({error.strerror}).", exits.DATA)
    return exits.OK


def _train(chosen: argparse.Namespace) -> int:
    from classifier.messages import CorpusError
    from classifier.model import ModelError

    try:
        if chosen.whole:
            return _train_whole(chosen)
        if chosen.out is not None:
            return _train_small(chosen)
        return _learn(chosen)
    except CorpusError as error:
        return exits.fail(str(error), exits.DATA)
    except ModelError as error:
        return exits.fail(str(error), exits.CONFIG)


def _train_small(chosen: argparse.Namespace) -> int:
    from classifier.model import Classifier
    from classifier.train import CORPUS, train

    teacher = Classifier.load() if chosen.teacher else None
    trained = train(chosen.corpus or CORPUS, chosen.out, seed=chosen.seed, teacher=teacher)
    print(trained.report)
    print(f"modellen {trained.version} ligger i {trained.path}")
    return exits.OK


def _train_whole(chosen: argparse.Namespace) -> int:
    if chosen.out is None:
        return exits.fail("ange mapp för modellen: --out MAPP", exits.DATA)
    command = [sys.executable, "-m", "classifier.tuning", str(chosen.out), "--seed", str(chosen.seed)]
    if importlib.util.find_spec("torch") is None:
        return exits.fail(
            "att träna hela språkmodellen kräver torch med flera paket; kör make tuning i källkoden, "
            "och sedan det här kommandot i den miljön (docs/classifier.md).",
            exits.CONFIG,
        )
    if chosen.corpus is not None:
        command += ["--corpus", str(chosen.corpus)]
    return subprocess.run(command, check=False).returncode  # noqa: S603  # our own module


def _learn(chosen: argparse.Namespace) -> int:
    from bots.parts import house_of, learning_folder, model_folder
    from bots.settings import SettingsError, load
    from classifier.learning import Confirmed, LearningError, Shelf, challenge
    from store import lessons
    from store.engine import StoreError, open_store

    try:
        settings = load(chosen.config)
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    folder = learning_folder(settings)
    if folder is None:
        return exits.fail(
            "tabell [classifier.learning], nyckel decision: ange kommunens beslut om att modellen får läras "
            'av bekräftade ärenden (till exempel "KS 2027-03-01 § 12"). Utan beslut tränas inget på '
            "inkomna meddelanden.",
            exits.CONFIG,
        )
    shelf = Shelf(folder)
    at = datetime.now(UTC)
    try:
        if chosen.rollback:
            back = shelf.roll_back(at)
            print(f"åter i bruk: {back or 'modellen som följer med'}. Starta om tjänsten.")
            return exits.OK
        with closing(open_store(settings.store.url)) as store, store.read() as transaction:
            since = at - timedelta(days=31 * settings.classifier.learning.months)
            found = lessons.confirmed(transaction, since=since)
            units = house_of(settings, store, lambda: at).units
        verdict = challenge(
            [
                Confirmed(
                    text=each.text,
                    kind=each.kind,
                    factor=each.factor,
                    language=each.language,
                    confirmed_at=each.confirmed_at,
                )
                for each in found
            ],
            shelf,
            now=at,
            shipped=model_folder(settings),
            unit_names=[unit.name for unit in units],
            seed=chosen.seed,
        )
    except SettingsError as error:
        return exits.fail(str(error), exits.CONFIG)
    except LearningError as error:
        return exits.fail(str(error), exits.DATA)
    except StoreError as error:
        return exits.fail(f"tabell [store], nyckel url: databasen svarar inte ({error}).", exits.CONFIG)
    _tell(verdict)
    print(
        f"{verdict.challenger} är i bruk när tjänsten startas om."
        if verdict.promoted
        else f"{verdict.champion} behålls."
    )
    return exits.OK


def _tell(verdict: "Verdict") -> None:
    print(f"lärde av {verdict.learnt} bekräftade ärenden och prövades på de {verdict.judged} nyaste")
    for name, before, after in (
        ("nyaste ärendena", verdict.champion_newest, verdict.challenger_newest),
        ("medföljande provet", verdict.champion_shipped, verdict.challenger_shipped),
    ):
        print(
            f"{name}: typ {before.kind:.3f} -> {after.kind:.3f}, "
            f"faktor {before.factor:.3f} -> {after.factor:.3f}"
        )
    for reason in verdict.reasons:
        print(f"avvisad: {reason}")


def _evaluate_passages(page: Path | None) -> int:
    from classifier.passages import figures

    print(figures.report(), figures.speed(), sep="\n\n")
    if page is None:
        return exits.OK
    try:
        page.write_text(figures.put_into(page.read_text(encoding="utf-8")), encoding="utf-8")
    except (OSError, ValueError) as error:
        return exits.fail(f"sidan {page} kunde inte skrivas: {error}", exits.DATA)
    return exits.OK


def _evaluate(chosen: argparse.Namespace) -> int:
    if chosen.passages:
        return _evaluate_passages(chosen.out)
    from classifier.evaluate import evaluate
    from classifier.messages import CorpusError
    from classifier.model import ModelError

    try:
        print(evaluate(chosen.file, _classifier(chosen.config)))
    except ModelError as error:
        return exits.fail(str(error), exits.CONFIG)
    except CorpusError as error:
        return exits.fail(str(error), exits.DATA)
    return exits.OK


def _bench(_chosen: argparse.Namespace) -> int:
    return exits.fail("mätningarna ligger hos testerna: kör make bench i källkoden", exits.DATA)
