"""A bot on a small machine does not pay for libraries that only training and reports need."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from recommender import AudioFeatures, Hybrid, Playlist, PlaylistCorpus, Track
from recommender.features import FEATURE_NAMES

HEAVY = ("sklearn", "lightgbm", "gensim", "implicit", "matplotlib", "jax")
SERVING = f"""
import sys
from pathlib import Path

def told():
    print(*(name for name in {HEAVY!r} if name in sys.modules), sep=",")

import bot.app
told()
from bot.services.models import _load
for directory in sys.argv[1:]:
    served = _load(Path(directory))
    assert served.hybrid.recommend([served.catalogue.track(0).uri], title="sleep", k=5)
    told()
"""


def saved(directory: Path, ranker: str) -> Path:
    rng = np.random.default_rng(1)
    numbers = [40 * (pid % 2) + rng.permutation(40)[:12] for pid in range(60)]
    playlists = [
        Playlist(
            pid, tuple(Track(f"spotify:track:{n:022}", f"Song {n}", f"Band {n % 9}") for n in of.tolist()), "sleep"
        )
        for pid, of in enumerate(numbers)
    ]
    corpus = PlaylistCorpus.from_playlists(playlists)
    values = rng.random((len(corpus.catalogue), len(FEATURE_NAMES)), np.float32)
    features = AudioFeatures.merged(corpus.catalogue.uris, values)
    Hybrid(ranker=ranker).fit(corpus, features).save(directory, created_at=datetime(2026, 11, 21, tzinfo=UTC))
    return directory


def test_serving_imports_nothing_of_training_and_lightgbm_only_for_a_ranker(tmp_path: Path) -> None:
    models = [saved(tmp_path / ranker, ranker) for ranker in ("blend", "lambdarank")]
    words = [sys.executable, "-c", SERVING, *map(str, models)]
    shown = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
    started, blend, ranked = (set(line.split(",")) - {""} for line in shown.stdout.splitlines())
    assert started == set()
    assert blend == set()
    assert "lightgbm" in ranked
    assert not ranked & {"gensim", "implicit", "matplotlib", "jax", "sklearn"}
