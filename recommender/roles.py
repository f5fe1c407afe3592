"""Which playlists are for what: the test, tuning, or training; decided by what a playlist holds and a seed alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.corpus import PlaylistCorpus

Keys = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]

_LARGEST_SHARE = 0.2
_WORD = 8
# The constants of the finaliser of splitmix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, eq=False)
class Roles:
    """The rows of a corpus by what they are for; every row is in exactly one array.

    Attributes:
        test: int64: playlists that are continued in the test; chosen first.
        tuning: int64: playlists on which parameters are chosen; the next ones, so that the test does not depend on
            how many there are.
        training: int64: all others.
        test_copies: int64: playlists with exactly the tracks of a test playlist: they would tell its answer, so they
            are left out everywhere.
        tuning_copies: int64: the same for tuning.
    """

    test: Rows
    tuning: Rows
    training: Rows
    test_copies: Rows
    tuning_copies: Rows


def playlist_keys(corpus: PlaylistCorpus, random_state: int) -> Keys:
    """Return a number for every playlist, uint64, shape (n_playlists,), that looks drawn at random.

    It follows from the seed and the set of the playlist's URIs alone: not from its pid, its row, its title, or what
    else the corpus holds. Playlists with the same tracks have the same key.
    """
    uris = corpus.catalogue.uris
    words = np.zeros((len(uris), -(-uris.dtype.itemsize // _WORD) * _WORD), np.uint8)
    if len(uris):
        words[:, : uris.dtype.itemsize] = np.ascontiguousarray(uris).view(np.uint8).reshape(len(uris), -1)
    tracks = np.zeros(len(uris), np.uint64)
    # A word of zeros adds nothing, so the width that the longest URI gives to all does not matter.
    for place, word in enumerate(words.view(np.uint64).T, start=1):
        tracks += _mixed(word * (_STEP * np.array(2 * place + 1, np.uint64)))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mixed(tracks)[corpus.indices], dtype=np.uint64)])
    seed = _mixed(np.array([random_state % 2**64], np.uint64) + _STEP)
    return _mixed((sums[corpus.indptr[1:]] - sums[corpus.indptr[:-1]]) ^ seed)


def assign_roles(
    corpus: PlaylistCorpus,
    eligible: npt.NDArray[np.bool_],
    n_test: int,
    n_tuning: int,
    random_state: int,
) -> Roles:
    """Give every playlist its role.

    Eligible playlists are ordered by `playlist_keys`; the first are for the test, the next for tuning. So the test
    set is a fixed function of the playlists and the seed; playlists that join the corpus displace few of it.

    Args:
        corpus: all playlists.
        eligible: shape (n_playlists,): which may be held back.
        n_test: how many are for the test; at most a fifth of the eligible ones, and at least one if there is any.
        n_tuning: how many are for tuning; at most a fifth of the eligible ones.
        random_state: the seed.
    """
    keys = playlist_keys(corpus, random_state)
    # Of copies the first stands for all.
    distinct, first = np.unique(keys[eligible], return_index=True)
    rows = np.flatnonzero(eligible)[first]
    most = int(len(rows) * _LARGEST_SHARE)
    n_test = min(max(1, min(n_test, most)), len(rows))
    n_tuning = min(n_tuning, most, len(rows) - n_test)
    test, tuning = rows[:n_test], rows[n_test : n_test + n_tuning]
    of_test = np.isin(keys, distinct[:n_test])
    of_tuning = np.isin(keys, distinct[n_test : n_test + n_tuning])
    training = np.flatnonzero(~of_test & ~of_tuning)
    copies = (np.setdiff1d(np.flatnonzero(held), part) for held, part in ((of_test, test), (of_tuning, tuning)))
    return Roles(test, tuning, training, *copies)


def folds(corpus: PlaylistCorpus, n_folds: int, random_state: int) -> npt.NDArray[np.int64]:
    """Return a fold, 0 to n_folds - 1, for every playlist, for cross-fitting; copies are in the same fold."""
    return (playlist_keys(corpus, random_state) % np.uint64(n_folds)).astype(np.int64)


def _mixed(values: Keys) -> Keys:
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    mixed: Keys = values ^ (values >> np.uint64(31))
    return mixed
