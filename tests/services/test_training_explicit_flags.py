"""Tests that a model learns which of the members' tracks are explicit, from sources whose word counts alone."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from bot.domain.library import SOURCE_LINKS, SOURCE_SPOTIFY, ArtistRef, TrackInfo
from bot.domain.training import LearnableLibrary, LearnablePlaylist, LearnableTrack
from bot.services.training import TrainingCorpus


def track(number: int, explicit: bool | None, source: str = SOURCE_SPOTIFY) -> LearnableTrack:
    info = TrackInfo(f"spotify:track:{number:022}", f"Song {number}", (ArtistRef("Band"),), explicit=explicit)
    return LearnableTrack(info, source)


class OneMember:
    """A store with one playlist of one member."""

    async def learnable(self, sources: Collection[str]) -> LearnableLibrary:
        tracks = {1: track(1, True), 2: track(2, False), 3: track(3, None), 4: track(4, True, SOURCE_LINKS)}
        return LearnableLibrary((LearnablePlaylist(7, "shared", "Rainy day", True, (1, 2, 3, 4)),), tracks)


async def test_explicit_flags_reach_the_corpus(tmp_path: Path) -> None:
    corpus = TrainingCorpus(tmp_path, {"spotify"})
    await corpus.renew(OneMember())
    flags = corpus.read().catalogue.explicit_flags
    assert flags is not None
    assert flags.tolist() == [1, 0, -1, -1]
