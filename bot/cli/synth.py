"""The command that makes fictional playlists of any number: synth.

Heavy modules are imported by the command, so that --help answers at once.
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from bot.cli.console import output, progress, say_note

_DEFAULT_MISSING = 0.45


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("synth")(synth)


def synth(
    playlists: Annotated[int, typer.Option(min=1, help="How many playlists.")],
    out: Annotated[Path, typer.Option(help="Folder for the files: empty or new, or one to go on with.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files to the byte.")] = 0,
    tracks: Annotated[
        int | None,
        typer.Option(min=1, max=2**31 - 1, help="Size of the catalogue; by default it suits the number of playlists."),
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Also write the tracks' audio features to this .csv or .csv.gz.")
    ] = None,
    missing: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the tracks without audio features.")
    ] = _DEFAULT_MISSING,
    gz: Annotated[bool, typer.Option("--gz", help="Gzip the slices: an eighth of the size, half the speed.")] = False,
    corpus: Annotated[
        bool, typer.Option("--corpus", help="Write a corpus folder (Parquet) for training, in place of slices.")
    ] = False,
    processes: Annotated[int, typer.Option(min=1, max=256, help="How many processes draw and write.")] = 1,
) -> None:
    """Make fictional playlists in the Million Playlist Dataset's format; run it again to go on after a break."""
    from recommender.synthetic.scale import ScaleDataset

    if corpus and gz:
        raise typer.BadParameter("a corpus folder is packed already: leave out --gz or --corpus.", param_hint="--gz")
    if features is not None and not features.name.endswith((".csv", ".csv.gz")):
        raise typer.BadParameter("give a file whose name ends in .csv or .csv.gz.", param_hint="--features")
    if features is not None and features.is_dir():
        raise typer.BadParameter("this is a folder: give a file in it.", param_hint="--features")
    dataset = ScaleDataset(playlists, tracks, seed)
    started = monotonic()
    with progress("playlists") as bar:
        task = bar.add_task("Making playlists", total=playlists)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        report = (
            dataset.write_corpus(out, processes=processes, progress=show)
            if corpus
            else dataset.write_slices(out, gz=gz, processes=processes, progress=show)
        )
    seconds = monotonic() - started
    kind = "part" if corpus else "slice"
    output().print(
        f"{report.playlists:,} playlists from a catalogue of {dataset.catalogue_size:,} tracks in {out}: "
        f"{_counted(report.written, kind)} written in {seconds:,.1f} s.",
        highlight=False,
        soft_wrap=True,
    )
    if report.kept:
        say_note(f"Kept as they were: {_counted(report.kept, kind)} of an earlier run.")
    if features is not None:
        with progress("parts") as bar:
            task = bar.add_task("Making audio features", total=None)
            written = dataset.write_features(
                features, missing, lambda done, total: bar.update(task, completed=done, total=total)
            )
        output().print(f"Audio features of {written:,} tracks in {features}.", highlight=False, soft_wrap=True)


def _counted(count: int, kind: str) -> str:
    return f"1 {kind}" if count == 1 else f"{count:,} {kind}s"
