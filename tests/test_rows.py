import pytest

from tests.rows import named, over


def test_every_row_that_fails_is_named_and_none_is_left_untried() -> None:
    tried = []

    @over(named([1, 2, 3], str))
    def odd(number: int) -> None:
        tried.append(number)
        assert number == 2

    with pytest.raises(ExceptionGroup, match="2 of 3 rows") as told:
        odd()
    assert tried == [1, 2, 3]
    assert [error.__notes__ for error in told.value.exceptions] == [["row: 1"], ["row: 3"]]


def test_an_error_ends_the_test_and_names_its_row() -> None:
    @over(named(["0"], str))
    def divided(number: str) -> None:
        assert 1 / int(number)

    with pytest.raises(ZeroDivisionError) as told:
        divided()
    assert told.value.__notes__ == ["row: 0"]


def test_no_rows_at_all_prove_nothing() -> None:
    @over([])
    def nothing() -> None:
        pass

    with pytest.raises(AssertionError):
        nothing()


def test_a_row_that_skips_would_hide_the_rest() -> None:
    @over(named(["a"], str))
    def skips(letter: str) -> None:
        pytest.skip(letter)

    with pytest.raises(RuntimeError, match="row a would skip"):
        skips()
