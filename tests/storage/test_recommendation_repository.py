"""Tests of what was recommended and of saves in the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from storage_samples import GUILD, MEMBER, NOW, OTHER, entries, new_set, profile, remote, tokens, track

from bot.domain.errors import UnknownSet
from bot.domain.library import CreatedPlaylist
from bot.domain.recommendations import Pick, SaveClaim, SavedPlaylist, SaveStatus, SetKind
from bot.storage.repositories import SqlAccountRepository, SqlLibraryRepository, SqlRecommendationRepository
from bot.storage.session import Database

PLAYLIST = CreatedPlaylist("made", "Crossfade", "https://open.spotify.com/playlist/made")
STALE = NOW - timedelta(minutes=2)


async def _claim(repository: SqlRecommendationRepository, set_id: int, minutes: float = 0) -> SaveClaim:
    """Claim as of some minutes later, with claims going stale after two."""
    now = NOW + timedelta(minutes=minutes)
    return await repository.claim_save(set_id, MEMBER, now, now - timedelta(minutes=2))


async def test_a_stored_set_comes_back_best_first_with_its_reasons(
    recommendations: SqlRecommendationRepository,
) -> None:
    new = new_set((9, 4, 7, 4))
    stored = await recommendations.add(new)

    assert stored.picks == new.picks
    assert (stored.kind, stored.title, stored.subtitle, stored.model) == (new.kind, "Title", "Subtitle", "2026-11-20")
    assert (stored.member_id, stored.guild_id, stored.created_at) == (MEMBER, GUILD, NOW)
    assert await recommendations.get(stored.id) == stored
    assert await recommendations.get(stored.id + 1) is None


async def test_sets_without_member_guild_or_picks_can_be_stored(recommendations: SqlRecommendationRepository) -> None:
    for new in (
        new_set(kind=SetKind.DIGEST, member_id=None),
        new_set(guild_id=None),
        new_set((), kind=SetKind.PREVIEW, member_id=None, guild_id=None),
    ):
        stored = await recommendations.add(new)
        assert await recommendations.get(stored.id) == stored
        assert (stored.kind, stored.member_id, stored.guild_id) == (new.kind, new.member_id, new.guild_id)


async def test_a_recommended_track_fills_gaps_but_replaces_nothing_that_spotify_told(
    recommendations: SqlRecommendationRepository, library: SqlLibraryRepository, accounts: SqlAccountRepository
) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    known = track(1, isrc=None)
    await library.replace_playlist(MEMBER, 0, remote(), [replace(entries([1])[0], track=known)], NOW)
    poorer = track(1, name="name in the catalogue", artists=(), duration_ms=1, image_url=None)
    new = replace(new_set(()), picks=(Pick(poorer, 1.0, ()), Pick(track(2), 0.5, ())))

    stored = await recommendations.add(new)

    assert [pick.track for pick in stored.picks] == [track(1), track(2)]
    assert await library.tracks([known.uri, track(2).uri]) == {known.uri: track(1), track(2).uri: track(2)}


async def test_what_a_member_discovered_is_remembered_but_not_what_they_asked_for(
    recommendations: SqlRecommendationRepository,
) -> None:
    await recommendations.add(new_set((1, 2), created_at=NOW - timedelta(days=10)))
    await recommendations.add(new_set((2, 3)))
    await recommendations.add(new_set((4,), kind=SetKind.PLAYLIST))
    await recommendations.add(new_set((5,), member_id=OTHER))
    await recommendations.add(new_set((6,), kind=SetKind.DIGEST, member_id=None))

    async def shown(days: int) -> set[str]:
        return await recommendations.recently_shown(MEMBER, GUILD, NOW - timedelta(days=days))

    assert await shown(0) == {track(2).uri, track(3).uri}
    assert await shown(10) == {track(n).uri for n in (1, 2, 3)}
    assert await shown(-1) == set()


async def test_a_servers_digests_are_remembered_but_not_their_previews(
    recommendations: SqlRecommendationRepository,
) -> None:
    await recommendations.add(new_set((1,)))
    await recommendations.add(new_set((2,), kind=SetKind.DIGEST, member_id=None))
    await recommendations.add(new_set((3,), kind=SetKind.PREVIEW, member_id=None))
    await recommendations.add(new_set((4,), kind=SetKind.DIGEST, member_id=None, guild_id=GUILD + 1))

    assert await recommendations.recently_shown(None, GUILD, NOW) == {track(2).uri}
    assert await recommendations.recently_shown(None, None, NOW) == set()


async def test_a_second_click_does_not_win_until_the_first_goes_stale(
    recommendations: SqlRecommendationRepository,
) -> None:
    stored = await recommendations.add(new_set())
    first, second = await _claim(recommendations, stored.id), await _claim(recommendations, stored.id, 1)
    third = await _claim(recommendations, stored.id, 3)

    assert (first.won, first.taken_over) == (True, False)
    assert first.saved == SavedPlaylist(
        first.saved.id, stored.id, MEMBER, SaveStatus.CLAIMED, NOW, spotify_id=None, name=None, url=None
    )
    assert (second.won, second.taken_over, second.saved) == (False, False, first.saved)
    assert (third.won, third.taken_over, third.saved.id) == (True, True, first.saved.id)
    assert third.saved.claimed_at == NOW + timedelta(minutes=3)


async def test_a_finished_save_is_never_claimed_again(recommendations: SqlRecommendationRepository) -> None:
    stored = await recommendations.add(new_set())
    claim = await _claim(recommendations, stored.id)
    await recommendations.save_created(claim.saved.id, PLAYLIST)
    done = await recommendations.save_done(claim.saved.id, NOW)
    await recommendations.release_save(claim.saved.id)

    assert (done.status, done.spotify_id, done.name, done.url) == (SaveStatus.DONE, "made", "Crossfade", PLAYLIST.url)
    again = await _claim(recommendations, stored.id, 60 * 24 * 365)
    assert (again.won, again.saved) == (False, done)


async def test_a_playlist_that_was_made_but_not_filled_is_known_to_who_takes_over(
    recommendations: SqlRecommendationRepository,
) -> None:
    stored = await recommendations.add(new_set())
    claim = await _claim(recommendations, stored.id)
    await recommendations.save_created(claim.saved.id, PLAYLIST)

    assert not (await _claim(recommendations, stored.id, 1)).won
    later = await _claim(recommendations, stored.id, 3)
    assert (later.won, later.saved.status, later.saved.spotify_id) == (True, SaveStatus.CREATED, "made")


async def test_a_released_claim_is_open_at_once_as_if_nothing_had_been(
    recommendations: SqlRecommendationRepository,
) -> None:
    stored = await recommendations.add(new_set())
    await recommendations.release_save((await _claim(recommendations, stored.id)).saved.id)

    again = await _claim(recommendations, stored.id)
    assert (again.won, again.taken_over) == (True, False)


async def test_a_release_does_not_forget_that_a_playlist_exists_or_may_exist(
    recommendations: SqlRecommendationRepository,
) -> None:
    """After a crash of unknown outcome somebody has to look first, also when the next one fails cleanly."""
    stored = await recommendations.add(new_set())
    await _claim(recommendations, stored.id)
    taken = await _claim(recommendations, stored.id, 3)
    await recommendations.release_save(taken.saved.id)
    again = await _claim(recommendations, stored.id, 3)
    assert (again.won, again.taken_over) == (True, True)

    await recommendations.save_created(again.saved.id, PLAYLIST)
    await recommendations.release_save(again.saved.id)
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
    recommendations: SqlRecommendationRepository,
) -> None:
    with pytest.raises(UnknownSet):
        await recommendations.claim_save(1, MEMBER, NOW, STALE)
    with pytest.raises(UnknownSet):
        await recommendations.save_created(1, PLAYLIST)
    with pytest.raises(UnknownSet):
        await recommendations.save_done(1, NOW)
    await recommendations.release_save(1)


async def test_an_id_is_never_given_to_another_set(
    recommendations: SqlRecommendationRepository, accounts: SqlAccountRepository
) -> None:
    """A button of a deleted set must not lead to somebody else's."""
    gone = await recommendations.add(new_set())
    await accounts.delete_member(MEMBER)
    assert (await recommendations.add(new_set(member_id=OTHER))).id > gone.id


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
            await repository.release_save(claim.saved.id)

    await asyncio.gather(*(click((recommendations, elsewhere)[n % 2]) for n in range(24)))
    assert most == 1
