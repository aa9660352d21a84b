"""A chart says the same to who sees no colours, who sees nothing, and who prints it (WCAG 1.1.1, 1.4.1)."""

from fractions import Fraction
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.desk.reports.drawing import draw
from bots.desk.reports.report import Chart, Series, Shape

_SVG = "{http://www.w3.org/2000/svg}"
_FIGURES = st.none() | st.integers() | st.fractions()


def a_chart(
    *series: tuple[Fraction | int | None, ...],
    labels: tuple[str, ...] = ("Bemötande", "Tillgänglighet", "Information"),
    shape: Shape = Shape.BARS,
    unit: str = "synpunkter",
) -> Chart:
    return Chart(
        title="Synpunkter per faktor, 2026-K3",
        description="Flest gäller bemötande.",
        unit=unit,
        labels=labels,
        series=tuple(Series(name=f"Serie {n + 1}", values=values) for n, values in enumerate(series)),
        shape=shape,
    )


@st.composite
def charts(choose: st.DrawFn) -> Chart:
    labels = choose(st.lists(st.text(max_size=60), max_size=12))
    values = st.tuples(*[_FIGURES for _ in labels])
    series = choose(st.lists(st.builds(Series, name=st.text(max_size=60), values=values), max_size=8))
    return Chart(
        title=choose(st.text()),
        description=choose(st.text()),
        unit=choose(st.sampled_from(["%", "synpunkter", "", "arbetsdagar"])),
        labels=tuple(labels),
        series=tuple(series),
        shape=choose(st.sampled_from(Shape)),
    )


@settings(max_examples=40, deadline=None)
@given(charts())
def test_whatever_the_figures_the_drawing_is_well_formed(chart: Chart) -> None:
    svg = fromstring(draw(chart))  # noqa: S314 - our own

    assert svg.tag == f"{_SVG}svg"
    assert {mark.tag for mark in svg.iter()} <= {
        f"{_SVG}{tag}" for tag in ("svg", "title", "desc", "defs", "pattern", "path", "rect", "text")
    }
    for bar in svg.iter(f"{_SVG}rect"):
        assert 0 <= float(bar.get("x", "0")) + float(bar.get("width", "")) <= 361


@pytest.mark.parametrize("shape", Shape)
def test_a_drawing_has_a_name_and_a_description_for_who_does_not_see_it(shape: Shape) -> None:
    svg = drawn(a_chart((3, 2, 1), shape=shape))

    assert svg.get("role") == "img"
    assert by_id(svg, svg.get("aria-labelledby")) == "Synpunkter per faktor, 2026-K3"
    assert by_id(svg, svg.get("aria-describedby")) == "Flest gäller bemötande."


def test_two_charts_on_a_page_share_no_id() -> None:
    one, other = (
        {mark.get("id") for mark in drawn(a_chart(values, values)).iter()} - {None}
        for values in ((3, 2, 1), (1, 2, 3))
    )

    assert one
    assert one & other == set()


def test_the_same_chart_is_the_same_text() -> None:
    assert draw(a_chart((3, None, Fraction(1, 3)))) == draw(a_chart((3, None, Fraction(1, 3))))


def test_every_bar_has_its_figure_as_swedes_write_it() -> None:
    svg = drawn(a_chart((Fraction(91, 3), 100, 0), unit="%"))

    assert [text for text in texts(svg) if text.endswith("%")] == ["30,3\u00a0%", "100\u00a0%", "0\u00a0%"]


def test_a_missing_figure_among_bars_is_a_dash_and_no_bar() -> None:
    svg = drawn(a_chart((4, None, 0)))

    assert len([*svg.iter(f"{_SVG}rect")]) == 1
    assert texts(svg) == ["Antal synpunkter", "Bemötande", "4", "Tillgänglighet", "–", "Information", "0"]
    assert "uppgift saknas" in [mark.text for mark in svg.iter(f"{_SVG}title")]


