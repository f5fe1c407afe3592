"""Commands that bring data in: import mpd, import features, import spotify-export.

Heavy modules are imported by the commands that need them, so that --help answers at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import output, progress, say_note, say_problems, state_of
from bot.domain.errors import CrossfadeError
from bot.domain.imports import ImportReport, LeftOut, left_out_in_words

imports = typer.Typer(help="Bring playlists and audio features into the corpus.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(imports, name="import")


@imports.command("mpd")
def import_playlists(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Slices or a challenge set, .json or .json.gz, or folders.")],
) -> None:
    """Import playlists in the Million Playlist Dataset's format; several imports add up, none is counted twice."""
    from recommender.mpd import import_mpd

    settings = state_of(context).settings
    with progress("files") as bar:
        task = bar.add_task("Importing playlists", total=None)
        report = import_mpd(
            paths, settings.corpus_dir, lambda done, total, path: bar.update(task, completed=done, total=total)
        )
    say_problems(report.problems)
    output().print(
        f"{report.playlists:,} playlists with {report.entries:,} entries of {report.tracks:,} tracks "
        f"from {_files(report.files)}.",
        highlight=False,
    )
    if report.already_imported:
        say_note(f"{_files(report.already_imported)} had been imported before and added nothing.")
    if report.empty:
        say_note(f"{report.empty:,} playlists without tracks have nothing to learn from and were left out.")


@imports.command("features")
def import_audio_features(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="CSV files, plain or .gz, with a track id and audio features.")],
) -> None:
    """Import audio features from CSV files; a track that is imported again is replaced."""
    from recommender.audio import import_features

    settings = state_of(context).settings
    with progress("files") as bar:
        task = bar.add_task("Importing features", total=None)
        report = import_features(
            paths, settings.corpus_dir, lambda done, total, path: bar.update(task, completed=done, total=total)
        )
    say_problems(report.problems)
    output().print(f"Audio features of {report.tracks:,} tracks from {_files(report.files)}.", highlight=False)


@imports.command("spotify-export")
def import_spotify_export(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(help="ZIPs that Spotify sent (both kinds), CSVs or a ZIP from Exportify, texts with links."),
    ],
    member: Annotated[
        int | None,
        typer.Option(
            min=1, max=2**63 - 1, help="Discord id of whoever brought them; without it they only go into the corpus."
        ),
    ] = None,
) -> None:
    """Import what people bring by themselves; what is imported again replaces itself."""
    if member is None:
        _into_corpus(context, paths)
    else:
        _for_member(context, paths, member)


def _into_corpus(context: typer.Context, paths: list[Path]) -> None:
    from bot.intake import LIMITS, files_into_corpus

    with progress("files") as bar:
        task = bar.add_task("Importing playlists", total=None)
        report = files_into_corpus(
            state_of(context).settings, paths, lambda done, total: bar.update(task, completed=done, total=total)
        )
    say_problems(report.problems)
    for reason, count in report.left_out.items():
        say_note(f"Left out: {left_out_in_words(reason, count, LIMITS)}")
    output().print(
        f"{report.playlists:,} playlists with {report.entries:,} entries from {_files(report.files)}.", highlight=False
    )
    if report.already_imported:
        say_note(f"{_files(report.already_imported)} had been imported before and added nothing.")
    if report.liked or report.listens:
        say_note(
            f"{report.liked:,} liked songs and {report.listens:,} plays are no playlists to learn from: "
            "--member DISCORD_ID keeps them for whoever brought them."
        )


def _for_member(context: typer.Context, paths: list[Path], member: int) -> None:
    from bot.intake import LIMITS, files_for_member
    from recommender.problems import Problem, ProblemLog

    with progress("files") as bar:
        task = bar.add_task("Importing", total=None)
        ended = asyncio.run(
            files_for_member(
                state_of(context).settings,
                member,
                paths,
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        )
    problems = ProblemLog()
    left_out: Counter[LeftOut] = Counter()
    reports = [report for _, report in ended if isinstance(report, ImportReport)]
    for path, report in ended:
        if isinstance(report, CrossfadeError):
            problems.add(Problem(str(path), "", str(report)))
            continue
        left_out.update(report.left_out)
        for problem in [*report.problems, *([report.fault] if report.fault else [])]:
            problems.add(Problem(str(path), "", problem))
    if not reports:
        raise CrossfadeError(f"Nothing could be imported: {problems.summary().rstrip('.')}.")
    say_problems(problems)
    for reason, count in left_out.items():
        say_note(f"Left out: {left_out_in_words(reason, count, LIMITS)}")
    output().print(
        f"{sum(one.playlists for one in reports):,} playlists with {sum(one.entries for one in reports):,} entries and "
        f"{sum(one.listens for one in reports):,} plays from {_files(len(reports))} for member {member}.",
        highlight=False,
    )


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
