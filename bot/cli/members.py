"""Commands for a member's data, on request: members export, members delete."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import output, state_of
from bot.domain.errors import CrossfadeError

members = typer.Typer(help="A member's data, when they ask the host for it.", no_args_is_help=True)

MemberId = Annotated[int, typer.Argument(min=1, help="The member's Discord id (Developer Mode, Copy User ID).")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(members, name="members")


@members.command("export")
def export(
    context: typer.Context,
    member_id: MemberId,
    out: Annotated[Path, typer.Argument(help="The ZIP archive to write; a file that is there is not touched.")],
) -> None:
    """Write everything that is kept of a member into a ZIP archive of any size (in Discord: /privacy export)."""
    from bot import upkeep

    if out.exists():
        raise CrossfadeError(f"{out} is there already: choose another file name.")
    content = asyncio.run(upkeep.export_member(state_of(context).settings, member_id))
    try:
        with out.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise CrossfadeError(f"{out} cannot be written ({error.strerror}): choose another place.") from None
    output().print(f"{out}: {len(content):,} bytes.", highlight=False)


@members.command("delete")
def delete(
    context: typer.Context,
    member_id: MemberId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete everything that is kept of a member (in Discord: /disconnect)."""
    from bot import upkeep

    if not yes:
        typer.confirm(f"Delete everything that is kept of {member_id}? It cannot be undone.", abort=True, err=True)
    deleted = asyncio.run(upkeep.delete_member(state_of(context).settings, member_id))
    output().print(
        f"Deleted: {deleted.playlists + deleted.imported:,} playlists, {deleted.entries:,} entries, "
        f"{deleted.recommendations:,} recommendations, {deleted.listens:,} plays.",
        highlight=False,
    )
