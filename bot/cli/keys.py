"""Commands for the keys that encrypt Spotify's tokens: keys new, keys rotate."""

from __future__ import annotations

import asyncio

import typer

from bot.cli.console import output, say_note, state_of

keys = typer.Typer(help="The keys that encrypt members' Spotify tokens.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys, name="keys")


@keys.command("new")
def keys_new() -> None:
    """Print a fresh key for CROSSFADE_ENCRYPTION_KEYS; nothing is changed."""
    from bot import upkeep

    typer.echo(upkeep.new_key())


@keys.command("rotate")
def keys_rotate(context: typer.Context) -> None:
    """Encrypt all stored tokens with the newest key; the bot may run meanwhile.

    In this order: put the new key in front of the old ones in CROSSFADE_ENCRYPTION_KEYS (without that setting the old
    one is in the file secret.key of the home folder), restart the bot so that it knows both, rotate, and only then
    take the old keys away.
    """
    from bot import upkeep

    done = asyncio.run(upkeep.rotate_keys(state_of(context).settings))
    output().print(
        f"{done.accounts:,} accounts, {done.sign_ins:,} open sign-ins and {done.apps:,} servers' Spotify apps "
        "were encrypted with the newest key."
    )
    if done.unreadable:
        say_note(
            f"{done.unreadable:,} could not be read with any of the keys and were left alone: "
            "put their key back and rotate again, or those members use /connect (and servers' admins /spotify-app set)."
        )
