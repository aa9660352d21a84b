"""Puts together what tells machines how we fare: the numbers, the port that they are read at, and traces."""

import errno
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.applications import Starlette

from bots.alarming import Alarming, Bars, Webhook
from bots.mail.identity import Identity
from bots.metrics import MEDIA_TYPE, Metrics
from bots.settings import (
    AlarmSettings,
    MetricsSettings,
    Settings,
    SettingsError,
    TracesSettings,
    signing_secret,
)
from bots.traces import Traces, TracesMissingError, provider_to
from bots.web.health import Health
from bots.web.monitor import Numbers, build
from bots.web.running import Running
from bots.wire.hosts import family_of, is_loopback
from store import gauges, health, inbox
from store.deadlines import day_of
from store.engine import Store, StoreError, shown_url
from store.gauges import Gauges

_PORTS = 10  # so many processes can stand on one machine with the same configuration


def count(store: Store, clock: Callable[[], datetime]) -> Gauges:
    """Count what the database holds; raise `StoreError` if it does not answer."""
    with store.read() as transaction:
        return gauges.count(transaction, today=day_of(clock()))


def open_port(settings: MetricsSettings) -> socket.socket:
    """Take the port of the configuration, or the first free one of the nine after it.

    Raises `SettingsError` when all are taken, or the address is not one of this machine.
    """
    problem = ""
    for port in range(settings.port, settings.port + (_PORTS if settings.port else 1)):
        try:
            return socket.create_server((settings.host, port), family=family_of(settings.host))
        except OSError as error:
            problem = error.strerror or type(error).__name__
            if error.errno != errno.EADDRINUSE:
                break
    raise SettingsError(
        f"tabell [metrics], nyckel port: {settings.host}:{settings.port} går inte att öppna ({problem}). "
        "Välj en annan port, eller stäng det program som har den."
    )


def token_of(settings: MetricsSettings) -> str:
    """Return what readers must show, or nothing; raise `SettingsError` if others could read without it."""
    if settings.token is not None:
        return signing_secret(settings.token, "tabell [metrics], nyckel token")
    if not is_loopback(settings.host):
        raise SettingsError(
            f"tabell [metrics], nyckel token: saknas. {settings.host} kan nås från andra maskiner. "
            'Ange token, eller host = "127.0.0.1".'
        )
    return ""


def pages(
    *,
    metrics: Metrics,
    store: Store,
    clock: Callable[[], datetime],
    look: Callable[[], Running],
    token: str,
    parts: str = "all",
) -> Starlette:
    """Build the pages for machines, which read of the database and the service whenever they are asked."""
    metrics.watch(
        count=lambda: count(store, clock),
        look=look,
        room=lambda: health.room(store),
        clock=clock,
        parts=parts,
    )
    return build(
        numbers=Numbers(text=metrics.text, media_type=MEDIA_TYPE, token=token),
        health=Health(store, lambda: look().watched_at, look),
    )


def alarming(
    settings: Settings,
    *,
    store: Store,
    clock: Callable[[], datetime],
    look: Callable[[], Running],
    identity: Identity,
    told: Callable[[], None],
) -> Alarming | None:
    """Build what tells the operator; None where nobody is to be told. Raises `SettingsError`."""
    wanted = settings.alarms
    if wanted is None:
        return None
    webhook = None
    if wanted.webhook is not None and wanted.webhook_secret is not None:
        secret = signing_secret(wanted.webhook_secret, "tabell [alarms], nyckel webhook_secret")
        webhook = Webhook(url=wanted.webhook, secret=secret)
    return Alarming(
        store=store,
        clock=clock,
        bars=bars_of(wanted),
        look=look,
        identity=identity,
        service_name=settings.municipality.service_name,
        link=f"{settings.web.public_url.rstrip('/')}/halsa" if settings.web else "",
        to=tuple(wanted.to),
        webhook=webhook,
        told=told,
    )


def bars_of(told: AlarmSettings) -> Bars:
    """Return how bad it may be before the operator is told."""
    return Bars(
        unacknowledged=timedelta(minutes=told.unacknowledged_minutes),
        unsent=timedelta(minutes=told.unsent_minutes),
        down=timedelta(minutes=told.down_minutes),
        silent=timedelta(hours=told.silent_hours),
        silent_channels=tuple(told.silent_channels),
        disk_free=told.disk_free_mb * 2**20,
        certificate=timedelta(days=told.certificate_days),
    )


def traces(settings: TracesSettings, store: Store) -> Traces:
    """Build what sends traces; raise `SettingsError` where the extra is not installed."""
    try:
        provider = provider_to(settings.endpoint)
    except TracesMissingError as error:
        raise SettingsError(
            "tabell [traces]: OpenTelemetry är inte installerat. Installera tillägget traces "
            "(docs/metrics.md), eller ta bort tabellen."
        ) from error
    house = shown_url(str(store.engine.url))
    return Traces(provider, house=house, message_of=lambda case_id: first_message(store, case_id))


def first_message(store: Store, case_id: int) -> int | None:
    """Return the number of the message that opened a case; None if the database does not tell."""
    try:
        with store.read() as transaction:
            row = inbox.first_of_case(transaction, case_id)
    except StoreError:
        return None
    return row["id"] if row else None
