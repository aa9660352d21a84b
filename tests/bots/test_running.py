"""What the service that runs tells of itself: its ways, its model, its certificate."""

from pathlib import Path

import pytest

from bots import running
from bots.channel import Outage
from bots.channels.memory import Memory
from bots.demo import town
from bots.desk.opinion import Opinion
from bots.settings import ImapSettings, Settings
from bots.web.running import Model, Way
from classifier.model import FAST, MODELS, Classifier
from tests.house import NOW, Scripted, a_suggestion

DOWN = Outage(began=NOW, because="ingen kontakt")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return town.settings(tmp_path, relay_port=1, smtp_port=0, web_port=0)


def test_each_way_in_has_its_name_from_the_settings_and_the_fall_of_its_door(settings: Settings) -> None:
    mailbox = ImapSettings(host="127.0.0.1", username="x", password="env:X")
    channels = settings.channels.model_copy(update={"imap": {"inkorg": mailbox}})
    with_both = settings.model_copy(update={"channels": channels})

    found = running.ways_in(with_both, [Memory(), Memory()], {1: DOWN})

    assert found == [
        Way(channel="smtp", account=settings.mail.address),
        Way(channel="imap", account="inkorg", outage=DOWN),
    ]


def test_each_way_out_has_its_outage() -> None:
    assert running.ways_out(("email", "sms"), {"email": DOWN}) == [
        Way(channel="email", is_in=False, outage=DOWN),
        Way(channel="sms", is_in=False),
    ]


def test_the_model_is_told_with_the_figures_that_were_published_with_it() -> None:
    small = Classifier.load(MODELS / FAST)

    alone = running.model(Opinion(suggester=small), is_wanted=True)
    second = running.model(Opinion(suggester=small, quick=small), is_wanted=True)

    assert (alone.name, alone.is_second_choice, second.is_second_choice) == (small.version, False, True)
    assert 0.5 < alone.figures["type_macro_f1"] < 1


def test_a_house_without_a_model_says_whether_it_wants_one() -> None:
    assert running.model(Opinion(suggester=None), is_wanted=True) == Model(is_wanted=True)
    stand_in = Opinion(suggester=Scripted(otherwise=a_suggestion()))
    assert running.model(stand_in, is_wanted=True) == Model(name="Scripted")


def test_without_a_certificate_none_runs_out(settings: Settings) -> None:
    assert running.certificate_end(settings) is None


def test_the_version_is_that_of_the_release() -> None:
    assert running.version() == "0.1.0"
