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
from bot.domain.recommendations import SaveClaim, SavedPlaylist, SaveStatus
from bot.storage.repositories import SqlAccountRepository, SqlRecommendationRepository
from bot.storage.session import Database

PLAYLIST = CreatedPlaylist("made", "Crossfade", "https://open.spotify.com/playlist/made")
STALE = NOW - timedelta(minutes=2)


@pytest.fixture(autouse=True)
async def _connected(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens("ada"), NOW)
    await accounts.link(OTHER, profile("bob"), tokens("bob"), NOW)


async def _claim(repository: SqlRecommendationRepository, set_id: int, minutes: float = 0) -> SaveClaim:
    """Claim as of some minutes later, with claims going stale after two."""
    now = NOW + timedelta(minutes=minutes)
    return await repository.claim_save(set_id, MEMBER, now, now - timedelta(minutes=2))


async def test_a_second_click_does_not_win_until_the_first_goes_stale(
    recommendations: SqlRecommendationRepository,
) -> None:
    stored = await recommendations.add(new_set())
    first, second = await _claim(recommendations, stored.id), await _claim(recommendations, stored.id, 1)
    third = await _claim(recommendations, stored.id, 3)

    assert (first.won, first.taken_over) == (True, False)
    assert first.saved == SavedPlaylist(
        first.saved.id, stored.id, MEMBER, SaveStatus.CLAIMED, NOW, 1, mark=None, spotify_id=None, name=None, url=None
    )
    assert (second.won, second.taken_over, second.saved) == (False, False, first.saved)
    assert (third.won, third.taken_over, third.saved.id) == (True, True, first.saved.id)
    assert (third.saved.claimed_at, third.saved.attempts) == (NOW + timedelta(minutes=3), 2)


async def test_a_finished_save_is_never_claimed_again(recommendations: SqlRecommendationRepository) -> None:
    stored = await recommendations.add(new_set())
    claim = await _claim(recommendations, stored.id)
    await recommendations.save_created(claim.saved, PLAYLIST)
    done = await recommendations.save_done(claim.saved, NOW)
    await recommendations.release_save(claim.saved)

    assert (done.status, done.spotify_id, done.name, done.url) == (SaveStatus.DONE, "made", "Crossfade", PLAYLIST.url)
    again = await _claim(recommendations, stored.id, 60 * 24 * 365)
    assert (again.won, again.saved) == (False, done)


async def test_a_playlist_that_was_made_but_not_filled_is_known_to_who_takes_over(
    recommendations: SqlRecommendationRepository,
) -> None:
    stored = await recommendations.add(new_set())
    claim = await _claim(recommendations, stored.id)
    await recommendations.save_created(claim.saved, PLAYLIST)

    assert not (await _claim(recommendations, stored.id, 1)).won
    later = await _claim(recommendations, stored.id, 3)
    assert (later.won, later.saved.status, later.saved.spotify_id) == (True, SaveStatus.CREATED, "made")


async def test_a_released_claim_is_open_at_once_as_if_nothing_had_been(
    recommendations: SqlRecommendationRepository,
) -> None:
    stored = await recommendations.add(new_set())
    await recommendations.release_save((await _claim(recommendations, stored.id)).saved)

    again = await _claim(recommendations, stored.id)
    assert (again.won, again.taken_over) == (True, False)


async def test_a_release_does_not_forget_that_a_playlist_exists_or_may_exist(
    recommendations: SqlRecommendationRepository,
) -> None:
    """After a crash of unknown outcome somebody has to look first, also when the next one fails cleanly."""
    stored = await recommendations.add(new_set())
    await _claim(recommendations, stored.id)
    taken = await _claim(recommendations, stored.id, 3)
    await recommendations.release_save(taken.saved)
    again = await _claim(recommendations, stored.id, 3)
    assert (again.won, again.taken_over) == (True, True)

    await recommendations.save_created(again.saved, PLAYLIST)
    await recommendations.release_save(again.saved)
    last = await _claim(recommendations, stored.id, 3)
    assert (last.won, last.saved.status, last.saved.spotify_id) == (True, SaveStatus.CREATED, "made")


async def test_each_member_saves_a_set_for_themselves(recommendations: SqlRecommendationRepository) -> None:
    stored = await recommendations.add(new_set())
    mine = await recommendations.claim_save(stored.id, MEMBER, NOW, STALE)
    theirs = await recommendations.claim_save(stored.id, OTHER, NOW, STALE)
    assert mine.won
    assert theirs.won
    assert mine.saved.id != theirs.saved.id


async def test_a_set_or_save_that_is_gone_is_an_error_with_a_sentence(
    recommendations: SqlRecommendationRepository, accounts: SqlAccountRepository
) -> None:
    with pytest.raises(UnknownSet):
        await recommendations.claim_save(1, MEMBER, NOW, STALE)
    stored = await recommendations.add(new_set(member_id=OTHER))
    gone = (await _claim(recommendations, stored.id)).saved
    await accounts.delete_member(MEMBER)
    with pytest.raises(UnknownSet):
        await recommendations.begin_creating(gone, "mark", NOW)
    with pytest.raises(UnknownSet):
        await recommendations.save_created(gone, PLAYLIST)
    with pytest.raises(UnknownSet):
        await recommendations.save_done(gone, NOW)
    await recommendations.release_save(gone)
    await recommendations.discard_save(gone)


