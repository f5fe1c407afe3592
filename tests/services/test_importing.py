"""What members bring becomes a library like any other, for those with a Spotify account and those without."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from import_samples import exportify, liked, named, playlist, zipped

from bot.domain.errors import BadInput, NotConnected
from bot.domain.imports import BroughtFile, ImportedCounts, ImportRefused, ImportReport, LeftOut
from bot.domain.library import PlaylistKind
from bot.imports.reader import UploadReader
from bot.sandbox.exports import SampleExports
from bot.sandbox.guests import link_guest

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.catalogue import SampleWorld

ALICE, BOB, GUILD = 4_100_000_000_000_000_001, 4_100_000_000_000_000_002, 4_200_000_000_000_000_001


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Run on SQLite alone: the repository has tests on both."""
    return sqlite_url


@pytest.fixture
def exports(sample_world: SampleWorld) -> SampleExports:
    return SampleExports(sample_world, "mirasolenne")


def brought(content: bytes, name: str = "my_spotify_data.zip") -> BroughtFile:
    async def read() -> bytes:
        return content

    return BroughtFile(name, len(content), read)


async def bring(system: Core, content: bytes, name: str = "my_spotify_data.zip", who: int = ALICE) -> ImportReport:
    return await system.services.imports.take(who, GUILD, brought(content, name))


async def test_who_has_no_spotify_here_gets_discoveries_from_what_they_brought(
    system: Core, exports: SampleExports
) -> None:
    with pytest.raises(NotConnected):
        await system.services.discovery.discover(ALICE, GUILD)
    report = await bring(system, exports.account_data())
    assert report.fault is None
    found = await system.services.discovery.discover(ALICE, GUILD)
    assert len(found.picks) == 30
    playlists = await system.services.library.playlists(ALICE)
    assert {one.kind for one in playlists} == {PlaylistKind.IMPORT}
    owned = {uri for uris in (await _uris(system, [one.id for one in playlists])).values() for uri in uris}
    assert not owned & {pick.track.uri for pick in found.picks}
    goes_with = await system.services.recommendations.for_playlist(ALICE, GUILD, playlists[0].id)
    assert goes_with.picks
    with pytest.raises(NotConnected, match="/connect"):
        await system.services.playlists.save(ALICE, found.id)


async def _uris(system: Core, ids: list[int]) -> dict[int, list[str]]:
    from bot.storage.repositories.library import SqlLibraryRepository

    return await SqlLibraryRepository(system.database).track_uris(ids)


async def test_a_servers_digest_draws_on_what_members_brought(system: Core, exports: SampleExports) -> None:
    await bring(system, exports.account_data())
    found = await system.services.discovery.for_server(GUILD, k=10)
    assert "the playlists of 1 member" in found.subtitle


async def test_importing_again_replaces_and_adds_no_play_twice(
    system: Core, exports: SampleExports, clock: FakeClock
) -> None:
    first = await bring(system, exports.account_data())
    before = await system.services.imports.imported(ALICE)
    clock.advance(minutes=2)
    again = await bring(system, exports.account_data())
    assert await system.services.imports.imported(ALICE) == before
    assert (again.playlists, again.entries) == (first.playlists, first.entries)
    assert (again.listens, again.listens_known > 300) == (0, True)
    clock.advance(minutes=2)
    extended = await bring(system, exports.extended_history())
    assert extended.listens == 0


async def test_plays_by_name_find_the_tracks_of_the_model_and_those_brought_and_others_are_counted(
    system: Core, sample_world: SampleWorld
) -> None:
    known = sample_world.music.tracks[3].record
    history = [
        {
            "endTime": "2026-10-02 13:05",
            "artistName": known.artist_name.upper(),
            "trackName": known.name,
            "msPlayed": 99_000,
        },
        named(4, "2026-10-03 10:00"),
        named(99, "2026-10-04 10:00"),
    ]
    report = await bring(system, zipped({"StreamingHistory0.json": history, "YourLibrary.json": {"tracks": liked(4)}}))
    assert report.listens == 2
    assert report.left_out == {LeftOut.UNMATCHED: 1}


async def test_a_file_cannot_rename_a_track_that_the_model_knows(system: Core, sample_world: SampleWorld) -> None:
    record = sample_world.music.tracks[3].record
    lines = f"Track URI,Track Name,Artist Name(s)\n{record.uri},BUY MY COINS,spam.example\n"
    await bring(system, lines.encode(), "x.csv")
    from bot.storage.repositories.library import SqlLibraryRepository

    stored = (await SqlLibraryRepository(system.database).tracks([record.uri]))[record.uri]
    assert (stored.name, stored.artist_names) == (record.name, record.artist_name)


async def test_pasting_more_links_adds_to_the_list(system: Core, sample_world: SampleWorld, clock: FakeClock) -> None:
    one, two, three = (track.record.uri for track in sample_world.music.tracks[:3])
    await system.services.imports.take(ALICE, GUILD, links=f"{one} {two}")
    clock.advance(minutes=2)
    await system.services.imports.take(ALICE, GUILD, links=f"{three} {two}")
    [pasted] = await system.services.library.playlists(ALICE)
    assert (pasted.name, pasted.n_tracks) == ("Pasted links", 3)
    assert (await _uris(system, [pasted.id]))[pasted.id] == [one, two, three]
    assert (await system.services.discovery.discover(ALICE, GUILD)).picks


