"""The report's plots as inline SVG whose colours are the page's own, so that they suit a light and a dark page."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Matplotlib knows no CSS: it draws in colours that occur nowhere else, which are then replaced.
_COLOURS = {
    "#010201": "currentColor",
    "#010202": "var(--soft)",
    "#010203": "var(--line)",
    "#010204": "var(--accent)",
    **{f"#01021{number}": f"var(--series-{number})" for number in range(6)},
}
_INK, _SOFT, _LINE, _ACCENT, *_SERIES = _COLOURS
_MARKERS = "osD^vPX<>"
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)))
# The places for a name beside a point, in points away from it, sideways and upward: the first that is free is taken.
_NEAR = 6
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_PLACES = [(_NEAR * (1 + ring) + 2 * (ring > 0), *to) for ring in range(6) for to in _DIRECTIONS]
_GLYPH = 4.6
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    # A name may have a dollar sign.
    "text.parse_math": False,
    "text.color": _INK,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _SOFT,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": _LINE,
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
}


@dataclass(frozen=True, slots=True)
class Point:
    """A mean with its interval.

    Attributes:
        label: whose it is.
        value: the mean.
        low: lower bound.
        high: upper bound.
        strong: whether it is the one to look at first.
    """

    label: str
    value: float
    low: float
    high: float
    strong: bool = False


def ranking_plot(points: Sequence[Point], most: float, label: str, alt: str) -> Markup:
    """Draw one row a ranker: a dot with its interval, the first at the top.

    Args:
        points: in their order.
        most: where the axis ends; the same for plots that are compared.
        label: of the axis.
        alt: what one would tell somebody who does not see it.
    """
    with _style(alt):
        figure, axes = _figure(3.7, 0.62 + 0.215 * len(points))
        for place, point in enumerate(points):
            colour = _ACCENT if point.strong else _SOFT
            axes.plot([point.low, point.high], [place, place], color=colour, linewidth=2 if point.strong else 1.4)
            axes.plot(point.value, place, "o", color=colour, markersize=5.5 if point.strong else 4)
        axes.set_yticks(range(len(points)), [point.label for point in points])
        for text, point in zip(axes.get_yticklabels(), points, strict=True):
            text.set_color(_INK if point.strong else _SOFT)
        axes.set_ylim(len(points) - 0.4, -0.6)
        axes.set_xlim(0, most)
        axes.set_xlabel(label)
        axes.grid(axis="x")
        return _svg(figure, alt)


def scatter_plot(points: Sequence[tuple[float, Point]], x_label: str, y_label: str, alt: str) -> Markup:
    """Draw rankers by two means, each with its name beside it.

    Args:
        points: for each the horizontal value, and the vertical one with its interval.
        x_label: of the horizontal axis.
        y_label: of the vertical axis.
        alt: what one would tell somebody who does not see it.
    """
    with _style(alt):
        figure, axes = _figure(3.7, 3.0)
        for across, point in points:
            colour = _ACCENT if point.strong else _SOFT
            axes.plot([across, across], [point.low, point.high], color=colour, linewidth=1)
            axes.plot(across, point.value, "o", color=colour, markersize=6 if point.strong else 4.5)
        axes.margins(x=0.15, y=0.15)
        axes.set_xlim(left=max(axes.get_xlim()[0], 0.0))
        axes.set_ylim(bottom=max(axes.get_ylim()[0], 0.0))
        axes.locator_params(nbins=6)
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.grid()
        _name(figure, axes, [(across, point.value, point.label, point.strong) for across, point in points])
        return _svg(figure, alt)


@dataclass(frozen=True, slots=True)
class Line:
    """How a figure changes.

    Attributes:
        label: the figure.
        changes: at each value of the parameter, as a share of the first.
        look: a number for which colour, dash and marker stand; the same for one figure in all plots.
    """

    label: str
    changes: Sequence[float]
    look: int


def change_plot(values: Sequence[float], lines: Sequence[Line], label: str, alt: str) -> Markup:
    """Draw how figures change with a parameter, in per cent of the first value; lines are named at their ends.

    Args:
        values: of the parameter, at least two.
        lines: what is drawn.
        label: of the horizontal axis.
        alt: what one would tell somebody who does not see it.
    """
    with _style(alt):
        figure, axes = _figure(3.7, 3.0)
        places = range(len(values))
        for line in lines:
            axes.plot(
                places,
                [100 * share for share in line.changes],
                color=_SERIES[line.look % len(_SERIES)],
                linestyle=_DASHES[line.look % len(_DASHES)],
                marker=_MARKERS[line.look % len(_MARKERS)],
                markersize=4,
                linewidth=1.6,
            )
        axes.axhline(0, color=_SOFT, linewidth=0.8)
        axes.set_xticks(places, [f"{value:g}" for value in values])
        axes.set_xlabel(label)
        axes.set_ylabel("change, %")
        axes.grid(axis="y")
        axes.set_xlim(-0.2, len(values) - 1 + 0.1)
        _name_ends(axes, len(values) - 1, lines)
        return _svg(figure, alt)


def _style(salt: str) -> Any:  # noqa: ANN401 - a context manager of a library that is imported late
    import matplotlib as mpl

    # Identifiers within the drawing follow from the salt: the same each time, and different in each plot of the page.
    return mpl.rc_context({**_STYLE, "svg.hashsalt": salt})


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _name(figure: Figure, axes: Axes, points: Sequence[tuple[float, float, str, bool]]) -> None:
    """Write names beside points, each at the first of several places where it covers nothing."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    pixel = figure.dpi / 72
    at = [axes.transData.transform((across, up)) for across, up, _, _ in points]
    taken = [Bbox.from_bounds(x - 4 * pixel, y - 4 * pixel, 8 * pixel, 8 * pixel) for x, y in at]
    inside = axes.get_window_extent()
    for (x, y), (across, up, label, strong) in sorted(zip(at, points, strict=True), key=lambda item: not item[1][3]):
        width, height = _GLYPH * len(label) * pixel, 10 * pixel
        for away, sideways, upward in _PLACES:
            # Left of the point the name ends there, right of it it begins there, else it is centred.
            left = x + sideways * away * pixel - width * (1 - sideways) / 2
            bottom = y + upward * away * pixel - height / 2
            box = Bbox.from_bounds(left, bottom, width, height)
            within = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
            if within and not any(box.overlaps(other) for other in taken):
                break
        taken.append(box)
        axes.annotate(
            label,
            (across, up),
            xytext=(sideways * away, upward * away),
            textcoords="offset points",
            ha={-1: "right", 0: "center", 1: "left"}[sideways],
            va="center",
            color=_INK if strong else _SOFT,
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": _SOFT, "linewidth": 0.5, "shrinkB": 3} if away > _NEAR else None,
        )