def test_a_missing_figure_is_a_gap_in_a_line_and_not_a_nought() -> None:
    gap = drawn(a_chart((4, 5, None, 3, 4), labels=("1", "2", "3", "4", "5"), shape=Shape.LINES))
    nought = drawn(a_chart((4, 5, 0, 3, 4), labels=("1", "2", "3", "4", "5"), shape=Shape.LINES))

    assert len(strokes(gap)) == 2
    assert len(strokes(nought)) == 1


def test_bars_of_several_series_are_told_apart_without_colours() -> None:
    svg = drawn(a_chart((1, 2, 3), (3, 2, 1), (2, 2, 2)))

    fills = [mark.get("fill", "") for mark in svg.iter(f"{_SVG}rect") if mark.get("stroke")]
    assert len(set(fills)) == 3
    assert sum(fill.startswith("url(#") for fill in set(fills)) == 2
    assert [text for text in texts(svg) if text.startswith("Serie")] == ["Serie 1", "Serie 2", "Serie 3"]


def test_lines_of_several_series_are_told_apart_without_colours() -> None:
    svg = drawn(a_chart((1, 2, 3), (3, 2, 1), shape=Shape.LINES))

    assert len({mark.get("stroke-dasharray") for mark in strokes(svg)}) == 2


def test_a_long_name_is_cut_and_can_be_read_in_full() -> None:
    long = "Vård- och omsorgsnämndens avdelning för ordinärt boende och hemtjänst i egen regi, norra området"
    svg = drawn(a_chart((1,), labels=(long,)))

    titles = [mark.text for mark in svg.iter(f"{_SVG}title")]
    assert long in titles
    assert max(len(text) for text in texts(svg)) < 40


def test_bars_below_nought_lie_on_its_other_side() -> None:
    svg = drawn(a_chart((-50, 50, 0), unit="%"))

    below, above = ((float(bar.get("x", "")), float(bar.get("width", ""))) for bar in svg.iter(f"{_SVG}rect"))
    assert below[0] + below[1] == pytest.approx(above[0], abs=0.2)
    assert "−50\u00a0%" in texts(svg)


def test_figures_too_large_to_write_out_leave_room_for_the_bars() -> None:
    svg = drawn(a_chart((10**40, 5 * 10**39, 1)))

    assert "1,0·10^40" in texts(svg)
    assert all(float(bar.get("x", "")) + float(bar.get("width", "")) < 360 for bar in svg.iter(f"{_SVG}rect"))


@pytest.mark.parametrize("shape", Shape)
def test_a_chart_of_nothing_says_so(shape: Shape) -> None:
    assert "Inga uppgifter" in texts(drawn(a_chart((None, None, None), shape=shape)))
    assert "Inga uppgifter" in texts(drawn(a_chart(labels=(), shape=shape)))


def test_a_figure_at_the_foot_of_a_line_is_not_written_upon_the_labels() -> None:
    svg = drawn(a_chart((40, 0, 9), (50, 60, 70), shape=Shape.LINES))

    feet = {text.text: float(text.get("y", "")) for text in svg.iter(f"{_SVG}text")}
    assert feet["0"] < feet["Bemötande"] - 12
    assert feet["9"] < feet["Bemötande"] - 12


def test_the_labels_of_a_long_line_are_thinned_and_the_last_is_there() -> None:
    labels = tuple(f"20{year}-{month:02}" for year in range(24, 27) for month in range(1, 13))
    svg = drawn(a_chart(tuple(range(36)), labels=labels, shape=Shape.LINES))

    written = [text for text in texts(svg) if text in labels]
    assert 3 <= len(written) <= 7
    assert "2026-12" in written


def drawn(chart: Chart) -> Element:
    return fromstring(draw(chart))  # noqa: S314 - our own


def by_id(svg: Element, name: str | None) -> str | None:
    return next(mark.text for mark in svg.iter() if mark.get("id") == name)


def texts(svg: Element) -> list[str]:
    """List what is written, without what is shown of it in full."""
    found = []
    for mark in svg.iter(f"{_SVG}text"):
        title = mark.find(f"{_SVG}title")
        found.append((mark.text or "") if title is None else (title.tail or ""))
    return found


def strokes(svg: Element) -> list[Element]:
    return [mark for mark in svg.iter(f"{_SVG}path") if mark.get("stroke-width") == "2"]
