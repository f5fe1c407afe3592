"""Tests that a member can be given all that is kept of them and nothing of others, and that opt-outs are kept."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, update
from storage_samples import (
    GUILD,
    MEMBER,
    NOW,
    OTHER,
    SCHEDULE,
    attempt,
    entries,
    new_set,
    profile,
    remote,
    rows_as_text,
    tokens,
    track,
)

from bot.domain.library import SOURCE_EXPORT, SOURCE_SPOTIFY, PlaylistEntry, PlaylistKind
from bot.domain.listening import TimeRange
from bot.domain.privacy import KeptData, KeptSummary, OptOut
from bot.domain.recommendations import SetKind
from bot.domain.saving import SaveStatus
from bot.services.privacy_archive import archive
from bot.storage.encryption import TokenCipher
from bot.storage.models import (
    ArtistRow,
    Base,
    LibrarySyncRow,
    ListenRow,
    MemberRow,
    PlaylistEntryRow,
    PlaylistRow,
    SavedPlaylistRow,
    SpotifyAccountRow,
    SpotifyAppRow,
    TopArtistRow,
    TopTrackRow,
)
from bot.storage.repositories import (
    SqlAccountRepository,
    SqlDigestRepository,
    SqlLibraryRepository,
    SqlRecommendationRepository,
    kept,
)
from bot.storage.repositories.privacy import SqlPrivacyRepository
from bot.storage.repositories.tracks import store_tracks
from bot.storage.session import Database

NAMED = {
    "spotify_accounts": "member_id",
    "login_attempts": "member_id",
    "guild_members": "member_id",
    "playlists": "member_id",
    "recommendation_sets": "member_id",
    "saved_playlists": "member_id",
    "digests": "created_by",
    "listens": "member_id",
    "top_tracks": "member_id",
    "top_artists": "member_id",
    "library_syncs": "member_id",
    "spotify_apps": "registered_by",
}
"""The tables that name a member, and by which column; all of them are in the export."""

LEFT_OUT = {
    "spotify_accounts": {
        "access_token": "a secret",
        "refresh_token": "a secret",
        "refresh_claimed_by": "the name of a process, for seconds",
        "refresh_claimed_at": "for seconds",
    },
    "login_attempts": {"state_hash": "a secret's", "verifier": "a secret"},
    "playlists": {
        "id": "the database's own, Spotify's is there",
        "owner_id": "told as me or somebody else",
        "owner_name": "told as me or somebody else",
    },
    "saved_playlists": {"id": "the database's own"},
    "digests": {"id": "the database's own"},
    "listens": {"id": "the database's own", "track_id": "told as the track"},
    "top_tracks": {"track_id": "told as the track"},
    "top_artists": {"artist_id": "told as the artist"},
    "library_syncs": {"claimed_by": "the name of a process, for minutes", "claimed_at": "for minutes"},
    "spotify_apps": {"client_secret": "a secret"},
}

CHOICES = {
    "out_of_digests": ("opted_out_of", "digests"),
    "out_of_learning": ("opted_out_of", "learning"),
    "out_of_blends": ("opted_out_of", "blends"),
    "saves_public": ("saves", "public"),
    "saves_cover": ("saves", "with_cover"),
    "saves_reuse": ("saves", "into_last_weeks_playlist"),
}
"""Where the columns of a member's own row stand in profile.json."""

SOURCELESS = {
    "digest_runs": "made here",
    "digests": "made here",
    "guild_members": "seen by the bot itself",
    "guilds": "seen by the bot itself",
    "library_syncs": "made here",
    "login_attempts": "made here",
    "members": "chosen by the member",
    "playlist_entries": "its playlist's",
    "recommendation_sets": "made here, by the model that it names",
    "recommendations": "made here, by the model that their set names",
    "saved_playlists": "made here",
    "spotify_accounts": "Spotify's, as the name says",
    "spotify_apps": "entered by an admin",
    "spotify_quotas": "counted here",
    "track_artists": "its track's",
}
"""The tables without a source, and why."""


@pytest.fixture
def privacy(database: Database) -> SqlPrivacyRepository:
    return SqlPrivacyRepository(database)


