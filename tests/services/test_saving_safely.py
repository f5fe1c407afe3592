"""What belongs to the member is not lost, and what was begun and left is a way out, never a dead end."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

import httpx
import pytest
from saving_kit import ALICE, BOB, GUILD, JONAS, MIRA, connect, made_by_us, some_tracks, store_list, uris_in

from bot.domain.errors import CannotUndo, CrossfadeError, SpotifyError
from bot.domain.recommendations import SetKind
from bot.domain.saving import SaveMode, SaveSwitch
from bot.sandbox.catalogue import SampleEntry
from bot.sandbox.guests import consent
from bot.services.saving.values import CoverState, SaveOutcome, UndoKind, WhyNew

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.app import Core
    from bot.sandbox.spotify import SpotifyServer

ITEMS = "/v1/playlists/*/items"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Take SQLite alone: the database makes no difference here."""
    return sqlite_url


@pytest.fixture
async def core(system: Core) -> Core:
    """Connect Alice, who wants no covers."""
    await connect(system)
    await system.services.keeping.switch(ALICE, SaveSwitch.COVER, on=False)
    return system


async def saved(core: Core, server: SpotifyServer, count: int = 5, skip: int = 0) -> SaveOutcome:
    """Save a weekly list of so many tracks."""
    found = await store_list(core, some_tracks(server, count, skip))
    return await core.services.playlists.save(ALICE, found.id)


async def left_half_written(core: Core, server: SpotifyServer) -> int:
    """Begin to write another list into the weekly playlist and give up; return the list."""
    found = await store_list(core, some_tracks(server, 150, skip=300))
    server.state.faults.add("POST", ITEMS, status=503)
    with pytest.raises(SpotifyError):
        await core.services.playlists.save(ALICE, found.id)
    return found.id


async def test_somebody_elses_discoveries_do_not_replace_ones_own(core: Core, spotify_server: SpotifyServer) -> None:
    await connect(core, BOB, JONAS)
    saves = core.services.playlists
    mine = some_tracks(spotify_server, 5)
    own = await saves.save(BOB, (await store_list(core, mine, member_id=BOB)).id)
    theirs = await saves.save(BOB, (await store_list(core, some_tracks(spotify_server, 5, skip=20))).id)
    assert (theirs.why_new, theirs.weekly) == (WhyNew.NO_SERIES, False)
    assert uris_in(spotify_server.state.playlists[own.playlist.spotify_id]) == mine
    next_week = await saves.save(
        BOB, (await store_list(core, some_tracks(spotify_server, 5, skip=40), member_id=BOB)).id
    )
    assert next_week.playlist.spotify_id == own.playlist.spotify_id


