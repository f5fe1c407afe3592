"""What speaks for a member's taste, and what counts as theirs already."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import AllLeftOut
from bot.domain.listening import Listen, TopItems
from bot.sandbox.guests import link_guest
from bot.storage.repositories.library import SqlLibraryRepository
from bot.storage.repositories.listening import SqlListeningRepository

if TYPE_CHECKING:
    from bot.core import Core
    from bot.domain.library import LibraryPlaylist

ALICE, GUILD = 4_100_000_000_000_000_001, 4_200_000_000_000_000_001
MIRA = "mirasolenne"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Leave it at SQLite: nothing here depends on the database."""
    return sqlite_url


async def leave_out_all_but(system: Core, kept: str | None) -> list[LibraryPlaylist]:
    """Leave out every playlist but the one of that name; return those that were left out."""
    library = system.services.library
    left_out = [one for one in await library.playlists(ALICE) if one.name != kept]
    return [await library.leave_out(ALICE, one.id, left_out=True) for one in left_out]


async def forget_top(system: Core) -> None:
    account = await system.services.accounts.usable(ALICE)
    listening = SqlListeningRepository(system.database)
    await listening.replace_top(ALICE, account.account_id, TopItems({}, {}), system.clock.now())


async def test_a_playlist_that_is_left_out_gives_no_seed_but_its_tracks_are_not_new(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await forget_top(system)
    left_out = await leave_out_all_but(system, "rainy sunday")
    found = await system.services.discovery.discover(ALICE, GUILD)
    assert found.subtitle.endswith("from “rainy sunday”")
    assert all("“rainy sunday”" in reason or "“" not in reason for pick in found.picks for reason in pick.reasons[:1])
    uris = await SqlLibraryRepository(system.database).track_uris([one.id for one in left_out])
    assert not {pick.track.uri for pick in found.picks} & {uri for theirs in uris.values() for uri in theirs}


async def test_a_playlist_that_is_left_out_may_be_named_all_the_same(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    first, *_ = await leave_out_all_but(system, None)
    found = await system.services.recommendations.for_playlist(ALICE, GUILD, first.id)
    assert found.picks


async def test_what_is_played_most_speaks_where_all_playlists_are_left_out(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await leave_out_all_but(system, None)
    found = await system.services.discovery.discover(ALICE, GUILD)
    assert found.subtitle.endswith("from the tracks you play most")
    await forget_top(system)
    with pytest.raises(AllLeftOut, match="/taste take-in"):
        await system.services.discovery.discover(ALICE, GUILD)


async def test_what_was_heard_in_the_last_four_weeks_is_not_recommended(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    first = await system.services.discovery.discover(ALICE, GUILD, k=30)
    heard, heard_long_ago = first.picks[0].track, first.picks[1].track
    async with system.database.transaction() as session:
        from sqlalchemy import text

        await session.execute(text("DELETE FROM recommendations"))
    account = await system.services.accounts.usable(ALICE)
    now = system.clock.now()
    await SqlListeningRepository(system.database).add_listens(
        ALICE,
        account.account_id,
        [Listen(heard, now - timedelta(weeks=3)), Listen(heard_long_ago, now - timedelta(weeks=5))],
        now,
    )
    again = {pick.track.uri for pick in (await system.services.discovery.discover(ALICE, GUILD, k=30)).picks}
    assert heard.uri not in again
    assert heard_long_ago.uri in again


async def test_a_server_never_reads_what_a_member_calls_their_own(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.for_server(GUILD, k=20)
    said = " ".join(reason for pick in found.picks for reason in pick.reasons)
    assert "you play most" not in said
    assert "your liked songs" not in said


async def test_a_list_that_was_saved_speaks_for_its_owner_once_they_take_it_in(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD)
    saved = await system.services.playlists.save(ALICE, found.id)
    await system.services.library.sync(ALICE)
    [ours] = [one for one in await system.services.library.playlists(ALICE) if one.name == saved.playlist.name]
    assert ours.left_out
    await system.services.library.leave_out(ALICE, ours.id, left_out=False)
    await system.services.library.sync(ALICE)
    [ours] = [one for one in await system.services.library.playlists(ALICE) if one.name == saved.playlist.name]
    assert not ours.left_out
