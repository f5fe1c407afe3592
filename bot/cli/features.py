"""Commands for audio features: features status, fetch, estimate, export.

Heavy modules are imported by the commands that need them, so that --help answers at once.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from bot.cli.console import output, progress, say_note, state_of
from bot.domain.errors import CrossfadeError
from bot.domain.features import FEATURES_ESTIMATED, FillReport
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.services.features import FeaturesService
    from recommender.audio import AudioFeatures

Result = TypeVar("Result")

features = typer.Typer(help="The audio features of the community's tracks.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(features, name="features")


@features.command("status")
def features_status(context: typer.Context) -> None:
    """Say of how many tracks audio features are known, and from whom."""
    settings = state_of(context).settings
    status = _with_service(settings, lambda service: service.status())
    if not status.tracks:
        output().print("The database holds no tracks yet: members bring them with /connect or /import.")
        return
    table = Table("Source", "On", "Measured", "Estimated", "Not known there", box=None, pad_edge=False)
    counts = {count.source: count for count in status.sources}
    on = settings.features.sources
    for source in dict.fromkeys([*on, *counts]):
        count = counts.get(source)
        numbers = (count.measured, count.estimated, count.in_vain) if count else (0, 0, 0)
        table.add_row(source, "yes" if source in on else "no", *(f"{number:,}" for number in numbers))
    output().print(table)
    output().print(
        f"Of {status.tracks:,} tracks {status.measured:,} are measured, {status.estimated:,} estimated, "
        f"{status.none:,} without audio features.",
        highlight=False,
    )
    if not on:
        say_note("All sources are off: name some in CROSSFADE_FEATURES_PROVIDERS.")


@features.command("fetch")
def features_fetch(
    context: typer.Context,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Ask services on the network about so many tracks at most.")
    ] = None,
) -> None:
    """Fill in what is missing, source by source; stop it any time, the next run goes on."""
    settings = state_of(context).settings
    if not settings.features.sources:
        raise CrossfadeError("All sources are off: name some in CROSSFADE_FEATURES_PROVIDERS.")
    _say(_filled(settings, "Looking up", lambda service, tell: service.fill(limit, tell)))


@features.command("estimate")
def features_estimate(context: typer.Context) -> None:
    """Estimate the tracks that nobody has measured, from the imported playlists and features."""
    settings = state_of(context).settings
    if FEATURES_ESTIMATED not in settings.features.sources:
        raise CrossfadeError("Estimates are off: add estimate to CROSSFADE_FEATURES_PROVIDERS.")
    report = _filled(settings, "Estimating", lambda service, tell: service.estimate(tell))
    _say(report)
    if report.tracks and not report.found.get(FEATURES_ESTIMATED):
        say_note(
            "Nothing could be estimated: import playlists (crossfade import mpd) and audio features of their tracks "
            "(crossfade import features) first."
        )


@features.command("export")
def features_export(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="The CSV file to write; it must not exist yet.")],
) -> None:
    """Write what was measured, from the sources that may be learnt from, as `crossfade import features` reads it."""
    settings = state_of(context).settings
    if path.exists():
        raise CrossfadeError(f"{path} exists: give another name, or delete it first.")
    measured = _with_service(settings, lambda service: service.measured())
    if not len(measured):
        allowed = ", ".join(settings.features.learnt_from) or "no source"
        raise CrossfadeError(f"Nothing is measured by {allowed}: run crossfade features fetch first.")
    _write(path, measured)
    output().print(f"Audio features of {len(measured):,} tracks in {path}.", highlight=False, soft_wrap=True)


def _with_service(settings: Settings, use: Callable[[FeaturesService], Awaitable[Result]]) -> Result:
    from bot.core import core

    async def run() -> Result:
        async with core(settings) as the_core:
            return await use(the_core.services.features)

    return asyncio.run(run())


def _filled(
    settings: Settings,
    what: str,
    fill: Callable[[FeaturesService, Callable[[int, int], None]], Awaitable[FillReport]],
) -> FillReport:
    with progress("tracks") as bar:
        task = bar.add_task(what, total=None)
        return _with_service(
            settings,
            lambda service: fill(service, lambda done, total: bar.update(task, completed=done, total=total)),
        )


def _say(report: FillReport) -> None:
    if not report.tracks and not report.out_of_order:
        output().print("Nothing is missing.")
        return
    output().print(f"{report.tracks:,} tracks were looked up.", highlight=False)
    for source in dict.fromkeys([*report.found, *report.in_vain]):
        found, in_vain = report.found.get(source, 0), report.in_vain.get(source, 0)
        unknown = f", {in_vain:,} are not known there" if in_vain else ""
        output().print(f"{source}: {found:,} tracks{unknown}.", highlight=False)
    for why in report.out_of_order.values():
        say_note(why)


def _write(path: Path, measured: AudioFeatures) -> None:
    from recommender.features import FEATURES

    try:
        with path.open("x", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["track_uri", *(feature.name for feature in FEATURES)])
            for uri, values in zip(measured.uris.tolist(), measured.values.tolist(), strict=True):
                # Six digits are what 32 bits hold.
                writer.writerow([uri.decode(), *("" if value != value else f"{value:.6g}" for value in values)])
    except OSError as error:
        raise CrossfadeError(f"{path} cannot be written ({error.strerror}): choose another place.") from None
