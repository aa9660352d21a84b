"""Measures everything in turn and prints it: `make bench`. Nothing is written and nothing is asserted."""

from tests.bench import acknowledgement, intake, reading


def main() -> None:
    """Measure reading, intake and acknowledgement, which takes about four minutes."""
    for name, measure in (
        ("Reading mail", reading.main),
        ("Keeping mail", intake.main),
        ("From mail to receipt", acknowledgement.main),
    ):
        print(f"\n{name}\n{'-' * len(name)}")
        measure([])


if __name__ == "__main__":
    main()
