"""Each step of a message's way is a span, and all of them meet in one trace, whichever process took them."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bots.monitoring import first_message
from bots.traces import Traces, provider_to
from tests.house import NAME, SENDER, House, an_inbound


def tracing(house: House, spans: InMemorySpanExporter) -> Traces:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return Traces(provider, house="prov", message_of=lambda case_id: first_message(house.store, case_id))


def told(span: ReadableSpan) -> tuple[str, int]:
    assert span.attributes is not None
    message = span.attributes["message"]
    assert isinstance(message, int)
    return span.name, message


async def test_the_steps_of_each_message_meet_in_a_trace_of_its_own(house: House) -> None:
    # Three processes, as it were: what each of them tells is put together by the message's number.
    told_by = [InMemorySpanExporter() for _ in range(3)]
    processes = [tracing(house, spans) for spans in told_by]
    house.intake.meter, house.judge_.meter, house.delivery.meter = processes

    await house.hear(an_inbound(), an_inbound(text="Lampan är släckt.", subject="Lampan"))
    for one in processes:
        one.close()

    found = [span for spans in told_by for span in spans.get_finished_spans()]
    steps = [told(one) for one in found]
    assert sorted(steps) == sorted(
        (name, message) for message in (1, 2) for name in ("kept", "judged", "given", "sent", "sent")
    )
    traces = {(told(one)[1], one.context.trace_id) for one in found if one.context}
    assert len(traces) == 2
    assert all(one.end_time and one.start_time and one.end_time > one.start_time for one in found)


async def test_no_span_holds_anybody(house: House) -> None:
    spans = InMemorySpanExporter()
    traces = tracing(house, spans)
    house.intake.meter = house.judge_.meter = house.delivery.meter = traces

    await house.hear(an_inbound())
    traces.close()

    text = " ".join(one.to_json() for one in spans.get_finished_spans())
    assert '"purpose": "kvitto"' in text
    for words in ("@", NAME, SENDER, "unga", "Anna", "SYN-"):
        assert words not in text


def test_spans_are_posted_to_the_collector() -> None:
    heard: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        Thread(target=server.handle_request, daemon=True).start()
        provider = provider_to(f"http://127.0.0.1:{server.server_port}/v1/traces")
        traces = Traces(provider, house="prov", message_of=lambda _case_id: None)
        traces.given([7], 0.25)
        traces.close()

    assert [path for path, _ in heard] == ["/v1/traces"]
    assert b"synpunkt" in heard[0][1]
