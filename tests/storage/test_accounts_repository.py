"""Tests of members' accounts and sign-ins in the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url
from storage_samples import (
    GUILD,
    MEMBER,
    NOW,
    OTHER,
    attempt,
    profile,
    rows_as_text,
    tokens,
)

from bot.domain.accounts import AccountStatus, SpotifyAccount
from bot.domain.errors import AccountTaken
from bot.storage.encryption import TokenCipher
from bot.storage.errors import StorageError
from bot.storage.repositories import (
    SqlAccountRepository,
)
from bot.storage.session import Database


async def test_a_linked_account_comes_back_with_its_tokens(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)

    assert await accounts.get(MEMBER) == SpotifyAccount(
        MEMBER, "account-ada", "user-ada", "Ada", AccountStatus.ACTIVE, NOW, tokens()
    )
    assert await accounts.get(OTHER) is None


async def test_linking_again_replaces_the_account_and_makes_it_active(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens("1"), NOW)
    await accounts.set_status(MEMBER, AccountStatus.RECONNECT)
    await accounts.link(MEMBER, profile("bob"), tokens("2"), NOW + timedelta(days=1))

    account = await accounts.get(MEMBER)
    assert account is not None
    assert (account.account_id, account.status, account.tokens) == ("account-bob", AccountStatus.ACTIVE, tokens("2"))
    assert account.authorised_at == NOW + timedelta(days=1)


async def test_an_account_of_another_member_is_refused_and_stays_theirs(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    with pytest.raises(AccountTaken):
        await accounts.link(OTHER, profile(), tokens("2"), NOW)

    assert await accounts.get(OTHER) is None
    account = await accounts.get(MEMBER)
    assert account is not None
    assert account.tokens == tokens()


async def test_of_two_members_who_link_one_account_at_once_one_is_refused(
    accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlAccountRepository(second_database, cipher)
    outcomes = await asyncio.gather(
        accounts.link(MEMBER, profile(), tokens(), NOW),
        elsewhere.link(OTHER, profile(), tokens(), NOW),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AccountTaken", "NoneType"]


async def test_tokens_are_replaced_only_if_nobody_else_has(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens("1"), NOW)

    assert await accounts.store_tokens(MEMBER, "refresh-secret-1", tokens("2"))
    assert not await accounts.store_tokens(MEMBER, "refresh-secret-1", tokens("3"))
    assert not await accounts.store_tokens(OTHER, "refresh-secret-1", tokens("3"))
    account = await accounts.get(MEMBER)
    assert account is not None
    assert account.tokens == tokens("2")


async def test_of_many_refreshes_at_once_one_is_stored(
    accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlAccountRepository(second_database, cipher)
    await accounts.link(MEMBER, profile(), tokens("0"), NOW)
    stored = await asyncio.gather(
        *((accounts, elsewhere)[n % 2].store_tokens(MEMBER, "refresh-secret-0", tokens(f"new-{n}")) for n in range(12))
    )
    assert sum(stored) == 1
    account = await accounts.get(MEMBER)
    assert account is not None
    assert account.tokens == tokens(f"new-{stored.index(True)}")


async def test_a_sign_in_can_be_taken_once(accounts: SqlAccountRepository) -> None:
    await accounts.add_login("hash", attempt())

    assert await accounts.take_login("another", NOW) is None
    assert await accounts.take_login("hash", NOW) == attempt()
    assert await accounts.take_login("hash", NOW) is None


async def test_of_many_callbacks_at_once_one_gets_the_sign_in(
    accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlAccountRepository(second_database, cipher)
    await accounts.add_login("hash", attempt())
    taken = await asyncio.gather(*((accounts, elsewhere)[n % 2].take_login("hash", NOW) for n in range(12)))
    assert [found for found in taken if found is not None] == [attempt()]


async def test_an_expired_sign_in_is_returned_for_a_day_and_then_cleared_away(accounts: SqlAccountRepository) -> None:
    await accounts.add_login("expired", attempt(guild_id=None))
    await accounts.add_login("old", attempt(guild_id=None))
    later = NOW + timedelta(hours=20)
    await accounts.add_login("next", attempt(created_at=later))
    assert await accounts.take_login("expired", later) == attempt(guild_id=None)

    await accounts.add_login("next day", attempt(created_at=NOW + timedelta(days=2)))
    assert await accounts.take_login("old", later) is None


async def test_members_of_a_server_with_an_active_link_are_listed_in_order(accounts: SqlAccountRepository) -> None:
    for member_id, name in ((OTHER, "bob"), (MEMBER, "ada"), (7, "eve")):
        await accounts.link(member_id, profile(name), tokens(name), NOW)
        await accounts.remember_in_guild(GUILD, member_id, NOW)
    await accounts.remember_in_guild(GUILD, 8, NOW)
    await accounts.remember_in_guild(GUILD, MEMBER, NOW + timedelta(days=1))
    await accounts.set_status(7, AccountStatus.RECONNECT)

    assert await accounts.connected_in_guild(GUILD) == [MEMBER, OTHER]
    assert await accounts.connected_in_guild(GUILD + 1) == []


async def test_no_secret_is_readable_in_the_rows_or_the_file(
    accounts: SqlAccountRepository, database: Database, database_url: str
) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    await accounts.store_tokens(MEMBER, "refresh-secret-1", tokens("2"))
    await accounts.add_login("hash", attempt())

    stored = await rows_as_text(database)
    assert "account-ada" in stored
    assert "secret" not in stored
    if database.dialect == "sqlite":
        path = make_url(database_url).database
        assert path is not None
        content = b"".join(file.read_bytes() for file in Path(path).parent.glob("crossfade.db*"))
        assert b"account-ada" in content
        assert b"secret" not in content


async def test_another_key_gives_one_sentence_and_the_member_can_still_leave(
    accounts: SqlAccountRepository, database: Database
) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    locked_out = SqlAccountRepository(database, TokenCipher([Fernet.generate_key().decode()]))

    with pytest.raises(StorageError, match="another key"):
        await locked_out.get(MEMBER)
    await locked_out.delete_member(MEMBER)
    assert await locked_out.get(MEMBER) is None


async def test_secrets_never_appear_in_a_repr(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    assert "secret" not in repr(await accounts.get(MEMBER))


async def test_linking_while_leaving_ends_with_a_whole_account_or_none(
    accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlAccountRepository(second_database, cipher)
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    outcomes = await asyncio.gather(
        *(accounts.delete_member(MEMBER) for _ in range(5)),
        *(elsewhere.link(MEMBER, profile(), tokens(), NOW) for _ in range(5)),
        *(elsewhere.remember_in_guild(GUILD, MEMBER, NOW) for _ in range(5)),
        *(elsewhere.add_login(f"hash {number}", attempt()) for number in range(5)),
        return_exceptions=True,
    )
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    await elsewhere.link(MEMBER, profile(), tokens("2"), NOW)
    account = await accounts.get(MEMBER)
    assert account is not None
    assert account.tokens == tokens("2")


async def test_a_profile_without_a_link_can_be_stored(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, replace(profile(), url=None), tokens(), NOW)
    assert await accounts.get(MEMBER) is not None
