"""The command that makes a model: train.

Heavy modules are imported by the command, so that --help answers at once.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bot.cli.console import output, say_note, state_of
from bot.cli.corpora import read_corpus
from bot.cli.phases import Phases
from bot.domain.training import OF_MEMBERS
from bot.settings import Settings

if TYPE_CHECKING:
    from recommender.artifacts import ModelStore

_KEPT_MODELS = 5
_INTERRUPTED = 130
_DIGITS = 4


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)


def train(
    context: typer.Context,
    ranker: Annotated[
        Literal["auto", "lambdarank", "blend"],
        typer.Option(
            help="What puts the candidates in order: learnt trees, a weighted blend, or whichever is better on "
            "playlists that were kept aside."
        ),
    ] = "auto",
) -> None:
    """Train a model on the playlists that CROSSFADE_TRAINING_SOURCES allows, and make it the one that is served.

    Members' playlists are taken out of the database anew each time: who has opted out of learning, disconnected or been
    deleted since is gone from the corpus, from the new model, and from the earlier models, which are deleted. Until the
    new model is complete the old one is served; Ctrl-C leaves it so.
    """
    settings = state_of(context).settings
    earlier: str | None = None
    try:
        from recommender.artifacts import ModelStore

        store = ModelStore(settings.models_dir)
        earlier = store.current_name()
        _train(settings, store, ranker)
    except KeyboardInterrupt:
        _say_interrupted(settings.models_dir, earlier)
        raise typer.Exit(_INTERRUPTED) from None


def _train(settings: Settings, store: ModelStore, ranker: str) -> None:
    from recommender.hybrid import Hybrid

    started = time.monotonic()
    with Phases() as phases:
        phases.tell("Reading the corpus")
        corpus, features = read_corpus(settings)
        phases.tell(f"Learning from {corpus.n_playlists:,} playlists")
        model = Hybrid(ranker=ranker).fit(corpus, features, progress=phases.tell)
        by_source = dict(sorted(Counter(corpus.sources).items()))
        metrics = {
            "playlists_by_source": by_source,
            "allowed_sources": sorted(settings.training.allowed),
            "seconds": phases.seconds,
        }
        phases.tell("Writing the model")
        now = datetime.now(UTC)
        name = _free_name(f"{now:%Y-%m-%d-%H%M%S}", store.names())
        store.publish(name, lambda path: model.save(path, created_at=now, metrics=metrics))
        store.prune(_KEPT_MODELS, besides=_learnt_from_members)
    measured = 0 if features is None else len(features)
    shares = ", ".join(f"{source} {count:,}" for source, count in by_source.items())
    output().print(
        f"Model {name}: {corpus.n_playlists:,} playlists ({shares}), {corpus.n_tracks:,} tracks, audio "
        f"features of {measured:,}; {time.monotonic() - started:.1f} s{_peak_memory()}.\n"
        f"{choice_in_words(model.ranker_report_, ranker)}",
        highlight=False,
        soft_wrap=True,
    )


def choice_in_words(report: Mapping[str, Any], asked_for: str) -> str:
    """Return in a sentence what puts the candidates in order, and why.

    Args:
        report: `Hybrid.ranker_report_`.
        asked_for: "auto" or the name of a ranker.
    """
    learnt = report["ranker"] == "lambdarank"
    text = "Candidates are put in order by " + ("the learnt ranker" if learnt else "the weighted blend")
    if asked_for == report["ranker"]:
        text += ", as asked for"
    elif not learnt:
        text += f", since {'there are only ' if 'playlists' in report else ''}{report['why']}"
    if "ndcg_of_ranker" not in report:
        return f"{text}."
    ours, theirs = report["ndcg_of_ranker"], report["ndcg_of_blend"]
    figures = f"NDCG@500 {ours:.{_DIGITS}f} against the blend's {theirs:.{_DIGITS}f}"
    return f"{text}: {figures} on {report['validated_on']:,} playlists that the ranker had not seen."


def _say_interrupted(models_dir: Path, earlier: str | None) -> None:
    """Say what is served now: whatever was current before, unless the new model was complete already."""
    from recommender.artifacts import ModelStore

    store = ModelStore(models_dir)
    current = store.current_name()
    if current != earlier:
        # Who opted out must be gone from the earlier models, however this ends.
        store.prune(_KEPT_MODELS, besides=_learnt_from_members)
        say_note(f"Interrupted when the new model {current} was complete: it is the one that is served.")
    elif current is None:
        say_note("Interrupted; there is no model yet: run `crossfade train` again.")
    else:
        say_note("Interrupted; the old model goes on serving.")


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


def _peak_memory() -> str:
    """Return the greatest resident memory of this process so far in words, nothing where the system does not tell."""
    try:
        import resource
    except ModuleNotFoundError:
        return ""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f", {peak / (1e6 if sys.platform == 'darwin' else 1e3):,.0f} MB at most"
