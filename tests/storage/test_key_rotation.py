"""Tests of encrypting all stored secrets anew."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update
from storage_samples import GUILD, MEMBER, NOW, OTHER, attempt, profile, tokens

from bot.domain.apps import AppCredentials
from bot.storage.encryption import TokenCipher, new_key
from bot.storage.models import SpotifyAccountRow
from bot.storage.repositories import SqlAccountRepository
from bot.storage.repositories.apps import SqlSpotifyAppRepository
from bot.storage.repositories.keys import Rotation, SqlKeyRotation
from bot.storage.session import Database

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
BOTH = TokenCipher([NEW, OLD])


@pytest.fixture
def before(database: Database) -> SqlAccountRepository:
    return SqlAccountRepository(database, TokenCipher([OLD]))


@pytest.fixture
def after(second_database: Database) -> SqlAccountRepository:
    """The accounts as they are once the old key was thrown away."""
    return SqlAccountRepository(second_database, TokenCipher([NEW]))


async def test_after_rotating_the_old_key_is_needed_no_more(
    before: SqlAccountRepository, after: SqlAccountRepository, database: Database
) -> None:
    for member_id in range(1, 8):
        await before.link(member_id, profile(f"p{member_id}"), tokens(f"{member_id}"), NOW)
    await before.add_login("open", attempt())
    for guild_id in range(11, 16):
        credentials = AppCredentials(f"app-{guild_id}", f"app-secret-{guild_id}")
        await SqlSpotifyAppRepository(database, TokenCipher([OLD])).register(guild_id, credentials, MEMBER, NOW)

    rotation = SqlKeyRotation(database, BOTH, batch=3)
    assert await rotation.rotate(NOW) == Rotation(accounts=7, sign_ins=1, apps=5, unreadable=0)
    for member_id in range(1, 8):
        found = await after.authorisation(member_id)
        assert found is not None
        assert found.tokens == tokens(f"{member_id}")
    assert await after.take_login("open", NOW) == attempt()
    apps = SqlSpotifyAppRepository(database, TokenCipher([NEW]))
    for guild_id in range(11, 16):
        renewed = await apps.credentials(f"app-{guild_id}")
        assert renewed is not None
        assert renewed.client_secret == f"app-secret-{guild_id}"
    assert await rotation.rotate(NOW) == Rotation(0, 0, 0, 0)


async def test_sign_ins_that_have_ended_are_left_alone(before: SqlAccountRepository, database: Database) -> None:
    await before.add_login("late", attempt())
    await before.add_login("spent", attempt())
    await before.take_login("spent", NOW)
    assert (await SqlKeyRotation(database, BOTH).rotate(attempt().expires_at)).sign_ins == 0
    assert (await SqlKeyRotation(database, BOTH).rotate(NOW)).sign_ins == 1


async def test_what_no_key_can_read_is_counted_and_kept(before: SqlAccountRepository, database: Database) -> None:
    await before.link(MEMBER, profile(), tokens(), NOW)
    await SqlAccountRepository(database, BOTH).link(OTHER, profile("bob"), tokens(), NOW)
    keyless = SqlKeyRotation(database, TokenCipher([NEW, new_key()]))
    await SqlSpotifyAppRepository(database, TokenCipher([OLD])).register(
        GUILD, AppCredentials("app", "app-secret"), MEMBER, NOW
    )
    assert await keyless.rotate(NOW) == Rotation(accounts=0, sign_ins=0, apps=0, unreadable=2)
    found = await before.authorisation(MEMBER)
    assert found is not None
    assert found.tokens == tokens()


async def test_tokens_that_are_being_stored_at_that_moment_are_waited_for(
    before: SqlAccountRepository, after: SqlAccountRepository, database: Database, second_database: Database
) -> None:
    await before.link(MEMBER, profile(), tokens("old"), NOW)
    async with second_database.transaction() as storing:
        fresh = tokens("fresh")
        hidden = {"access_token": BOTH.encrypt(fresh.access_token), "refresh_token": BOTH.encrypt(fresh.refresh_token)}
        await storing.execute(update(SpotifyAccountRow).values(hidden))
        rotating = asyncio.create_task(SqlKeyRotation(database, BOTH).rotate(NOW))
        await asyncio.wait({rotating}, timeout=0.1)
    assert await rotating == Rotation(0, 0, 0, 0)
    found = await after.authorisation(MEMBER)
    assert found is not None
    assert found.tokens == fresh


async def test_tokens_that_the_bot_stores_meanwhile_are_not_lost(
    before: SqlAccountRepository, after: SqlAccountRepository, database: Database, second_database: Database
) -> None:
    running = SqlAccountRepository(second_database, BOTH)
    for member_id in range(1, 41):
        await before.link(member_id, profile(f"p{member_id}"), tokens("old"), NOW)
    stored, *_ = await asyncio.gather(
        asyncio.gather(*(running.store_tokens(n, "refresh-secret-old", tokens("fresh")) for n in range(1, 41, 2))),
        SqlKeyRotation(database, BOTH, batch=5).rotate(NOW),
        SqlKeyRotation(second_database, BOTH, batch=7).rotate(NOW),
        running.add_login("new", replace(attempt(3), guild_id=None)),
        running.delete_member(40),
    )
    assert all(stored)
    for member_id in range(1, 40):
        found = await after.authorisation(member_id)
        assert found is not None
        assert found.tokens == tokens("fresh" if member_id % 2 else "old")
