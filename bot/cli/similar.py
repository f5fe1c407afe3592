"""Commands that ask what is like one thing: similar track, similar artist, similar playlist.

Heavy modules are imported by the commands that need them, so that --help answers at once.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot.cli.console import output, say_note, state_of
from bot.cli.recommending import pass_over_unknown, uri_of_track

if TYPE_CHECKING:
    from recommender.hybrid import Hybrid
    from recommender.similar import SimilarArtist, SimilarPlaylist, SimilarTrack

similar = typer.Typer(help="What is like a track, an artist or a playlist.", no_args_is_help=True)

_Count = Annotated[int, typer.Option("-k", min=1, max=1000, help="How many.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_ARTIST_LINK = re.compile(r"open\.spotify\.com/(?:intl-[a-z-]+/)?artist/([0-9A-Za-z]{22})\b")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(similar, name="similar")


@similar.command("track")
def similar_track(
    context: typer.Context,
    track: Annotated[str, typer.Argument(help="URI or link of the track.", show_default=False)],
    k: _Count = 20,
    as_json: _AsJson = False,
) -> None:
    """Show the tracks that share playlists with one, most similar first; other releases of it are left out."""
    from recommender.similar import similar_tracks

    uri = uri_of_track(track, "TRACK")
    found = similar_tracks(_model(context), uri, k)
    _show(found, as_json, "track", [_about_track(item) for item in found])


@similar.command("artist")
def similar_artist(
    context: typer.Context,
    artist: Annotated[str, typer.Argument(help="Name, URI or link of the artist.", show_default=False)],
    k: _Count = 20,
    as_json: _AsJson = False,
) -> None:
    """Show the artists who share playlists with one, most similar first; case and accents of a name do not matter."""
    from recommender.similar import similar_artists

    link = _ARTIST_LINK.search(artist)
    found = similar_artists(_model(context), f"spotify:artist:{link.group(1)}" if link else artist, k)
    _show(found, as_json, "artist", [_about_artist(item) for item in found])


@similar.command("playlist")
def similar_playlist(
    context: typer.Context,
    track: Annotated[
        list[str] | None, typer.Option(help="URI or link of a track of the playlist; repeat it for more.")
    ] = None,
    pid: Annotated[int | None, typer.Option(help="Or the number of a playlist that the model has learnt from.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Where the playlist of --pid comes from, where several have the number.")
    ] = None,
    k: _Count = 20,
    as_json: _AsJson = False,
) -> None:
    """Show the playlists of the model that share tracks with one, most similar first; long ones are not preferred."""
    from recommender.similar import similar_playlists

    if (pid is None) == (not track):
        raise typer.BadParameter("Name the playlist's tracks, or its number.", param_hint="--track / --pid")
    if source is not None and pid is None:
        raise typer.BadParameter("The tracks of no source are meant: leave it out.", param_hint="--source")
    uris = [uri_of_track(text) for text in track or ()]
    model = _model(context)
    pass_over_unknown(model, uris, "name a track that was imported", alone=bool(uris))
    found = similar_playlists(model, uris if pid is None else pid, k, source=source)
    _show(found, as_json, "playlist", [_about_playlist(item) for item in found])


def _model(context: typer.Context) -> Hybrid:
    from recommender.artifacts import ModelStore
    from recommender.hybrid import Hybrid

    return ModelStore(state_of(context).settings.models_dir).load_current(Hybrid.load)


def _show(
    found: Sequence[SimilarTrack | SimilarArtist | SimilarPlaylist],
    as_json: bool,
    what: str,
    about: Sequence[Text],
) -> None:
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(item) for item in found], ensure_ascii=False, indent=2))
        return
    if not found:
        shared = "tracks" if what == "playlist" else "playlists"
        say_note(f"No other {what} of the model has {shared} in common with it.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column("#", justify="right")
    # A URI must stay whole to be copied; a `min_width` would make rich cut words off in the last column.
    table.add_column(what.capitalize(), no_wrap=what == "track", max_width=48)
    table.add_column("Score", justify="right")
    table.add_column("Why")
    for place, (item, words) in enumerate(zip(found, about, strict=True), 1):
        table.add_row(str(place), words, f"{item.score:.4f}", Text(item.reason.text))
    output().print(table)


def _about_track(item: SimilarTrack) -> Text:
    name, artist = item.track.name or "Unknown track", item.track.artist_name or "Unknown artist"
    return Text.assemble((name, "bold"), "\n", artist, "\n", (item.track.uri, "dim"))


def _about_artist(item: SimilarArtist) -> Text:
    name = (item.name, "bold")
    return Text.assemble(name, "\n", (item.uri, "dim")) if item.uri else Text.assemble(name)


def _about_playlist(item: SimilarPlaylist) -> Text:
    count = "1 track" if item.n_tracks == 1 else f"{item.n_tracks:,} tracks"
    named = item.title or f"Playlist {item.pid}"
    return Text.assemble((named, "bold"), "\n", count, "\n", (f"{item.source} {item.pid}", "dim"))