async def fill(database: Database, cipher: TokenCipher, member_id: int = MEMBER, name: str = "ada") -> None:
    """Store something in every table and column that concerns a member."""
    accounts, library = SqlAccountRepository(database, cipher), SqlLibraryRepository(database)
    shown, digests = SqlRecommendationRepository(database), SqlDigestRepository(database)
    await accounts.add_login(
        f"hash of {name}", replace(attempt(member_id), client_id="their app", member_name=f"{name}#1")
    )
    await accounts.take_login(f"hash of {name}", NOW + timedelta(minutes=1))
    await accounts.link(member_id, profile(name), tokens(name), NOW + timedelta(minutes=2))
    await accounts.remember_in_guild(GUILD, member_id, NOW + timedelta(minutes=3))
    told = {
        "client_id": f"app of {name}",
        "reconnect_told_at": NOW + timedelta(minutes=4),
        "ending_told_at": NOW + timedelta(minutes=5),
        "refresh_claimed_by": "process 7",
        "refresh_claimed_at": NOW,
    }
    of_member = SpotifyAccountRow.member_id == member_id
    async with database.transaction() as session:
        await session.execute(update(SpotifyAccountRow).where(of_member).values(told))
    both = [*entries(range(3), "user-ada"), *entries(range(3, 5), "user-bob"), *entries([5], None)]
    cover = "https://i.example/cover.jpg"
    shared = remote("shared", owner_id="user-bob", owner_name="Bob Ownername", collaborative=True, image_url=cover)
    mine = remote(f"own-{name}", owner_id=f"user-{name}", owner_name=name.title(), image_url=cover, public=False)
    await library.replace_playlist(member_id, f"account-{name}", 0, mine, entries(range(4), f"user-{name}"), NOW)
    await library.replace_playlist(member_id, f"account-{name}", 1, shared, both, NOW)
    stored = await shown.add(new_set((7, 8, 9), member_id=member_id))
    await digests.put(GUILD + member_id, SCHEDULE, NOW + timedelta(days=3), created_by=member_id)
    await digests.switch_off(GUILD + member_id, f"Stopped for {name}")
    await fill_what_came_later(database, member_id, name, stored.id)


async def fill_what_came_later(database: Database, member_id: int, name: str, set_id: int) -> None:
    """Store listens, most played, imported lists and liked songs, an app, the sync and all of a save."""

    def at(minutes: int) -> datetime:
        return NOW + timedelta(minutes=minutes)

    async with database.transaction() as session:
        ids = await store_tracks(session, [track(number) for number in range(30, 34)], SOURCE_EXPORT, overwrite=False)
        track_ids = list(ids.values())
        artist_id = await session.scalar(select(ArtistRow.id).where(ArtistRow.name == "Band 2"))
        assert artist_id is not None
        for number, (kind, source) in enumerate(
            ((PlaylistKind.LIKED, SOURCE_SPOTIFY), (PlaylistKind.IMPORT, SOURCE_EXPORT))
        ):
            row = PlaylistRow(
                source=source,
                kind=kind.value,
                left_out=True,
                member_id=member_id,
                spotify_id=f"{kind.value}:{name}",
                name=f"{kind.value} list of {name}",
                description=f"brought by {name}",
                owner_id=f"user-{name}",
                owner_name=name.title(),
                snapshot_id=f"mark-{name}-{number}",
                collaborative=False,
                public=False,
                total=3,
                n_tracks=2,
                url="https://o.example/l",
                image_url="https://i.example/l.jpg",
                rank=2 + number,
                synced_at=at(10 + number),
            )
            session.add(row)
            await session.flush()
            session.add_all(
                PlaylistEntryRow(playlist_id=row.id, position=place, track_id=track_ids[place]) for place in range(2)
            )
        session.add_all(
            ListenRow(
                member_id=member_id,
                track_id=track_id,
                played_at=at(20 + place),
                ms_played=61_000 + place,
                source=SOURCE_EXPORT,
            )
            for place, track_id in enumerate(track_ids[:3])
        )
        ranges = enumerate(TimeRange)
        for rank, time_range in ranges:
            of = {"member_id": member_id, "time_range": time_range.value, "rank": rank, "source": SOURCE_SPOTIFY}
            session.add(TopTrackRow(track_id=track_ids[3], **of))
            session.add(TopArtistRow(artist_id=artist_id, **of))
        session.add(
            LibrarySyncRow(
                member_id=member_id,
                due_at=at(30),
                claimed_by="process 7",
                claimed_at=NOW,
                started_at=at(31),
                finished_at=at(32),
                done=43,
                total=57,
                fault=f"Fault of {name}",
                top_read_at=at(33),
            )
        )
        session.add(
            SpotifyAppRow(
                guild_id=GUILD + member_id,
                client_id=f"client of {name}",
                client_secret="app-secret",
                registered_by=member_id,
                registered_at=at(34),
            )
        )
        before = {"name": f"Before {name}", "description": "was", "uris": [track(33).uri]}
        session.add(
            SavedPlaylistRow(
                set_id=set_id,
                member_id=member_id,
                status=SaveStatus.DONE.value,
                claimed_at=at(38),
                attempts=1,
                mark=f"mark of {name}",
                spotify_id=f"made-{name}",
                name=f"Saved by {name}",
                url="https://o.example/p",
                finished_at=at(39),
                series=f"series-{name}",
                n_tracks=3,
                written=2,
                public=True,
                covered_at=at(35),
                undoing_at=at(36),
                frozen_at=at(37),
                previous=before,
            )
        )
        mine = update(MemberRow).where(MemberRow.id == member_id)
        await session.execute(mine.values(saves_public=True, saves_cover=False, saves_reuse=False))


