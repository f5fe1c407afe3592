"""What commands learn from: the corpus that the settings allow, with members' playlists as they are now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.cli.console import say_note
from bot.settings import Settings

if TYPE_CHECKING:
    from recommender.audio import AudioFeatures
    from recommender.corpus import PlaylistCorpus


def read_corpus(settings: Settings) -> tuple[PlaylistCorpus, AudioFeatures | None]:
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