async def test_a_history_alone_speaks_for_a_taste_too(system: Core, exports: SampleExports) -> None:
    await bring(system, exports.extended_history())
    [only] = await system.services.library.playlists(ALICE)
    assert only.name == "Most played"
    assert (await system.services.discovery.discover(ALICE, GUILD)).picks


async def test_one_import_a_minute(system: Core, clock: FakeClock) -> None:
    await bring(system, exportify(1), "a.csv")
    with pytest.raises(BadInput, match="One import a minute"):
        await bring(system, exportify(2), "b.csv")
    await bring(system, exportify(2), "b.csv", who=BOB)
    clock.advance(seconds=60)
    await bring(system, exportify(2), "b.csv")


async def test_nothing_given_and_too_large_a_file_cost_no_turn_and_no_download(system: Core) -> None:
    async def never() -> bytes:
        raise AssertionError("fetched")

    with pytest.raises(BadInput, match="paste some track links"):
        await system.services.imports.take(ALICE, GUILD, links="  ")
    with pytest.raises(BadInput, match="larger than 25 MB"):
        await system.services.imports.take(ALICE, GUILD, BroughtFile("x.zip", 25_000_001, never))
    await bring(system, exportify(1), "a.csv")


async def test_of_a_refused_file_nothing_is_kept(system: Core) -> None:
    with pytest.raises(ImportRefused):
        await bring(system, b"no zip")
    assert not await system.services.accounts.is_known(ALICE)


async def test_a_file_that_discord_does_not_hand_over_ends_with_a_sentence(system: Core) -> None:
    async def hangs() -> bytes:
        await asyncio.Event().wait()
        return b""

    system.services.imports._patience = 0.01
    with pytest.raises(ImportRefused, match="send it again"):
        await system.services.imports.take(ALICE, GUILD, BroughtFile("x.zip", 5, hangs))


async def test_one_file_at_a_time_is_read_and_never_on_the_event_loop(system: Core) -> None:
    at_once, most, threads = 0, 0, set()
    lock = threading.Lock()

    class Watching(UploadReader):
        def read_file(self, name, content, now):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            threads.add(threading.get_ident())
            found = super().read_file(name, content, now)
            with lock:
                at_once -= 1
            return found

    imports = system.services.imports.reading_by(Watching())
    await asyncio.gather(*(imports.take(who, None, brought(exportify(who), "a.csv")) for who in range(1, 6)))
    assert most == 1
    assert threading.get_ident() not in threads


async def test_who_leaves_in_the_middle_gets_nothing_stored_any_more(
    system: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = system.services.imports._imports
    begin = store.begin

    async def begin_and_leave(member_id: int) -> None:
        await begin(member_id)
        await system.services.accounts.disconnect(member_id)

    monkeypatch.setattr(store, "begin", begin_and_leave)
    report = await bring(system, zipped({"Playlist1.json": {"playlists": [playlist("A", 1)]}}))
    assert "Your data was deleted" in (report.fault or "")
    assert report.playlists == 0
    assert not await system.services.accounts.is_known(ALICE)


async def test_forgetting_imports_leaves_what_spotify_gave(system: Core, exports: SampleExports) -> None:
    await link_guest(system.services, ALICE, GUILD, "jonaskettleburn")
    linked = {one.name for one in await system.services.library.playlists(ALICE)}
    report = await bring(system, exports.account_data())
    gone = await system.services.imports.forget(ALICE)
    assert gone.playlists == report.playlists + 1
    assert gone.listens == report.listens
    assert {one.name for one in await system.services.library.playlists(ALICE)} == linked
    assert await system.services.imports.imported(ALICE) == ImportedCounts()


async def test_a_sync_leaves_what_was_imported(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, "jonaskettleburn")
    await bring(system, exportify(1, 2), "mine.csv")
    await system.services.library.sync(ALICE)
    assert "mine" in {one.name for one in await system.services.library.playlists(ALICE)}


async def test_disconnecting_deletes_what_was_imported(system: Core) -> None:
    await bring(system, exportify(1, 2), "mine.csv")
    deleted = await system.services.accounts.disconnect(ALICE)
    assert (deleted.playlists, deleted.imported, deleted.entries) == (0, 1, 2)


async def test_who_has_all_deleted_while_their_next_file_is_read_is_not_made_anew(
    system: Core, clock: FakeClock
) -> None:
    await bring(system, exportify(1, 2), "first.csv")
    clock.advance(minutes=2)
    content = exportify(3, 4)

    async def read() -> bytes:
        await system.services.accounts.disconnect(ALICE)
        return content

    report = await system.services.imports.take(ALICE, GUILD, BroughtFile("second.csv", len(content), read))
    assert "Your data was deleted" in (report.fault or "")
    assert not await system.services.accounts.is_known(ALICE)


async def test_who_has_brought_too_much_makes_room_first(
    system: Core, exports: SampleExports, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = await bring(system, exports.account_data())
    assert report.fault is None
    clock.advance(minutes=2)
    monkeypatch.setattr(system.services.imports, "_most_kept", await system.services.imports.imported(ALICE))
    with pytest.raises(BadInput, match="Forget imports"):
        await bring(system, exports.extended_history())
    await system.services.imports.forget(ALICE)
    assert (await bring(system, exports.extended_history())).fault is None
