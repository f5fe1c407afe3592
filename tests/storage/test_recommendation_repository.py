"""Tests of what was recommended in the database, and to whom it belongs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from storage_samples import (
    GUILD,
    MEMBER,
    NOW,
    OTHER,
    entries,
    new_set,
    profile,
    remote,
    rows_as_text,
    tokens,
    track,
)

from bot.domain.errors import NotConnected
from bot.domain.recommendations import Pick, SetKind
from bot.storage.repositories import (
    SqlAccountRepository,
    SqlLibraryRepository,
    SqlRecommendationRepository,
    SqlSaveRepository,
)
from bot.storage.session import Database

STALE = NOW - timedelta(minutes=2)
STRANGER = 1_100_000_000_000_000_003
"""Somebody without an account."""


@pytest.fixture(autouse=True)
async def _connected(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens("ada"), NOW)
    await accounts.link(OTHER, profile("bob"), tokens("bob"), NOW)


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
    recommendations: SqlRecommendationRepository, library: SqlLibraryRepository
) -> None:
    known = track(1, isrc=None)
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), [replace(entries([1])[0], track=known)], NOW)
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


@pytest.mark.parametrize("kind", [SetKind.DISCOVER, SetKind.PLAYLIST])
async def test_a_set_from_the_playlists_of_a_member_who_has_left_is_not_kept(
    kind: SetKind, recommendations: SqlRecommendationRepository, accounts: SqlAccountRepository, database: Database
) -> None:
    await accounts.delete_member(MEMBER)
    before = await rows_as_text(database)
    with pytest.raises(NotConnected):
        await recommendations.add(new_set(kind=kind))
    assert await rows_as_text(database) == before


async def test_what_somebody_without_an_account_asked_for_is_nobodys(
    recommendations: SqlRecommendationRepository, saves: SqlSaveRepository, database: Database
) -> None:
    theirs = await recommendations.add(new_set(kind=SetKind.TRACK, member_id=STRANGER))
    mine = await recommendations.add(new_set(kind=SetKind.TRACK))
    assert (theirs.member_id, mine.member_id) == (None, MEMBER)
    assert theirs.picks == mine.picks
    assert await recommendations.get(theirs.id) == theirs
    with pytest.raises(NotConnected):
        await saves.claim_save(theirs.id, STRANGER, NOW, STALE)
    assert str(STRANGER) not in await rows_as_text(database)


async def test_nothing_of_a_member_is_left_who_leaves_in_the_middle_of_discovering_and_saving(
    recommendations: SqlRecommendationRepository,
    accounts: SqlAccountRepository,
    second_database: Database,
    database: Database,
) -> None:
    elsewhere = SqlRecommendationRepository(second_database)
    digest = await recommendations.add(new_set(kind=SetKind.DIGEST, member_id=None))
    outcomes = await asyncio.gather(
        *(elsewhere.add(new_set(range(50))) for _ in range(4)),
        accounts.delete_member(MEMBER),
        *(elsewhere.add(new_set(range(50), kind=kind)) for kind in (SetKind.PLAYLIST, SetKind.TRACK)),
        SqlSaveRepository(second_database).claim_save(digest.id, MEMBER, NOW, STALE),
        return_exceptions=True,
    )
    faults = {type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)}
    assert faults <= {NotConnected}
    assert str(MEMBER) not in await rows_as_text(database)


async def test_an_id_is_never_given_to_another_set(
    recommendations: SqlRecommendationRepository, accounts: SqlAccountRepository
) -> None:
    """A button of a deleted set must not lead to somebody else's."""
    gone = await recommendations.add(new_set())
    await accounts.delete_member(MEMBER)
    assert (await recommendations.add(new_set(member_id=OTHER))).id > gone.id
