"""What Prometheus reads: every number has its line in the docs, none tells of a person, and all are true."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bots import monitoring
from bots.channel import Outage, PermanentFailure
from bots.metrics import MEDIA_TYPE, Metrics
from bots.settings import MetricsSettings, SettingsError
from bots.web.running import Model, Running, Way
from store.domain import LetterState, Status
from store.engine import Store
from store.gauges import Gauges
from store.migrations import newest
from tests.house import NAME, NOW, SENDER, House, an_inbound

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
Values = dict[tuple[str, ...], float]
DOWN = Outage(began=NOW, because="ingen kontakt")
RUNNING = Running(
    version="0.1.0",
    started_at=NOW,
    watched_at=NOW - timedelta(seconds=30),
    ways=(
        Way(channel="smtp", account="synpunkt@lillkommun.example"),
        Way(channel="imap", account="inkorg", outage=DOWN),
        Way(channel="imap", account="annan"),
        Way(channel="email", is_in=False, outage=DOWN.over(NOW)),
    ),
    model=Model(name="prov-1", is_second_choice=True),
    certificate_ends=NOW + timedelta(days=12),
)


@contextmanager
def gone(store: Store, table: str) -> Iterator[None]:
    """Let the database lack a table for a while."""
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO borta")
    yield
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE borta RENAME TO {table}")


def listening(house: House, running: Running = RUNNING) -> Metrics:
    metrics = Metrics()
    house.intake.meter = house.judge_.meter = house.delivery.meter = metrics
    metrics.watch(
        count=lambda: monitoring.count(house.store, house.clock),
        look=lambda: running,
        room=lambda: (7_000, 9_000),
        clock=house.clock,
    )
    return metrics


def read(metrics: Metrics) -> dict[str, Values]:
    """Read the text as Prometheus does: by name, the value of each set of labels, by their names in order."""
    found: dict[str, Values] = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            values = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[values] = sample.value
    return found


async def test_what_the_desk_does_is_counted_by_channel_model_and_outcome(house: House) -> None:
    metrics = listening(house)
    await house.receive(an_inbound(), an_inbound(), an_inbound(text="Lampan är släckt.", subject="Lampan"))
    house.judge()
    house.memory.refused[SENDER] = PermanentFailure("finns inte")
    await house.deliver()

    found = read(metrics)

    assert found["synpunkt_messages_kept_total"] == {("smtp",): 2}
    assert found["synpunkt_messages_repeated_total"] == {("smtp",): 1}
    assert found["synpunkt_commit_messages_sum"] == {(): 3}
    assert found["synpunkt_commit_messages_count"] == {(): 1}
    assert found["synpunkt_messages_judged_total"] == {("prov-1",): 2}
    assert found["synpunkt_judging_seconds_total"][("prov-1",)] > 0
    assert found["synpunkt_messages_settled_total"] == {(): 2}
    assert found["synpunkt_letters_tried_total"][("email", "failed")] == 2
    assert found["synpunkt_letters_tried_total"][("email", "sent")] >= 2
    assert found["synpunkt_sending_seconds_count"][("email",)] >= 4


async def test_what_waits_is_told_with_its_age(house: House) -> None:
    metrics = listening(house)
    await house.receive(an_inbound())
    house.judge()
    house.clock.forward(minutes=1)
    await house.receive(an_inbound(text="Lampan är släckt.", subject="Lampan"))
    house.clock.forward(minutes=2)

    found = read(metrics)

    assert found["synpunkt_messages_waiting"] == {(): 1}
    assert found["synpunkt_oldest_waiting_seconds"] == {(): 120}
    assert found["synpunkt_oldest_unacknowledged_seconds"] == {(): 180}
    assert found["synpunkt_outbox_oldest_seconds"] == {(): 180}
    assert found["synpunkt_outbox_letters"][(str(LetterState.PENDING),)] == 2
    assert found["synpunkt_cases_open"][(str(Status.ASSIGNED),)] == 1
    assert found["synpunkt_cases_late"] == {(): 0}
    assert found["synpunkt_channel_silent_seconds"] == {("smtp",): 120}
    assert found["synpunkt_database_bytes"][()] > 10_000
    assert found["synpunkt_database_migrated"] == {(): 1}


async def test_a_receipt_that_is_sent_is_no_longer_waited_for(house: House) -> None:
    metrics = listening(house)
    await house.hear(an_inbound())
    house.clock.forward(minutes=5)

    assert read(metrics)["synpunkt_oldest_unacknowledged_seconds"] == {(): 0}


async def test_a_case_is_late_when_a_promise_is_past_its_day(house: House) -> None:
    await house.hear(an_inbound())
    house.clock.forward(days=60)

    assert monitoring.count(house.store, house.clock).late_cases == 1


async def test_a_channel_that_nothing_came_by_has_been_silent_as_long_as_we_can_see(house: House) -> None:
    before = monitoring.count(house.store, house.clock)
    await house.receive(an_inbound())
    house.clock.forward(hours=1)
    await house.receive(an_inbound(text="Lampan är släckt.", subject="Lampan"))

    found = monitoring.count(house.store, house.clock)

    assert before.silent_since("imap") is None
    assert found.silent_since("imap") == NOW
    assert found.silent_since("smtp") == NOW + timedelta(hours=1)


def test_what_the_service_knows_of_itself_is_told(house: House) -> None:
    found = read(listening(house))

    assert found["synpunkt_info"] == {("all", "0.1.0"): 1}
    assert found["synpunkt_channel_up"] == {("smtp", "in"): 1, ("imap", "in"): 0, ("email", "out"): 1}
    assert found["synpunkt_model"] == {("prov-1", "second"): 1}
    assert found["synpunkt_watch_age_seconds"] == {(): 30}
    assert found["synpunkt_certificate_days"] == {(): 12}
    assert found["synpunkt_disk_free_bytes"] == {(): 7_000}
    assert found["synpunkt_disk_bytes"] == {(): 9_000}


def test_without_a_database_the_rest_is_told_all_the_same(house: House) -> None:
    metrics = listening(house)

    with gone(house.store, "letters"):
        found = read(metrics)

    assert found["synpunkt_database_up"] == {(): 0}
    assert "synpunkt_messages_waiting" not in found
    assert found["synpunkt_info"] == {("all", "0.1.0"): 1}


def test_who_asks_twice_in_a_moment_asks_the_database_once(house: House) -> None:
    asked = []

    def count() -> Gauges:
        asked.append(1)
        return monitoring.count(house.store, house.clock)

    metrics = Metrics()
    metrics.watch(count=count, look=lambda: RUNNING, room=lambda: None, clock=house.clock)

    metrics.text()
    metrics.text()

    assert len(asked) == 1


async def test_every_name_is_in_the_docs_and_the_other_way_round(house: House) -> None:
    assert set(re.findall(r"^\| `(synpunkt_\w+)`", DOCS, flags=re.MULTILINE)) == await names(house)


async def test_every_question_of_the_dashboard_is_of_a_number_that_there_is(house: House) -> None:
    board = json.loads((ROOT / "packaging" / "grafana" / "synpunkt.json").read_text(encoding="utf-8"))
    known = await names(house)
    questions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked = {name for question in questions for name in re.findall(r"synpunkt_\w+", question)}

    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} == known
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in board["panels"]]
    assert len(set(places)) == len(board["panels"])


async def names(house: House) -> set[str]:
    """Return every name as Prometheus knows it; of a histogram, the name before its parts."""
    metrics = listening(house)
    await house.hear(an_inbound())
    metrics.answered("/", "GET", 200, 0.1)
    families = text_string_to_metric_families(metrics.text().decode())
    ours = [one for one in families if one.name.startswith("synpunkt_")]
    return {f"{one.name}_total" if one.type == "counter" else one.name for one in ours}


async def test_no_label_tells_of_a_person(house: House) -> None:
    metrics = listening(house)
    await house.hear(an_inbound())
    metrics.answered("/arenden/{number}", "GET", 200, 0.1)

    text = metrics.text().decode()

    assert "synpunkt_letters_tried_total" in text
    for word in ("@", NAME, SENDER, "gunga", "Anna", "inkorg", "SYN-"):
        assert word not in text


def test_two_houses_side_by_side_count_apart() -> None:
    one, other = Metrics(), Metrics()

    one.not_kept(3)

    assert read(one)["synpunkt_messages_refused_total"] == {(): 3}
    assert read(other)["synpunkt_messages_refused_total"] == {(): 0}


# --- The pages for machines.


@pytest.fixture
def made(house: House) -> Callable[..., httpx.AsyncClient]:
    def make(*, token: str = "", running: Running = RUNNING) -> httpx.AsyncClient:
        app = monitoring.pages(
            metrics=Metrics(), store=house.store, clock=house.clock, look=lambda: running, token=token
        )
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")

    return make


Made = Callable[..., httpx.AsyncClient]


async def test_the_numbers_are_read_without_a_token_where_none_is_set(made: Made) -> None:
    answer = await made().get("/metrics")

    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE)
    assert "synpunkt_messages_waiting 0.0" in answer.text


async def test_the_numbers_are_kept_from_who_does_not_know_the_token(made: Made) -> None:
    browser = made(token="lang-fras-for-matningen")

    shown = ["", "Bearer fel", "Basic lang-fras-for-matningen", "Bearer å"]
    refused = [await browser.get("/metrics", headers={b"Authorization": one.encode()}) for one in shown]
    let_in = await browser.get("/metrics", headers={"Authorization": "Bearer lang-fras-for-matningen"})

    assert [one.status_code for one in refused] == [401] * 4
    assert {one.text for one in refused} == {""}
    assert let_in.status_code == 200


@pytest.mark.parametrize(
    ("running", "status", "told"),
    [
        (RUNNING, 200, {"status": "ready", "doors": "open", "model": "second"}),
        (
            replace(RUNNING, ways=(Way(channel="smtp", outage=DOWN),)),
            503,
            {"status": "not_ready", "doors": "closed", "model": "second"},
        ),
        (replace(RUNNING, model=Model()), 503, {"status": "not_ready", "doors": "open", "model": "none"}),
        (
            replace(RUNNING, model=Model(is_wanted=False)),
            200,
            {"status": "ready", "doors": "open", "model": "off"},
        ),
        (
            replace(RUNNING, model=Model(name="full-2")),
            200,
            {"status": "ready", "doors": "open", "model": "chosen"},
        ),
    ],
)
async def test_the_house_is_ready_when_its_door_is_open_and_a_model_answers(
    made: Made, running: Running, status: int, told: dict[str, str]
) -> None:
    answer = await made(running=running).get("/ready")

    assert (answer.status_code, answer.json()) == (status, {"database": "ok"} | told)


async def test_the_house_is_not_ready_before_its_tables_are(house: House, made: Made) -> None:
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    old = await made().get("/ready")
    with gone(house.store, "alembic_version"):
        away = await made().get("/ready")
    with house.store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{newest()}'")  # noqa: S608 - of ours

    assert (old.status_code, old.json()["database"]) == (503, "old")
    assert (away.status_code, away.json()["database"]) == (503, "away")


def test_the_port_is_the_first_free_one() -> None:
    first = monitoring.open_port(MetricsSettings(port=0))
    port = first.getsockname()[1]

    second = monitoring.open_port(MetricsSettings(port=port))

    assert second.getsockname()[1] in range(port + 1, port + 10)
    first.close()
    second.close()


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(SettingsError, match=r"\[metrics\], nyckel port"):
        monitoring.open_port(MetricsSettings(host="192.0.2.7"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_the_own_machine_no_token_is_needed(host: str) -> None:
    assert monitoring.token_of(MetricsSettings(host=host)) == ""


@pytest.mark.parametrize("host", ["::", "192.0.2.7", "drift.lillkommun.example"])
def test_elsewhere_a_token_is_needed(host: str) -> None:
    with pytest.raises(SettingsError, match=r"\[metrics\], nyckel token"):
        monitoring.token_of(MetricsSettings(host=host))


def test_a_token_that_could_be_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KORT", "abc")

    with pytest.raises(SettingsError, match="för kort"):
        monitoring.token_of(MetricsSettings(token="env:KORT"))
