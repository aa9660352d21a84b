"""What one table of config.toml is made of."""

import pytest

from bots.table import is_guarded


@pytest.mark.parametrize(
    "address", ["https://api.example.org", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:8008/x"]
)
def test_an_address_of_https_or_of_this_machine_is_guarded(address: str) -> None:
    assert is_guarded(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example.org",
        "http://127.0.0.1.example.org",
        "http://127.0.0.1@example.org",
        "http://localhost.example.org",
        "ftp://127.0.0.1",
        "https://",
        "http://[::1",
        "",
    ],
)
def test_any_other_is_not(address: str) -> None:
    assert not is_guarded(address)
