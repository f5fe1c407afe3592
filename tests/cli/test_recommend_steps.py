"""`crossfade recommend` with choices of adventurousness, variety, clean words and order; and `crossfade similar`."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_kit import Crossfade, Ended

from recommender import AudioFeatures, Hybrid, Playlist, PlaylistCorpus, Track
from recommender.artifacts import ModelStore
from recommender.candidates import Cooccurrence, Factors, PlaylistNeighbours, Popularity
from recommender.features import FEATURE_NAMES
from recommender.rerank import steps_for

NOW = datetime(2026, 11, 21, tzinfo=UTC)
UNKNOWN = f"spotify:track:{10**6:022}"


def track(number: int) -> Track:
    """Return a track; five in a row share an artist, every third is explicit."""
    artist = number // 5
    return Track(
        f"spotify:track:{number:022}",
        f"Song {number}",
        f"Bänd {artist}",
        f"spotify:artist:{artist:022}",
        explicit=number % 3 == 0,
    )


def uri(number: int) -> str:
    return track(number).uri


def playlists(*, known_words: bool = True) -> list[Playlist]:
    rng = np.random.default_rng(7)
    chosen = [(60 * rng.random(15) ** 1.5).astype(int) + 30 * (pid % 2) for pid in range(80)]
    found = [Playlist(pid, tuple(map(track, dict.fromkeys(numbers.tolist())))) for pid, numbers in enumerate(chosen)]
    if known_words:
        return found
    return [
        Playlist(one.pid, tuple(Track(of.uri, of.name, of.artist_name, of.artist_uri) for of in one.tracks))
        for one in found
    ]


def published(home: Path, *, rich: bool = True) -> Hybrid:
    corpus = PlaylistCorpus.from_playlists(playlists(known_words=rich))
    uris = corpus.catalogue.uris
    values = np.tile(np.linspace(0.05, 0.95, len(uris))[:, None], (1, len(FEATURE_NAMES)))
    features = AudioFeatures.merged(uris, np.random.default_rng(3).permutation(values)) if rich else None
    generators = [PlaylistNeighbours(), Cooccurrence(), Factors(dimensions=8), Popularity()]
    model = Hybrid(generators=generators, ranker="blend").fit(corpus, features)
    ModelStore(home / "models").publish("first", lambda path: model.save(path, created_at=NOW))
    return model


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def model(home: Path) -> Hybrid:
    return published(home)


def rows(ended: Ended) -> list[dict[str, Any]]:
    assert (ended.code, ended.err) == (0, "")
    return list(json.loads(ended.out))


def uris(ended: Ended) -> list[str]:
    return [row["track"]["uri"] for row in rows(ended)]


@pytest.mark.parametrize(
    ("words", "choice"),
    [
        (("--adventurous", "surprise me"), {"adventurousness": 1.0}),
        (("--adventurous", "Close-to-home"), {"adventurousness": -1.0}),
        (("--adventurous", "-0.5"), {"adventurousness": -0.5}),
        (("--adventurous=0.25",), {"adventurousness": 0.25}),
        (("--novelty", "1"), {"novelty": 1.0}),
        (("--diversity", "0.8"), {"diversity": 0.8}),
        (("--max-per-artist", "1"), {"max_per_artist": 1}),
        (("--clean",), {"clean": True}),
        (("--order", "rising"), {"order": "rising"}),
        (("--clean", "--max-per-artist", "2", "--order", "arc"), {"clean": True, "max_per_artist": 2, "order": "arc"}),
    ],
)
def test_each_choice_changes_the_answer_as_its_step_does(
    crossfade: Crossfade, model: Hybrid, words: tuple[str, ...], choice: dict[str, Any]
) -> None:
    asked = ("recommend", "--track", uri(3), "--track", uri(40), "-k", 8, "--json")
    chosen = uris(crossfade(*asked, *words))
    assert chosen == [item.track.uri for item in model.recommend([uri(3), uri(40)], k=8, steps=steps_for(**choice))]
    assert chosen != uris(crossfade(*asked))


def test_what_is_asked_for_holds(crossfade: Crossfade, model: Hybrid) -> None:
    asked = ("recommend", "--track", uri(3), "-k", 10, "--json")
    assert any(row["track"]["explicit"] for row in rows(crossfade(*asked)))
    found = rows(crossfade(*asked, "--clean", "--max-per-artist", 1))
    assert not any(row["track"]["explicit"] for row in found)
    assert max(Counter(row["track"]["artist_uri"] for row in found).values()) == 1
    assert set(found[0]) == {"track", "score", "reasons"}


def test_balanced_is_what_comes_without_a_choice(crossfade: Crossfade, model: Hybrid) -> None:
    asked = ("recommend", "--track", uri(3), "--json")
    plain = uris(crossfade(*asked))
    assert plain == uris(crossfade(*asked, "--adventurous", "balanced", "--novelty", 0, "--diversity", 0))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--adventurous", "wild"), "choose one of close to home"),
        (("--adventurous", "1.01"), "between -1 and 1"),
        (("--adventurous", "nan"), "between -1 and 1"),
        (("--novelty", "1.5"), "--novelty"),
        (("--novelty", "nan"), "--novelty"),
        (("--novelty", "much"), "--novelty"),
        (("--diversity", "-0.1"), "--diversity"),
        (("--diversity", "nan"), "--diversity"),
        (("--max-per-artist", "0"), "--max-per-artist"),
        (("--order", "alphabetical"), "smooth"),
    ],
)
def test_a_wrong_choice_is_wrong_use_that_names_the_right_ones(
    crossfade: Crossfade, words: tuple[str, ...], told: str
) -> None:
    ended = crossfade("recommend", "--title", "x", *words)
    assert ended.code == 2
    assert told in " ".join(ended.err.replace("│", " ").split())
    assert "Traceback" not in ended.err
    assert ended.out == ""


def test_a_choice_that_cannot_do_anything_is_remarked_on(crossfade: Crossfade, home: Path) -> None:
    published(home, rich=False)
    ended = crossfade("recommend", "--track", uri(3), "--order", "smooth", "--clean", "-k", 3, "--json")
    assert ended.code == 0
    assert len(json.loads(ended.out)) == 3
    assert "no audio features" in ended.err
    assert "--clean leaves nothing out" in ended.err


@pytest.mark.parametrize(
    "asked", [("recommend", "--track", uri(3), "--track", uri(40), "-k", 6), ("similar", "track", uri(3), "-k", 6)]
)
def test_a_narrow_terminal_loses_no_word(
    crossfade: Crossfade, model: Hybrid, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    found = rows(crossfade(*asked, "--json"))
    reasons = [reason for row in found for reason in row.get("reasons", [row.get("reason")])]
    words = Counter(word for reason in reasons for word in reason["text"].split())
    assert words
    for width in range(78, 100, 2):
        monkeypatch.setenv("COLUMNS", str(width))
        shown = crossfade(*asked).out
        printed = Counter(shown.split())
        assert all(printed[word] >= count for word, count in words.items())
        assert all(row["track"]["uri"] in shown for row in found)


def test_similar_tracks_are_shown_with_what_they_share(crossfade: Crossfade, model: Hybrid) -> None:
    found = rows(crossfade("similar", "track", f"https://open.spotify.com/track/{5:022}?si=1", "-k", 4, "--json"))
    assert len(found) == 4
    assert uri(5) not in {row["track"]["uri"] for row in found}
    for row in found:
        both = {uri(5), row["track"]["uri"]}
        count = sum(both <= {of.uri for of in one.tracks} for one in playlists())
        assert row["reason"]["count"] == count > 0
    shown = crossfade("similar", "track", uri(5), "-k", 2).out
    assert "Song" in shown
    assert "together with" in shown


@pytest.mark.parametrize(
    "named", ["band 2", "BÄND 2", f"spotify:artist:{2:022}", f"https://open.spotify.com/intl-de/artist/{2:022}"]
)
def test_an_artist_is_found_by_name_uri_and_link(crossfade: Crossfade, model: Hybrid, named: str) -> None:
    found = rows(crossfade("similar", "artist", named, "-k", 3, "--json"))
    assert len(found) == 3
    assert all(row["uri"] != f"spotify:artist:{2:022}" and "Bänd 2 share" in row["reason"]["text"] for row in found)
    assert found == rows(crossfade("similar", "artist", "Bänd 2", "-k", 3, "--json"))
    assert "Bänd" in crossfade("similar", "artist", named, "-k", 3).out


def test_a_playlist_is_found_by_its_tracks_and_others_by_its_number(crossfade: Crossfade, model: Hybrid) -> None:
    wanted = playlists()[6]
    words = [word for of in wanted.tracks for word in ("--track", of.uri)]
    first, *_ = rows(crossfade("similar", "playlist", *words, "--json"))
    assert (first["pid"], first["source"], first["shared"]) == (6, "mpd", len(wanted.tracks))
    assert first["score"] == pytest.approx(1, abs=1e-5)
    others = rows(crossfade("similar", "playlist", "--pid", 6, "--source", "mpd", "-k", 5, "--json"))
    assert 6 not in {row["pid"] for row in others}
    assert len(others) == 5
    shown = crossfade("similar", "playlist", "--pid", 6, "-k", 2).out
    assert f"Playlist {others[0]['pid']}" in shown
    assert "shares" in shown


def test_tracks_that_the_model_does_not_know_are_passed_over_and_named(crossfade: Crossfade, model: Hybrid) -> None:
    ended = crossfade("similar", "playlist", "--track", UNKNOWN, "--track", uri(1), "--json")
    assert ended.code == 0
    assert json.loads(ended.out)
    assert ended.err.count(UNKNOWN) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("track", UNKNOWN), UNKNOWN),
        (("artist", "Nobody at all"), "Nobody at all"),
        (("playlist", "--track", UNKNOWN), UNKNOWN),
        (("playlist", "--pid", "999"), "no playlist 999"),
    ],
)
def test_what_the_model_does_not_know_is_one_sentence(
    crossfade: Crossfade, model: Hybrid, words: tuple[str, ...], told: str
) -> None:
    ended = crossfade("similar", *words)
    assert ended.code == 1
    assert told in ended.err
    assert "train" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("track", "no track"),
        ("track",),
        ("track", uri(1), "-k", "0"),
        ("artist",),
        ("playlist",),
        ("playlist", "--track", uri(1), "--pid", "1"),
        ("playlist", "--track", uri(1), "--source", "mpd"),
    ],
)
def test_asking_for_what_is_similar_the_wrong_way_ends_with_two(crossfade: Crossfade, words: tuple[str, ...]) -> None:
    ended = crossfade("similar", *words)
    assert ended.code == 2
    assert "Traceback" not in ended.err


def test_without_a_model_it_says_to_train_one(crossfade: Crossfade) -> None:
    for words in (("track", uri(1)), ("artist", "x"), ("playlist", "--pid", "1")):
        ended = crossfade("similar", *words)
        assert ended.code == 1
        assert "crossfade train" in ended.err
