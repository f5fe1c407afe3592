"""How the ranker learns: from playlists that the generators have not seen, to be kept only if it beats the blend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recommender.blending import kind_of, weights_of
from recommender.candidates.base import CandidateGenerator, Query
from recommender.candidates.interactions import FloatArray, IntArray, Interactions
from recommender.corpus import PlaylistCorpus
from recommender.ranking.features import RankingFeatures
from recommender.ranking.lambdarank import LambdaRank
from recommender.ranking.sampling import LEAST_LENGTH, QueryKind, draw_query, kinds_for
from recommender.records import SOURCE_CHALLENGE
from recommender.retrieval import Retrieval

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures

Progress = Callable[[str, int, int], None]

_LENGTH = 500
_MANY_FOLDS = 2**62
# At least two thirds of the queries teach the ranker that is compared with the blend.
_LEARNT_FROM = 3
_Z_95 = 1.645


@dataclass(frozen=True)
class RankerTraining:
    """How the ranker is trained.

    Attributes:
        least_playlists: with fewer complete playlists the plain blend is kept unheard.
        max_queries: from how many playlists it learns at most.
        folds: in how many parts the playlists are left out of the generators' statistics in turn.
        misses: how many candidates that were not in the playlist a list has at most.
        validated: on how many playlists it is compared with the blend at most; never more than a third of them.
        limit: how many candidates each generator names.
        top: how many of a generator's greatest scores its scale is the mean of.
    """

    least_playlists: int = 300
    max_queries: int = 12_000
    folds: int = 4
    misses: int = 100
    validated: int = 600
    limit: int = 900
    top: int = 200


@dataclass(frozen=True)
class RankerChoice:
    """What came of it.

    Attributes:
        ranker: what has been learnt, or None if the plain blend is as good.
        report: why, as JSON can hold it.
    """

    ranker: LambdaRank | None
    report: Mapping[str, Any]


@dataclass
class _Lists:
    """Lists of candidates: the features, whether each was in the playlist, and how long each list is."""

    rows: list[FloatArray] = field(default_factory=list)
    hits: list[npt.NDArray[np.bool_]] = field(default_factory=list)

    def add(self, rows: FloatArray, hits: npt.NDArray[np.bool_]) -> None:
        self.rows.append(rows)
        self.hits.append(hits)

    def fit(self, ranker: LambdaRank, names: tuple[str, ...], chosen: Sequence[int]) -> LambdaRank:
        rows = np.concatenate([self.rows[place] for place in chosen])
        hits = np.concatenate([self.hits[place] for place in chosen])
        return ranker.fit(rows, hits, np.array([len(self.hits[place]) for place in chosen]), names)


@dataclass(frozen=True, eq=False)
class _Whole:
    """A whole list of candidates, kept to compare rankers on."""

    place: int
    rows: FloatArray
    hits: npt.NDArray[np.bool_]
    blended: FloatArray
    n_withheld: int


def learn_ranker(
    corpus: PlaylistCorpus,
    features: AudioFeatures | None,
    prototypes: Sequence[CandidateGenerator],
    ranked: tuple[str, ...],
    weights: Mapping[str, Mapping[str, float]] | None,
    settings: RankerTraining,
    ranker: LambdaRank,
    *,
    folds: Callable[[PlaylistCorpus, int, int], npt.NDArray[np.integer]],
    forced: bool = False,
    random_state: int = 0,
    progress: Progress | None = None,
) -> RankerChoice:
    """Learn a ranker by cross-fitting, and keep it if it beats the plain blend on playlists that it has not seen.

    The complete playlists are divided into folds. For each, the generators learn from all other playlists; then part
    of each of its playlists is shown to them, and the ranker learns which candidates are in the rest. So it never
    sees scores that rest on the playlist it is asked about: with those, it would trust them far too much.

    Args:
        corpus: all playlists.
        features: audio features, if there are any.
        prototypes: unfitted generators.
        ranked: the names of those whose scores are features.
        weights: of the plain blend, None for the default ones.
        settings: how.
        ranker: not fitted yet.
        folds: divides a corpus: takes it, how many folds and a seed, and returns the fold of each playlist, copies
            of one playlist in the same.
        forced: whether it is kept even if the blend is better.
        random_state: decides the folds, the seeds that are shown and the misses.
        progress: called with what is being done, the number of steps done and of all.
    """
    from threadpoolctl import threadpool_limits

    usable = _usable(corpus)
    least = 2 if forced else settings.least_playlists
    if len(usable) < least:
        why = f"{len(usable)} complete playlists, fewer than {least}"
        return RankerChoice(None, {"ranker": "blend", "why": why, "playlists": len(usable)})
    rng = np.random.default_rng(random_state)
    queries = np.sort(rng.permutation(usable)[: settings.max_queries])
    of_fold = np.asarray(folds(corpus, settings.folds, random_state))
    # With so many folds only copies of one playlist share one.
    content = np.asarray(folds(corpus, _MANY_FOLDS, random_state))
    parts = [queries[of_fold[queries] == fold] for fold in range(settings.folds)]
    if len(usable) > settings.max_queries * settings.folds:
        # So many playlists that those asked about can all be left out at once without being missed.
        parts = [queries]
    validated = min(settings.validated, len(queries) // _LEARNT_FROM)
    whole_places = set(rng.permutation(len(queries))[:validated].tolist())
    lists = _Lists()
    wholes: list[_Whole] = []
    names: tuple[str, ...] = ()
    done, steps = 0, len(queries)
    # The products of one query are too small to share out: threads of BLAS would only wait for each other.
    with threadpool_limits(1, "blas"):
        for part in parts:
            if progress is not None:
                progress("Learning to rank", done, steps)
            left_out = np.flatnonzero(np.isin(content, content[part]))
            model = _Stage(corpus, left_out, features, prototypes, ranked, weights, settings)
            names = model.features.names
            for playlist in part.tolist():
                tracks = corpus.tracks_of(playlist)
                kind = _kind(tracks, corpus.title(playlist), rng)
                query, withheld = draw_query(tracks, corpus.title(playlist), kind, rng)
                candidates, rows, blended = model.ask(query)
                hits = np.isin(candidates, withheld)
                if done in whole_places:
                    wholes.append(_Whole(len(lists.hits), rows, hits, blended, len(withheld)))
                sample = _sample(hits, settings.misses, rng)
                # A list without a hit teaches nothing, but its place must stay: the wholes point at places.
                lists.add(rows[sample], hits[sample])
                done += 1
                if progress is not None and (done % 50 == 0 or done == steps):
                    progress("Learning to rank", done, steps)
    if progress is not None:
        progress("Growing the ranker's trees", steps, steps)
    return _chosen(lists, wholes, names, ranker, forced)


class _Stage:
    """The generators as they are without some playlists."""

    def __init__(
        self,
        corpus: PlaylistCorpus,
        left_out: npt.NDArray[np.int64],
        features: AudioFeatures | None,
        prototypes: Sequence[CandidateGenerator],
        ranked: tuple[str, ...],
        weights: Mapping[str, Mapping[str, float]] | None,
        settings: RankerTraining,
    ) -> None:
        kept = np.setdiff1d(np.arange(corpus.n_playlists), left_out)
        self._interactions = Interactions.of(corpus.subset(kept))
        self._sizes = self._interactions.tracks.column_sizes
        wanted = [prototype for prototype in prototypes if prototype.name in ranked or prototype.name == "popularity"]
        fitted = [type(p)(**p.parameters()).learn(self._interactions, features) for p in wanted]
        self._generators = fitted
        self._weights = weights
        self._settings = settings
        self.features = RankingFeatures(self._interactions, fitted, ranked, weights)

    def ask(self, query: Query) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return the candidates for a query, their features, and their scores in the plain blend."""
        retrieval = Retrieval.of(self._generators, query, self._settings.limit, self._settings.top)
        candidates = retrieval.candidates(query.seeds)
        # The catalogue still has tracks that only playlists left out have: without those, nobody could name them.
        candidates = candidates[self._sizes[candidates] > 0]
        blended, _ = retrieval.blended(candidates, weights_of(self._weights, kind_of(query)))
        return candidates, self.features.matrix(retrieval, candidates), blended


