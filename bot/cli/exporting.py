"""Commands that write out what a model has learnt: export similar-tracks, similar-artists, embeddings.

Heavy modules are imported by the commands that need them, so that --help answers at once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from bot.cli.console import errors, output, progress, state_of

if TYPE_CHECKING:
    from recommender.hybrid import Hybrid

_Tell = Callable[[int, int], None]
Result = TypeVar("Result")

exports = typer.Typer(help="What the current model has learnt, as text for other programs.", no_args_is_help=True)

_Neighbours = Annotated[int, typer.Option("--k", "-k", min=1, max=1000, help="How many similar ones for each seed.")]
_Out = Annotated[Path, typer.Option(help="The file to write, replaced if it is there; gzipped if it ends in .gz.")]
_Seeds = Annotated[int | None, typer.Option(min=1, help="So many seeds at most, the most popular first.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(exports, name="export")


@exports.command("similar-tracks")
def export_similar_tracks(context: typer.Context, out: _Out, k: _Neighbours = 20, limit: _Seeds = None) -> None:
    """Write a line a track: its URI, then those of the tracks most similar to it, the most similar first.

    Similar tracks share playlists. A track that shares none with another has no line.
    """
    from recommender.similar.lists import write_similar_tracks

    _similar(context, write_similar_tracks, out, k, limit, "tracks")


@exports.command("similar-artists")
def export_similar_artists(context: typer.Context, out: _Out, k: _Neighbours = 20, limit: _Seeds = None) -> None:
    """Write a line an artist, then the artists most similar, the most similar first.

    An artist is a URI or, where none is known, artist: and the percent-encoded name (artist:Daft%20Punk), so that
    spaces only stand between artists.
    """
    from recommender.similar.lists import write_similar_artists

    _similar(context, write_similar_artists, out, k, limit, "artists")


@exports.command("embeddings")
def export_embeddings(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="The folder to write to; files of the same names are replaced.")],
    limit: Annotated[int | None, typer.Option(min=1, help="So many tracks at most, the most popular first.")] = None,
    with_playlists: Annotated[
        bool, typer.Option("--playlists", help="Write the playlists too, each the mean of its tracks.")
    ] = False,
    compressed: Annotated[bool, typer.Option("--gz", help="Gzip the files.")] = False,
) -> None:
    """Write vectors.tsv and metadata.tsv, which the TensorFlow Embedding Projector loads."""
    from recommender.similar.projector import write_embeddings

    model = _model(context)
    written = _shown(
        "rows",
        lambda tell: write_embeddings(
            model, out, limit=limit, with_playlists=with_playlists, compressed=compressed, progress=tell
        ),
    )
    playlists = f" and {written.playlists:,} playlists" if with_playlists else ""
    output().print(
        f"Vectors of {written.tracks:,} tracks{playlists} in {written.dimensions} dimensions in {out}.",
        highlight=False,
        soft_wrap=True,
    )


class _Writer(Protocol):
    def __call__(self, model: Hybrid, out: Path, *, k: int, limit: int | None, progress: _Tell) -> int: ...


def _similar(context: typer.Context, write: _Writer, out: Path, k: int, limit: int | None, what: str) -> None:
    model = _model(context)
    lines = _shown(what, lambda tell: write(model, out, k=k, limit=limit, progress=tell))
    output().print(f"Similar {what} of {lines:,} {what} in {out}.", highlight=False, soft_wrap=True)


def _model(context: typer.Context) -> Hybrid:
    from recommender.artifacts import ModelStore
    from recommender.hybrid import Hybrid

    with errors().status("Opening the model"):
        return ModelStore(state_of(context).settings.models_dir).load_current(Hybrid.load)


def _shown(unit: str, work: Callable[[_Tell], Result]) -> Result:
    with progress(unit) as bar:
        task = bar.add_task("Exporting", total=None)
        return work(lambda done, total: bar.update(task, completed=done, total=total))
