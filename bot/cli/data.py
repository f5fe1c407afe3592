"""Commands that bring data in: import mpd, import features.

Heavy modules are imported by the commands that need them, so that --help answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import output, progress, say_note, say_problems, state_of

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


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
