"""Numbers in addresses: as long as a row's id can be, and no longer."""

from starlette.convertors import Convertor, register_url_convertor


class RowId(Convertor[int]):
    """Stands in for Starlette's own `int`, which takes more figures than Python or the database can."""

    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        """Read a number out of an address."""
        return int(value)

    def to_string(self, value: int) -> str:
        """Write it again."""
        return str(value)


def hold() -> None:
    """Make each `{...:int}` of the routes that are made from now on a row's id; others are not found."""
    register_url_convertor("int", RowId())
