"""The challenge's ten kinds of query, made from playlists that are held back from training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.candidates.interactions import IntArray
from recommender.corpus import PlaylistCorpus
from recommender.errors import CorpusError
from recommender.records import SOURCE_CHALLENGE

_LARGEST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class ChallengeKind:
    """What of a playlist is shown.

    Attributes:
        name: as reports call it.
        n_seeds: how many tracks.
        with_title: whether the title is shown too.
        random: whether the tracks are drawn from the whole playlist, not the first ones; they stay in order.
    """

    name: str
    n_seeds: int
    with_title: bool = True
    random: bool = False


KINDS = (
    ChallengeKind("title only", 0),
    ChallengeKind("title + first 1", 1),
    ChallengeKind("title + first 5", 5),
    ChallengeKind("first 5", 5, with_title=False),
    ChallengeKind("title + first 10", 10),
    ChallengeKind("first 10", 10, with_title=False),
    ChallengeKind("title + first 25", 25),
    ChallengeKind("title + random 25", 25, random=True),
    ChallengeKind("title + first 100", 100),
    ChallengeKind("title + random 100", 100, random=True),
)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One query and its answer.

    Attributes:
        kind: the kind of query.
        playlist: the row of the playlist in the whole corpus.
        seeds: int32: what is shown.
        title: the title, if it is shown.
        withheld: int32: what is to be found.
    """

    kind: ChallengeKind
    playlist: int
    seeds: IntArray
    title: str | None
    withheld: IntArray


@dataclass(frozen=True, eq=False)
class Split:
    """A corpus without the playlists that are held back, and the cases made from those.

    Attributes:
        training: the rest of the corpus, over the same catalogue.
        cases: at most one a playlist.
        unseen: int32: tracks that no training playlist has. A model trained on the rest would not know them, so none
            may be answered; those that are withheld count as missed.
    """

    training: PlaylistCorpus
    cases: tuple[Case, ...]
    unseen: IntArray


def split(
    corpus: PlaylistCorpus, n_playlists: int, random_state: int | np.random.Generator, least_withheld: int = 5
) -> Split:
    """Hold playlists back at random and make a case of each.

    Every playlist goes to one kind, so that kinds are as even as the lengths allow; one that is too short for a kind is
    not used for it. Playlists of a challenge set are never held back: they are cut short already.

    Args:
        corpus: all playlists.
        n_playlists: how many are held back; at most a fifth of those that can be.
        random_state: a seed, or the generator to draw from.
        least_withheld: how many tracks must be left to find.

    Raises:
        CorpusError: no playlist is long enough.
    """
    rng = np.random.default_rng(random_state)
    usable = np.array(
        [
            playlist
            for playlist, source in enumerate(corpus.sources)
            if source != SOURCE_CHALLENGE and _fitting(corpus, playlist, least_withheld)
        ],
        np.int64,
    )
    if not len(usable):
        raise CorpusError(
            f"No playlist can be held back: import complete ones with a title and at least {least_withheld} tracks."
        )
    n_playlists = max(1, min(n_playlists, int(len(usable) * _LARGEST_SHARE)))
    held_back = rng.permutation(usable)[:n_playlists]
    training = corpus.subset(np.setdiff1d(np.arange(corpus.n_playlists), held_back))
    seen = np.zeros(corpus.n_tracks, np.bool_)
    seen[training.indices] = True
    cases = _cases(corpus, held_back, rng, least_withheld)
    return Split(training, cases, np.flatnonzero(~seen).astype(np.int32))


def _cases(
    corpus: PlaylistCorpus, playlists: npt.NDArray[np.int64], rng: np.random.Generator, least_withheld: int
) -> tuple[Case, ...]:
    counts = dict.fromkeys(KINDS, 0)
    cases = []
    for playlist in playlists.tolist():
        tracks, title = corpus.tracks_of(playlist), corpus.title(playlist)
        # Of kinds with equally few cases the most demanding first: few playlists are long enough for it.
        kind = min(_fitting(corpus, playlist, least_withheld), key=lambda kind: (counts[kind], -kind.n_seeds))
        counts[kind] += 1
        shown = np.arange(kind.n_seeds)
        if kind.random:
            shown = np.sort(rng.choice(len(tracks), kind.n_seeds, replace=False))
        cases.append(Case(kind, playlist, tracks[shown], title if kind.with_title else None, np.delete(tracks, shown)))
    return tuple(cases)


def _fitting(corpus: PlaylistCorpus, playlist: int, least_withheld: int) -> list[ChallengeKind]:
    """Return the kinds for which a playlist is long enough and has a title where one is needed."""
    length, titled = len(corpus.tracks_of(playlist)), bool(corpus.titles[playlist])
    return [kind for kind in KINDS if length >= kind.n_seeds + least_withheld and (titled or not kind.with_title)]
