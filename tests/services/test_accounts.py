"""Signing in and keeping tokens fresh, against the stand-in, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import pytest

from bot.domain.accounts import AccountStatus, NothingKept
from bot.domain.errors import (
    AccountTaken,
    LoginFailed,
    NotConnected,
    ReconnectNeeded,
    SpotifyUnavailable,
)
from bot.domain.privacy import OptOut
from bot.sandbox.guests import consent, link_guest

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer
    from bot.settings import Settings

    OpenCore = Callable[[], AbstractAsyncContextManager[Core]]

ALICE, BOB, GUILD = 4_100_000_000_000_000_001, 4_100_000_000_000_000_002, 4_200_000_000_000_000_001
MIRA, JONAS = "mirasolenne", "jonaskettleburn"


async def test_a_member_signs_in_and_the_tokens_work(system: Core) -> None:
    account = await link_guest(system.services, ALICE, GUILD, MIRA)
    assert account.display_name == "Mira Solenne"
    listed = await system.services.accounts.with_token(ALICE, system.spotify.playlists)
    assert any(playlist.name == "rainy sunday" for playlist in listed)


async def test_a_state_works_once(system: Core) -> None:
    link = await system.services.accounts.begin_login(ALICE, GUILD)
    back = await consent(link.url, MIRA)
    await system.services.accounts.complete_login(back.params["state"], back.params["code"])
    with pytest.raises(LoginFailed, match="already used"):
        await system.services.accounts.complete_login(back.params["state"], back.params["code"])


async def test_a_state_belongs_to_the_member_who_asked(system: Core) -> None:
    alices = await system.services.accounts.begin_login(ALICE, GUILD)
    bobs = await system.services.accounts.begin_login(BOB, GUILD)
    back = await consent(bobs.url, JONAS)
    account = await system.services.accounts.complete_login(back.params["state"], back.params["code"])
    assert account.member_id == BOB
    assert await system.services.accounts.account(ALICE) is None
    assert alices.url != bobs.url


async def test_a_code_does_not_fit_another_members_state(system: Core) -> None:
    alices = await consent((await system.services.accounts.begin_login(ALICE, GUILD)).url, MIRA)
    bobs = await consent((await system.services.accounts.begin_login(BOB, GUILD)).url, JONAS)
    with pytest.raises(LoginFailed):
        await system.services.accounts.complete_login(alices.params["state"], bobs.params["code"])
    assert await system.services.accounts.account(ALICE) is None


async def test_a_made_up_state_is_refused(system: Core) -> None:
    with pytest.raises(LoginFailed, match="/connect"):
        await system.services.accounts.complete_login("made-up", "code")


async def test_a_link_expires(system: Core, clock: FakeClock) -> None:
    link = await system.services.accounts.begin_login(ALICE, GUILD)
    back = await consent(link.url, MIRA)
    clock.set(link.expires_at)
    with pytest.raises(LoginFailed, match="expired"):
        await system.services.accounts.complete_login(back.params["state"], back.params["code"])


async def test_whoever_cancels_is_told_so_and_may_change_their_mind(system: Core) -> None:
    link = await system.services.accounts.begin_login(ALICE, GUILD)
    back = await consent(link.url, MIRA)
    with pytest.raises(LoginFailed, match="did not agree"):
        await system.services.accounts.refuse_login(back.params["state"], "access_denied")
    account = await system.services.accounts.complete_login(back.params["state"], back.params["code"])
    assert account.display_name == "Mira Solenne"


async def test_a_sign_in_can_be_looked_at_without_being_spent(system: Core, clock: FakeClock) -> None:
    accounts = system.services.accounts
    link = await accounts.begin_login(ALICE, GUILD, member_name="Alice (@alice)")
    back = await consent(link.url, MIRA)
    for _ in range(2):
        attempt = await accounts.peek_login(back.params["state"])
        assert (attempt.member_id, attempt.guild_id, attempt.member_name) == (ALICE, GUILD, "Alice (@alice)")
    with pytest.raises(LoginFailed, match="never given out"):
        await accounts.peek_login("made-up")
    clock.set(link.expires_at)
    with pytest.raises(LoginFailed, match="expired"):
        await accounts.peek_login(back.params["state"])


async def test_a_declined_sign_in_is_spent(system: Core) -> None:
    accounts = system.services.accounts
    back = await consent((await accounts.begin_login(ALICE, GUILD)).url, MIRA)
    await accounts.decline_login(back.params["state"])
    for ask in (accounts.peek_login, accounts.decline_login):
        with pytest.raises(LoginFailed, match="already used"):
            await ask(back.params["state"])
    assert await accounts.account(ALICE) is None


async def test_one_spotify_account_belongs_to_one_member(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    with pytest.raises(AccountTaken):
        await link_guest(system.services, BOB, GUILD, MIRA)


async def test_tokens_are_refreshed_shortly_before_they_end(system: Core, clock: FakeClock) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    before = await system.services.accounts.with_token(ALICE, _itself)
    clock.advance(minutes=57)
    assert await system.services.accounts.with_token(ALICE, _itself) == before
    clock.advance(minutes=2)
    assert await system.services.accounts.with_token(ALICE, _itself) != before


async def test_many_calls_at_once_refresh_once(system: Core, clock: FakeClock, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    clock.advance(hours=2)
    asked_before = len(spotify_server.state.journal.find("POST", "/api/token"))
    profiles = await asyncio.gather(
        *(system.services.accounts.with_token(ALICE, system.spotify.profile) for _ in range(8))
    )
    asked = len(spotify_server.state.journal.find("POST", "/api/token")) - asked_before
    assert {profile.display_name for profile in profiles} == {"Mira Solenne"}
    assert asked == 1


async def test_a_token_that_spotify_rejects_early_is_refreshed(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    spotify_server.state.faults.add(
        "GET", "/v1/me", status=401, body={"error": {"status": 401, "message": "The access token expired"}}, times=1
    )
    profile = await system.services.accounts.with_token(ALICE, system.spotify.profile)
    assert profile.display_name == "Mira Solenne"


async def test_a_fresh_token_that_spotify_rejects_too_is_an_outage_and_no_revocation(
    system: Core, spotify_server: SpotifyServer
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    body = {"error": {"status": 401, "message": "Invalid access token"}}
    spotify_server.state.faults.add("GET", "/v1/me", status=401, body=body, times=2)
    with pytest.raises(SpotifyUnavailable, match="try again"):
        await system.services.accounts.with_token(ALICE, system.spotify.profile)
    profile = await system.services.accounts.with_token(ALICE, system.spotify.profile)
    assert profile.display_name == "Mira Solenne"


async def test_a_lost_key_locks_nobody_out(system: Core, open_core: OpenCore, settings: Settings) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await link_guest(system.services, BOB, GUILD, JONAS)
    (settings.home / "secret.key").unlink()
    async with open_core() as restarted:
        services = restarted.services
        account = await services.accounts.account(ALICE)
        assert account is not None
        assert account.display_name == "Mira Solenne"
        with pytest.raises(ReconnectNeeded, match="/connect"):
            await services.library.sync(ALICE)
        assert await services.library.playlists(ALICE)
        await link_guest(services, ALICE, GUILD, MIRA)
        assert (await services.library.sync(ALICE)).playlists_unchanged > 4
        assert (await services.accounts.disconnect(BOB)).playlists > 1


async def test_a_revoked_authorisation_asks_to_reconnect_and_keeps_the_library(
    system: Core, clock: FakeClock, spotify_server: SpotifyServer
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    spotify_server.state.revoke(MIRA)
    clock.advance(hours=2)
    with pytest.raises(ReconnectNeeded, match="/connect"):
        await system.services.library.sync(ALICE)
    account = await system.services.accounts.account(ALICE)
    assert account is not None
    assert account.status is AccountStatus.RECONNECT
    await link_guest(system.services, ALICE, GUILD, MIRA)
    assert await system.services.library.playlists(ALICE)


async def test_an_outage_is_not_taken_for_a_revocation(
    system: Core, clock: FakeClock, spotify_server: SpotifyServer
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    clock.advance(hours=2)
    spotify_server.state.faults.add("POST", "/api/token", status=503, times=1)
    with pytest.raises(SpotifyUnavailable):
        await system.services.library.sync(ALICE)
    assert (await system.services.library.sync(ALICE)).playlists_unchanged > 0


async def test_disconnecting_deletes_everything_and_says_how_much(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await system.services.discovery.discover(ALICE, GUILD, k=5)
    counts = await system.services.accounts.disconnect(ALICE)
    assert counts.playlists > 4
    assert counts.entries > 200
    with pytest.raises(NothingKept):
        await system.services.accounts.disconnect(ALICE)
    with pytest.raises(NotConnected):
        await system.services.library.playlists(ALICE)


async def test_whoever_never_connected_can_have_their_traces_deleted_too(system: Core) -> None:
    accounts = system.services.accounts
    await accounts.begin_login(ALICE, GUILD, member_name="Alice")
    await system.services.privacy.opt_out(BOB, OptOut.DIGESTS)
    for member_id in (ALICE, BOB):
        assert await accounts.is_known(member_id)
        await accounts.disconnect(member_id)
        assert not await accounts.is_known(member_id)
        assert not (await system.services.privacy.summary(member_id)).known
        with pytest.raises(NothingKept):
            await accounts.disconnect(member_id)


async def test_two_processes_share_one_sign_in(open_core: OpenCore) -> None:
    async with open_core() as first, open_core() as second:
        link = await first.services.accounts.begin_login(ALICE, GUILD)
        back = await consent(link.url, MIRA)
        outcomes = await asyncio.gather(
            *(
                process.services.accounts.complete_login(back.params["state"], back.params["code"])
                for process in (first, second)
            ),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LoginSpent", "SpotifyAccount"]
        assert (await second.services.accounts.usable(ALICE)).display_name == "Mira Solenne"


async def _itself(token: str) -> str:
    return token
