"""What is like a track, an artist or a playlist."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr
from taste_groups import group_of, make_corpus, make_playlists

from recommender import Hybrid, Playlist, PlaylistCorpus, RecommenderError, Track
from recommender.candidates import Popularity
from recommender.candidates.interactions import Interactions
from recommender.similar import Similar, similar_artists, similar_playlists, similar_tracks
from recommender.similar.pairs import NearestColumns
from recommender.similar.playlists import NearestPlaylists


def counted(corpus: PlaylistCorpus) -> Hybrid:
    """Return the cheapest fitted model: similarity needs nothing but the counts."""
    return Hybrid(generators=[Popularity()]).fit(corpus)


CORPUS = make_corpus()
MODEL = counted(CORPUS)


def track(name: str, artist: str | None = None, artist_uri: str | None = None) -> Track:
    return Track(f"spotify:track:{name.replace(' ', '-')}", name, artist, artist_uri)


def test_many_columns_at_once_get_what_the_dense_formula_says() -> None:
    matrix = CORPUS.matrix.toarray().astype(np.float64)
    lengths, sizes = matrix.sum(axis=1), matrix.sum(axis=0)
    weights = np.maximum(lengths, 1) ** -0.5
    weights /= (weights * lengths).sum() / lengths.sum()
    similarity = (matrix.T @ (weights[:, None] * matrix)) / (sizes[:, None] + sizes[None, :] + 20)
    np.fill_diagonal(similarity, 0)
    columns = np.array([5, 0, 17, 200], np.int32)
    found = NearestColumns(Interactions.of(CORPUS).tracks).of(columns, 12)
    for place, column in enumerate(columns):
        scores = found.scores[found.offsets[place] : found.offsets[place + 1]]
        others = found.others[found.offsets[place] : found.offsets[place + 1]]
        expected = np.sort(similarity[column])[::-1][:12]
        np.testing.assert_allclose(scores, expected[expected > 0], rtol=1e-4)
        np.testing.assert_allclose(similarity[column][others], scores, rtol=1e-4)


def test_chunks_give_what_one_answer_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    nearest = NearestColumns(Interactions.of(CORPUS).tracks)
    columns = np.random.default_rng(1).permutation(CORPUS.n_tracks).astype(np.int32)
    whole = nearest.of(columns, 5)
    monkeypatch.setattr("recommender.similar.pairs._PRODUCTS_A_CHUNK", 500)
    monkeypatch.setattr("recommender.similar.pairs._COLUMNS_A_CHUNK", 50)
    parts = list(nearest.chunks(columns, 5))
    assert len(parts) > 20
    np.testing.assert_array_equal(np.concatenate([part.columns for part in parts]), columns)
    np.testing.assert_array_equal(np.concatenate([part.others for part in parts]), whole.others)
    np.testing.assert_allclose(np.concatenate([part.scores for part in parts]), whole.scores, rtol=1e-5)


def test_similar_tracks_are_of_the_same_taste_and_their_reasons_can_be_counted_again() -> None:
    seed = CORPUS.catalogue.track(int(np.argmax(np.bincount(CORPUS.indices))))
    found = similar_tracks(MODEL, seed.uri, 10)
    assert len(found) == 10
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    assert sum(group_of(item.track) == group_of(seed) for item in found) >= 9
    for item in found:
        assert item.track.uri != seed.uri
        pair = CORPUS.catalogue.indices_of([seed.uri, item.track.uri])
        together = int(CORPUS.matrix[:, pair].toarray().all(axis=1).sum())
        assert item.reason.count == together > 0
        assert item.reason.text == f"in {together} playlist{'s' * (together > 1)} together with {seed.name}"
        assert item.reason.seeds == (seed.uri,)


def test_other_ids_of_a_recording_are_not_similar_tracks_but_the_same_track() -> None:
    seed, twin = track("a", "Ann"), dataclasses.replace(track("a", "Ann"), uri="spotify:track:a2")
    other, other_twin = track("b", "Bob"), dataclasses.replace(track("b", "Bob"), uri="spotify:track:b2")
    corpus = PlaylistCorpus.from_playlists([Playlist(pid, (seed, twin, other, other_twin)) for pid in range(3)])
    assert [item.track.name for item in similar_tracks(counted(corpus), seed.uri)] == ["b"]


def test_a_track_that_goes_with_the_seed_comes_before_a_hit_that_goes_with_everything() -> None:
    seed, companion, hit = track("seed"), track("companion"), track("hit")
    playlists = [Playlist(pid, (seed, companion, hit)) for pid in range(10)]
    playlists += [Playlist(pid, (hit, track(f"other {pid}"))) for pid in range(20, 220)]
    found = similar_tracks(counted(PlaylistCorpus.from_playlists(playlists)), seed.uri)
    assert [item.track.name for item in found] == ["companion", "hit"]


def test_a_track_that_shares_no_playlist_has_no_similar_ones() -> None:
    corpus = PlaylistCorpus.from_playlists([Playlist(1, (track("a"),)), Playlist(2, (track("b"), track("c")))])
    assert similar_tracks(counted(corpus), track("a").uri) == []


@pytest.mark.parametrize("wrong", ["spotify:track:unknown", "", "Ünïcode", "x" * 10_000])
def test_an_unknown_track_is_named(wrong: str) -> None:
    with pytest.raises(RecommenderError, match="does not know") as error:
        similar_tracks(MODEL, wrong)
    assert len(str(error.value)) < 300


def test_so_many_are_answered_as_are_asked_for() -> None:
    seed = CORPUS.catalogue.uri(int(CORPUS.indices[0]))
    assert similar_tracks(MODEL, seed, 0) == []
    assert len(similar_tracks(MODEL, seed, 3)) == 3
    assert len(similar_tracks(MODEL, seed, 10_000)) < CORPUS.n_tracks
    for ask in (similar_tracks, similar_artists, similar_playlists):
        with pytest.raises(RecommenderError, match="0 or more"):
            ask(MODEL, seed, -1)


def test_similar_artists_share_playlists() -> None:
    name = CORPUS.catalogue.track(int(CORPUS.indices[0])).artist_name
    assert name is not None
    found = similar_artists(MODEL, name, 5)
    group = name.removeprefix("Artist ").split("-")[0]
    assert [item.name.removeprefix("Artist ").split("-")[0] for item in found].count(group) >= 4
    by = [{one.artist_name for one in playlist.tracks} for playlist in make_playlists()]
    for item in found:
        both = sum({name, item.name} <= artists for artists in by)
        assert item.reason.count == both > 0
        assert item.reason.text == f"{item.name} and {name} share {both} playlist{'s' * (both > 1)}"
        assert item.uri is None
        assert item.key == item.name.casefold()
        assert item.name != name


def test_an_artist_is_found_by_uri_name_and_written_form() -> None:
    tracks = (track("a", "Beyoncé  K", "spotify:artist:bey"), track("b", "Sigur Rós/2"), track("c", "Zoé"))
    similar = Similar(counted(PlaylistCorpus.from_playlists([Playlist(1, tracks)])))
    expected = similar.artists("spotify:artist:bey")
    assert {item.name for item in expected} == {"Sigur Rós/2", "Zoé"}
    assert similar.artists("beyonce k") == similar.artists(" BEYONCÉ K ") == expected
    artist = similar.artist_names.find("sigur ros/2")
    assert similar.artist_names.word(artist) == "artist:Sigur%20R%C3%B3s%2F2"
    assert similar.artist_names.find("artist:Sigur%20R%C3%B3s%2F2") == artist
    assert similar.artist_names.word(similar.artist_names.find("beyonce k")) == "spotify:artist:bey"


def test_of_two_artists_of_one_name_the_more_popular_is_meant() -> None:
    rare, known = track("a", "Nova", "spotify:artist:rare"), track("b", "Nova", "spotify:artist:known")
    beside = track("c", "Beside")
    playlists = [Playlist(0, (rare,)), *(Playlist(pid, (known, beside)) for pid in range(1, 4))]
    assert [item.name for item in similar_artists(counted(PlaylistCorpus.from_playlists(playlists)), "nova")] == [
        "Beside"
    ]


def test_a_corpus_without_artists_says_that_it_does_not_know_one() -> None:
    corpus = PlaylistCorpus.from_playlists([Playlist(1, (Track("spotify:track:a"), Track("spotify:track:b")))])
    for wrong in ("Nobody", "", "artist:%20"):
        with pytest.raises(RecommenderError, match="does not know the artist"):
            similar_artists(counted(corpus), wrong)


def test_similar_playlists_are_of_the_same_taste_and_say_what_they_share() -> None:
    found = similar_playlists(MODEL, 0, 8)
    own = {one.uri for one in make_playlists()[0].tracks}
    assert [item.pid % 4 for item in found].count(0) >= 7
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    for item in found:
        assert item.pid != 0
        assert 0 < item.score <= 1
        other = {one.uri for one in make_playlists()[item.pid].tracks}
        assert (item.n_tracks, item.shared) == (len(other), len(own & other))
        assert item.reason.count == item.shared
        assert set(item.reason.seeds) <= own & other
        assert item.reason.text.startswith(f"shares {item.shared} track")
        assert ("among them" in item.reason.text) == (item.shared > 3)


def test_a_playlist_that_is_not_in_the_model_is_given_by_its_tracks() -> None:
    tracks = make_playlists()[7].tracks
    found = similar_playlists(MODEL, [*tracks, tracks[0], "spotify:track:unknown"], 3)
    assert found[0].pid == 7
    assert found[0].score == pytest.approx(1, abs=1e-4)
    assert similar_playlists(MODEL, tracks[0].uri, 3) == similar_playlists(MODEL, [tracks[0]], 3) != []
    assert similar_playlists(MODEL, [], 3) == similar_playlists(MODEL, ["spotify:track:unknown"], 3) == []


def test_a_playlist_is_named_by_pid_and_where_needed_by_source() -> None:
    tracks = (track("a"), track("b"))
    corpus = PlaylistCorpus.from_playlists(
        [Playlist(1, tracks, source="mpd"), Playlist(1, tracks, source="mine"), Playlist(2, tracks, source="mine")]
    )
    model = counted(corpus)
    assert [(item.source, item.pid) for item in similar_playlists(model, 1, source="mine")] == [("mpd", 1), ("mine", 2)]
    with pytest.raises(RecommenderError, match=r"one of mine, mpd"):
        similar_playlists(model, 1)
    with pytest.raises(RecommenderError, match="no playlist 3"):
        similar_playlists(model, 3)
    with pytest.raises(RecommenderError, match="no playlist 2 of mpd"):
        similar_playlists(model, 2, source="mpd")


def test_long_playlists_are_not_preferred() -> None:
    """Length does not depend on taste here: a fair measure finds as many long playlists as there are."""
    corpus = make_corpus(seed=9, n_playlists=600, n_tracks=2400, longest=120)
    interactions = Interactions.of(corpus)
    lengths = interactions.tracks.row_sizes

    def longer(measure: NearestPlaylists) -> tuple[float, float]:
        """Return mean length of the 20 nearest over that of all, and the correlation of length and similarity."""
        ratios, correlations = [], []
        for row in range(24):
            seeds = corpus.tracks_of(row)[:25]
            scores = measure.scores(seeds)
            group = np.flatnonzero((np.arange(600) % 4 == row % 4) & (np.arange(600) != row) & (scores > 0))
            nearest, _ = measure.to(seeds, 20, np.array([row], np.int32))
            ratios.append(lengths[nearest].mean() / lengths.mean())
            correlations.append(spearmanr(lengths[group], scores[group]).statistic)
        return float(np.mean(ratios)), float(np.mean(correlations))

    fair, correlation = longer(NearestPlaylists(interactions.tracks))
    plain, plain_correlation = longer(NearestPlaylists(interactions.tracks, length_exponent=0.0))
    assert plain > 1.4
    assert plain_correlation > 0.5
    assert 0.8 < fair < 1.2
    assert abs(correlation) < 0.3


def test_a_saved_model_answers_alike(tmp_path: Path) -> None:
    MODEL.save(tmp_path / "model", created_at=datetime(2026, 11, 21, tzinfo=UTC))
    loaded = Hybrid.load(tmp_path / "model")
    seed = CORPUS.catalogue.uri(int(CORPUS.indices[0]))
    assert similar_tracks(loaded, seed) == similar_tracks(MODEL, seed)
    assert similar_artists(loaded, "Artist 0-0") == similar_artists(MODEL, "Artist 0-0")
    untitled = [dataclasses.replace(item, title=None) for item in similar_playlists(MODEL, 0)]
    assert similar_playlists(loaded, 0) == untitled