def _usable(corpus: PlaylistCorpus) -> npt.NDArray[np.int64]:
    """Return the playlists of which part can be shown and the rest asked for: a challenge set's are cut short."""
    lengths = np.diff(corpus.indptr)
    complete = np.array([source != SOURCE_CHALLENGE for source in corpus.sources], np.bool_)
    return np.flatnonzero(complete & (lengths >= LEAST_LENGTH))


def _kind(tracks: IntArray, title: str | None, rng: np.random.Generator) -> QueryKind:
    kinds = kinds_for(len(tracks), bool(title))
    weights = np.array([kind.weight for kind in kinds])
    return kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]


def _sample(hits: npt.NDArray[np.bool_], misses: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    missed = np.flatnonzero(~hits)
    if len(missed) > misses:
        missed = rng.choice(missed, misses, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(hits), missed]))


def _chosen(
    lists: _Lists, wholes: list[_Whole], names: tuple[str, ...], ranker: LambdaRank, forced: bool
) -> RankerChoice:
    teaching = [place for place, hits in enumerate(lists.hits) if hits.any()]
    if not teaching:
        return RankerChoice(None, {"ranker": "blend", "why": "no candidate was ever in the playlist"})
    judged = {whole.place for whole in wholes}
    others = [place for place in teaching if place not in judged]
    report: dict[str, Any] = {"queries": len(teaching), "candidates": int(sum(len(hits) for hits in lists.hits))}
    better = forced
    if others and wholes:
        trial = lists.fit(type(ranker)(**ranker.parameters()), names, others)
        gains = [(_ndcg(trial.predict(w.rows), w), _ndcg(w.blended, w)) for w in wholes]
        learnt, plain = np.array(gains).T
        error = float((learnt - plain).std() / np.sqrt(len(gains)))
        report |= {
            "validated_on": len(gains),
            "ndcg_of_ranker": round(float(learnt.mean()), 4),
            "ndcg_of_blend": round(float(plain.mean()), 4),
            "standard_error": round(error, 4),
        }
        better = better or float((learnt - plain).mean()) > _Z_95 * error
    if not better:
        return RankerChoice(None, {"ranker": "blend", "why": "the ranker was not clearly better", **report})
    return RankerChoice(lists.fit(ranker, names, teaching), {"ranker": "lambdarank", **report})


def _ndcg(scores: FloatArray, whole: _Whole) -> float:
    order = np.argsort(-scores, kind="stable")[:_LENGTH]
    discounts = 1 / np.log2(np.arange(2, _LENGTH + 2))
    return float(discounts[: len(order)][whole.hits[order]].sum() / discounts[: whole.n_withheld].sum())