async def data_of(privacy: SqlPrivacyRepository, member_id: int = MEMBER) -> KeptData:
    found = await privacy.everything(member_id)
    assert found is not None
    return found


def text_of_archive(data: KeptData) -> str:
    with zipfile.ZipFile(io.BytesIO(archive(data, NOW))) as packed:
        return "\n".join(packed.read(name).decode("utf-8-sig") for name in packed.namelist())


async def test_every_table_that_names_a_member_is_read_for_them() -> None:
    found = {
        table.name: key.parent.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "members"
    }
    assert found == NAMED, "a new table of members belongs into the export, or nowhere"


async def test_every_column_that_is_kept_of_a_member_is_in_the_export(
    privacy: SqlPrivacyRepository, database: Database, cipher: TokenCipher
) -> None:
    await fill(database, cipher)
    text = text_of_archive(await data_of(privacy))
    async with database.reading() as session:
        for name, column in NAMED.items():
            table = Base.metadata.tables[name]
            found = await session.execute(select(table).where(table.c[column] == MEMBER))
            for row in found.mappings():
                for key, value in row.items():
                    if key not in LEFT_OUT.get(name, {}):
                        assert value is not None, f"the test stores no {name}.{key}"
                        assert written(value) in text, f"{name}.{key}"


async def test_a_members_choices_are_in_the_export(
    privacy: SqlPrivacyRepository, database: Database, cipher: TokenCipher
) -> None:
    assert {column.name for column in Base.metadata.tables["members"].columns} == {"id", *CHOICES}
    await fill(database, cipher)
    await privacy.set_opt_out(MEMBER, OptOut.BLENDS, True)
    with zipfile.ZipFile(io.BytesIO(archive(await data_of(privacy), NOW))) as packed:
        profile_of = json.loads(packed.read("profile.json"))
    async with database.reading() as session:
        row = (await session.scalars(select(MemberRow).where(MemberRow.id == MEMBER))).one()
    for column, (part, name) in CHOICES.items():
        assert profile_of[part][name] is getattr(row, column), column
    assert (row.out_of_blends, row.saves_public, row.saves_cover) == (True, True, False)


def test_every_table_that_holds_what_others_told_us_says_who_it_was() -> None:
    without = {
        table.name
        for table in Base.metadata.tables.values()
        if "source" not in table.columns or table.columns["source"].nullable
    }
    assert without == set(SOURCELESS), "a new table gets a source, or a reason to have none"


