"""The report as one HTML page that needs nothing else: no script, no file, no network."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from recommender.evaluation.measuring import ACCURACY, BEYOND
from recommender.evaluation.plots import Line, Point, change_plot, ranking_plot, scatter_plot
from recommender.evaluation.protocol import GROUPS
from recommender.evaluation.report import SMALLER_IS_BETTER, Difference, EvaluationReport, ReportRow
from recommender.evaluation.tradeoff import Tradeoff

TITLES = {
    "r_precision": "R-precision",
    "r_precision_with_artists": "with artists",
    "ndcg": "NDCG@500",
    "clicks": "clicks",
    "recall": "recall@500",
    "novelty": "novelty, bits",
    "artist_diversity": "artist diversity",
    "sound_diversity": "sound diversity",
    "popularity": "popularity, mean",
    "popularity_median": "popularity, median",
    "coverage": "coverage",
    "ndcg_30": "NDCG@30",
    "r_precision_30": "R-precision@30",
    "milliseconds": "ms",
}
GROUP_TITLES = {"all": "The challenge’s ten kinds", "random": "Random seeds"}
_COMPARED = ("ndcg", "r_precision", "clicks")
_SCATTERED = ("novelty", "artist_diversity", "sound_diversity", "popularity", "coverage")
_MOST_LINES = 6
_FLAT = 0.005


@dataclass(frozen=True, slots=True)
class _Curve:
    """The points of one step of re-ranking, as a plot and a table."""

    step: str
    plot: Markup | None
    names: Sequence[str]
    points: Sequence[Tradeoff]


def render_page(report: EvaluationReport, *, command: str | None = None, measured_at: datetime | None = None) -> str:
    """Return the report as a page of HTML.

    Args:
        report: what was found; with `tradeoffs`, their curves are drawn too.
        command: how it was measured, so that others can do it again.
        measured_at: when.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("recommender.evaluation"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": figure, "signed": _signed, "name": name_of}
    return environment.get_template("report.html.j2").render(
        report=report,
        groups=[_group(report, group) for group in GROUPS if report.overall(group)],
        accuracy=ACCURACY,
        beyond=BEYOND,
        compared=_COMPARED,
        scatters=list(_scatters(report)),
        panels=list(_panels(report)),
        curves=list(_curves(report.tradeoffs)),
        kinds=[row for row in report.rows if row.ranker == report.rankers[0] and row.kind not in GROUPS],
        by_kind={(row.ranker, row.kind): row for row in report.rows},
        command=command,
        measured_at=measured_at,
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    )


def figure(value: float | None, metric: str = "") -> str:
    """Return a metric's value as the tables show it."""
    if value is None or not math.isfinite(value):
        return "–"
    if metric in ("clicks", "novelty", "milliseconds", "fit_seconds"):
        return f"{value:.2f}"
    if metric in ("popularity", "popularity_median", "peak_mb", "added_mb"):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"
    if metric in ("artist_diversity", "sound_diversity", "new_artists", "energy_jump", "tempo_jump"):
        return f"{value:.3f}"
    return f"{value:.4f}"


def name_of(metric: str) -> str:
    """Return what a metric is called, in words."""
    return TITLES.get(metric, metric.replace("_", " "))


def _signed(value: float, metric: str) -> str:
    text = figure(abs(value), metric)
    return text if text == "–" else f"{'−' if value < 0 else '+'}{text}"


def _group(report: EvaluationReport, group: str) -> dict[str, Any]:
    rows = sorted(report.overall(group).values(), key=lambda row: -row.ndcg)
    best, lead = report.lead(group)
    return {
        "name": group,
        "title": GROUP_TITLES[group],
        "rows": rows,
        "best": best,
        "lead": [(other, differences, _verdict(differences)) for other, differences in lead.items()],
        "winners": {metric: _winner(rows, metric) for metric in ACCURACY},
    }


def _winner(rows: Sequence[ReportRow], metric: str) -> str:
    sign = 1 if metric in SMALLER_IS_BETTER else -1
    return min(rows, key=lambda row: sign * getattr(row, metric)).ranker


def _verdict(differences: Mapping[str, Difference]) -> str:
    """Say in which of the compared metrics the first is ahead beyond doubt."""
    ahead: list[str] = []
    behind: list[str] = []
    for metric in _COMPARED:
        found = differences[metric]
        if found.clear:
            better = (found.difference < 0) == (metric in SMALLER_IS_BETTER)
            (ahead if better else behind).append(name_of(metric))
    if len(ahead) == len(_COMPARED):
        return "ahead in all three"
    parts = [f"ahead in {' and '.join(ahead)}"] if ahead else []
    parts += [f"behind in {' and '.join(behind)}"] if behind else []
    return ", ".join(parts) or "no clear difference"


def _panels(report: EvaluationReport) -> Iterator[tuple[str, int, Markup]]:
    """Yield for each kind its name, the number of playlists, and NDCG with intervals as a plot."""
    most = max(row.intervals["ndcg"][1] for row in report.rows) * 1.04
    for group, kinds in GROUPS.items():
        overall = report.overall(group)
        order = sorted(overall, key=lambda ranker: -overall[ranker].ndcg)
        for kind in kinds:
            rows = {row.ranker: row for row in report.rows if row.kind == kind.name}
            if not rows:
                continue
            points = [_point(rows[ranker], ranker == order[0]) for ranker in order]
            best = max(rows.values(), key=lambda row: row.ndcg)
            alt = (
                f"NDCG of {len(rows)} rankers for {kind.name}: highest {best.ranker} with {best.ndcg:.3f}; "
                f"{order[0]} has {rows[order[0]].ndcg:.3f}. The figures are in the tables."
            )
            cases = rows[order[0]].cases
            yield kind.name, cases, ranking_plot(points, max(most, 1e-3), "NDCG@500", alt)


def _scatters(report: EvaluationReport) -> Iterator[tuple[str, Markup]]:
    """Yield NDCG against what lies beyond accuracy, as plots, for the first group that there is."""
    group = report.rows[0].group
    rows = sorted(report.overall(group).values(), key=lambda row: -row.ndcg)
    for metric in _SCATTERED:
        points = [(value, _point(row, row is rows[0])) for row in rows if math.isfinite(value := getattr(row, metric))]
        if not points:
            continue
        alt = (
            f"NDCG against {name_of(metric)}, {GROUP_TITLES[group].lower()}: {rows[0].ranker} is at "
            f"{figure(getattr(rows[0], metric), metric)}. The figures are in the tables."
        )
        yield name_of(metric), scatter_plot(points, name_of(metric), "NDCG@500", alt)


def _point(row: ReportRow, strong: bool) -> Point:
    return Point(row.ranker, row.ndcg, *row.intervals["ndcg"], strong)


def _curves(tradeoffs: Sequence[Tradeoff]) -> Iterator[_Curve]:
    figures = dict.fromkeys(name for point in tradeoffs for name in point.figures)
    looks = {name: number for number, name in enumerate(figures)}
    for step in dict.fromkeys(point.step for point in tradeoffs):
        points = [point for point in tradeoffs if point.step == step]
        names = [name for name in looks if all(name in point.figures for point in points)]
        lines = _lines(points, names, looks)
        plot = None
        if len(points) > 1 and lines:
            told = ", ".join(f"{line.label} {100 * line.changes[-1]:+.0f} %" for line in lines)
            alt = f"{step}, from {points[0].value:g} to {points[-1].value:g}: {told} at the end. The table has all."
            plot = change_plot([point.value for point in points], lines, step, alt)
        yield _Curve(step, plot, names, points)


def _lines(points: Sequence[Tradeoff], names: Sequence[str], looks: Mapping[str, int]) -> list[Line]:
    """Return the figures that change most, NDCG before all, each as its change against the first point."""
    changes: dict[str, list[float]] = {}
    for name in names:
        values = [point.figures[name] for point in points]
        if name != "milliseconds" and values[0] and all(math.isfinite(value) for value in values):
            changes[name] = [value / values[0] - 1 for value in values]
    moved = {name: max(abs(share) for share in shares) for name, shares in changes.items()}
    order = sorted(changes, key=lambda name: (not name.startswith("ndcg"), -moved[name]))
    kept = [name for name in order if name.startswith("ndcg") or moved[name] > _FLAT][:_MOST_LINES]
    return [Line(name_of(name), changes[name], looks[name]) for name in kept]
