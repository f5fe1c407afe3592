"""Servers' own Spotify apps in the database."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url
from storage_samples import GUILD, MEMBER, NOW, OTHER, profile, rows_as_text, tokens

from bot.domain.accounts import AccountStatus
from bot.domain.apps import AppCredentials, AppRegistration, RegisteredApp
from bot.domain.errors import SpotifyAppGone
from bot.storage.encryption import TokenCipher
from bot.storage.repositories import SqlAccountRepository
from bot.storage.repositories.apps import SqlSpotifyAppRepository
from bot.storage.session import Database

ADMIN = 1_100_000_000_000_000_009
NEIGHBOUR = GUILD + 1
OURS = AppCredentials("app-ours", "secret-ours")
THEIRS = AppCredentials("app-theirs", "secret-theirs")


@pytest.fixture
def apps(database: Database, cipher: TokenCipher) -> SqlSpotifyAppRepository:
    return SqlSpotifyAppRepository(database, cipher)


async def link(accounts: SqlAccountRepository, member_id: int, client_id: str | None) -> None:
    await accounts.link(member_id, profile(f"p{member_id}"), tokens(f"{member_id}"), NOW, client_id=client_id)


async def status(accounts: SqlAccountRepository, member_id: int) -> AccountStatus:
    found = await accounts.get(member_id)
    assert found is not None
    return found.status


async def test_an_app_is_kept_for_its_server(apps: SqlSpotifyAppRepository) -> None:
    app = RegisteredApp(GUILD, "app-ours", NOW, ADMIN, members=0)
    assert await apps.register(GUILD, OURS, ADMIN, NOW) == AppRegistration(app, renewed=False, left=0)
    assert await apps.of_guild(GUILD) == app
    assert await apps.of_guild(NEIGHBOUR) is None
    assert await apps.credentials("app-ours") == OURS
    assert await apps.credentials("app-theirs") is None
    assert await apps.is_registered("app-ours")
    assert not await apps.is_registered("app-theirs")


async def test_members_are_counted_by_the_app_they_are_linked_through(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository
) -> None:
    await apps.register(GUILD, OURS, ADMIN, NOW)
    await link(accounts, MEMBER, "app-ours")
    await link(accounts, OTHER, "app-ours")
    await link(accounts, 7, None)
    assert await accounts.lapse(OTHER, f"refresh-secret-{OTHER}")

    app = await apps.of_guild(GUILD)
    assert app is not None
    assert app.members == 2, "whose authorisation ended is still in Spotify's list of users"
    assert await apps.linked("app-ours", besides=MEMBER) == 1
    assert await apps.linked(None) == 1
    assert await apps.linked(None, besides=7) == 0


async def test_another_secret_of_the_same_app_keeps_its_members(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository
) -> None:
    await apps.register(GUILD, OURS, ADMIN, NOW)
    await link(accounts, MEMBER, "app-ours")
    later = NOW + timedelta(days=1)
    again = await apps.register(GUILD, AppCredentials("app-ours", "secret-new"), ADMIN, later)
    assert (again.renewed, again.left, again.app.members) == (True, 0, 1)
    assert await status(accounts, MEMBER) is AccountStatus.ACTIVE
    assert await apps.credentials("app-ours") == AppCredentials("app-ours", "secret-new")


async def test_another_app_in_its_place_sends_its_members_to_connect_again(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository
) -> None:
    await apps.register(GUILD, OURS, ADMIN, NOW)
    await link(accounts, MEMBER, "app-ours")
    await link(accounts, OTHER, None)
    replaced = await apps.register(GUILD, THEIRS, ADMIN, NOW)
    assert (replaced.renewed, replaced.left) == (False, 1)
    assert await status(accounts, MEMBER) is AccountStatus.RECONNECT
    assert await status(accounts, OTHER) is AccountStatus.ACTIVE
    assert await apps.credentials("app-ours") is None


async def test_an_app_that_another_server_has_too_keeps_its_members_until_both_are_gone(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository
) -> None:
    await apps.register(GUILD, OURS, ADMIN, NOW)
    await apps.register(NEIGHBOUR, AppCredentials("app-ours", "secret-newer"), OTHER, NOW + timedelta(hours=1))
    await link(accounts, MEMBER, "app-ours")
    assert await apps.credentials("app-ours") == AppCredentials("app-ours", "secret-newer")

    assert await apps.remove(NEIGHBOUR) == 0
    assert await status(accounts, MEMBER) is AccountStatus.ACTIVE
    assert await apps.credentials("app-ours") == OURS
    assert await apps.remove(GUILD) == 1
    assert await status(accounts, MEMBER) is AccountStatus.RECONNECT
    assert await apps.remove(GUILD) is None


async def test_two_servers_that_give_up_the_same_app_at_once_leave_nobody_behind(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlSpotifyAppRepository(second_database, cipher)
    for round_ in range(5):
        await apps.register(GUILD, OURS, ADMIN, NOW)
        await apps.register(NEIGHBOUR, OURS, ADMIN, NOW)
        await link(accounts, MEMBER, "app-ours")
        left = await asyncio.gather(apps.remove(GUILD), elsewhere.remove(NEIGHBOUR))
        assert sorted(number or 0 for number in left) == [0, 1], round_
        assert await status(accounts, MEMBER) is AccountStatus.RECONNECT


async def test_a_member_who_leaves_while_the_app_is_removed_holds_nobody_up(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlAccountRepository(second_database, cipher)
    for _ in range(5):
        await apps.register(GUILD, OURS, MEMBER, NOW)
        await link(accounts, MEMBER, "app-ours")
        await link(accounts, OTHER, "app-ours")
        left, _ = await asyncio.gather(apps.remove(GUILD), elsewhere.delete_member(MEMBER))
        assert left in {1, 2}


async def test_a_refresh_that_ends_after_its_app_was_removed_does_not_revive_the_account(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository
) -> None:
    await apps.register(GUILD, OURS, ADMIN, NOW)
    await link(accounts, MEMBER, "app-ours")
    assert await apps.remove(GUILD) == 1

    assert await accounts.store_tokens(MEMBER, f"refresh-secret-{MEMBER}", tokens("fresh"))
    assert await status(accounts, MEMBER) is AccountStatus.RECONNECT


async def test_an_app_that_is_removed_while_tokens_of_it_are_stored_leaves_nobody_active(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlSpotifyAppRepository(second_database, cipher)
    for round_ in range(5):
        await apps.register(GUILD, OURS, MEMBER, NOW)
        await link(accounts, MEMBER, "app-ours")
        assert await accounts.lapse(MEMBER, f"refresh-secret-{MEMBER}"), "as another process may have meanwhile"
        await asyncio.gather(
            elsewhere.remove(GUILD), accounts.store_tokens(MEMBER, f"refresh-secret-{MEMBER}", tokens("fresh"))
        )
        assert await status(accounts, MEMBER) is AccountStatus.RECONNECT, round_


async def test_nobody_is_linked_through_an_app_that_no_server_has(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository
) -> None:
    await apps.register(GUILD, OURS, ADMIN, NOW)
    await apps.remove(GUILD)
    with pytest.raises(SpotifyAppGone):
        await link(accounts, MEMBER, "app-ours")
    assert await accounts.get(MEMBER) is None


async def test_an_app_that_is_removed_during_the_last_step_of_a_sign_in_leaves_nobody_active(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlSpotifyAppRepository(second_database, cipher)
    for round_ in range(5):
        await apps.register(GUILD, OURS, MEMBER, NOW)
        await asyncio.gather(elsewhere.remove(GUILD), link(accounts, MEMBER, "app-ours"), return_exceptions=True)
        found = await accounts.get(MEMBER)
        assert found is None or found.status is AccountStatus.RECONNECT, round_


async def test_the_app_outlives_the_admin_who_registered_it(
    apps: SqlSpotifyAppRepository, accounts: SqlAccountRepository
) -> None:
    await apps.register(GUILD, OURS, ADMIN, NOW)
    assert await accounts.is_known(ADMIN)
    await accounts.delete_member(ADMIN)
    assert await apps.of_guild(GUILD) == RegisteredApp(GUILD, "app-ours", NOW, None, members=0)
    assert await apps.credentials("app-ours") == OURS


async def test_a_secret_that_no_key_can_read_is_no_credential_but_still_registered(
    apps: SqlSpotifyAppRepository, database: Database
) -> None:
    await apps.register(GUILD, OURS, ADMIN, NOW)
    locked_out = SqlSpotifyAppRepository(database, TokenCipher([Fernet.generate_key().decode()]))
    assert await locked_out.credentials("app-ours") is None
    assert await locked_out.is_registered("app-ours")
    assert await locked_out.of_guild(GUILD) is not None


async def test_no_secret_is_readable_in_the_rows_or_the_file(
    apps: SqlSpotifyAppRepository, database: Database, database_url: str
) -> None:
    await apps.register(GUILD, OURS, ADMIN, NOW)
    stored = await rows_as_text(database)
    assert "app-ours" in stored
    assert "secret-ours" not in stored
    if database.dialect == "sqlite":
        path = make_url(database_url).database
        assert path is not None
        content = b"".join(file.read_bytes() for file in Path(path).parent.glob("crossfade.db*"))
        assert b"app-ours" in content
        assert b"secret-ours" not in content
