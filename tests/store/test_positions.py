"""How far a folder has been read."""

from store.engine import Store
from store.positions import Positions


def test_a_folder_never_read_starts_from_nothing(store: Store) -> None:
    assert Positions(store).position("brevladan", "INBOX") == (0, 0)


def test_a_place_is_remembered_for_each_account_and_folder(store: Store) -> None:
    places = Positions(store)

    places.advance("brevladan", "INBOX", 7, 41)
    places.advance("brevladan", "Arkiv", 8, 1)
    places.advance("molnet", "INBOX", 9, 4_294_967_295)
    places.advance("brevladan", "INBOX", 7, 42)

    assert places.position("brevladan", "INBOX") == (7, 42)
    assert places.position("brevladan", "Arkiv") == (8, 1)
    assert places.position("molnet", "INBOX") == (9, 4_294_967_295)


def test_a_folder_that_was_made_anew_is_read_anew(store: Store) -> None:
    places = Positions(store)

    places.advance("brevladan", "INBOX", 7, 42)
    places.advance("brevladan", "INBOX", 8, 3)

    assert places.position("brevladan", "INBOX") == (8, 3)
