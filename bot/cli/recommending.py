"""Commands of the recommender: train, recommend, evaluate, challenge.

Heavy modules are imported by the commands that need them, so that --help answers at once.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot.cli.console import errors, output, progress, say_note, say_problems, state_of
from bot.domain.training import OF_MEMBERS
from bot.settings import Settings

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures
    from recommender.corpus import PlaylistCorpus
    from recommender.evaluation.report import EvaluationReport, ReportRow
    from recommender.records import Recommendation

_KEPT_MODELS = 5
_MEASURES = ("R-prec", "+artists", "NDCG", "clicks", "recall")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(recommend)
    app.command()(evaluate)
    app.command()(challenge)


def train(context: typer.Context) -> None:
    """Train a model on the playlists that CROSSFADE_TRAINING_SOURCES allows, and make it the one that is served.

    Members' playlists are taken out of the database anew each time: who has opted out of learning, disconnected or been
    deleted since is gone from the corpus, from the new model, and from the earlier models, which are deleted.
    """
    from recommender.artifacts import ModelStore
    from recommender.hybrid import Hybrid

    settings = state_of(context).settings
    started = time.monotonic()
    with errors().status("Reading the corpus"):
        corpus, features = _read(settings)
    with errors().status(f"Learning from {corpus.n_playlists:,} playlists"):
        model = Hybrid().fit(corpus, features)
    by_source = dict(sorted(Counter(corpus.sources).items()))
    metrics = {"playlists_by_source": by_source, "allowed_sources": sorted(settings.training.allowed)}
    now = datetime.now(UTC)
    store = ModelStore(settings.models_dir)
    with errors().status("Writing the model"):
        name = _free_name(f"{now:%Y-%m-%d-%H%M%S}", store.names())
        directory = store.publish(name, lambda path: model.save(path, created_at=now, metrics=metrics))
    store.prune(_KEPT_MODELS, besides=_learnt_from_members)
    measured = 0 if features is None else len(features)
    shares = ", ".join(f"{source} {count:,}" for source, count in by_source.items())
    output().print(
        f"Model {directory.name}: {corpus.n_playlists:,} playlists ({shares}), {corpus.n_tracks:,} tracks, audio "
        f"features of {measured:,}; {time.monotonic() - started:.1f} s{_peak_memory()}.",
        highlight=False,
    )


def recommend(
    context: typer.Context,
    track: Annotated[list[str] | None, typer.Option(help="URI of a track of the playlist; repeat it for more.")] = None,
    title: Annotated[str | None, typer.Option(help="The playlist's title.")] = None,
    k: Annotated[int, typer.Option("-k", min=0, max=500, help="How many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Recommend tracks that continue a playlist, with the reasons."""
    from recommender.artifacts import ModelStore
    from recommender.errors import RecommenderError
    from recommender.hybrid import Hybrid

    if not track and not title:
        raise typer.BadParameter("Name at least one track or a title.", param_hint="--track / --title")
    seeds = [_uri(text) for text in track or ()]
    model = ModelStore(state_of(context).settings.models_dir).load_current(Hybrid.load)
    unknown = [
        uri
        for uri, index in zip(seeds, model.interactions_.corpus.catalogue.indices_of(seeds), strict=True)
        if index < 0
    ]
    if unknown and len(unknown) == len(seeds) and not title:
        raise RecommenderError(
            f"The model does not know {unknown[0]}: name a track that was imported, give a --title, "
            "or import playlists that hold it and train again."
        )
    for uri in unknown:
        say_note(f"The model does not know {uri}; it was passed over.")
    found = model.recommend(seeds, title=title, k=k)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(item) for item in found], ensure_ascii=False, indent=2))
    else:
        output().print(_table(found))


