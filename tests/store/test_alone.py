"""One service at a time."""

import pytest

from store.alone import OccupiedError, alone
from store.engine import Store, open_store


def test_a_second_service_on_the_same_database_is_refused(store: Store) -> None:
    other = open_store(store.engine.url.render_as_string(hide_password=False))

    with alone(store), pytest.raises(OccupiedError, match="en annan synpunkt run"), alone(other):
        raise AssertionError("two services work on one database")

    other.close()


def test_the_database_is_free_again_when_the_first_service_has_ended(store: Store) -> None:
    with alone(store):
        pass

    with alone(store):
        pass


def test_a_service_that_fails_lets_go_of_the_database(store: Store) -> None:
    with pytest.raises(RuntimeError), alone(store):
        raise RuntimeError("the power goes")

    with alone(store):
        pass
