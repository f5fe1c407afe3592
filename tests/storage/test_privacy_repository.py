"""Tests that a member can be given all that is kept of them and nothing of others, and that opt-outs are kept."""

from __future__ import annotations

import io
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

from bot.domain.library import CreatedPlaylist, PlaylistEntry
from bot.domain.privacy import KeptData, KeptSummary, OptOut
from bot.domain.recommendations import SetKind
from bot.services.privacy_archive import archive
from bot.storage.encryption import TokenCipher
from bot.storage.models import Base, MemberRow, SpotifyAccountRow
from bot.storage.repositories import (
    SqlAccountRepository,
    SqlDigestRepository,
    SqlLibraryRepository,
    SqlRecommendationRepository,
    kept,
)
from bot.storage.repositories.privacy import SqlPrivacyRepository
from bot.storage.session import Database

NAMED = {
    "spotify_accounts": "member_id",
    "login_attempts": "member_id",
    "guild_members": "member_id",
    "playlists": "member_id",
    "recommendation_sets": "member_id",
    "saved_playlists": "member_id",
    "digests": "created_by",
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
}


@pytest.fixture
def privacy(database: Database) -> SqlPrivacyRepository:
    return SqlPrivacyRepository(database)


async def fill(database: Database, cipher: TokenCipher, member_id: int = MEMBER, name: str = "ada") -> None:
    """Store something in every table and column that concerns a member."""
    accounts, library = SqlAccountRepository(database, cipher), SqlLibraryRepository(database)
    shown, digests = SqlRecommendationRepository(database), SqlDigestRepository(database)
    await accounts.add_login(f"hash of {name}", attempt(member_id))
    await accounts.take_login(f"hash of {name}", NOW + timedelta(minutes=1))
    await accounts.link(member_id, profile(name), tokens(name), NOW + timedelta(minutes=2))
    await accounts.remember_in_guild(GUILD, member_id, NOW + timedelta(minutes=3))
    told = {
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
    held = (await shown.claim_save(stored.id, member_id, NOW, NOW)).saved
    held = await shown.begin_creating(held, f"mark of {name}", NOW)
    held = await shown.save_created(held, CreatedPlaylist(f"made-{name}", f"Saved by {name}", "https://o.example/p"))
    await shown.save_done(held, NOW + timedelta(minutes=6))
    await digests.put(GUILD + member_id, SCHEDULE, NOW + timedelta(days=3), created_by=member_id)
    await digests.switch_off(GUILD + member_id, f"Stopped for {name}")


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


def written(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
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
    assert {one.spotify_id: one.owned for one in data.playlists} == {"own-ada": True, "shared": False}
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

    secrets = ["secret", "verifier", "hash of", *(one.access_token for one in accounts)]
    secrets += [one.refresh_token for one in accounts]
    others = ["user-bob", "account-bob", "own-bob", "Bob", "mark of bob", str(OTHER), str(GUILD + OTHER)]
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
        playlists=len(data.playlists),
        entries=len(data.entries),
        sets=len(data.sets),
        recommendations=sum(len(one.picks) for one in data.sets),
        saved_playlists=len(data.saves),
        servers=len(data.servers),
        digests=len(data.digests),
        sign_ins=len(data.sign_ins),
    )
    assert (len(data.entries), len(data.saves), len(data.digests)) == (10, 1, 1)


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
    assert {one.track_id for one in data.entries} <= set(data.tracks)
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
    assert len(data.entries) == 610
    assert len(many) == len(few) < 20
    async with counted(database) as summary:
        await privacy.summary(MEMBER)
    assert len(summary) <= 4


@pytest.mark.slow
async def test_thirty_thousand_entries_are_packed_within_three_seconds(
    privacy: SqlPrivacyRepository, library: SqlLibraryRepository, accounts: SqlAccountRepository
) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    for number in range(300):
        songs = [PlaylistEntry(track(number * 100 + place), NOW, "user-ada") for place in range(100)]
        await library.replace_playlist(MEMBER, "account-ada", number, remote(f"p{number}"), songs, NOW)
    began = time.perf_counter()
    data = await data_of(privacy)
    packed = archive(data, NOW)
    assert time.perf_counter() - began < 3
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
