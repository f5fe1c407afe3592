"""The `crossfade` command: its groups, its options for all, and how faults end it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import __version__
from bot.cli import (
    data,
    evaluating,
    exporting,
    features,
    keys,
    members,
    operations,
    recommending,
    similar,
    synth,
    training,
)
from bot.cli.console import State, say_error
from bot.domain.errors import CrossfadeError

app = typer.Typer(
    name="crossfade",
    help="Music discovery from a Discord server's Spotify playlists, and the recommender behind it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
)
operations.register(app)
keys.register(app)
members.register(app)
data.register(app)
features.register(app)
training.register(app)
recommending.register(app)
similar.register(app)
evaluating.register(app)
exporting.register(app)
synth.register(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"crossfade {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    env_file: Annotated[Path, typer.Option(help="File with settings, read beneath the environment.")] = Path(".env"),
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Settings come from the environment or a .env file, prefix CROSSFADE_ (see .env.example)."""
    context.obj = State(env_file=env_file, debug=debug)


def main() -> None:
    """Run the command; exit code 0 when done, 1 when failed, 2 on wrong use (Typer's own part)."""
    try:
        app()
    except Exception as error:
        if "--debug" in sys.argv[1:]:
            raise
        say_error(_sentence(error))
        sys.exit(1)


def _sentence(error: Exception) -> str:
    """Return the one sentence that says what to do about a fault."""
    from recommender.errors import RecommenderError

    if isinstance(error, CrossfadeError | RecommenderError):
        return str(error)
    return f"Something unexpected went wrong ({type(error).__name__}: {error}): run it again with --debug first."
