"""Measures everything in turn and prints it: `make bench`. Nothing is written and nothing is asserted."""

from tests.bench import acknowledgement, console, intake, reading


def main() -> None:
    """Measure reading, intake, acknowledgement and the console, which takes about half an hour."""
    for name, measure in (
        ("Reading mail", reading.main),
        ("Keeping mail", intake.main),
        ("From mail to receipt", acknowledgement.main),
        ("Lists, search and cases", console.main),
    ):
        print(f"\n{name}\n{'-' * len(name)}")
        measure([])


if __name__ == "__main__":
    main()