async def test_undo_finishes_what_was_interrupted_before_it_touches_a_newer_save(
    core: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    await saved(core, spotify_server, 150)
    [weekly] = made_by_us(spotify_server)
    before = uris_in(weekly)
    interrupted = await saved(core, spotify_server, 10, skip=300)
    spotify_server.state.faults.add("POST", ITEMS, status=502)
    with pytest.raises(SpotifyError):
        await core.services.undoing.undo(ALICE, interrupted.save_id)
    clock.advance(minutes=5)
    track = await store_list(core, some_tracks(spotify_server, 5, skip=500), kind=SetKind.TRACK)
    newer = await core.services.playlists.save(ALICE, track.id)
    with pytest.raises(CannotUndo, match="use /undo to finish it"):
        await core.services.playlists.save(ALICE, interrupted.set_id)
    assert (await core.services.undoing.undo_last(ALICE)).kind is UndoKind.RESTORED
    assert uris_in(weekly) == before
    assert newer.playlist.spotify_id in [one.id for one in made_by_us(spotify_server)]


async def test_an_undo_that_changed_nothing_leaves_the_save_as_it_was(
    core: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    first = await saved(core, spotify_server)
    spotify_server.state.faults.add("GET", "/v1/me/library/contains", status=403)
    with pytest.raises(SpotifyError):
        await core.services.undoing.undo(ALICE, first.save_id)
    clock.advance(days=2)
    assert (await core.services.playlists.save(ALICE, first.set_id)).already
    assert (await saved(core, spotify_server, skip=20)).playlist.spotify_id == first.playlist.spotify_id


async def test_an_undo_keeps_what_the_member_added_since(core: Core, spotify_server: SpotifyServer) -> None:
    await saved(core, spotify_server)
    [playlist] = made_by_us(spotify_server)
    before = uris_in(playlist)
    second = await saved(core, spotify_server, 6, skip=20)
    own = some_tracks(spotify_server, 2, skip=600)
    playlist.insert([own[0]], 1, MIRA, core.clock.now())
    playlist.insert([own[1], before[0]], None, MIRA, core.clock.now())
    undone = await core.services.undoing.undo(ALICE, second.save_id)
    assert uris_in(playlist) == before + own
    assert (undone.n_tracks, undone.kept) == (7, 2)


async def test_an_undo_that_keeps_tracks_is_finished_with_them(core: Core, spotify_server: SpotifyServer) -> None:
    await saved(core, spotify_server, 120)
    [playlist] = made_by_us(spotify_server)
    before = uris_in(playlist)
    second = await saved(core, spotify_server, 6, skip=300)
    own = some_tracks(spotify_server, 1, skip=600)
    playlist.insert(own, None, MIRA, core.clock.now())
    spotify_server.state.faults.add("POST", ITEMS, status=502, after=True)
    with pytest.raises(SpotifyError):
        await core.services.undoing.undo(ALICE, second.save_id)
    await core.services.undoing.undo(ALICE, second.save_id)
    assert uris_in(playlist) == before + own


async def test_local_files_cannot_be_put_back_and_the_undo_says_how_many(
    core: Core, spotify_server: SpotifyServer
) -> None:
    await saved(core, spotify_server)
    [playlist] = made_by_us(spotify_server)
    before = uris_in(playlist)
    playlist.entries += [SampleEntry("spotify:local:Me:Demos:Take+1:61", core.clock.now(), MIRA)] * 2
    second = await saved(core, spotify_server, 6, skip=20)
    undone = await core.services.undoing.undo(ALICE, second.save_id)
    assert (undone.kind, undone.n_tracks, undone.lost) == (UndoKind.RESTORED, 5, 2)
    assert uris_in(playlist) == before


async def test_a_playlist_that_grew_too_large_to_bring_back_is_left_alone(
    core: Core, spotify_server: SpotifyServer
) -> None:
    first = await saved(core, spotify_server)
    [playlist] = made_by_us(spotify_server)
    playlist.insert(some_tracks(spotify_server, 1) * 1_000, None, MIRA, core.clock.now())
    spotify_server.state.journal.clear()
    second = await saved(core, spotify_server, 6, skip=20)
    assert second.why_new is WhyNew.GROWN
    assert (second.playlist.spotify_id != first.playlist.spotify_id, len(playlist.entries)) == (True, 1_005)
    assert not any(exchange.path.endswith(f"{playlist.id}/items") for exchange in spotify_server.state.journal)


@pytest.mark.parametrize("how", ["undo", "/undo", "freeze", "keep"])
async def test_what_waits_for_a_half_written_list_says_so_and_goes_on_once_it_is_finished(
    core: Core, spotify_server: SpotifyServer, how: str
) -> None:
    first = await saved(core, spotify_server)
    begun = await left_half_written(core, spotify_server)
    third = await store_list(core, some_tracks(spotify_server, 5, skip=40))

    def attempt() -> Awaitable[object]:
        services = core.services
        return {
            "undo": lambda: services.undoing.undo(ALICE, first.save_id),
            "/undo": lambda: services.undoing.undo_last(ALICE),
            "freeze": lambda: services.keeping.freeze(ALICE),
            "keep": lambda: services.playlists.save(ALICE, third.id, SaveMode.KEEP),
        }[how]()

    with pytest.raises(CrossfadeError, match="begun in “Crossfade discoveries · 20 Nov 2026” and not finished"):
        await attempt()
    await core.services.playlists.save(ALICE, begun)
    if how == "undo":
        await core.services.undoing.undo_last(ALICE)
    await attempt()


async def test_freezing_while_an_undo_is_interrupted_says_what_to_do(core: Core, spotify_server: SpotifyServer) -> None:
    await saved(core, spotify_server)
    second = await saved(core, spotify_server, 6, skip=20)
    spotify_server.state.faults.add("PUT", ITEMS, status=502)
    with pytest.raises(SpotifyError):
        await core.services.undoing.undo(ALICE, second.save_id)
    with pytest.raises(CannotUndo, match="use /undo to finish it"):
        await core.services.keeping.freeze(ALICE)


async def test_keeping_the_last_one_is_possible_while_its_undo_is_interrupted(
    core: Core, spotify_server: SpotifyServer
) -> None:
    await saved(core, spotify_server)
    second = await saved(core, spotify_server, 6, skip=20)
    spotify_server.state.faults.add("PUT", ITEMS, status=502)
    with pytest.raises(SpotifyError):
        await core.services.undoing.undo(ALICE, second.save_id)
    third = await store_list(core, some_tracks(spotify_server, 5, skip=40))
    outcome = await core.services.playlists.save(ALICE, third.id, SaveMode.KEEP)
    assert outcome.why_new is WhyNew.BEING_UNDONE


async def test_the_preview_of_a_list_whose_playlist_was_deleted_says_that_a_new_one_is_made(
    core: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    first = await saved(core, spotify_server)
    spotify_server.state.listeners[MIRA].library.remove(first.playlist.spotify_id)
    clock.advance(minutes=5)
    plan = await core.services.playlists.plan(ALICE, first.set_id)
    assert (plan.saved, plan.target.reuses) == (None, False)
    assert not (await core.services.playlists.save(ALICE, first.set_id)).already


async def test_who_does_not_allow_pictures_gets_the_whole_playlist_and_no_call_for_a_cover(
    system: Core, spotify_server: SpotifyServer
) -> None:
    accounts = system.services.accounts
    asked = httpx.URL((await accounts.begin_login(ALICE, GUILD, member_name="Alice")).url)
    allowed = " ".join(scope for scope in asked.params["scope"].split() if scope != "ugc-image-upload")
    back = await consent(str(asked.copy_set_param("scope", allowed)), MIRA)
    await accounts.complete_login(back.params["state"], back.params["code"])
    tracks = some_tracks(spotify_server, 5)
    found = await store_list(system, tracks)
    plan = await system.services.playlists.plan(ALICE, found.id)
    outcome = await system.services.playlists.save(ALICE, found.id)
    assert plan.cover is outcome.cover is CoverState.NOT_ALLOWED
    assert [uris_in(playlist) for playlist in made_by_us(spotify_server)] == [tracks]
    assert not any("/images" in exchange.path for exchange in spotify_server.state.journal)


@pytest.mark.parametrize("then", ["the next list", "the same click", "undo"])
async def test_a_playlist_that_one_answer_of_spotify_lacks_is_not_made_twice(
    core: Core, spotify_server: SpotifyServer, then: str
) -> None:
    faults = spotify_server.state.faults
    first = await store_list(core, some_tracks(spotify_server, 5))
    if then == "the same click":
        faults.add("PUT", ITEMS, status=500)
        with pytest.raises(SpotifyError):
            await core.services.playlists.save(ALICE, first.id)
    else:
        made = await core.services.playlists.save(ALICE, first.id)
    faults.add("GET", "/v1/me/library/contains", status=200, body=[False])
    if then == "undo":
        assert (await core.services.undoing.undo(ALICE, made.save_id)).kind is UndoKind.REMOVED
        assert made_by_us(spotify_server) == []
        return
    second = first if then == "the same click" else await store_list(core, some_tracks(spotify_server, 5, skip=20))
    await core.services.playlists.save(ALICE, second.id)
    [playlist] = made_by_us(spotify_server)
    assert uris_in(playlist) == [pick.track.uri for pick in second.picks]
