"""Counts for Prometheus what the desk, the pages and the database do. Each name is told in docs/metrics.md.

Every label is one of few values of our own: a channel, a state, a pattern of our addresses. What the desk
does is counted by the process that does it, and summed up by who reads; what the database holds is the same
from every process. The registry is ours, not the library's own, so that houses can stand side by side.
"""

import time
from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from threading import Lock

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bots.meter import Meter
from bots.web.running import Running
from store.domain import Inbound, Outgoing, Receipt, Suggestion
from store.engine import StoreError
from store.gauges import Gauges

MEDIA_TYPE = CONTENT_TYPE_LATEST  # what `Metrics.text` is
# When each series was begun is of use to nobody here, and would be as many series again.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library says nothing of it
_FRESH = 5.0  # seconds; who asks more often gets what was counted last
_GROUPS = (1, 2, 4, 8, 16, 32, 64)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics(Meter):
    """The numbers of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._kept = self._counter("messages_kept", "Messages committed for the first time.", "channel")
        self._repeated = self._counter("messages_repeated", "Messages that we had already.", "channel")
        self._refused = self._counter("messages_refused", "Messages that could not be committed.")
        self._group = self._histogram("commit_messages", "Messages in one commit.", buckets=_GROUPS)
        self._commit = self._histogram("commit_seconds", "How long a commit of messages took.")
        self._judged = self._counter("messages_judged", "Messages for which a model was asked.", "model")
        self._judging = self._counter("judging_seconds", "How long models took.", "model")
        self._settling = self._histogram("settling_seconds", "How long a group took to get its cases.")
        self._settled = self._counter("messages_settled", "Messages that got their case.")
        self._letters = self._counter("letters_tried", "Tries to send a letter.", "channel", "outcome")
        self._sending = self._histogram("sending_seconds", "How long a try to send took.", "channel")
        self._pages = self._histogram(
            "http_seconds", "How long an answer over HTTP took.", "route", "method", "status"
        )

    def watch(
        self,
        *,
        count: Callable[[], Gauges],
        look: Callable[[], Running],
        room: Callable[[], tuple[int, int] | None],
        clock: Callable[[], datetime],
        parts: str = "all",
    ) -> None:
        """Tell besides what the database and the service look like whenever somebody asks.

        `count` may raise `StoreError`; then `synpunkt_database_up` is 0 and its numbers are left out.
        """
        self.registry.register(_Looked(count=count, look=look, room=room, clock=clock, parts=parts))

    def text(self) -> bytes:
        """Write everything as Prometheus reads it (`MEDIA_TYPE`). Blocking: it asks the database."""
        return generate_latest(self.registry)

    def kept(self, group: Sequence[Inbound], receipts: Sequence[Receipt], took: float) -> None:
        """Count a commit."""
        self._group.observe(len(group))
        self._commit.observe(took)
        for inbound, receipt in zip(group, receipts, strict=True):
            (self._repeated if receipt.duplicate else self._kept).labels(inbound.channel).inc()

    def not_kept(self, count: int) -> None:
        """Count what was refused."""
        self._refused.inc(count)

    def judged(
        self, message_ids: Sequence[int], suggestions: Sequence[Suggestion | None], took: float
    ) -> None:
        """Count what each model was asked; the time is shared out by the number of messages."""
        each = took / max(len(message_ids), 1)
        for model, count in Tally(one.model if one else "none" for one in suggestions).items():
            self._judged.labels(model).inc(count)
            self._judging.labels(model).inc(each * count)

    def given(self, message_ids: Collection[int], took: float) -> None:
        """Count what got its case."""
        self._settled.inc(len(message_ids))
        self._settling.observe(took)

    def tried(self, letter: Outgoing, outcome: str, took: float) -> None:
        """Count a try to send."""
        self._letters.labels(letter.recipient.channel, outcome).inc()
        self._sending.labels(letter.recipient.channel).observe(took)

    def answered(self, route: str, method: str, status: int, took: float) -> None:
        """Count an answer over HTTP, by the pattern of its address and the first digit of its status."""
        self._pages.labels(route, method, f"{status // 100}xx").observe(took)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"synpunkt_{name}", text, labels, registry=self.registry)

    def _histogram(
        self, name: str, text: str, *labels: str, buckets: Sequence[float] = _SECONDS
    ) -> Histogram:
        return Histogram(f"synpunkt_{name}", text, labels, registry=self.registry, buckets=buckets)


class _Looked(Collector):
    """Looks at the database and the service when somebody asks, but not more often than is of use."""

    def __init__(
        self,
        *,
        count: Callable[[], Gauges],
        look: Callable[[], Running],
        room: Callable[[], tuple[int, int] | None],
        clock: Callable[[], datetime],
        parts: str,
    ) -> None:
        self._count, self._look, self._room, self._clock, self._parts = count, look, room, clock, parts
        self._lock = Lock()
        self._known: list[GaugeMetricFamily] = []
        self._known_at = float("-inf")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the families of one moment."""
        with self._lock:
            if time.monotonic() - self._known_at > _FRESH:
                self._known = [*self._of_service(), *self._of_database()]
                self._known_at = time.monotonic()
            yield from self._known

    def describe(self) -> list[GaugeMetricFamily]:
        """Name nothing beforehand: the library would ask the database for it."""
        return []

    def _of_service(self) -> Iterator[GaugeMetricFamily]:
        running, now = self._look(), self._clock()
        yield _family("info", "This process.", ("version", "parts"), {(running.version, self._parts): 1})
        yield _family(
            "channel_up",
            "Whether a way in or out has contact.",
            ("channel", "direction"),
            _worst_of(running),
        )
        model = running.model
        state = "off" if not model.is_wanted else "none" if not model.name else "chosen"
        state = "second" if model.is_second_choice and model.name else state
        yield _family("model", "Which model gives its opinion.", ("model", "state"), {(model.name, state): 1})
        if running.watched_at is not None:
            seconds = (now - running.watched_at).total_seconds()
            yield _one("watch_age_seconds", "Since all promises were looked at.", seconds)
        if running.certificate_ends is not None:
            days = (running.certificate_ends - now).total_seconds() / 86400
            yield _one("certificate_days", "Until the certificate of the door for mail runs out.", days)
        if (room := self._room()) is not None:
            yield _one("disk_free_bytes", "Free on the disk of the database.", room[0])
            yield _one("disk_bytes", "Size of the disk of the database.", room[1])

    def _of_database(self) -> Iterator[GaugeMetricFamily]:
        now = self._clock()
        try:
            found = self._count()
        except StoreError:
            yield _one("database_up", "Whether the database answers.", 0)
            return

        def age(since: datetime | None) -> float:
            return 0.0 if since is None else max((now - since).total_seconds(), 0.0)

        yield _one("database_up", "Whether the database answers.", 1)
        yield _one("database_migrated", "Whether the tables are of this release.", int(found.is_migrated))
        yield _one("database_bytes", "Size of the database.", found.size)
        yield _one("messages_waiting", "Messages kept and not yet judged.", found.waiting)
        yield _one("oldest_waiting_seconds", "Age of the oldest of those.", age(found.waiting_since))
        yield _one(
            "oldest_unacknowledged_seconds",
            "Since the oldest message came whose receipt has not been sent.",
            age(found.unacknowledged_since),
        )
        yield _family(
            "outbox_letters",
            "Letters that are not settled.",
            ("state",),
            {(str(state),): count for state, count in found.letters.items()},
        )
        yield _one("outbox_oldest_seconds", "Age of the oldest letter to go out.", age(found.unsent_since))
        yield _family(
            "cases_open",
            "Cases that are not closed.",
            ("status",),
            {(str(status),): count for status, count in found.open_cases.items()},
        )
        yield _one("cases_late", "Open cases with a promise past its day.", found.late_cases)
        yield _family(
            "channel_silent_seconds",
            "Since something came by a channel.",
            ("channel",),
            {(channel,): age(at) for channel, at in found.heard.items()},
        )


def _worst_of(running: Running) -> dict[tuple[str, ...], float]:
    """Tell of each channel whether all its accounts have contact: their names may be those of mailboxes."""
    found: dict[tuple[str, ...], float] = {}
    for way in running.ways:
        key = (way.channel, "in" if way.is_in else "out")
        is_up = way.outage is None or way.outage.ended is not None
        found[key] = min(found.get(key, 1.0), float(is_up))
    return found


def _family(
    name: str, text: str, labels: tuple[str, ...], values: dict[tuple[str, ...], float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"synpunkt_{name}", text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"synpunkt_{name}", text, value=value)
