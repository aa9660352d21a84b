"""Makes a span of each step of a message's way, for a collector of OpenTelemetry: kept, judged, given, sent.

Needs the extra `traces`. Which trace a step belongs to is worked out from the message's number, so that steps
of different processes meet in one trace, and nothing of it need be kept. No span holds a word or a name.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bots.meter import Meter
from store.domain import Inbound, Outgoing, Receipt, Suggestion

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_NANO = 10**9
Attributes = dict[str, str | int]


class TracesMissingError(Exception):
    """OpenTelemetry is not installed here."""


class Traces(Meter):
    """Makes spans, and hands them to a provider, which sends them in a thread of its own.

    `house` tells this installation from others that send to the same collector. `message_of` finds the first
    message of a letter's case; it is asked in a thread of ours.
    """

    def __init__(
        self, provider: "TracerProvider", *, house: str, message_of: Callable[[int], int | None]
    ) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("synpunkt")
        self._house = house
        self._message_of = message_of
        self._finder = ThreadPoolExecutor(1, thread_name_prefix="traces")

    def kept(self, group: Sequence[Inbound], receipts: Sequence[Receipt], took: float) -> None:
        """Make the span that the others hang on, for each message that is new."""
        for inbound, receipt in zip(group, receipts, strict=True):
            if not receipt.duplicate:
                facts: Attributes = {"channel": inbound.channel, "group": len(group)}
                self._span("kept", receipt.message_id, took, facts)

    def judged(
        self, message_ids: Sequence[int], suggestions: Sequence[Suggestion | None], took: float
    ) -> None:
        """Make a span for each message, as long as its group took."""
        for message_id, suggestion in zip(message_ids, suggestions, strict=True):
            model = suggestion.model if suggestion else "none"
            self._span("judged", message_id, took, {"model": model, "group": len(message_ids)})

    def given(self, message_ids: Collection[int], took: float) -> None:
        """Make a span for each message whose case, handler and receipt were written."""
        for message_id in message_ids:
            self._span("given", message_id, took, {"group": len(message_ids)})

    def tried(self, letter: Outgoing, outcome: str, took: float) -> None:
        """Make a span in the trace of the message that the letter's case began with."""
        if letter.case_id is not None:
            self._finder.submit(self._sent, letter, letter.case_id, outcome, took, time.time_ns())

    def close(self) -> None:
        """Send what is left, and end."""
        self._finder.shutdown()
        self._provider.shutdown()

    def _sent(self, letter: Outgoing, case_id: int, outcome: str, took: float, ended_at: int) -> None:
        message_id = self._message_of(case_id)
        if message_id is not None:
            facts: Attributes = {
                "channel": letter.recipient.channel,
                "purpose": str(letter.purpose),
                "outcome": outcome,
            }
            self._span("sent", message_id, took, facts, ended_at=ended_at)

    def _span(
        self, name: str, message_id: int, took: float, facts: Attributes, *, ended_at: int | None = None
    ) -> None:
        from opentelemetry import trace

        digest = hashlib.sha256(f"{self._house}:{message_id}".encode()).digest()
        place = trace.SpanContext(
            trace_id=int.from_bytes(digest[:16]),
            span_id=int.from_bytes(digest[16:24]),
            is_remote=True,
            trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
        )
        ended_at = ended_at or time.time_ns()
        span = self._tracer.start_span(
            name,
            context=trace.set_span_in_context(trace.NonRecordingSpan(place)),
            start_time=ended_at - int(took * _NANO),
            attributes={"message": message_id, **facts},
        )
        span.end(ended_at)


def provider_to(endpoint: str) -> "TracerProvider":
    """Return a provider that posts spans to a collector (OTLP over HTTP); raise `TracesMissingError`."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracesMissingError from error
    provider = TracerProvider(resource=Resource({"service.name": "synpunkt"}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=5)))
    return provider
