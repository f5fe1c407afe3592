"""Commands that ask the current model: recommend, challenge.

Heavy modules are imported by the commands that need them, so that --help answers at once.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from bot.cli.console import output, progress, say_note, say_problems, state_of

if TYPE_CHECKING:
    from recommender.hybrid import Hybrid
    from recommender.records import Recommendation


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(recommend)
    app.command()(challenge)


def recommend(
    context: typer.Context,
    track: Annotated[
        list[str] | None, typer.Option(help="URI or link of a track of the playlist; repeat it for more.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="The playlist's title.")] = None,
    k: Annotated[int, typer.Option("-k", min=0, max=500, help="How many.")] = 20,
    adventurous: Annotated[
        str,
        typer.Option(
            metavar="NAME|NUMBER",
            help="How far from what is known: close to home, familiar, balanced, curious, surprise me; or -1 to 1.",
        ),
    ] = "balanced",
    novelty: Annotated[float, typer.Option(min=0, max=1, help="How much rarer tracks come first.")] = 0.0,
    diversity: Annotated[float, typer.Option(min=0, max=1, help="How much tracks differ from each other.")] = 0.0,
    max_per_artist: Annotated[int | None, typer.Option(min=1, help="So many tracks of one artist at most.")] = None,
    clean: Annotated[bool, typer.Option("--clean", help="Leave out tracks that are known to be explicit.")] = False,
    order: Annotated[
        Literal["smooth", "rising", "falling", "arc"] | None,
        typer.Option(help="Order for listening, by energy and tempo, instead of the best first."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Recommend tracks that continue a playlist, with the reasons."""
    from recommender.artifacts import ModelStore
    from recommender.errors import RecommenderError
    from recommender.hybrid import Hybrid
    from recommender.rerank import steps_for

    if not track and not title:
        raise typer.BadParameter("Name at least one track or a title.", param_hint="--track / --title")
    seeds = [uri_of_track(text) for text in track or ()]
    try:
        steps = steps_for(
            adventurousness=_level(adventurous),
            novelty=novelty,
            diversity=diversity,
            max_per_artist=max_per_artist,
            clean=clean,
            order=order,
        )
    except RecommenderError as error:
        raise typer.BadParameter(str(error)) from error
    model = ModelStore(state_of(context).settings.models_dir).load_current(Hybrid.load)
    pass_over_unknown(model, seeds, "name a track that was imported, give a --title", alone=not title)
    if order is not None and not len(model.sounds_.tracks):
        say_note("The model knows no audio features, so --order changes nothing: import features and train again.")
    if clean and model.interactions_.corpus.catalogue.explicit_flags is None:
        say_note("The model knows of no track whether it is explicit, so --clean leaves nothing out.")
    found = model.recommend(seeds, title=title, k=k, steps=steps)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(item) for item in found], ensure_ascii=False, indent=2))
    else:
        output().print(_table(found))


def challenge(
    context: typer.Context,
    challenge_set: Annotated[Path, typer.Argument(help="The challenge set, .json or .json.gz.")],
    out: Annotated[Path, typer.Option(help="The submission to write, .csv or .csv.gz.")],
) -> None:
    """Continue every playlist of a challenge set by 500 tracks, in the challenge's own format."""
    from recommender.artifacts import ModelStore
    from recommender.evaluation.challenge import write_submission
    from recommender.hybrid import Hybrid

    model = ModelStore(state_of(context).settings.models_dir).load_current(Hybrid.load)
    with progress("playlists") as bar:
        task = bar.add_task("Recommending", total=None)
        report = write_submission(
            model, challenge_set, out, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
    say_problems(report.problems)
    output().print(f"{report.playlists:,} playlists continued in {out}.", highlight=False)


def uri_of_track(text: str, option: str = "--track") -> str:
    """Return the URI of a track that was given as a URI or a link; anything else is wrong use."""
    from bot.services.tracks import track_uri

    uri = track_uri(text)
    if uri is None:
        raise typer.BadParameter(
            f"{text!r} is no track: give a URI like spotify:track:… or a link from open.spotify.com.",
            param_hint=option,
        )
    return uri


def pass_over_unknown(model: Hybrid, uris: Sequence[str], otherwise: str, *, alone: bool = True) -> None:
    """Say which tracks the model does not know.

    Args:
        model: loaded.
        uris: of tracks.
        otherwise: what else can be done, in the imperative.
        alone: whether there is nothing else to go by.

    Raises:
        RecommenderError: it knows none of them, and there is nothing else to go by.
    """
    from recommender.errors import RecommenderError

    indices = model.interactions_.corpus.catalogue.indices_of(uris)
    unknown = list(dict.fromkeys(uri for uri, index in zip(uris, indices, strict=True) if index < 0))
    if alone and unknown and (indices < 0).all():
        raise RecommenderError(
            f"The model does not know {unknown[0]}: {otherwise}, or import playlists that hold it and train again."
        )
    for uri in unknown:
        say_note(f"The model does not know {uri}; it was passed over.")


def _level(adventurous: str) -> str | float:
    try:
        return float(adventurous)
    except ValueError:
        return adventurous


def _table(found: list[Recommendation]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column("#", justify="right")
    table.add_column("Track")
    table.add_column("Why")
    for place, item in enumerate(found, 1):
        name, artist = item.track.name or "Unknown track", item.track.artist_name or "Unknown artist"
        about = Text.assemble((name, "bold"), "\n", artist, "\n", (item.track.uri, "dim"))
        table.add_row(str(place), about, Text("\n".join(reason.text for reason in item.reasons)))
    return table
