"""Tests that a model learns from what the host allows and members consent to, and that nothing says whose it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from bot.domain.accounts import SpotifyProfile, TokenSet
from bot.domain.errors import CrossfadeError
from bot.domain.imports import UNNAMED_TRACK
from bot.domain.library import (
    LIKED_ID,
    SOURCE_EXPORT,
    SOURCE_LINKS,
    SOURCE_SPOTIFY,
    UPLOADS,
    ArtistRef,
    PlaylistKind,
    TrackInfo,
)
from bot.domain.privacy import OptOut
from bot.domain.training import LearnableLibrary, LearnablePlaylist, LearnableTrack
from bot.services.training import TrainingCorpus
from bot.storage.encryption import TokenCipher
from bot.storage.models import MemberRow, PlaylistEntryRow, PlaylistRow
from bot.storage.repositories import SqlAccountRepository
from bot.storage.repositories.privacy import SqlPrivacyRepository
from bot.storage.repositories.tracks import store_tracks
from bot.storage.repositories.training import SqlTrainingRepository
from bot.storage.session import Database
from recommender.corpus import PlaylistCorpus
from recommender.errors import CorpusError
from recommender.records import Playlist, Track

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADA, BOB, EVE = 5_100_000_000_000_000_001, 5_100_000_000_000_000_002, 5_100_000_000_000_000_003
SPOTIFY, ALL = frozenset({SOURCE_SPOTIFY}), frozenset({SOURCE_SPOTIFY, *UPLOADS})


def uri(number: int) -> str:
    return f"spotify:track:{number:022}"


def info(number: int) -> TrackInfo:
    return TrackInfo(uri(number), f"Song {number}", (ArtistRef(f"Band {number % 5}"),), f"Album {number}")


async def connect(database: Database, cipher: TokenCipher, member_id: int, name: str) -> None:
    tokens = TokenSet("a", "r", NOW + timedelta(hours=1), frozenset())
    profile = SpotifyProfile(f"account-{name}", f"user-{name}", name.title())
    await SqlAccountRepository(database, cipher).link(member_id, profile, tokens, NOW)


async def put(
    database: Database,
    member_id: int,
    spotify_id: str,
    numbers: Collection[int],
    *,
    source: str = SOURCE_SPOTIFY,
    kind: PlaylistKind = PlaylistKind.PLAYLIST,
    name: str = "Rainy day",
    public: bool | None = None,
    owner: str | None = None,
    added_by: dict[int, str] | None = None,
    left_out: bool = False,
) -> None:
    """Store a playlist with the tracks of these numbers."""
    async with database.transaction() as session:
        if await session.get(MemberRow, member_id) is None:
            session.add(MemberRow(id=member_id))
            await session.flush()
        ids = await store_tracks(session, [info(number) for number in numbers], source, overwrite=False)
        row = PlaylistRow(
            source=source,
            kind=kind.value,
            left_out=left_out,
            member_id=member_id,
            spotify_id=spotify_id,
            name=name,
            owner_id=owner,
            snapshot_id="s",
            collaborative=owner is not None,
            public=public,
            total=len(numbers),
            n_tracks=len(numbers),
            rank=0,
            synced_at=NOW,
        )
        session.add(row)
        await session.flush()
        by = added_by or {}
        session.add_all(
            PlaylistEntryRow(playlist_id=row.id, position=place, track_id=ids[uri(number)], added_by=by.get(number))
            for place, number in enumerate(numbers)
        )


async def learnt(database: Database, sources: Collection[str] = ALL) -> list[tuple[int, list[str]]]:
    """Return whose playlists may be learnt from, and their tracks."""
    library = await SqlTrainingRepository(database).learnable(sources)
    return [(one.member_id, [library.tracks[n].info.uri for n in one.track_ids]) for one in library.playlists]


class TestWhatTheDatabaseGives:
    async def test_it_is_of_the_sources_that_are_asked_for(self, database: Database) -> None:
        await put(database, ADA, "p1", [1, 2])
        await put(database, ADA, "import:1", [3, 1], source=SOURCE_EXPORT, kind=PlaylistKind.IMPORT)
        await put(database, BOB, "import:1", [4], source=SOURCE_LINKS, kind=PlaylistKind.IMPORT)
        assert await learnt(database, SPOTIFY) == [(ADA, [uri(1), uri(2)])]
        assert await learnt(database, UPLOADS) == [(ADA, [uri(3), uri(1)]), (BOB, [uri(4)])]
        assert await learnt(database, []) == []

    async def test_who_opts_out_and_what_is_left_out_of_a_taste_are_not_in_it(self, database: Database) -> None:
        await put(database, ADA, "p1", [1, 2])
        await put(database, BOB, "p2", [3])
        await put(database, BOB, "p3", [4], left_out=True)
        await put(database, BOB, "p4", [])
        privacy = SqlPrivacyRepository(database)
        await privacy.set_opt_out(ADA, OptOut.LEARNING, True)
        await privacy.set_opt_out(BOB, OptOut.DIGESTS, True)
        assert await learnt(database) == [(BOB, [uri(3)])]
        await privacy.set_opt_out(ADA, OptOut.LEARNING, False)
        assert len(await learnt(database)) == 2

    async def test_what_somebody_who_opted_out_put_into_others_playlists_is_not_theirs_to_give(
        self, database: Database, cipher: TokenCipher
    ) -> None:
        await connect(database, cipher, ADA, "ada")
        await connect(database, cipher, BOB, "bob")
        shared = {1: "user-ada", 2: "user-bob"}
        await put(database, BOB, "p1", [1, 2, 3], owner="user-bob", added_by=shared)
        await put(database, BOB, "p2", [4, 5], owner="user-ada")
        await put(database, BOB, "p3", [6], owner="user-somebody")
        assert len(await learnt(database)) == 3
        await SqlPrivacyRepository(database).set_opt_out(ADA, OptOut.LEARNING, True)
        assert await learnt(database) == [(BOB, [uri(2), uri(3)]), (BOB, [uri(6)])]

    async def test_titles_are_those_that_people_gave_and_tracks_say_who_told_of_them(self, database: Database) -> None:
        await put(database, ADA, "p1", [1], name="Rainy day", public=True)
        await put(database, ADA, LIKED_ID, [2], name="Liked songs", kind=PlaylistKind.LIKED)
        await put(database, ADA, "import:1", [3], source=SOURCE_EXPORT, kind=PlaylistKind.IMPORT)
        library = await SqlTrainingRepository(database).learnable(ALL)
        told = [(one.shared_id, one.title, one.public) for one in library.playlists]
        assert told == [("p1", "Rainy day", True), (None, None, False), (None, "Rainy day", False)]
        sources = {found.info.uri: found.source for found in library.tracks.values()}
        assert sources == {uri(1): SOURCE_SPOTIFY, uri(2): SOURCE_SPOTIFY, uri(3): SOURCE_EXPORT}

    async def test_who_disconnects_is_gone(self, database: Database, cipher: TokenCipher) -> None:
        await connect(database, cipher, ADA, "ada")
        await put(database, ADA, "p1", [1])
        await SqlAccountRepository(database, cipher).delete_member(ADA)
        assert await learnt(database) == []


@dataclass
class Members:
    """Members' playlists in memory, by the corpus' source."""

    upload: list[LearnablePlaylist] = field(default_factory=list)
    spotify: list[LearnablePlaylist] = field(default_factory=list)
    told_by: str = SOURCE_EXPORT
    uris: dict[int, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    async def learnable(self, sources: Collection[str]) -> LearnableLibrary:
        playlists = self.spotify if SOURCE_SPOTIFY in sources else self.upload
        named = {track_id for one in playlists for track_id in one.track_ids}
        tracks = {n: LearnableTrack(self._info(n), self.told_by) for n in named}
        return LearnableLibrary(tuple(playlists), tracks)

    def _info(self, number: int) -> TrackInfo:
        known = info(number)
        return replace(known, uri=self.uris.get(number, known.uri), name=self.names.get(number, known.name))


def mine(
    member_id: int,
    numbers: Iterable[int],
    title: str | None = None,
    *,
    shared_id: str | None = None,
    public: bool = False,
) -> LearnablePlaylist:
    return LearnablePlaylist(member_id, shared_id, title, public, tuple(numbers))


def mpd(folder: Path, numbers: Collection[int] = (90, 91)) -> None:
    tracks = tuple(Track(uri(number), f"Song {number}") for number in numbers)
    PlaylistCorpus.from_playlists([Playlist(1, tracks, "workout")]).write(folder)


def lists(corpus: PlaylistCorpus) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for row in range(corpus.n_playlists):
        one = corpus.playlist(row)
        found.setdefault(one.source, []).append([track.uri for track in one.tracks])
    return {source: sorted(of_source) for source, of_source in found.items()}


def tear_playlists(folder: Path) -> None:
    for path in folder.glob("playlists/*.parquet"):
        path.write_bytes(b"torn")


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*.parquet"))


class TestTheCorpus:
    async def test_each_training_replaces_what_was_there_of_members(self, tmp_path: Path) -> None:
        mpd(tmp_path)
        members, corpus = (
            Members(upload=[mine(ADA, [1, 2]), mine(BOB, [3])]),
            TrainingCorpus(tmp_path, ["mpd", "upload"]),
        )
        await corpus.renew(members)
        await corpus.renew(members)
        assert lists(corpus.read()) == {"mpd": [[uri(90), uri(91)]], "upload": [[uri(1), uri(2)], [uri(3)]]}
        del members.upload[0]
        await corpus.renew(members)
        assert lists(corpus.read())["upload"] == [[uri(3)]]
        members.upload.clear()
        await corpus.renew(members)
        assert lists(corpus.read()) == {"mpd": [[uri(90), uri(91)]]}

    async def test_a_source_that_is_no_longer_allowed_leaves_the_folder(self, tmp_path: Path) -> None:
        mpd(tmp_path)
        members = Members(upload=[mine(ADA, [1])], spotify=[mine(BOB, [2])])
        await TrainingCorpus(tmp_path, ["mpd", "upload", "spotify"]).renew(members)
        assert set(lists(PlaylistCorpus.read(tmp_path))) == {"mpd", "spotify", "upload"}
        await TrainingCorpus(tmp_path, ["mpd", "upload"]).renew(members)
        assert set(lists(PlaylistCorpus.read(tmp_path))) == {"mpd", "upload"}
        await TrainingCorpus(tmp_path, ["mpd", "upload"]).renew(None)
        assert set(lists(PlaylistCorpus.read(tmp_path))) == {"mpd"}

    async def test_members_playlists_of_a_backup_leave_it_too_whatever_their_files_are_called(
        self, tmp_path: Path
    ) -> None:
        mpd(tmp_path)
        old = [Playlist(7, (Track(uri(5)),), "Mine", source=source) for source in ("spotify", "upload")]
        PlaylistCorpus.from_playlists(old).write(tmp_path)
        corpus = TrainingCorpus(tmp_path, ["mpd", "upload", "spotify"])
        await corpus.renew(Members())
        assert set(lists(corpus.read())) == {"mpd"}

    async def test_what_a_crash_has_left_of_a_part_does_no_harm(self, tmp_path: Path) -> None:
        corpus = TrainingCorpus(tmp_path, ["upload"])
        await corpus.renew(Members(upload=[mine(ADA, [1])]))
        tear_playlists(tmp_path)
        await corpus.renew(Members(upload=[mine(ADA, [1, 2])]))
        assert lists(corpus.read()) == {"upload": [[uri(1), uri(2)]]}

    async def test_only_what_is_allowed_is_read_and_the_rest_is_named(self, tmp_path: Path) -> None:
        mpd(tmp_path)
        PlaylistCorpus.from_playlists([Playlist(1, (Track(uri(1)),), source="synthetic")]).write(tmp_path)
        assert set(lists(TrainingCorpus(tmp_path, ["synthetic", "upload"]).read())) == {"synthetic"}
        assert TrainingCorpus(tmp_path, ["synthetic", "upload"]).left_out() == ["mpd"]
        for allowed in (["upload"], []):
            with pytest.raises(
                CrossfadeError, match="of mpd and synthetic only, which CROSSFADE_TRAINING_SOURCES leaves"
            ):
                TrainingCorpus(tmp_path, allowed).read()

    async def test_an_empty_folder_says_what_to_import(self, tmp_path: Path) -> None:
        corpus = TrainingCorpus(tmp_path, ["upload"])
        await corpus.renew(Members())
        with pytest.raises(CorpusError, match="crossfade import mpd"):
            corpus.read()

    async def test_nothing_says_whose_a_playlist_is(self, tmp_path: Path) -> None:
        members = Members(upload=[mine(ADA, range(n, n + 3), f"List {n} of ada") for n in range(20)])
        corpus = TrainingCorpus(tmp_path, ["upload"])
        await corpus.renew(members)
        found = corpus.read()
        assert (
            found.playlists.drop_columns(["source", "pid"]).to_pylist()
            == [dict.fromkeys(("title", "description", "followers", "collaborative", "modified_at"))] * 20
        )
        assert found.pids.tolist() == list(range(20))
        starts = [found.playlist(row).tracks[0].uri for row in range(20)]
        assert starts != sorted(starts), "the order of the database is the order of its members"
        content = bytes_of(tmp_path)
        assert str(ADA).encode() not in content
        assert b"ada" not in content

    async def test_a_title_is_learnt_if_it_is_public_or_several_members_use_it(self, tmp_path: Path) -> None:
        members = Members(
            spotify=[
                *(
                    mine(member, [n], title)
                    for n, (member, title) in enumerate(
                        [
                            (ADA, "Workout"),
                            (BOB, " workout"),
                            (EVE, "WORKOUT"),
                            (ADA, "For Carl"),
                            (ADA, "for carl"),
                            (BOB, "For Carl"),
                            (ADA, None),
                        ]
                    )
                ),
                mine(ADA, [50], "On my profile", public=True, shared_id="p50"),
            ]
        )
        corpus = TrainingCorpus(tmp_path, ["spotify"])
        await corpus.renew(members)
        titles = sorted(str(title) for title in corpus.read().titles)
        assert titles == [" workout", "None", "None", "None", "None", "On my profile", "WORKOUT", "Workout"]

    async def test_a_list_that_is_there_several_times_counts_once(self, tmp_path: Path) -> None:
        both = mine(ADA, [1, 2])
        members = Members(
            upload=[both, both],
            spotify=[both, mine(ADA, [3, 4], shared_id="p3"), mine(BOB, [3, 4, 5], shared_id="p3"), mine(BOB, [1, 2])],
        )
        corpus = TrainingCorpus(tmp_path, ["upload", "spotify"])
        await corpus.renew(members)
        assert lists(corpus.read()) == {"upload": [[uri(1), uri(2)]], "spotify": [[uri(1), uri(2)], [uri(3), uri(4)]]}

    async def test_what_spotify_told_of_a_track_is_learnt_only_where_spotify_is_allowed(self, tmp_path: Path) -> None:
        members = Members(upload=[mine(ADA, [1])], told_by=SOURCE_SPOTIFY)
        for allowed, known in ((["upload"], Track(uri(1))), (["upload", "spotify"], Track(uri(1), "Song 1", "Band 1"))):
            corpus = TrainingCorpus(tmp_path, allowed)
            await corpus.renew(members)
            [track] = corpus.read().playlist(0).tracks
            assert (track.uri, track.name, track.artist_name) == (known.uri, known.name, known.artist_name)

    async def test_tracks_without_a_name_are_not_taken_for_one_recording(self, tmp_path: Path) -> None:
        members = Members(upload=[mine(ADA, [1, 2])], names={2: UNNAMED_TRACK})
        corpus = TrainingCorpus(tmp_path, ["upload"])
        await corpus.renew(members)
        assert [track.name for track in corpus.read().playlist(0).tracks] == ["Song 1", None]

    async def test_tracks_that_are_not_spotifys_are_passed_over(self, tmp_path: Path) -> None:
        members = Members(upload=[mine(ADA, [1, 2, 3])], uris={2: "spotify:local:ä", 3: "spotify:episode:9"})
        corpus = TrainingCorpus(tmp_path, ["upload"])
        await corpus.renew(members)
        assert lists(corpus.read()) == {"upload": [[uri(1)]]}

    @settings(max_examples=25, deadline=None)
    @given(
        libraries=st.lists(st.lists(st.sets(st.integers(0, 12), max_size=4), max_size=3), min_size=1, max_size=4),
        consenting=st.sets(st.integers(0, 3)),
        allowed=st.sets(st.sampled_from(["mpd", "upload", "spotify"])),
    )
    async def test_the_corpus_has_exactly_the_tracks_of_who_consents(
        self,
        libraries: list[list[set[int]]],
        consenting: set[int],
        allowed: set[str],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        folder = tmp_path_factory.mktemp("corpus")
        mpd(folder)
        everybody = [[mine(who, sorted(one)) for one in of_member] for who, of_member in enumerate(libraries)]
        corpus = TrainingCorpus(folder, allowed)
        await corpus.renew(Members(upload=list(chain.from_iterable(everybody))))
        members = Members(
            upload=[one for who, of_member in enumerate(everybody) if who in consenting for one in of_member]
        )
        await corpus.renew(members)
        expected = {uri(n) for one in members.upload for n in one.track_ids} if "upload" in allowed else set()
        expected |= {uri(90), uri(91)} if "mpd" in allowed else set()
        if allowed & set(lists(PlaylistCorpus.read(folder))):
            assert {track.decode() for track in corpus.read().catalogue.uris} == expected
        else:
            assert expected == set()


async def test_an_opt_out_between_two_reads_counts_for_the_next(database: Database, tmp_path: Path) -> None:
    await put(database, ADA, "import:1", [1, 2], source=SOURCE_EXPORT, kind=PlaylistKind.IMPORT)
    await put(database, BOB, "import:1", [2, 3], source=SOURCE_EXPORT, kind=PlaylistKind.IMPORT)
    corpus = TrainingCorpus(tmp_path, ["upload"])
    await corpus.renew(SqlTrainingRepository(database))
    assert corpus.read().n_tracks == 3
    async with database.transaction() as session:
        await session.execute(update(MemberRow).where(MemberRow.id == ADA).values(out_of_learning=True))
    await corpus.renew(SqlTrainingRepository(database))
    assert lists(corpus.read()) == {"upload": [[uri(2), uri(3)]]}
    assert corpus.read().n_tracks == 2