def written(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return json.dumps(value).replace('"', '""')
        case datetime():
            return value.isoformat()
        case str():
            return value.split()[0] if value.startswith("playlist-") else value
        case _:
            return str(value)


async def test_the_export_has_the_members_tracks_with_what_is_known_of_them(
    privacy: SqlPrivacyRepository, database: Database, cipher: TokenCipher
) -> None:
    await fill(database, cipher)
    data = await data_of(privacy)
    assert {one.spotify_id: one.owned for one in data.playlists if one.kind is PlaylistKind.PLAYLIST} == {
        "own-ada": True,
        "shared": False,
    }
    shared = next(one for one in data.playlists if one.spotify_id == "shared")
    theirs = [one for one in data.entries if one.playlist_id == shared.id]
    assert [one.position for one in theirs] == [0, 1, 2, 3, 4, 5]
    assert [one.by_member for one in theirs] == [True, True, True, False, False, None]
    assert [data.tracks[one.track_id] for one in theirs] == [track(number) for number in range(6)]
    assert {data.tracks[pick.track_id].uri for one in data.sets for pick in one.picks} == {
        track(number).uri for number in (7, 8, 9)
    }
    assert data.sets[0].picks[0].reasons == ("Reason 7", "in 41 playlists together with “Ä”")


async def test_neither_secrets_nor_other_people_are_in_the_export(
    privacy: SqlPrivacyRepository, database: Database, cipher: TokenCipher
) -> None:
    await fill(database, cipher)
    await fill(database, cipher, OTHER, "bob")
    shown = SqlRecommendationRepository(database)
    for_all = await shown.add(replace(new_set(range(20, 30), kind=SetKind.DIGEST, member_id=None), subtitle="for all"))
    async with database.reading() as session:
        accounts = (await session.scalars(select(SpotifyAccountRow))).all()

    text = text_of_archive(await data_of(privacy))

    secrets = ["app-secret", "process 7", "secret", "verifier", "hash of", *(one.access_token for one in accounts)]
    secrets += [one.refresh_token for one in accounts]
    others = [
        "user-bob",
        "account-bob",
        "own-bob",
        "Bob",
        "mark of bob",
        "series-bob",
        "of bob",
        str(OTHER),
        str(GUILD + OTHER),
    ]
    for trace in [*secrets, *others, for_all.subtitle, "Song 25"]:
        assert trace not in text.replace("which are secrets", ""), trace
    assert "somebody else" in text


async def test_that_others_playlists_name_the_member_is_told_as_a_number(
    privacy: SqlPrivacyRepository, database: Database, cipher: TokenCipher
) -> None:
    await fill(database, cipher)
    await fill(database, cipher, OTHER, "bob")
    ada, bob = await data_of(privacy), await data_of(privacy, OTHER)
    assert (ada.named_in_entries, ada.named_in_playlists) == (3, 0)
    assert (bob.named_in_entries, bob.named_in_playlists) == (2, 1)


async def test_the_summary_counts_what_the_export_holds(
    privacy: SqlPrivacyRepository, database: Database, cipher: TokenCipher
) -> None:
    await fill(database, cipher)
    await fill(database, cipher, OTHER, "bob")
    data = await data_of(privacy)
    assert await privacy.summary(MEMBER) == KeptSummary(
        known=True,
        account_name="Ada",
        authorised_at=NOW + timedelta(minutes=2),
        playlists=sum(one.kind is PlaylistKind.PLAYLIST for one in data.playlists),
        entries=len(data.entries),
        sets=len(data.sets),
        recommendations=sum(len(one.picks) for one in data.sets),
        saved_playlists=len(data.saves),
        servers=len(data.servers),
        digests=len(data.digests),
        sign_ins=len(data.sign_ins),
        imported=1,
        liked=2,
        listens=len(data.listens),
        top_items=len(data.top_tracks) + len(data.top_artists),
        apps=len(data.apps),
    )
    assert (len(data.entries), len(data.saves), len(data.digests)) == (14, 1, 1)
    assert (len(data.listens), len(data.top_tracks), len(data.top_artists), len(data.apps)) == (3, 3, 3, 1)


async def test_of_a_stranger_nothing_is_kept_and_looking_makes_no_row(
    privacy: SqlPrivacyRepository, database: Database
) -> None:
    assert await privacy.summary(MEMBER) == KeptSummary()
    assert await privacy.everything(MEMBER) is None
    await privacy.set_opt_out(MEMBER, OptOut.DIGESTS, False)
    assert str(MEMBER) not in await rows_as_text(database)


async def test_who_never_connected_gets_what_there_is(
    privacy: SqlPrivacyRepository, accounts: SqlAccountRepository
) -> None:
    await accounts.add_login("hash", attempt())
    await privacy.set_opt_out(MEMBER, OptOut.LEARNING, True)
    data = await data_of(privacy)
    assert (data.account, len(data.sign_ins), data.opt_outs) == (None, 1, {OptOut.LEARNING})
    assert (await privacy.summary(MEMBER)).account_name is None


async def test_an_export_sees_one_moment_while_the_library_is_read_anew(
    privacy: SqlPrivacyRepository,
    database: Database,
    second_database: Database,
    cipher: TokenCipher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await fill(database, cipher)
    elsewhere, load_tracks = SqlLibraryRepository(second_database), kept.load_tracks

    async def after_a_sync(*arguments: object) -> object:
        anew = remote("own-ada", owner_id="user-ada")
        await elsewhere.replace_playlist(MEMBER, "account-ada", 0, anew, entries(range(50, 60)), NOW)
        return await load_tracks(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(kept, "load_tracks", after_a_sync)
    data = await data_of(privacy)
    assert {one.track_id for one in (*data.entries, *data.listens, *data.top_tracks)} <= set(data.tracks)
    assert track(0) in data.tracks.values()
    assert track(50) not in data.tracks.values()


@asynccontextmanager
async def counted(database: Database) -> AsyncIterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        statements.append(statement)

    engine = database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


async def test_a_large_library_takes_as_many_statements_as_a_small_one(
    privacy: SqlPrivacyRepository, library: SqlLibraryRepository, database: Database, cipher: TokenCipher
) -> None:
    await fill(database, cipher)
    async with counted(database) as few:
        await privacy.everything(MEMBER)
    for number in range(20):
        await library.replace_playlist(MEMBER, "account-ada", number, remote(f"p{number}"), entries(range(30)), NOW)
        await SqlRecommendationRepository(database).add(new_set(range(30, 40)))
    async with counted(database) as many:
        data = await data_of(privacy)
    assert len(data.entries) == 614
    assert len(many) == len(few) <= 20
    async with counted(database) as summary:
        await privacy.summary(MEMBER)
    assert len(summary) <= 4


@pytest.mark.slow
async def test_thirty_thousand_entries_are_packed_within_three_seconds_of_computing(
    privacy: SqlPrivacyRepository, library: SqlLibraryRepository, accounts: SqlAccountRepository
) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    for number in range(300):
        songs = [PlaylistEntry(track(number * 100 + place), NOW, "user-ada") for place in range(100)]
        await library.replace_playlist(MEMBER, "account-ada", number, remote(f"p{number}"), songs, NOW)
    began = time.process_time()
    data = await data_of(privacy)
    packed = archive(data, NOW)
    assert time.process_time() - began < 3
    assert len(data.entries) == 30_000
    assert len(packed) < 8 * 1024 * 1024


async def test_opt_outs_are_kept_one_by_one_and_can_be_taken_back(privacy: SqlPrivacyRepository) -> None:
    for which in OptOut:
        assert await privacy.opted_out([MEMBER, OTHER], which) == set()
        await privacy.set_opt_out(MEMBER, which, True)
        await privacy.set_opt_out(MEMBER, which, True)
        assert await privacy.opted_out([MEMBER, OTHER], which) == {MEMBER}
    assert (await privacy.summary(MEMBER)).opt_outs == set(OptOut)
    await privacy.set_opt_out(MEMBER, OptOut.LEARNING, False)
    assert (await privacy.summary(MEMBER)).opt_outs == {OptOut.DIGESTS, OptOut.BLENDS}
    assert (await data_of(privacy)).opt_outs == {OptOut.DIGESTS, OptOut.BLENDS}


async def test_opt_outs_are_asked_for_of_any_number_of_members(privacy: SqlPrivacyRepository) -> None:
    await privacy.set_opt_out(MEMBER, OptOut.DIGESTS, True)
    everybody = [*range(1, 2500), MEMBER]
    assert await privacy.opted_out(everybody, OptOut.DIGESTS) == {MEMBER}
    assert await privacy.opted_out([], OptOut.DIGESTS) == set()


async def test_who_opts_out_before_connecting_is_still_out_afterwards_and_leaving_forgets_it(
    privacy: SqlPrivacyRepository, accounts: SqlAccountRepository, database: Database
) -> None:
    await privacy.set_opt_out(MEMBER, OptOut.DIGESTS, True)
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    await accounts.link(MEMBER, profile(), tokens("2"), NOW)
    assert await privacy.opted_out([MEMBER], OptOut.DIGESTS) == {MEMBER}
    await accounts.delete_member(MEMBER)
    async with database.reading() as session:
        assert (await session.scalars(select(MemberRow))).all() == []
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    assert (await privacy.summary(MEMBER)).opt_outs == frozenset()
