"""Weekly playlists in the database: taken over by one list at a time, kept as they are, and undone once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from storage_samples import MEMBER, NOW, OTHER, new_set, profile, tokens

from bot.domain.errors import SaveInProgress, UndoInProgress
from bot.domain.library import CreatedPlaylist
from bot.domain.saving import PreviousContent, SavedPlaylist, SaveStatus, SaveTerms
from bot.storage.repositories import SqlAccountRepository, SqlRecommendationRepository, SqlSaveRepository
from bot.storage.session import Database

PLAYLIST = CreatedPlaylist("weekly", "Crossfade", "https://open.spotify.com/playlist/weekly")
TERMS = SaveTerms("discover", public=False, n_tracks=3)
BEFORE = PreviousContent("Mine", "For the road", True, ("spotify:track:1", "spotify:track:2"), 1, None)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
async def _connected(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens("ada"), NOW)
    await accounts.link(OTHER, profile("bob"), tokens("bob"), NOW)


class Shelf:
    """Makes saves as the services do, step by step."""

    def __init__(self, recommendations: SqlRecommendationRepository, saves: SqlSaveRepository) -> None:
        self._recommendations = recommendations
        self._saves = saves

    async def claimed(self, member_id: int = MEMBER, at: datetime = NOW) -> SavedPlaylist:
        stored = await self._recommendations.add(new_set())
        return (await self._saves.claim_save(stored.id, member_id, at, _stale(at))).saved

    async def made(self, member_id: int = MEMBER, playlist: CreatedPlaylist = PLAYLIST) -> SavedPlaylist:
        held = await self.claimed(member_id)
        await self._saves.begin_creating(held, "mark", TERMS, NOW)
        await self._saves.save_created(held, playlist)
        return await self._saves.save_done(held, playlist, NOW)

    async def taken_over(
        self, last: SavedPlaylist, at: datetime = LATER, previous: PreviousContent = BEFORE
    ) -> SavedPlaylist | None:
        held = await self.claimed(at=at)
        return await take_over(self._saves, held, last, at, previous)


def _stale(at: datetime) -> datetime:
    return at - timedelta(minutes=2)


async def take_over(
    saves: SqlSaveRepository,
    held: SavedPlaylist,
    last: SavedPlaylist,
    at: datetime = LATER,
    previous: PreviousContent = BEFORE,
) -> SavedPlaylist | None:
    return await saves.begin_reusing(held, last, previous, "next", TERMS, at, _stale(at))


@pytest.fixture
def shelf(recommendations: SqlRecommendationRepository, saves: SqlSaveRepository) -> Shelf:
    return Shelf(recommendations, saves)


async def test_a_playlist_that_is_taken_over_is_kept_with_what_was_in_it(
    shelf: Shelf, saves: SqlSaveRepository
) -> None:
    last = await shelf.made()
    taken = await shelf.taken_over(last)
    assert taken is not None
    assert (taken.status, taken.spotify_id, taken.mark) == (SaveStatus.CREATED, "weekly", "next")
    assert taken.previous == BEFORE
    done = await saves.save_done(taken, PLAYLIST, LATER)
    assert await saves.last_of_series(MEMBER, "discover") == done
    assert await saves.series_playlists(MEMBER) == [done]
    assert await saves.newer_in_playlist(last) == done


async def test_of_two_lists_in_two_processes_one_takes_the_playlist_over(
    shelf: Shelf, saves: SqlSaveRepository, second_database: Database
) -> None:
    last = await shelf.made()
    held = [await shelf.claimed(at=LATER) for _ in range(2)]
    rows = saves, SqlSaveRepository(second_database)
    outcomes = await asyncio.gather(
        *(take_over(rows[n], held[n], last) for n in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["SaveInProgress", "SavedPlaylist"]


async def test_a_playlist_that_was_kept_updated_or_is_being_undone_meanwhile_is_not_taken_over(
    shelf: Shelf, saves: SqlSaveRepository
) -> None:
    last = await shelf.made()
    held = await shelf.claimed(at=LATER)
    assert await saves.set_frozen(last, NOW)
    assert await take_over(saves, held, last) is None
    assert await saves.set_frozen(last, None)
    assert await saves.claim_undo(last, NOW, _stale(NOW)) is not None
    assert await take_over(saves, held, last) is None


async def test_a_list_that_was_given_up_half_written_hands_on_what_it_had_found(
    shelf: Shelf, saves: SqlSaveRepository
) -> None:
    last = await shelf.made()
    begun = await shelf.taken_over(last)
    assert begun is not None
    half = PreviousContent("Half", "", False, ("spotify:track:9",))
    with pytest.raises(SaveInProgress):
        await shelf.taken_over(last, previous=half)
    await saves.release_save(begun)
    taken = await shelf.taken_over(last, previous=half)
    assert taken is not None
    assert taken.previous == BEFORE
    assert await saves.save(MEMBER, begun.id) is None


async def test_nobody_takes_over_the_playlist_of_another_member(shelf: Shelf, saves: SqlSaveRepository) -> None:
    theirs = await shelf.made(OTHER)
    assert await shelf.taken_over(theirs) is None
    assert await saves.last_of_series(MEMBER, "discover") is None


async def test_a_playlist_into_which_a_list_is_going_is_neither_kept_nor_undone(
    shelf: Shelf, saves: SqlSaveRepository
) -> None:
    last = await shelf.made()
    taken = await shelf.taken_over(last)
    assert taken is not None
    assert not await saves.set_frozen(last, NOW)
    assert await saves.claim_undo(last, NOW, _stale(NOW)) is None
    await saves.save_done(taken, PLAYLIST, LATER)
    assert not await saves.set_frozen(last, NOW)
    assert await saves.claim_undo(last, NOW, _stale(NOW)) is None


async def test_of_keeping_and_undoing_at_once_in_two_processes_one_happens(
    shelf: Shelf, saves: SqlSaveRepository, second_database: Database
) -> None:
    for number in range(6):
        playlist = CreatedPlaylist(f"weekly-{number}", "Crossfade", "")
        done = await shelf.made(playlist=playlist)
        kept, undoing = await asyncio.gather(
            saves.set_frozen(done, NOW), SqlSaveRepository(second_database).claim_undo(done, NOW, _stale(NOW))
        )
        assert kept is (undoing is None)


async def test_of_many_who_undo_at_once_one_claims_it(
    shelf: Shelf, saves: SqlSaveRepository, second_database: Database
) -> None:
    done = await shelf.made()
    rows = saves, SqlSaveRepository(second_database)
    claims = await asyncio.gather(*(rows[n % 2].claim_undo(done, NOW, _stale(NOW)) for n in range(8)))
    assert sum(claim is not None for claim in claims) == 1


async def test_an_undo_that_stands_still_is_taken_over_and_the_late_one_stops(
    shelf: Shelf, saves: SqlSaveRepository
) -> None:
    done = await shelf.made()
    late = await saves.claim_undo(done, NOW, _stale(NOW))
    assert late is not None
    after = NOW + timedelta(minutes=3)
    assert await saves.claim_undo(late, NOW + timedelta(minutes=1), _stale(NOW)) is None
    taken = await saves.claim_undo(late, after, _stale(after))
    assert taken is not None
    with pytest.raises(UndoInProgress):
        await saves.renew_undo(late, after)
    await saves.release_undo(late, begun=True)
    await saves.finish_undo(late)
    assert await saves.save(MEMBER, done.id) == taken
    await saves.renew_undo(taken, after)
    await saves.finish_undo(taken)
    assert await saves.save(MEMBER, done.id) is None


async def test_an_undo_given_back_is_as_if_it_had_not_been_unless_it_was_begun(
    shelf: Shelf, saves: SqlSaveRepository
) -> None:
    done = await shelf.made()
    held = await saves.claim_undo(done, NOW, _stale(NOW))
    assert held is not None
    await saves.release_undo(held, begun=False)
    free = await saves.save(MEMBER, done.id)
    assert free is not None
    assert free.undoing_at is None
    again = await saves.claim_undo(free, NOW, _stale(NOW))
    assert again is not None
    await saves.release_undo(again, begun=True)
    begun = await saves.save(MEMBER, done.id)
    assert begun is not None
    assert not begun.reusable
    assert await saves.claim_undo(begun, NOW, _stale(NOW)) is not None


async def test_an_undo_stops_when_what_it_needs_was_forgotten_meanwhile(shelf: Shelf, saves: SqlSaveRepository) -> None:
    """Without what was there before, the playlist would look like one that the save had made, and be removed."""
    taken = await shelf.taken_over(await shelf.made())
    assert taken is not None
    done = await saves.save_done(taken, PLAYLIST, LATER)
    next_day = LATER + timedelta(days=1, seconds=1)
    await shelf.claimed(at=next_day)
    assert await saves.claim_undo(done, next_day, _stale(next_day)) is None


async def test_what_an_undo_is_to_bring_back_can_be_added_to_while_it_is_held(
    shelf: Shelf, saves: SqlSaveRepository
) -> None:
    taken = await shelf.taken_over(await shelf.made())
    assert taken is not None
    held = await saves.claim_undo(await saves.save_done(taken, PLAYLIST, LATER), LATER, _stale(LATER))
    assert held is not None
    more = PreviousContent("Mine", "For the road", True, (*BEFORE.uris, "spotify:track:3"), 1, None)
    await saves.renew_undo(held, LATER, previous=more)
    found = await saves.save(MEMBER, held.id)
    assert found is not None
    assert found.previous == more


async def test_an_interrupted_undo_comes_before_a_newer_save(shelf: Shelf, saves: SqlSaveRepository) -> None:
    older = await shelf.made(playlist=CreatedPlaylist("older", "", ""))
    newer = await shelf.made(playlist=CreatedPlaylist("newer", "", ""))
    assert await saves.last_to_undo(MEMBER) == newer
    held = await saves.claim_undo(older, NOW, _stale(NOW))
    assert held is not None
    await saves.release_undo(held, begun=True)
    last = await saves.last_to_undo(MEMBER)
    assert last is not None
    assert last.id == older.id
