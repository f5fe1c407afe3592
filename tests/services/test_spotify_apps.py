"""Servers' own Spotify apps, against the stand-in with several apps, on both databases."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.accounts import AccountStatus, NoticeKind, SpotifyAccount
from bot.domain.apps import (
    AppCredentials,
    AppIsDefault,
    AppRefused,
    AppUnreadable,
    NoAppToSignIn,
    NoServerApp,
)
from bot.domain.errors import BadInput, SpotifyAppGone, SpotifyRefused, SpotifyUnavailable
from bot.domain.quota import Cooldown, LimitReason
from bot.sandbox.guests import consent, link_guest
from bot.storage.encryption import new_key
from bot.storage.repositories.quotas import SqlQuotaRepository

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from conftest import FakeClock

    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer
    from bot.settings import Settings

    OpenCore = Callable[[], AbstractAsyncContextManager[Core]]

ADMIN, ALICE, BOB = (4_100_000_000_000_000_000 + n for n in (9, 1, 2))
GUILD, NEIGHBOUR = 4_200_000_000_000_000_001, 4_200_000_000_000_000_002
MIRA, JONAS = "mirasolenne", "jonaskettleburn"
OURS = AppCredentials("a" * 32, "5ec2e7" + "0" * 26)
SECOND = AppCredentials("b" * 32, "5ec2e7" + "1" * 26)


@pytest.fixture
def spotify(spotify_server: SpotifyServer) -> SpotifyServer:
    """Give a Spotify that knows two more apps."""
    for app in (OURS, SECOND):
        spotify_server.state.register_app(app.client_id, app.client_secret)
    return spotify_server


async def account_of(system: Core, member_id: int) -> SpotifyAccount:
    account = await system.services.accounts.account(member_id)
    assert account is not None
    return account


async def test_members_of_the_server_are_linked_through_its_app_and_others_through_the_default_one(
    system: Core, spotify: SpotifyServer
) -> None:
    apps = system.services.spotify_apps
    done = await apps.set(GUILD, OURS, ADMIN)
    assert (done.app.client_id, done.app.registered_by, done.app.members) == (OURS.client_id, ADMIN, 0)
    link = await system.services.accounts.begin_login(ALICE, GUILD)
    assert f"client_id={OURS.client_id}" in link.url

    assert (await link_guest(system.services, ALICE, GUILD, MIRA)).client_id == OURS.client_id
    assert (await link_guest(system.services, BOB, NEIGHBOUR, JONAS)).client_id is None
    assert (await apps.test(GUILD)).app.members == 1
    gateway = await system.services.accounts.spotify_of(ALICE)
    assert gateway is not system.spotify
    listed = await system.services.accounts.with_token(ALICE, gateway.playlists)
    assert any(playlist.name == "rainy sunday" for playlist in listed)


async def test_tokens_are_refreshed_through_the_app_they_belong_to(
    system: Core, spotify: SpotifyServer, clock: FakeClock
) -> None:
    await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
    await link_guest(system.services, ALICE, GUILD, MIRA)
    clock.advance(hours=2)
    assert (await system.services.library.sync(ALICE)).playlists_unchanged > 0


async def test_connecting_again_elsewhere_stays_with_the_app_of_the_account(
    system: Core, spotify: SpotifyServer
) -> None:
    await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
    await link_guest(system.services, ALICE, GUILD, MIRA)
    for guild_id in (None, NEIGHBOUR):
        assert (await system.services.accounts.begin_login(ALICE, guild_id)).app.client_id == OURS.client_id
    await system.services.spotify_apps.set(NEIGHBOUR, SECOND, ADMIN)
    assert (await system.services.accounts.begin_login(ALICE, NEIGHBOUR)).app.client_id == SECOND.client_id
    await system.services.spotify_apps.remove(GUILD)
    assert (await system.services.accounts.begin_login(ALICE, None)).app.client_id is None


async def test_wrong_credentials_are_refused_and_nothing_is_kept(system: Core, spotify: SpotifyServer) -> None:
    apps = system.services.spotify_apps
    for wrong in (AppCredentials(OURS.client_id, "f" * 32), AppCredentials("c" * 32, "f" * 32)):
        with pytest.raises(AppRefused, match="developer dashboard"):
            await apps.set(GUILD, wrong, ADMIN)
    assert await apps.of_guild(GUILD) is None
    await apps.set(GUILD, OURS, ADMIN)
    with pytest.raises(AppRefused):
        await apps.set(GUILD, AppCredentials(OURS.client_id, "f" * 32), ADMIN)
    assert (await apps.test(GUILD)).fault is None, "the good secret was not replaced"


async def test_an_outage_keeps_nothing_and_blames_nobody(system: Core, spotify: SpotifyServer) -> None:
    spotify.state.faults.add("POST", "/api/token", status=503, times=None)
    with pytest.raises(SpotifyUnavailable):
        await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
    assert await system.services.spotify_apps.of_guild(GUILD) is None


async def test_the_default_app_is_no_servers_own(system: Core, settings: Settings) -> None:
    with pytest.raises(AppIsDefault, match="create another one"):
        await system.services.spotify_apps.set(GUILD, AppCredentials(str(settings.spotify.client_id), "f" * 32), ADMIN)


@pytest.mark.parametrize(
    ("client_id", "secret", "said"),
    [
        ("a" * 31, "b" * 32, "not a client ID"),
        ("a" * 33, "b" * 32, "not a client ID"),
        ("g" * 32, "b" * 32, "not a client ID"),
        ("", "b" * 32, "not a client ID"),
        ("a" * 32, "hunter2", "not a client secret"),
        ("a" * 32, "a" * 32, "twice"),
    ],
)
def test_what_cannot_be_a_key_is_told_without_repeating_it(client_id: str, secret: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as told:
        AppCredentials.typed(client_id, secret)
    assert secret not in str(told.value)


def test_spaces_and_capitals_of_a_copy_do_not_matter_and_the_secret_is_in_no_repr() -> None:
    typed = AppCredentials.typed(f" {'A' * 32}\n", f"{'B' * 32} ")
    assert typed == AppCredentials("a" * 32, "b" * 32)
    assert "b" * 32 not in repr(typed)


async def test_another_secret_keeps_the_members_linked(system: Core, spotify: SpotifyServer, clock: FakeClock) -> None:
    apps = system.services.spotify_apps
    await apps.set(GUILD, OURS, ADMIN)
    await link_guest(system.services, ALICE, GUILD, MIRA)
    renewed = AppCredentials(OURS.client_id, "d" * 32)
    spotify.state.register_app(renewed.client_id, renewed.client_secret)
    fault = (await apps.test(GUILD)).fault
    assert fault is not None
    assert "use /spotify-app set" in fault

    done = await apps.set(GUILD, renewed, ADMIN)
    assert (done.renewed, done.left, done.app.members) == (True, 0, 1)
    clock.advance(hours=2)
    assert (await system.services.library.sync(ALICE)).playlists_unchanged > 0


async def test_removing_the_app_asks_its_members_to_connect_again_and_keeps_what_is_theirs(
    system: Core, spotify: SpotifyServer
) -> None:
    accounts, apps = system.services.accounts, system.services.spotify_apps
    await apps.set(GUILD, OURS, ADMIN)
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await link_guest(system.services, BOB, NEIGHBOUR, JONAS)
    gateway = await accounts.spotify_of(ALICE)
    assert await apps.remove(GUILD) == 1

    assert (await account_of(system, ALICE)).status is AccountStatus.RECONNECT
    assert (await account_of(system, BOB)).status is AccountStatus.ACTIVE
    for use in (accounts.usable(ALICE), accounts.spotify_of(ALICE), accounts.with_token(ALICE, gateway.playlists)):
        with pytest.raises(SpotifyAppGone, match="no longer used here: use /connect"):
            await use
    notice = await accounts.take_notice(ALICE)
    assert notice is not None
    assert (notice.kind, notice.app_gone) == (NoticeKind.RECONNECT, True)
    assert await accounts.take_notice(ALICE) is None
    assert await accounts.take_notice(BOB) is None

    assert (await link_guest(system.services, ALICE, GUILD, MIRA)).client_id is None
    assert (await accounts.usable(ALICE)).status is AccountStatus.ACTIVE
    assert (await system.services.library.sync(ALICE)).playlists_unchanged > 4, "the library was kept"
    with pytest.raises(NoServerApp):
        await apps.remove(GUILD)


async def test_a_sign_in_that_was_begun_through_an_app_that_is_removed_meanwhile_says_so(
    system: Core, spotify: SpotifyServer
) -> None:
    await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
    back = await consent((await system.services.accounts.begin_login(ALICE, GUILD)).url, MIRA)
    await system.services.spotify_apps.remove(GUILD)
    with pytest.raises(SpotifyAppGone, match="use /connect"):
        await system.services.accounts.complete_login(back.params["state"], back.params["code"])
    assert await system.services.accounts.account(ALICE) is None


async def test_an_authorisation_that_ended_by_itself_is_no_fault_of_the_app(
    system: Core, spotify: SpotifyServer, clock: FakeClock
) -> None:
    await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
    await link_guest(system.services, ALICE, GUILD, MIRA)
    spotify.state.revoke(MIRA)
    clock.advance(hours=2)
    with pytest.raises(Exception, match="Spotify has ended your authorisation"):
        await system.services.library.sync(ALICE)
    notice = await system.services.accounts.take_notice(ALICE)
    assert notice is not None
    assert not notice.app_gone


async def test_the_sixth_member_is_warned_and_knows_whom_to_ask(system: Core, spotify: SpotifyServer) -> None:
    accounts = system.services.accounts
    await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
    listeners = list(spotify.state.listeners)[:5]
    for number, listener in enumerate(listeners):
        link = await accounts.begin_login(100 + number, GUILD)
        assert (link.app.others, link.app.is_full) == (number, False)
        back = await consent(link.url, listener)
        await accounts.complete_login(back.params["state"], back.params["code"])
    sixth = (await accounts.begin_login(ALICE, GUILD)).app
    assert (sixth.others, sixth.is_full, sixth.registered_by) == (5, True, ADMIN)
    assert not (await accounts.begin_login(100, GUILD)).app.is_full, "who is in already needs no place"


async def test_whom_spotify_does_not_let_in_is_told_what_to_do(system: Core, spotify_server: SpotifyServer) -> None:
    spotify_server.state.register_app(OURS.client_id, OURS.client_secret, registered_users=[JONAS])
    await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
    with pytest.raises(SpotifyRefused, match=r"User Management.*dashboard.*/import"):
        await link_guest(system.services, ALICE, GUILD, MIRA)
    assert (await link_guest(system.services, BOB, GUILD, JONAS)).client_id == OURS.client_id


async def test_a_test_says_until_when_spotify_is_left_alone(
    system: Core, spotify: SpotifyServer, clock: FakeClock
) -> None:
    apps = system.services.spotify_apps
    with pytest.raises(NoServerApp):
        await apps.test(GUILD)
    await apps.set(GUILD, OURS, ADMIN)
    tested = await apps.test(GUILD)
    assert (tested.fault, tested.cooldown) == (None, None)
    cooldown = Cooldown(clock.now() + timedelta(hours=3), LimitReason.QUOTA_EXCEEDED)
    await SqlQuotaRepository(system.database).record(OURS.client_id, clock.now().date(), 1, cooldown)
    assert (await apps.test(GUILD)).cooldown == cooldown
    clock.advance(hours=3)
    assert (await apps.test(GUILD)).cooldown is None
    spotify.state.faults.add("POST", "/api/token", status=503, times=None)
    assert (await apps.test(GUILD)).fault == str(SpotifyUnavailable())


async def test_a_host_without_an_app_of_their_own_serves_servers_that_have_one(
    spotify: SpotifyServer, settings: Settings, clock: FakeClock
) -> None:
    from bot.core import core
    from bot.settings import Settings as Given

    theirs = {**settings.spotify.model_dump(), "client_id": None}
    without = Given(None, core=settings.core.model_dump(), web=settings.web.model_dump(), spotify=theirs)
    async with core(without, clock, bring_up_to_date=False) as system:
        await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
        assert (await link_guest(system.services, ALICE, GUILD, MIRA)).client_id == OURS.client_id
        for guild_id in (None, NEIGHBOUR):
            with pytest.raises(NoAppToSignIn, match="/spotify-app set"):
                await system.services.accounts.begin_login(BOB, guild_id)
        assert (await system.services.accounts.begin_login(ALICE, None)).app.client_id == OURS.client_id


async def test_a_lost_key_makes_the_app_unusable_until_its_secret_is_entered_again(
    system: Core, spotify: SpotifyServer, open_core: OpenCore, settings: Settings
) -> None:
    await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
    (settings.home / "secret.key").write_text(new_key())
    async with open_core() as restarted:
        with pytest.raises(AppUnreadable, match="/spotify-app set"):
            await restarted.services.accounts.begin_login(ALICE, GUILD)
        assert "encryption keys" in str((await restarted.services.spotify_apps.test(GUILD)).fault)
        await restarted.services.spotify_apps.set(GUILD, OURS, ADMIN)
        assert (await restarted.services.spotify_apps.test(GUILD)).fault is None


async def test_no_log_holds_a_secret(system: Core, spotify: SpotifyServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        done = await system.services.spotify_apps.set(GUILD, OURS, ADMIN)
        with pytest.raises(AppRefused) as refused:
            await system.services.spotify_apps.set(GUILD, AppCredentials(OURS.client_id, "f" * 32), ADMIN)
        tested = await system.services.spotify_apps.test(GUILD)
    for text in (caplog.text, repr(done), repr(tested), repr(refused.value), repr(system.services.spotify_apps)):
        assert OURS.client_secret not in text
        assert "f" * 32 not in text
