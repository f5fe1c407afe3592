"""Imported lists and plays in the database."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError
from storage_samples import GUILD, MEMBER, NOW, OTHER, entries, new_set, profile, remote, tokens, track

from bot.domain.errors import NotConnected
from bot.domain.imports import ImportedCounts, ImportedPlaylist, ImportStopped
from bot.domain.library import SOURCE_EXPORT, SOURCE_EXPORTIFY, SOURCE_LINKS, PlaylistEntry, PlaylistKind
from bot.domain.listening import Listen
from bot.storage.models import ListenRow, TrackRow
from bot.storage.repositories import SqlAccountRepository, SqlLibraryRepository, SqlRecommendationRepository
from bot.storage.repositories.imports import SqlImportRepository
from bot.storage.session import Database


@pytest.fixture
def imports(database: Database) -> SqlImportRepository:
    return SqlImportRepository(database)


def brought(name: str, *numbers: int) -> ImportedPlaylist:
    return ImportedPlaylist(name, tuple(entries(numbers, None)))


async def put(imports: SqlImportRepository, *numbers: int, key: str = "import:a", extend: bool = False) -> int:
    await imports.begin(MEMBER)
    return await imports.put_playlists(
        MEMBER, SOURCE_LINKS if extend else SOURCE_EXPORT, [(key, brought(key, *numbers))], NOW, extend=extend
    )


async def uris(library: SqlLibraryRepository) -> list[list[str]]:
    playlists = await library.playlists(MEMBER)
    found = await library.track_uris([one.id for one in playlists])
    return [found[one.id] for one in playlists]


async def test_a_list_is_stored_once_under_its_key_and_replaced(
    imports: SqlImportRepository, library: SqlLibraryRepository
) -> None:
    assert await put(imports, 1, 2, 2) == 3
    assert await put(imports, 3) == 1
    [stored] = await library.playlists(MEMBER)
    assert (stored.kind, stored.source, stored.n_tracks) == (PlaylistKind.IMPORT, SOURCE_EXPORT, 1)
    assert await uris(library) == [[track(3).uri]]


async def test_an_extended_list_keeps_its_tracks_and_takes_those_it_lacks(
    imports: SqlImportRepository, library: SqlLibraryRepository
) -> None:
    assert await put(imports, 1, 2, extend=True) == 2
    assert await put(imports, 2, 3, extend=True) == 3
    assert await uris(library) == [[track(n).uri for n in (1, 2, 3)]]


async def test_what_is_left_out_of_a_taste_stays_so_when_it_is_imported_again(
    imports: SqlImportRepository, library: SqlLibraryRepository
) -> None:
    await put(imports, 1)
    [stored] = await library.playlists(MEMBER)
    await library.leave_out(MEMBER, stored.id, left_out=True)
    await put(imports, 2)
    assert (await library.playlists(MEMBER))[0].left_out


async def test_a_batch_is_stored_whole_or_not_at_all(
    imports: SqlImportRepository, library: SqlLibraryRepository
) -> None:
    await put(imports, 1)
    naive = ImportedPlaylist("B", (PlaylistEntry(track(5), datetime(2026, 1, 1)),))
    batch = [("import:a", brought("A", 7)), ("import:b", naive)]
    with pytest.raises(StatementError):
        await imports.put_playlists(MEMBER, SOURCE_EXPORT, batch, NOW)
    assert await uris(library) == [[track(1).uri]]


async def test_what_is_known_of_a_track_is_not_overwritten(
    imports: SqlImportRepository, library: SqlLibraryRepository
) -> None:
    await put(imports, 1)
    renamed = ImportedPlaylist("A", tuple(type(e)(track(1, name="SPAM")) for e in entries([1])))
    await imports.put_playlists(MEMBER, SOURCE_EXPORTIFY, [("import:b", renamed)], NOW)
    assert (await library.tracks([track(1).uri]))[track(1).uri].name == "Song 1"


async def test_plays_are_stored_once_whatever_export_tells_of_them(
    imports: SqlImportRepository, database: Database
) -> None:
    await imports.begin(MEMBER)
    minute = [Listen(track(1), NOW, 180_000), Listen(track(2), NOW + timedelta(minutes=3), 99_000)]
    exact = [
        Listen(track(1), NOW + timedelta(seconds=42), 180_000),
        Listen(track(12), NOW + timedelta(minutes=3, seconds=7), 99_000),
        Listen(track(3), NOW + timedelta(minutes=9), 50_000),
    ]
    assert await imports.add_listens(MEMBER, SOURCE_EXPORT, minute) == 2
    assert await imports.add_listens(MEMBER, SOURCE_EXPORT, exact) == 1
    assert await imports.add_listens(MEMBER, SOURCE_EXPORT, exact) == 0
    assert await imports.add_listens(MEMBER, SOURCE_EXPORT, []) == 0
    async with database.reading() as session:
        stored = await session.execute(
            select(TrackRow.uri, ListenRow.ms_played, ListenRow.source)
            .join(TrackRow, TrackRow.id == ListenRow.track_id)
            .order_by(ListenRow.played_at)
        )
        assert [tuple(row) for row in stored] == [
            (track(1).uri, 180_000, SOURCE_EXPORT),
            (track(2).uri, 99_000, SOURCE_EXPORT),
            (track(3).uri, 50_000, SOURCE_EXPORT),
        ]


async def test_for_somebody_who_is_not_known_nothing_is_stored(imports: SqlImportRepository) -> None:
    with pytest.raises(ImportStopped):
        await imports.put_playlists(MEMBER, SOURCE_EXPORT, [("import:a", brought("A", 1))], NOW)
    with pytest.raises(ImportStopped):
        await imports.add_listens(MEMBER, SOURCE_EXPORT, [Listen(track(1), NOW)])
    assert await imports.forget(MEMBER) == ImportedCounts()


async def test_forgetting_deletes_the_imports_of_that_member_alone(
    imports: SqlImportRepository, library: SqlLibraryRepository, accounts: SqlAccountRepository
) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    await library.replace_playlist(MEMBER, profile().account_id, 0, remote(), entries([1, 2]), NOW)
    await put(imports, 2, 3)
    await imports.add_listens(MEMBER, SOURCE_EXPORT, [Listen(track(4), NOW, 40_000)])
    await imports.begin(OTHER)
    await imports.put_playlists(OTHER, SOURCE_EXPORT, [("import:a", brought("A", 1))], NOW)
    assert await imports.counts(MEMBER) == ImportedCounts(1, 2, 1)
    assert await imports.forget(MEMBER) == ImportedCounts(1, 2, 1)
    assert await imports.counts(MEMBER) == ImportedCounts()
    assert await uris(library) == [[track(1).uri, track(2).uri]]
    assert await imports.counts(OTHER) == ImportedCounts(1, 1, 0)


async def test_who_has_imported_has_a_library_for_sets_and_servers_until_it_is_forgotten(
    imports: SqlImportRepository, accounts: SqlAccountRepository, recommendations: SqlRecommendationRepository
) -> None:
    with pytest.raises(NotConnected):
        await recommendations.add(new_set())
    await put(imports, 1)
    assert (await recommendations.add(new_set())).member_id == MEMBER
    await accounts.remember_in_guild(GUILD, MEMBER, NOW)
    assert await accounts.connected_in_guild(GUILD) == [MEMBER]
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    assert await accounts.connected_in_guild(GUILD) == [MEMBER]
    await accounts.lapse(MEMBER, tokens().refresh_token)
    assert await accounts.connected_in_guild(GUILD) == [MEMBER]
    await imports.forget(MEMBER)
    assert await accounts.connected_in_guild(GUILD) == []


async def test_members_who_import_the_same_tracks_at_once_do_not_wait_for_each_other(
    database: Database, second_database: Database
) -> None:
    stores = [SqlImportRepository(database), SqlImportRepository(second_database)]
    for store, member in zip(stores, (MEMBER, OTHER), strict=True):
        await store.begin(member)
    forth, back = range(1, 300), range(299, 0, -1)
    await asyncio.gather(
        *(
            store.put_playlists(member, SOURCE_EXPORT, [("import:a", brought("A", *numbers))], NOW)
            for store, member, numbers in zip(stores, (MEMBER, OTHER), (forth, back), strict=True)
        )
    )
    assert await stores[0].counts(OTHER) == ImportedCounts(1, 299, 0)
