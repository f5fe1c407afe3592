"""Tests of claiming a save: one click at a time goes on, and who comes late stops."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from storage_samples import (
    MEMBER,
    NOW,
    OTHER,
    new_set,
    profile,
    tokens,
)

from bot.domain.errors import SaveInProgress, UnknownSet
from bot.domain.library import CreatedPlaylist
from bot.domain.saving import SaveClaim, SavedPlaylist, SaveStatus, SaveTerms
from bot.storage.repositories import SqlAccountRepository, SqlRecommendationRepository, SqlSaveRepository
from bot.storage.session import Database

PLAYLIST = CreatedPlaylist("made", "Crossfade", "https://open.spotify.com/playlist/made")
STALE = NOW - timedelta(minutes=2)
TERMS = SaveTerms("discover", public=False, n_tracks=3)


@pytest.fixture(autouse=True)
async def _connected(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens("ada"), NOW)
    await accounts.link(OTHER, profile("bob"), tokens("bob"), NOW)


async def _claim(repository: SqlSaveRepository, set_id: int, minutes: float = 0) -> SaveClaim:
    """Claim as of some minutes later, with claims going stale after two."""
    now = NOW + timedelta(minutes=minutes)
    return await repository.claim_save(set_id, MEMBER, now, now - timedelta(minutes=2))


async def test_a_second_click_does_not_win_until_the_first_goes_stale(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    stored = await recommendations.add(new_set())
    first, second = await _claim(saves, stored.id), await _claim(saves, stored.id, 1)
    third = await _claim(saves, stored.id, 3)

    assert (first.won, first.taken_over) == (True, False)
    assert first.saved == SavedPlaylist(
        first.saved.id, stored.id, MEMBER, SaveStatus.CLAIMED, NOW, 1, mark=None, spotify_id=None, name=None, url=None
    )
    assert (second.won, second.taken_over, second.saved) == (False, False, first.saved)
    assert (third.won, third.taken_over, third.saved.id) == (True, True, first.saved.id)
    assert (third.saved.claimed_at, third.saved.attempts) == (NOW + timedelta(minutes=3), 2)


async def test_a_finished_save_is_never_claimed_again(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    stored = await recommendations.add(new_set())
    claim = await _claim(saves, stored.id)
    await saves.save_created(claim.saved, PLAYLIST)
    done = await saves.save_done(claim.saved, PLAYLIST, NOW)
    await saves.release_save(claim.saved)

    assert (done.status, done.spotify_id, done.name, done.url) == (SaveStatus.DONE, "made", "Crossfade", PLAYLIST.url)
    again = await _claim(saves, stored.id, 60 * 24 * 365)
    assert (again.won, again.saved) == (False, done)


async def test_a_playlist_that_was_made_but_not_filled_is_known_to_who_takes_over(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    stored = await recommendations.add(new_set())
    claim = await _claim(saves, stored.id)
    await saves.save_created(claim.saved, PLAYLIST)

    assert not (await _claim(saves, stored.id, 1)).won
    later = await _claim(saves, stored.id, 3)
    assert (later.won, later.saved.status, later.saved.spotify_id) == (True, SaveStatus.CREATED, "made")


async def test_a_released_claim_is_open_at_once_as_if_nothing_had_been(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    stored = await recommendations.add(new_set())
    await saves.release_save((await _claim(saves, stored.id)).saved)

    again = await _claim(saves, stored.id)
    assert (again.won, again.taken_over) == (True, False)


async def test_a_release_does_not_forget_that_a_playlist_exists_or_may_exist(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    """After a crash of unknown outcome somebody has to look first, also when the next one fails cleanly."""
    stored = await recommendations.add(new_set())
    await _claim(saves, stored.id)
    taken = await _claim(saves, stored.id, 3)
    await saves.release_save(taken.saved)
    again = await _claim(saves, stored.id, 3)
    assert (again.won, again.taken_over) == (True, True)

    await saves.save_created(again.saved, PLAYLIST)
    await saves.release_save(again.saved)
    last = await _claim(saves, stored.id, 3)
    assert (last.won, last.saved.status, last.saved.spotify_id) == (True, SaveStatus.CREATED, "made")


async def test_each_member_saves_a_set_for_themselves(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    stored = await recommendations.add(new_set())
    mine = await saves.claim_save(stored.id, MEMBER, NOW, STALE)
    theirs = await saves.claim_save(stored.id, OTHER, NOW, STALE)
    assert mine.won
    assert theirs.won
    assert mine.saved.id != theirs.saved.id


async def test_a_set_or_save_that_is_gone_is_an_error_with_a_sentence(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository, accounts: SqlAccountRepository
) -> None:
    with pytest.raises(UnknownSet):
        await saves.claim_save(1, MEMBER, NOW, STALE)
    stored = await recommendations.add(new_set(member_id=OTHER))
    gone = (await _claim(saves, stored.id)).saved
    await accounts.delete_member(MEMBER)
    with pytest.raises(UnknownSet):
        await saves.begin_creating(gone, "mark", TERMS, NOW)
    with pytest.raises(UnknownSet):
        await saves.save_created(gone, PLAYLIST)
    with pytest.raises(UnknownSet):
        await saves.save_done(gone, PLAYLIST, NOW)
    await saves.release_save(gone)


async def test_who_was_taken_over_can_neither_go_on_nor_undo_anything(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    stored = await recommendations.add(new_set())
    late = (await _claim(saves, stored.id)).saved
    taken = (await _claim(saves, stored.id, 3)).saved

    for step in (
        saves.begin_creating(late, "mine", TERMS, NOW),
        saves.save_created(late, CreatedPlaylist("second", "", "")),
        saves.save_done(late, PLAYLIST, NOW),
    ):
        with pytest.raises(SaveInProgress):
            await step
    await saves.release_save(late)

    assert (await _claim(saves, stored.id, 4)).saved == taken


async def test_who_was_taken_over_is_told_of_the_finished_playlist_and_does_not_change_it(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    stored = await recommendations.add(new_set())
    late = (await _claim(saves, stored.id)).saved
    taken = (await _claim(saves, stored.id, 3)).saved
    await saves.save_created(taken, PLAYLIST)
    done = await saves.save_done(taken, PLAYLIST, NOW)

    assert done.spotify_id == "made"
    assert await saves.begin_creating(late, "mine", TERMS, NOW) == done
    assert await saves.save_created(late, CreatedPlaylist("second", "", "")) == done
    assert await saves.save_done(late, PLAYLIST, NOW) == done
    assert (await _claim(saves, stored.id, 9)).saved == done


async def test_beginning_to_create_renews_the_claim_and_keeps_the_first_mark(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    stored = await recommendations.add(new_set())
    first = (await _claim(saves, stored.id)).saved
    begun = await saves.begin_creating(first, "first", TERMS, NOW + timedelta(minutes=1.5))

    noted = {"series": "discover", "public": False, "n_tracks": 3}
    assert begun == replace(first, mark="first", claimed_at=NOW + timedelta(minutes=1.5), **noted)
    assert not (await _claim(saves, stored.id, 3)).won
    taken = await _claim(saves, stored.id, 4)
    assert (taken.won, taken.saved.mark) == (True, "first")
    assert (await saves.begin_creating(taken.saved, "second", TERMS, NOW)).mark == "first"


async def test_a_save_whose_playlist_is_gone_starts_over_under_the_same_claim(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository
) -> None:
    stored = await recommendations.add(new_set())
    held = (await _claim(saves, stored.id)).saved
    await saves.begin_creating(held, "first", TERMS, NOW)
    await saves.save_created(held, PLAYLIST)
    again = await saves.restart_save(held, NOW)

    assert again == held
    assert (await saves.begin_creating(again, "second", TERMS, NOW)).mark == "second"


@pytest.mark.parametrize("twice", [False, True], ids=["one process", "two processes"])
async def test_of_many_who_reopen_a_finished_save_one_wins(
    recommendations: SqlRecommendationRepository,
    saves: SqlSaveRepository,
    second_database: Database,
    *,
    twice: bool,
) -> None:
    stored = await recommendations.add(new_set())
    held = (await _claim(saves, stored.id)).saved
    await saves.save_created(held, PLAYLIST)
    done = await saves.save_done(held, PLAYLIST, NOW)
    others = [saves, SqlSaveRepository(second_database) if twice else saves]
    claims = await asyncio.gather(*(others[n % 2].reopen_save(done, NOW) for n in range(8)))

    assert sum(claim.won for claim in claims) == 1
    assert not (await _claim(saves, stored.id)).won


async def test_going_on_and_taking_over_at_the_same_time_leave_one_who_may_create(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository, second_database: Database
) -> None:
    elsewhere = SqlSaveRepository(second_database)
    for _ in range(10):
        stored = await recommendations.add(new_set())
        held = (await _claim(saves, stored.id)).saved
        late = NOW + timedelta(minutes=3)
        went_on, taken = await asyncio.gather(
            saves.begin_creating(held, "mark", TERMS, late),
            _claim(elsewhere, stored.id, 3),
            return_exceptions=True,
        )
        assert isinstance(taken, SaveClaim)
        assert isinstance(went_on, SaveInProgress if taken.won else SavedPlaylist)


@pytest.mark.parametrize("stale", [False, True], ids=["first click", "take-over"])
async def test_of_many_clicks_at_once_exactly_one_wins(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository, second_database: Database, *, stale: bool
) -> None:
    elsewhere = SqlSaveRepository(second_database)
    stored = await recommendations.add(new_set())
    if stale:
        await _claim(saves, stored.id, -60)

    claims = await asyncio.gather(*(_claim((saves, elsewhere)[n % 2], stored.id) for n in range(24)))

    assert [claim.taken_over for claim in claims if claim.won] == [stale]
    assert len({claim.saved.id for claim in claims}) == 1


async def test_claims_and_releases_that_cross_end_with_one_winner_or_none_at_a_time(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository, second_database: Database
) -> None:
    elsewhere = SqlSaveRepository(second_database)
    stored = await recommendations.add(new_set())
    working = most = 0

    async def click(repository: SqlSaveRepository) -> None:
        nonlocal working, most
        claim = await _claim(repository, stored.id)
        if claim.won:
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1
            await repository.release_save(claim.saved)

    await asyncio.gather(*(click((saves, elsewhere)[n % 2]) for n in range(24)))
    assert most == 1
