"""The command `evaluate`: how good the recommender is, as tables, as JSON and as a page.

Heavy modules are imported by the command, so that --help answers at once.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bot.cli.console import errors, output, progress, state_of
from bot.cli.corpora import read_corpus
from bot.domain.errors import CrossfadeError

if TYPE_CHECKING:
    from recommender.evaluation import Contender, EvaluationReport, ReportRow

_ACCURACY = ("R-prec", "+artists", "NDCG", "clicks", "recall")
_BEYOND = ("novelty", "artists", "sound", "popularity", "coverage")
# Each is re-ranked in some thirty ways.
_TRADEOFF_CASES = 300


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


def evaluate(
    context: typer.Context,
    playlists: Annotated[int, typer.Option(min=10, help="How many playlists are held back for the test.")] = 1000,
    seed: Annotated[int, typer.Option(help="Decides which ones, and which of their tracks are shown.")] = 2018,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with plots and the cost of re-ranking, which needs no other file.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Measure this ranker alone, as the table names it; repeat it for more.")
    ] = None,
) -> None:
    """Measure the full model, the plain blend and each generator on playlists that they were not trained on.

    Each playlist that is held back is continued twice: in one of the challenge's ten kinds, and from random seeds.
    """
    from recommender.evaluation import default_contenders, render_page
    from recommender.evaluation import evaluate as run_evaluation

    if html is not None:
        _require_writable(html)
    contenders = _chosen(default_contenders(), only or ())
    with errors().status("Reading the corpus"):
        corpus, features = read_corpus(state_of(context).settings)
    with progress("cases") as bar:
        task = bar.add_task("Evaluating", total=None)
        report = run_evaluation(
            corpus,
            features,
            playlists=playlists,
            random_state=seed,
            contenders=contenders,
            tradeoff_cases=0 if html is None else _TRADEOFF_CASES,
            progress=lambda label, done, total: bar.update(
                task, description=label if done else f"{label} is learning", completed=done, total=total
            ),
        )
    if html is not None:
        with errors().status("Drawing the page"):
            _write(html, render_page(report, command=_command(playlists, seed, html, only or ()), measured_at=_now()))
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
        return
    _print(report)
    if html is not None:
        output().print(f"\nThe page is in {html}.", highlight=False, markup=False)


def _chosen(contenders: list[Contender], only: Sequence[str]) -> list[Contender]:
    names = [contender.name for contender in contenders]
    for name in only:
        if name not in names:
            raise typer.BadParameter(f"There is no ranker {name!r}: choose of {', '.join(names)}.", param_hint="--only")
    return [contender for contender in contenders if not only or contender.name in only]


def _print(report: EvaluationReport) -> None:
    from recommender.evaluation import GROUPS

    copies = f", without {report.n_copies:,} copies of those that were held back" if report.n_copies else ""
    output().print(
        f"Trained on {report.n_training:,} playlists with {report.n_tracks:,} tracks{copies}; measured on "
        f"{report.n_playlists:,} others (seed {report.random_state}). Small figures are half the width of the "
        "95 % interval. NDCG and recall are at 500; +artists is R-precision with the challenge's credit for artists; "
        "clicks: fewer are better.",
        highlight=False,
    )
    titles = {"all": "The challenge's ten kinds together", "random": "1, 5, 10 or 25 random seeds, no title"}
    for group in GROUPS:
        if report.overall(group):
            output().print(_rankers(report, group, f"\n{titles[group]}"))
            _print_lead(report, group)
    output().print(_beyond(report))
    output().print(_costs(report))
    output().print(_kinds(report))


def _print_lead(report: EvaluationReport, group: str) -> None:
    best, lead = report.lead(group)
    if not lead:
        return
    other, differences = next(iter(lead.items()))
    found = differences["ndcg"]
    certainty = "beyond chance" if found.clear else "within chance"
    output().print(
        f"{best} is {100 * found.relative:+.1f} % in NDCG against {other}: {found.difference:+.4f} "
        f"({found.low:+.4f} to {found.high:+.4f}), {certainty}.",
        highlight=False,
    )


def _rankers(report: EvaluationReport, group: str, title: str) -> Table:
    table = _table(title, "ranker", _ACCURACY)
    for row in sorted(report.overall(group).values(), key=lambda row: row.ndcg):
        table.add_row(row.ranker, *_accuracy(row))
    return table


def _beyond(report: EvaluationReport) -> Table:
    group = next(iter({row.group: None for row in report.rows}))
    table = _table("\nBeyond accuracy, of the first 30", "ranker", _BEYOND)
    for row in sorted(report.overall(group).values(), key=lambda row: row.ndcg):
        sound = "–" if row.sound_diversity != row.sound_diversity else f"{row.sound_diversity:.3f}"
        table.add_row(
            row.ranker,
            f"{row.novelty:.2f}",
            f"{row.artist_diversity:.3f}",
            sound,
            f"{row.popularity:,.1f}",
            f"{row.coverage:.4f}",
        )
    return table


def _costs(report: EvaluationReport) -> Table:
    table = _table("\nTime and memory", "ranker", ("fit s", "ms", "median ms", "p95 ms", "MB at most"))
    for ranker, cost in report.costs.items():
        memory = "–" if cost.peak_mb is None else f"{cost.peak_mb:,.0f}"
        times = (cost.milliseconds, cost.milliseconds_median, cost.milliseconds_p95)
        table.add_row(ranker, f"{cost.fit_seconds:.1f}", *(f"{time:.1f}" for time in times), memory)
    return table


def _kinds(report: EvaluationReport) -> Table:
    best, _ = report.lead(report.rows[0].group)
    table = _table(f"\n{best}, by kind", "kind", ("playlists", *_ACCURACY))
    for row in report.rows:
        if row.ranker == best and row.kind != row.group:
            table.add_row(row.kind, f"{row.cases:,}", *_accuracy(row))
    return table


def _table(title: str, first: str, headings: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _accuracy(row: ReportRow) -> tuple[str, ...]:
    def told(metric: str, digits: int) -> str:
        low, high = row.intervals[metric]
        return f"{getattr(row, metric):.{digits}f} [dim]±{(high - low) / 2:.{digits}f}[/]"

    rates = ("r_precision", "r_precision_with_artists", "ndcg")
    return (*(told(metric, 4) for metric in rates), told("clicks", 2), told("recall", 4))


def _require_writable(file: Path) -> None:
    """Refuse at once what would fail when all has been measured."""
    folder = file.absolute().parent
    if file.is_dir():
        raise CrossfadeError(f"{file} is a folder: give the name of a file for --html.")
    if not folder.is_dir() or not os.access(file if file.exists() else folder, os.W_OK):
        raise CrossfadeError(f"{file} cannot be written: make its folder, or choose another for --html.")


def _write(file: Path, page: str) -> None:
    from recommender.files import write_atomically

    content = page.encode()
    try:
        write_atomically(file, lambda stream: stream.write(content))
    except OSError as error:
        raise CrossfadeError(f"{file} cannot be written ({error.strerror}): choose another file.") from error


def _command(playlists: int, seed: int, html: Path, only: Sequence[str]) -> str:
    """Return the command in words, without the folders of this machine."""
    words: list[Any] = ["crossfade", "evaluate", "--playlists", playlists, "--seed", seed, "--html", html.name]
    for name in only:
        words += ["--only", name]
    return shlex.join(str(word) for word in words)


def _now() -> datetime:
    return datetime.now(UTC)
