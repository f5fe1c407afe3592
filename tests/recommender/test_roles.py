"""What is held back stays held back: from training, from tuning, and in copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from taste_groups import make_playlists, make_track

from recommender import Playlist, PlaylistCorpus
from recommender.evaluation import folds, playlist_keys, split
from recommender.roles import assign_roles

PLAYLISTS = make_playlists(n_playlists=120, longest=40)
CORPUS = PlaylistCorpus.from_playlists(PLAYLISTS)


def held_pids(corpus: PlaylistCorpus, role: str, seed: int = 1) -> set[int]:
    """Return the pids of the playlists that are continued."""
    return {int(corpus.pids[case.playlist]) for case in split(corpus, 15, seed, role=role).cases}  # type: ignore[arg-type]


def contents(corpus: PlaylistCorpus) -> list[tuple[int, ...]]:
    """Return what each playlist holds, whatever the order."""
    return [tuple(sorted(corpus.tracks_of(row).tolist())) for row in range(corpus.n_playlists)]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(-(2**70), 2**70),
    n_test=st.integers(0, 300),
    n_tuning=st.integers(0, 300),
    lists=st.lists(st.lists(st.integers(0, 30), max_size=12, unique=True), max_size=25),
)
def test_every_playlist_has_one_role_and_no_content_has_two(
    seed: int, n_test: int, n_tuning: int, lists: list[list[int]]
) -> None:
    corpus = PlaylistCorpus.from_playlists(
        Playlist(pid, tuple(map(make_track, numbers)), "mix") for pid, numbers in enumerate(lists)
    )
    eligible = np.array([len(numbers) > 2 for numbers in lists], np.bool_)
    roles = assign_roles(corpus, eligible, n_test, n_tuning, seed)
    parts = [roles.test, roles.tuning, roles.training, roles.test_copies, roles.tuning_copies]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(lists)))
    assert eligible[roles.test].all()
    assert eligible[roles.tuning].all()
    of = contents(corpus)
    apart = [{of[row] for row in rows.tolist()} for rows in parts[:3]]
    assert not apart[0] & apart[1]
    assert not apart[0] & apart[2]
    assert not apart[1] & apart[2]
    assert len(apart[0]) == len(roles.test)
    assert len(roles.test) <= max(1, sum(eligible) // 5)


@pytest.mark.parametrize("role", ["test", "tuning"])
def test_no_held_back_playlist_is_learnt_from(role: str) -> None:
    held_back = split(CORPUS, 15, 1, role=role)  # type: ignore[arg-type]
    tested = {int(CORPUS.pids[case.playlist]) for case in held_back.cases}
    assert len(tested) == 15
    assert not tested & set(held_back.training.pids.tolist())


def test_tuning_knows_nothing_of_the_test() -> None:
    test, tuning = held_pids(CORPUS, "test"), held_pids(CORPUS, "tuning")
    learnt = set(split(CORPUS, 15, 1, role="tuning").training.pids.tolist())
    assert not test & tuning
    assert not learnt & (test | tuning)
    assert len(learnt) == 120 - 30


def test_what_serves_the_test_learns_from_the_tuning_playlists_too() -> None:
    assert held_pids(CORPUS, "tuning") <= set(split(CORPUS, 15, 1).training.pids.tolist())


def test_copies_of_a_test_playlist_are_left_out_whatever_their_order_title_pid_and_source() -> None:
    first = split(CORPUS, 15, 1)
    pids = {int(CORPUS.pids[case.playlist]) for case in first.cases}
    copied = [playlist for playlist in PLAYLISTS if playlist.pid in pids][:4]
    copies = [
        replace(playlist, pid=1000 + place, tracks=playlist.tracks[::-1], title="mine", source=source)
        for place, (playlist, source) in enumerate(zip(copied, ["mpd", "spotify", "mpd-challenge", "mpd"], strict=True))
    ]
    corpus = PlaylistCorpus.from_playlists([*PLAYLISTS, *copies])
    held_back = split(corpus, 15, 1)
    tested = {tuple(sorted(corpus.tracks_of(case.playlist).tolist())) for case in held_back.cases}
    assert held_back.n_copies >= 4
    assert held_back.n_playlists == 15 == len({case.playlist for case in held_back.cases})
    assert not tested & set(contents(held_back.training))
    assert not {1000, 1001, 1002, 1003} & set(held_back.training.pids.tolist())


def test_copies_of_each_other_are_one_playlist_in_the_test() -> None:
    lists = [Playlist(pid, tuple(make_track(n) for n in range(10)), "same") for pid in range(40)]
    corpus = PlaylistCorpus.from_playlists([*lists, *(replace(p, pid=p.pid + 500) for p in PLAYLISTS)])
    held_back = [split(corpus, 20, seed) for seed in range(12)]
    tested = [[case.playlist for case in of.of_group("all") if case.playlist < 40] for of in held_back]
    assert {len(rows) for rows in tested} == {0, 1}
    for of, rows in zip(held_back, tested, strict=True):
        assert (of.training.pids < 500).sum() == (0 if rows else 40)
        assert of.n_copies >= (39 if rows else 0)


def test_the_test_set_follows_from_the_playlists_not_from_their_order_or_pids() -> None:
    rng = np.random.default_rng(0)
    order = rng.permutation(len(PLAYLISTS))
    shuffled = PlaylistCorpus.from_playlists([replace(PLAYLISTS[row], pid=int(row) + 7000) for row in order])
    assert {pid + 7000 for pid in held_pids(CORPUS, "test")} == held_pids(shuffled, "test")


def test_the_seeds_that_are_drawn_follow_from_the_playlist_too() -> None:
    def drawn(corpus: PlaylistCorpus) -> dict[tuple[str, int], list[bytes]]:
        return {
            (case.kind.name, int(corpus.pids[case.playlist])): corpus.catalogue.uris[case.seeds].tolist()
            for case in split(corpus, 15, 1).cases
        }

    longer = PlaylistCorpus.from_playlists(
        [*PLAYLISTS, Playlist(9000, tuple(make_track(n) for n in range(5000, 5003)), "too short to be held back")]
    )
    assert drawn(CORPUS) == drawn(longer)


def test_more_playlists_displace_few_of_the_test_set() -> None:
    more = [replace(p, pid=p.pid + 500) for p in make_playlists(seed=5, n_playlists=12, longest=40)]
    before, after = held_pids(CORPUS, "test"), held_pids(PlaylistCorpus.from_playlists([*PLAYLISTS, *more]), "test")
    assert len(before & after) >= 11


def test_another_seed_gives_other_keys_and_the_same_seed_the_same() -> None:
    keys = playlist_keys(CORPUS, 1)
    assert (keys == playlist_keys(CORPUS, 1)).all()
    assert not (keys == playlist_keys(CORPUS, 2)).any()
    assert len(np.unique(keys)) == len(set(contents(CORPUS)))


def test_a_key_does_not_depend_on_how_wide_the_longest_uri_makes_the_others() -> None:
    wide = Playlist(9000, (replace(make_track(1), uri="spotify:track:" + "9" * 60),))
    widened = PlaylistCorpus.from_playlists([*PLAYLISTS, wide])
    assert (playlist_keys(widened, 3)[:-1] == playlist_keys(CORPUS, 3)).all()


def test_folds_are_even_and_keep_copies_together() -> None:
    copies = [replace(playlist, pid=playlist.pid + 500, title=None) for playlist in PLAYLISTS]
    corpus = PlaylistCorpus.from_playlists([*PLAYLISTS, *copies])
    of = folds(corpus, 4, 1)
    assert (of[:120] == of[120:]).all()
    assert np.bincount(of[:120], minlength=4).min() >= 18
    assert len(np.unique(of)) == 4