def _name_ends(axes: Axes, last: int, lines: Sequence[Line]) -> None:
    """Write names right of the lines' ends, moved apart where they would cover each other."""
    low, high = axes.get_ylim()
    least = (high - low) * 0.075
    height = -math.inf
    for line in sorted(lines, key=lambda line: line.changes[-1]):
        height = max(100 * line.changes[-1], height + least)
        axes.annotate(
            line.label,
            (last, height),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=_SERIES[line.look % len(_SERIES)],
            fontsize=8,
            annotation_clip=False,
        )


def _svg(figure: Figure, alt: str) -> Markup:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    for colour, own in _COLOURS.items():
        text = text.replace(colour, own)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"^<svg ([^>]*?)>", lambda found: _opening(found.group(1), alt), text, flags=re.DOTALL)
    return Markup(text)  # noqa: S704 - drawn by Matplotlib, which escapes labels


def _opening(attributes: str, alt: str) -> str:
    box = re.search(r'viewBox="0 0 ([\d.]+) [\d.]+"', attributes)
    width = float(box.group(1)) if box else 300.0
    kept = re.sub(r'(?<![\w-])(?:width|height)="[^"]*"\s*', "", attributes)
    return f'<svg {kept} role="img" aria-label="{escape(alt)}" style="max-width:{width * 4 / 3:.0f}px">'
