"""The style: enough contrast in light and dark, and nothing fetched from elsewhere."""

import re

import pytest

from bots.web.show import STATIC

CSS = (STATIC / "house.css").read_text(encoding="utf-8")
BLOCKS = re.findall(r":root \{([^}]*)\}", CSS)


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


LIGHT = colours(BLOCKS[0])
DARK = LIGHT | colours(BLOCKS[1])


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    shares = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_reckoned_as_the_guideline_does() -> None:
    assert [contrast("#ffffff", "#000000"), round(contrast("#ffffff", "#767676"), 2)] == [21.0, 4.54]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "paper"),
        ("ink", "card"),
        ("ink", "wash"),
        ("soft", "paper"),
        ("soft", "card"),
        ("accent", "paper"),
        ("accent", "card"),
        ("accent", "wash"),
        ("accent-deep", "card"),
        ("on-accent", "accent"),
        ("on-accent", "accent-deep"),
        ("red", "card"),
        ("red", "paper"),
        ("red", "red-wash"),
        ("ink", "red-wash"),
        ("amber", "card"),
        ("amber", "amber-wash"),
        ("ink", "amber-wash"),
        ("blue", "blue-wash"),
    ],
)
def test_text_can_be_read(scheme: dict[str, str], ink: str, paper: str) -> None:
    assert contrast(scheme[ink], scheme[paper]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("part", "paper"),
    [("edge", "card"), ("focus", "card"), ("focus", "paper"), ("accent", "line"), ("amber", "card")],
)
def test_edges_focus_and_bars_can_be_seen(scheme: dict[str, str], part: str, paper: str) -> None:
    assert contrast(scheme[part], scheme[paper]) >= 3


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert re.findall(r"@import|url\(|https?:", CSS) == []
