"""Tables of a comparison as Markdown, and in words whether one ranker is better than another."""

from __future__ import annotations

from collections.abc import Sequence

from recommender.evaluation import GROUPS, KINDS, Difference, EvaluationReport, ReportRow
from recommender.evaluation.report import SMALLER_IS_BETTER

COMPARED = {"r_precision": "R-precision", "ndcg": "NDCG@500", "clicks": "clicks"}
_DIGITS = {"r_precision": 4, "ndcg": 4, "clicks": 2}
_GROUP_NAMES = {"all": "the challenge's ten kinds", "random": "1, 5, 10 or 25 random seeds, no title"}


def group_tables(report: EvaluationReport) -> str:
    """Return a table of accuracy for each group of kinds, the best first."""
    lines = []
    for group in GROUPS:
        rows = sorted(report.overall(group).values(), key=lambda row: -row.ndcg)
        if not rows:
            continue
        lines += [f"{_GROUP_NAMES[group]} ({rows[0].cases:,} playlists):\n"]
        lines += ["| ranker | R-precision | NDCG@500 | clicks | recall@500 |", "|---|---|---|---|---|"]
        for row in rows:
            recall = f"{row.recall:.4f} ±{_half(row, 'recall'):.4f}"
            lines.append(f"| {row.ranker} | {' | '.join(_told(row, metric) for metric in COMPARED)} | {recall} |")
        lines.append("")
    return "\n".join(lines)


def costs_table(report: EvaluationReport) -> str:
    """Return what each ranker took."""
    lines = [
        "Time and memory (for 500 recommendations; MB: the process at most, and how much of that was added):\n",
        "| ranker | fit s | ms a playlist | median | p95 | MB | added MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, cost in report.costs.items():
        memory = ["–" if value is None else f"{value:,.0f}" for value in (cost.peak_mb, cost.added_mb)]
        times = (cost.milliseconds, cost.milliseconds_median, cost.milliseconds_p95)
        told = " | ".join(f"{time:.1f}" for time in times)
        lines.append(f"| {name} | {cost.fit_seconds:.1f} | {told} | {' | '.join(memory)} |")
    return "\n".join([*lines, ""])


def kinds_table(report: EvaluationReport) -> str:
    """Return NDCG by kind, a column a ranker."""
    names = report.rankers
    lines = ["NDCG@500 by kind:\n", f"| kind | playlists | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    by_kind: dict[str, dict[str, ReportRow]] = {}
    for row in report.rows:
        if row.kind != row.group:
            by_kind.setdefault(row.kind, {})[row.ranker] = row
    for kind, rows in by_kind.items():
        told = " | ".join(f"{rows[name].ndcg:.4f}" for name in names)
        lines.append(f"| {kind} | {next(iter(rows.values())).cases} | {told} |")
    return "\n".join([*lines, ""])


def paired_tables(report: EvaluationReport, first: str, others: Sequence[str]) -> str:
    """Return by how much the first ranker is above each other one, with intervals, on the same playlists."""
    lines = []
    for group in GROUPS:
        if not report.overall(group):
            continue
        lines += [f"`{first}` minus each other, {_GROUP_NAMES[group]}, with 95 % intervals:\n"]
        lines += [f"| against | {' | '.join(COMPARED.values())} |", "|---|---|---|---|"]
        for other in others:
            found = report.compare(first, other, group)
            told = " | ".join(_difference(found[metric], _DIGITS[metric]) for metric in COMPARED)
            lines.append(f"| {other} | {told} |")
        lines.append("")
    return "\n".join(lines)


def verdict(report: EvaluationReport, first: str, other: str) -> str:
    """Say whether the first is better beyond the interval in all three metrics, and in which of the ten kinds worse."""
    parts = []
    for group in GROUPS:
        if not report.overall(group):
            continue
        found = report.compare(first, other, group)
        clear = [
            name for metric, name in COMPARED.items() if _speaks_for(metric, found[metric]) and found[metric].clear
        ]
        missing = [name for name in COMPARED.values() if name not in clear]
        where = "the ten kinds together" if group == "all" else "random seeds"
        if not missing:
            parts.append(f"better beyond the interval in all three metrics in {where}")
        elif clear:
            parts.append(f"better beyond the interval in {_listed(clear)}, not in {_listed(missing)}, in {where}")
        else:
            parts.append(f"better beyond the interval in none of the three metrics in {where}")
    worse = [told for kind in KINDS if (told := _worse_in(report, first, other, kind.name))]
    ending = "in none of the ten kinds worse" if not worse else f"worse in {'; '.join(worse)}"
    return f"{first} against {other}: {'; '.join(parts)}; {ending}."


def _worse_in(report: EvaluationReport, first: str, other: str, kind: str) -> str:
    if not any(row.kind == kind for row in report.rows):
        return ""
    found = report.compare(first, other, kind)
    metrics = [metric for metric in COMPARED if found[metric].difference and not _speaks_for(metric, found[metric])]
    told = [f"{COMPARED[metric]} {'beyond' if found[metric].clear else 'within'} the interval" for metric in metrics]
    return f"{kind} ({', '.join(told)})" if told else ""


def _speaks_for(metric: str, found: Difference) -> bool:
    return found.difference < 0 if metric in SMALLER_IS_BETTER else found.difference > 0


def _difference(found: Difference, digits: int) -> str:
    return f"{found.difference:+.{digits}f} ({found.low:+.{digits}f} to {found.high:+.{digits}f})"


def _told(row: ReportRow, metric: str) -> str:
    return f"{getattr(row, metric):.{_DIGITS[metric]}f} ±{_half(row, metric):.{_DIGITS[metric]}f}"


def _half(row: ReportRow, metric: str) -> float:
    low, high = row.intervals[metric]
    return (high - low) / 2


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
