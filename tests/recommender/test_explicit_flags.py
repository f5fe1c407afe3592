"""What is known of explicit content survives the disk, and corpora and models from before it was kept still open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from recommender import Playlist, PlaylistCorpus, Track
from recommender.candidates.interactions import Interactions
from recommender.catalogue import TrackCatalogue
from recommender.rerank import ExplicitFilter, Ranked, RerankContext

TRACKS = (
    Track("spotify:track:a", "Loud", "Ann", explicit=True),
    Track("spotify:track:b", "Soft", "Ann", explicit=False),
    Track("spotify:track:c", "Odd", "Bob"),
)
CORPUS = PlaylistCorpus.from_playlists([Playlist(0, TRACKS), Playlist(1, TRACKS[1:])])


def without_flags(corpus: PlaylistCorpus) -> PlaylistCorpus:
    plain = corpus.catalogue.table.drop_columns(["explicit"])
    catalogue = TrackCatalogue(corpus.catalogue.uris, plain)
    return PlaylistCorpus(catalogue, corpus.indptr, corpus.indices, corpus.playlists)


def test_flags_survive_the_disk(tmp_path: Path) -> None:
    CORPUS.write(tmp_path)
    read = PlaylistCorpus.read(tmp_path)
    assert read.playlist(0).tracks == TRACKS
    assert read.fingerprint() == CORPUS.fingerprint()
    flags = read.catalogue.explicit_flags
    assert flags is not None
    assert flags.dtype == np.int8
    assert flags.tolist() == [1, 0, -1]


def test_what_one_file_does_not_say_another_may() -> None:
    silent = Playlist(2, (Track("spotify:track:a"),), source="other")
    corpus = PlaylistCorpus.from_playlists([silent, Playlist(0, TRACKS)])
    assert corpus.catalogue.track(0).explicit is True


def test_a_corpus_written_before_flags_were_kept_still_opens_and_takes_more(tmp_path: Path) -> None:
    without_flags(CORPUS).write(tmp_path)
    (part,) = (tmp_path / "tracks").iterdir()
    pq.write_table(pq.read_table(part, partitioning=None).drop_columns(["explicit"]), part)
    old = PlaylistCorpus.read(tmp_path)
    assert old.catalogue.explicit_flags is None
    assert old.playlist(0).tracks == tuple(Track(track.uri, track.name, track.artist_name) for track in TRACKS)
    PlaylistCorpus.from_playlists([Playlist(0, TRACKS[:1], source="new")]).write(tmp_path)
    both = PlaylistCorpus.read(tmp_path).catalogue.explicit_flags
    assert both is not None
    assert both.tolist() == [1, -1, -1]


def test_a_corpus_without_any_flag_keeps_the_fingerprint_that_it_had() -> None:
    plain = without_flags(CORPUS)
    assert plain.catalogue.table.column_names[-1] == "explicit"
    # Computed by the version that knew no flags.
    assert plain.fingerprint().startswith("394e2e605cc19bd5")
    assert plain.fingerprint() != CORPUS.fingerprint()


def test_the_filter_works_on_the_flags_of_a_corpus() -> None:
    context = RerankContext.of(Interactions.of(CORPUS))
    ranked = Ranked.in_order(np.arange(3, dtype=np.int32))
    assert ExplicitFilter().apply(ranked, context, 3).tracks.tolist() == [1, 2]
    assert ExplicitFilter(strict=True).apply(ranked, context, 3).tracks.tolist() == [1]
