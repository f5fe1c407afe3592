"""The challenge's ten kinds of query and four with random seeds, made from playlists that are held back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from recommender.candidates.base import Query
from recommender.candidates.interactions import IntArray
from recommender.corpus import PlaylistCorpus
from recommender.errors import CorpusError
from recommender.records import SOURCE_CHALLENGE
from recommender.roles import assign_roles, playlist_keys

CHALLENGE_GROUP = "all"
RANDOM_GROUP = "random"


@dataclass(frozen=True, slots=True)
class ChallengeKind:
    """What of a playlist is shown.

    Attributes:
        name: as reports call it.
        n_seeds: how many tracks.
        with_title: whether the title is shown too.
        random: whether the tracks are drawn from the whole playlist, not the first ones; they stay in order.
        group: the kinds with which it is taken together.
    """

    name: str
    n_seeds: int
    with_title: bool = True
    random: bool = False
    group: str = CHALLENGE_GROUP


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
RANDOM_KINDS = tuple(
    ChallengeKind(f"random {n_seeds}", n_seeds, with_title=False, random=True, group=RANDOM_GROUP)
    for n_seeds in (1, 5, 10, 25)
)
GROUPS = {CHALLENGE_GROUP: KINDS, RANDOM_GROUP: RANDOM_KINDS}


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

    @property
    def query(self) -> Query:
        """What a ranker is told: neither the answer nor its length, nor how the seeds were drawn."""
        return Query(self.seeds, self.title)


@dataclass(frozen=True, eq=False)
class Split:
    """A corpus without the playlists that are held back, and the cases made from those.

    Attributes:
        training: what may be learnt from, over the same catalogue.
        cases: of each playlist that is continued at most one a group.
        unseen: int32: tracks that no training playlist has. A model trained on the rest would not know them, so none
            may be answered; those that are withheld count as missed.
        n_playlists: how many playlists are continued.
        n_copies: how many others were left out of `training` since they hold exactly the tracks of one of those.
    """

    training: PlaylistCorpus
    cases: tuple[Case, ...]
    unseen: IntArray
    n_playlists: int
    n_copies: int

    def of_group(self, group: str) -> tuple[Case, ...]:
        """Return the cases of one group of kinds, "all" (the challenge's ten) or "random"."""
        return tuple(case for case in self.cases if case.kind.group == group)


def split(
    corpus: PlaylistCorpus,
    n_playlists: int,
    random_state: int | np.random.Generator,
    least_withheld: int = 5,
    *,
    role: Literal["test", "tuning"] = "test",
) -> Split:
    """Hold playlists back and make cases of them: one of the challenge's ten kinds and one with random seeds each.

    The kinds of a group are as even as the playlists' lengths allow; a playlist that is too short for a kind is not
    used for it. Playlists of a challenge set are never continued: they are cut short already.

    Nothing leaks from one part to another. Test playlists are chosen first (see `assign_roles`). Parameters are
    chosen with `role="tuning"`: its cases come from other playlists, and its training part has neither these nor the
    test's. What is trained for the test learns from all but the test playlists; a ranker over learnt statistics must
    cross-fit within that part (see `folds`). Playlists that hold exactly the tracks of one that is held back go with
    it. (Of 6,351 real playlists 2 had a copy, and 5 one with which they shared 90 % of their tracks or more.)

    Args:
        corpus: all playlists.
        n_playlists: how many are for the test, and for tuning; each at most a fifth of those that can be.
        random_state: a seed, or a generator that draws one.
        least_withheld: how many tracks must be left to find.
        role: whose cases are made.

    Raises:
        CorpusError: no playlist is long enough.
    """
    if isinstance(random_state, np.random.Generator):
        random_state = int(random_state.integers(2**63))
    eligible = _eligible(corpus, least_withheld)
    if not eligible.any():
        raise CorpusError(
            f"No playlist can be held back: import complete ones with a title and at least {least_withheld} tracks."
        )
    tuned = n_playlists if role == "tuning" else 0
    roles = assign_roles(corpus, eligible, n_playlists, tuned, random_state)
    held_back, copies = (roles.test, roles.test_copies) if role == "test" else (roles.tuning, roles.tuning_copies)
    if not len(held_back):
        raise CorpusError("There are too few playlists to hold some back for tuning besides the test: import more.")
    training = corpus.subset(roles.training)
    cases = tuple(_cases(corpus, held_back, random_state, least_withheld))
    return Split(training, cases, unseen_tracks(training), len(held_back), len(copies))


def unseen_tracks(training: PlaylistCorpus) -> IntArray:
    """Return the tracks of the catalogue that no playlist has, int32, ascending: they must not be answered."""
    seen = np.zeros(training.n_tracks, np.bool_)
    seen[training.indices] = True
    return np.flatnonzero(~seen).astype(np.int32)


def _eligible(corpus: PlaylistCorpus, least_withheld: int) -> npt.NDArray[np.bool_]:
    """Say of every playlist whether some of the ten kinds can be made of it."""
    lengths = np.diff(corpus.indptr)
    titled = np.array([bool(title) for title in corpus.titles], np.bool_)
    complete = np.array([source != SOURCE_CHALLENGE for source in corpus.sources], np.bool_)
    untitled = min(kind.n_seeds for kind in KINDS if not kind.with_title)
    least = np.where(titled, min(kind.n_seeds for kind in KINDS), untitled)
    return complete & (lengths >= least + least_withheld)


def _cases(
    corpus: PlaylistCorpus, playlists: npt.NDArray[np.int64], random_state: int, least_withheld: int
) -> list[Case]:
    cases = []
    keys = playlist_keys(corpus.subset(playlists), random_state)
    for kinds in GROUPS.values():
        counts = dict.fromkeys(kinds, 0)
        for playlist, key in zip(playlists.tolist(), keys.tolist(), strict=True):
            tracks, title = corpus.tracks_of(playlist), corpus.title(playlist)
            fitting = [
                kind
                for kind in kinds
                if len(tracks) >= kind.n_seeds + least_withheld and (title or not kind.with_title)
            ]
            if not fitting:
                continue
            # Of kinds with equally few cases the most demanding first: few playlists are long enough for it.
            kind = min(fitting, key=lambda kind: (counts[kind], -kind.n_seeds))
            counts[kind] += 1
            shown = np.arange(kind.n_seeds)
            if kind.random:
                rng = np.random.default_rng([key, kind.n_seeds, int(kind.with_title)])
                shown = np.sort(rng.choice(len(tracks), kind.n_seeds, replace=False))
            shown_title = title if kind.with_title else None
            cases.append(Case(kind, playlist, tracks[shown], shown_title, np.delete(tracks, shown)))
    return cases