async def test_who_was_taken_over_can_neither_go_on_nor_undo_anything(
    recommendations: SqlRecommendationRepository,
) -> None:
    stored = await recommendations.add(new_set())
    late = (await _claim(recommendations, stored.id)).saved
    taken = (await _claim(recommendations, stored.id, 3)).saved

    for step in (
        recommendations.begin_creating(late, "mine", NOW),
        recommendations.save_created(late, CreatedPlaylist("second", "", "")),
        recommendations.save_done(late, NOW),
    ):
        with pytest.raises(SaveInProgress):
            await step
    await recommendations.release_save(late)
    await recommendations.discard_save(late)

    assert (await _claim(recommendations, stored.id, 4)).saved == taken


async def test_who_was_taken_over_is_told_of_the_finished_playlist_and_does_not_change_it(
    recommendations: SqlRecommendationRepository,
) -> None:
    stored = await recommendations.add(new_set())
    late = (await _claim(recommendations, stored.id)).saved
    taken = (await _claim(recommendations, stored.id, 3)).saved
    await recommendations.save_created(taken, PLAYLIST)
    done = await recommendations.save_done(taken, NOW)

    assert done.spotify_id == "made"
    assert await recommendations.begin_creating(late, "mine", NOW) == done
    assert await recommendations.save_created(late, CreatedPlaylist("second", "", "")) == done
    assert await recommendations.save_done(late, NOW) == done
    assert (await _claim(recommendations, stored.id, 9)).saved == done


async def test_beginning_to_create_renews_the_claim_and_keeps_the_first_mark(
    recommendations: SqlRecommendationRepository,
) -> None:
    stored = await recommendations.add(new_set())
    first = (await _claim(recommendations, stored.id)).saved
    begun = await recommendations.begin_creating(first, "first", NOW + timedelta(minutes=1.5))

    assert begun == replace(first, mark="first", claimed_at=NOW + timedelta(minutes=1.5))
    assert not (await _claim(recommendations, stored.id, 3)).won
    taken = await _claim(recommendations, stored.id, 4)
    assert (taken.won, taken.saved.mark) == (True, "first")
    assert (await recommendations.begin_creating(taken.saved, "second", NOW)).mark == "first"


async def test_a_discarded_save_leaves_room_for_a_new_one(recommendations: SqlRecommendationRepository) -> None:
    stored = await recommendations.add(new_set())
    held = (await _claim(recommendations, stored.id)).saved
    await recommendations.begin_creating(held, "first", NOW)
    await recommendations.save_created(held, PLAYLIST)
    await recommendations.discard_save(held)

    again = await _claim(recommendations, stored.id)
    assert (again.won, again.taken_over, again.saved.mark, again.saved.spotify_id) == (True, False, None, None)
    assert again.saved.id > held.id


async def test_going_on_and_taking_over_at_the_same_time_leave_one_who_may_create(
    recommendations: SqlRecommendationRepository, second_database: Database
) -> None:
    elsewhere = SqlRecommendationRepository(second_database)
    for _ in range(10):
        stored = await recommendations.add(new_set())
        held = (await _claim(recommendations, stored.id)).saved
        late = NOW + timedelta(minutes=3)
        went_on, taken = await asyncio.gather(
            recommendations.begin_creating(held, "mark", late),
            _claim(elsewhere, stored.id, 3),
            return_exceptions=True,
        )
        assert isinstance(taken, SaveClaim)
        assert isinstance(went_on, SaveInProgress if taken.won else SavedPlaylist)


@pytest.mark.parametrize("stale", [False, True], ids=["first click", "take-over"])
async def test_of_many_clicks_at_once_exactly_one_wins(
    recommendations: SqlRecommendationRepository, second_database: Database, *, stale: bool
) -> None:
    elsewhere = SqlRecommendationRepository(second_database)
    stored = await recommendations.add(new_set())
    if stale:
        await _claim(recommendations, stored.id, -60)

    claims = await asyncio.gather(*(_claim((recommendations, elsewhere)[n % 2], stored.id) for n in range(24)))

    assert [claim.taken_over for claim in claims if claim.won] == [stale]
    assert len({claim.saved.id for claim in claims}) == 1


async def test_claims_and_releases_that_cross_end_with_one_winner_or_none_at_a_time(
    recommendations: SqlRecommendationRepository, second_database: Database
) -> None:
    elsewhere = SqlRecommendationRepository(second_database)
    stored = await recommendations.add(new_set())
    working = most = 0

    async def click(repository: SqlRecommendationRepository) -> None:
        nonlocal working, most
        claim = await _claim(repository, stored.id)
        if claim.won:
            working += 1
            most = max(most, working)
            await asyncio.sleep(0)
            working -= 1
            await repository.release_save(claim.saved)

    await asyncio.gather(*(click((recommendations, elsewhere)[n % 2]) for n in range(24)))
    assert most == 1