def evaluate(
    context: typer.Context,
    playlists: Annotated[int, typer.Option(min=10, help="How many playlists are held back for the test.")] = 1000,
    seed: Annotated[int, typer.Option(help="Decides which ones, and which of their tracks are shown.")] = 2018,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Measure the generators, plain co-occurrence and the hybrid on playlists that they were not trained on."""
    from recommender.evaluation.report import evaluate as run_evaluation

    corpus, features = _read(state_of(context).settings)
    with progress("playlists") as bar:
        task = bar.add_task("Evaluating", total=None)
        report = run_evaluation(
            corpus,
            features,
            playlists=playlists,
            random_state=seed,
            progress=lambda label, done, total: bar.update(task, description=label, completed=done, total=total),
        )
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
        return
    output().print(
        f"Trained on {report.n_training:,} playlists with {report.n_tracks:,} tracks, "
        f"measured on {report.n_cases:,} others (seed {report.random_state}). NDCG and recall are at 500; +artists is "
        "R-precision with the challenge's credit for artists; clicks: fewer are better.\n",
        highlight=False,
    )
    output().print(_rankers(report))
    output().print(_kinds(report))


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


def _uri(text: str) -> str:
    from bot.services.tracks import track_uri

    uri = track_uri(text)
    if uri is None:
        raise typer.BadParameter(
            f"{text!r} is no track: give a URI like spotify:track:… or a link from open.spotify.com.",
            param_hint="--track",
        )
    return uri


def _read(settings: Settings) -> tuple[PlaylistCorpus, AudioFeatures | None]:
    """Return what may be learnt from: the corpus, with members' playlists as they are now, and audio features."""
    import numpy as np

    from bot import upkeep
    from bot.services.training import TrainingCorpus
    from recommender.audio import AudioFeatures

    measured = asyncio.run(upkeep.renew_corpus(settings))
    allowed = TrainingCorpus(settings.corpus_dir, settings.training.allowed)
    corpus = allowed.read()
    if left_out := allowed.left_out():
        say_note(f"Left out: playlists of {', '.join(left_out)}, which CROSSFADE_TRAINING_SOURCES does not allow.")
    features = AudioFeatures.read(settings.corpus_dir)
    if measured is not None and len(measured):
        # Of a track that is in both, the imported values come first.
        uris, values = (features.uris, measured.uris), (features.values, measured.values)
        features = AudioFeatures.merged(np.concatenate(uris), np.concatenate(values))
    return corpus, features if len(features) else None


def _free_name(wanted: str, taken: Collection[str]) -> str:
    """Return the name, numbered if two trainings end in the same second."""
    numbered = (f"{wanted}-{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([wanted], numbered) if name not in taken)


def _learnt_from_members(model: Path) -> bool:
    """Say of an earlier model whether members' playlists are in it: who left or opted out since must be gone."""
    from recommender.errors import ArtifactError
    from recommender.manifest import read_manifest

    try:
        sources = read_manifest(model).metrics.get("playlists_by_source", {})
    except ArtifactError:
        return False
    return bool(OF_MEMBERS & set(sources))


def _rankers(report: EvaluationReport) -> Table:
    table = Table(
        box=None,
        pad_edge=False,
        title="All kinds of playlist together",
        title_justify="left",
    )
    table.add_column("ranker", no_wrap=True)
    for heading in (*_MEASURES, "ms", "fit s"):
        table.add_column(heading, justify="right")
    for name, row in sorted(report.overall().items(), key=lambda item: item[1].ndcg):
        table.add_row(name, *_figures(row), f"{row.milliseconds:.1f}", f"{report.fit_seconds[name]:.1f}")
    return table


def _kinds(report: EvaluationReport) -> Table:
    table = Table(box=None, pad_edge=False, title="\nThe hybrid, by kind", title_justify="left")
    table.add_column("kind", no_wrap=True)
    for heading in ("playlists", *_MEASURES):
        table.add_column(heading, justify="right")
    for row in report.rows:
        if row.ranker == "hybrid" and row.kind != "all":
            table.add_row(row.kind, f"{row.cases:,}", *_figures(row))
    return table


def _figures(row: ReportRow) -> tuple[str, ...]:
    rates = (row.r_precision, row.r_precision_with_artists, row.ndcg)
    return (*(f"{rate:.4f}" for rate in rates), f"{row.clicks:.2f}", f"{row.recall:.4f}")


def _table(found: list[Recommendation]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column("#", justify="right")
    table.add_column("Track", min_width=36)
    table.add_column("Why")
    for place, item in enumerate(found, 1):
        name, artist = item.track.name or "Unknown track", item.track.artist_name or "Unknown artist"
        about = Text.assemble((name, "bold"), "\n", artist, "\n", (item.track.uri, "dim"))
        table.add_row(str(place), about, Text("\n".join(reason.text for reason in item.reasons)))
    return table


def _peak_memory() -> str:
    """Return the greatest resident memory of this process so far in words, nothing where the system does not tell."""
    try:
        import resource
    except ModuleNotFoundError:
        return ""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f", {peak / (1e6 if sys.platform == 'darwin' else 1e3):,.0f} MB at most"
