"""Commands that run and look after the program: run, demo, doctor, db.

Heavy modules are imported by the commands that need them, so that --help answers at once.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.table import Table

from bot.cli.console import output, state_of
from bot.domain.errors import CrossfadeError
from bot.logs import configure_logging

PARTS = ("discord", "web", "jobs")
_MARKS = {"ok": "[green]ok[/]", "fail": "[bold red]fail[/]"}

database = typer.Typer(help="The database's tables.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(run)
    app.command()(demo)
    app.command()(doctor)
    app.add_typer(database, name="db")


def run(
    context: typer.Context,
    only: Annotated[
        str | None, typer.Option(help=f"Run these parts alone, comma separated: {', '.join(PARTS)}.")
    ] = None,
) -> None:
    """Run the bot, the web server and the jobs with the settings of .env."""
    from bot import app as composition

    settings = state_of(context).settings
    parts = [part.strip() for part in only.split(",")] if only is not None else list(PARTS)
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not parts:
        raise typer.BadParameter(f"{unknown[0]!r} is not a part: choose among {', '.join(PARTS)}.", param_hint="--only")
    configure_logging(settings.core.log_level, settings.core.log_format)
    asyncio.run(composition.run(settings, parts))


def demo(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the start page; 0 picks a free one.")] = 8080,
) -> None:
    """Run the whole system on sample data: no account, no token, no server, no internet."""
    from bot.sandbox.demo import run_demo

    configure_logging("WARNING")
    asyncio.run(run_demo(port=port, announce=typer.echo))


def doctor(context: typer.Context) -> None:
    """Check settings, database, model, Discord and Spotify, and say what to do about each fault."""
    from bot import upkeep
    from bot.services.doctor import Verdict, examine

    findings = asyncio.run(examine(upkeep.checks(state_of(context).settings)))
    table = Table("Check", "", "Finding", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(finding.name, _MARKS[finding.verdict], finding.text.replace("[", r"\["))
    output().print(table)
    if any(finding.verdict is Verdict.FAIL for finding in findings):
        raise typer.Exit(1)


@database.command("upgrade")
def database_upgrade(
    context: typer.Context, revision: Annotated[str, typer.Argument(help="How far to go.")] = "head"
) -> None:
    """Bring the tables up to date (`crossfade run` does so by itself)."""
    from bot import upkeep

    upkeep.upgrade_database(state_of(context).settings, revision)
    output().print("The tables are up to date." if revision == "head" else f"The tables are at {revision}.")


@database.command("downgrade", context_settings={"ignore_unknown_options": True})
def database_downgrade(
    context: typer.Context,
    revision: Annotated[str, typer.Argument(help="A revision, -1 for one step back, or base for no tables at all.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the tables back; what the newer tables held is lost."""
    from bot import upkeep

    if not yes:
        typer.confirm(f"Take the tables back to {revision}? What the newer ones hold is lost.", abort=True, err=True)
    upkeep.downgrade_database(state_of(context).settings, revision)
    output().print(f"The tables are at {revision}.")


@database.command("check")
def database_check(context: typer.Context) -> None:
    """Say whether the tables are what this version of the program expects."""
    from bot import upkeep

    differences = upkeep.check_database(state_of(context).settings)
    if differences:
        raise CrossfadeError(f"The database is not as expected: {differences[0]}.")
    output().print("The tables are what this version expects.")
