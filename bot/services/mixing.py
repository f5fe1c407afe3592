"""Merging several ranked lists fairly: each list in turn gives its best track that is still free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from recommender.recordings import artist_key, recording_key
from recommender.records import Recommendation


def interleave(
    lists: Sequence[Sequence[Recommendation]],
    k: int,
    *,
    max_per_artist: int,
    known_recordings: Collection[str] = (),
) -> list[Recommendation]:
    """Return at most `k` recommendations, round robin over the lists, each recording once.

    Args:
        lists: each best first; who owns a list (a playlist, a member) gets the same say as every other.
        k: how many at most.
        max_per_artist: how many of one artist at most.
        known_recordings: keys (`recommender.recordings.recording_key`) of recordings to leave out, whatever their URI.
    """
    seen = set(known_recordings)
    uris: set[str] = set()
    per_artist: Counter[str] = Counter()

    def free(candidate: Recommendation) -> bool:
        track = candidate.track
        return (
            track.uri not in uris
            and recording_key(track) not in seen
            and per_artist[artist_key(track)] < max_per_artist
        )

    chosen: list[Recommendation] = []
    turns = [iter(ranked) for ranked in lists]
    while turns and len(chosen) < k:
        for turn in tuple(turns):
            candidate = next(filter(free, turn), None)
            if candidate is None:
                turns.remove(turn)
                continue
            chosen.append(candidate)
            uris.add(candidate.track.uri)
            seen.add(recording_key(candidate.track))
            per_artist[artist_key(candidate.track)] += 1
            if len(chosen) == k:
                break
    return chosen
