"""Tests of members' accounts and sign-ins in the database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert, literal, select
from sqlalchemy.engine import make_url
from storage_samples import (
    GUILD,
    MEMBER,
    NOW,
    OTHER,
    attempt,
    entries,
    profile,
    remote,
    rows_as_text,
    tokens,
)

from bot.domain.accounts import AccountStatus, Authorisation, Notice, NoticeKind, SpotifyAccount, TokenSet
from bot.domain.errors import AccountTaken
from bot.storage.encryption import TokenCipher
from bot.storage.models import PlaylistRow
from bot.storage.repositories import (
    SqlAccountRepository,
    SqlLibraryRepository,
)
from bot.storage.repositories.owners import hold_library
from bot.storage.session import Database
from bot.storage.upsert import table_of

LEASE = timedelta(minutes=1)


async def stored_tokens(accounts: SqlAccountRepository, member_id: int = MEMBER) -> TokenSet | None:
    found = await accounts.authorisation(member_id)
    return found.tokens if found else None


async def test_a_linked_account_comes_back_with_its_tokens(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)

    account = SpotifyAccount(
        MEMBER, "account-ada", "user-ada", "Ada", AccountStatus.ACTIVE, NOW, scopes=tokens().scopes
    )
    assert await accounts.get(MEMBER) == account
    assert await accounts.authorisation(MEMBER) == Authorisation(account, tokens())
    assert await accounts.get(OTHER) is None
    assert await accounts.authorisation(OTHER) is None


async def test_linking_again_replaces_the_account_and_makes_it_active(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens("1"), NOW)
    assert await accounts.lapse(MEMBER, "refresh-secret-1")
    await accounts.link(MEMBER, profile("bob"), tokens("2"), NOW + timedelta(days=1))

    account = await accounts.get(MEMBER)
    assert account is not None
    assert (account.account_id, account.status) == ("account-bob", AccountStatus.ACTIVE)
    assert account.authorised_at == NOW + timedelta(days=1)
    assert await stored_tokens(accounts) == tokens("2")


async def test_an_account_of_another_member_is_refused_and_stays_theirs(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    with pytest.raises(AccountTaken):
        await accounts.link(OTHER, profile(), tokens("2"), NOW)

    assert await accounts.get(OTHER) is None
    assert await stored_tokens(accounts) == tokens()


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
    assert await stored_tokens(accounts) == tokens("2")


async def test_of_many_refreshes_at_once_one_is_stored(
    accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlAccountRepository(second_database, cipher)
    await accounts.link(MEMBER, profile(), tokens("0"), NOW)
    stored = await asyncio.gather(
        *((accounts, elsewhere)[n % 2].store_tokens(MEMBER, "refresh-secret-0", tokens(f"new-{n}")) for n in range(12))
    )
    assert sum(stored) == 1
    assert await stored_tokens(accounts) == tokens(f"new-{stored.index(True)}")


async def test_of_many_who_want_to_refresh_at_once_one_may(
    accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher
) -> None:
    elsewhere = SqlAccountRepository(second_database, cipher)
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    won = await asyncio.gather(
        *(
            (accounts, elsewhere)[n % 2].claim_refresh(MEMBER, "refresh-secret-1", f"claim {n}", NOW, NOW - LEASE)
            for n in range(12)
        )
    )
    assert sum(won) == 1

    await elsewhere.release_refresh(MEMBER, "another claim")
    assert not await accounts.claim_refresh(MEMBER, "refresh-secret-1", "late", NOW, NOW - LEASE)
    await elsewhere.release_refresh(MEMBER, f"claim {won.index(True)}")
    assert await accounts.claim_refresh(MEMBER, "refresh-secret-1", "late", NOW, NOW - LEASE)


async def test_a_claim_of_a_process_that_died_is_taken_over_after_its_lease(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    assert await accounts.claim_refresh(MEMBER, "refresh-secret-1", "died", NOW, NOW - LEASE)
    soon, later = NOW + LEASE / 2, NOW + LEASE
    assert not await accounts.claim_refresh(MEMBER, "refresh-secret-1", "next", soon, soon - LEASE)
    assert await accounts.claim_refresh(MEMBER, "refresh-secret-1", "next", later, later - LEASE)


async def test_only_the_stored_refresh_token_of_an_active_account_can_be_claimed(
    accounts: SqlAccountRepository,
) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    assert not await accounts.claim_refresh(MEMBER, "refresh-secret-0", "claim", NOW, NOW - LEASE)
    assert not await accounts.claim_refresh(OTHER, "refresh-secret-1", "claim", NOW, NOW - LEASE)
    assert await accounts.lapse(MEMBER, "refresh-secret-1")
    assert not await accounts.claim_refresh(MEMBER, "refresh-secret-1", "claim", NOW, NOW - LEASE)


async def test_new_tokens_end_the_claim_and_make_the_account_active(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens("1"), NOW)
    assert await accounts.claim_refresh(MEMBER, "refresh-secret-1", "claim", NOW, NOW - LEASE)
    assert await accounts.lapse(MEMBER, "refresh-secret-1")
    assert await accounts.store_tokens(MEMBER, "refresh-secret-1", tokens("2"))

    account = await accounts.get(MEMBER)
    assert account is not None
    assert account.status is AccountStatus.ACTIVE
    assert await accounts.claim_refresh(MEMBER, "refresh-secret-2", "next", NOW, NOW - LEASE)


async def test_a_refusal_of_an_old_refresh_token_marks_nobody(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens("1"), NOW)
    assert await accounts.store_tokens(MEMBER, "refresh-secret-1", tokens("2"))
    assert not await accounts.lapse(MEMBER, "refresh-secret-1")
    assert not await accounts.lapse(OTHER, "refresh-secret-1")

    account = await accounts.get(MEMBER)
    assert account is not None
    assert account.status is AccountStatus.ACTIVE


@pytest.mark.parametrize("kind", list(NoticeKind))
async def test_of_many_who_want_to_tell_a_member_one_may(
    accounts: SqlAccountRepository, second_database: Database, cipher: TokenCipher, kind: NoticeKind
) -> None:
    elsewhere = SqlAccountRepository(second_database, cipher)
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    if kind is NoticeKind.RECONNECT:
        await accounts.lapse(MEMBER, "refresh-secret-1")
    notice = Notice(MEMBER, kind, NOW, NOW)
    told = await asyncio.gather(*((accounts, elsewhere)[n % 2].mark_told(notice, NOW) for n in range(8)))
    assert sum(told) == 1
    account = await accounts.get(MEMBER)
    assert account is not None
    assert account.told == {kind}

    await accounts.unmark_told(notice)
    assert await elsewhere.mark_told(notice, NOW)
    await accounts.link(MEMBER, profile(), tokens("2"), NOW + timedelta(days=1))
    assert not await accounts.mark_told(notice, NOW), "it was about the authorisation before"
    account = await accounts.get(MEMBER)
    assert account is not None
    assert account.told == frozenset()


async def test_linking_another_account_deletes_the_playlists_of_the_old_one(
    accounts: SqlAccountRepository, library: SqlLibraryRepository
) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens(), NOW)
    await accounts.link(OTHER, profile("bob"), tokens(), NOW)
    await library.replace_playlist(MEMBER, "account-ada", 0, remote(), entries(range(3)), NOW)
    await library.replace_playlist(OTHER, "account-bob", 0, remote(), entries(range(3)), NOW)

    await accounts.link(MEMBER, profile("ada"), tokens("2"), NOW)
    assert len(await library.playlists(MEMBER)) == 1
    with pytest.raises(AccountTaken):
        await accounts.link(MEMBER, profile("bob"), tokens("3"), NOW)
    assert len(await library.playlists(MEMBER)) == 1
    await accounts.link(MEMBER, profile("eve"), tokens("4"), NOW)
    assert await library.playlists(MEMBER) == []
    assert len(await library.playlists(OTHER)) == 1


async def test_linking_another_account_waits_for_what_a_sync_is_writing_and_deletes_it(
    accounts: SqlAccountRepository, library: SqlLibraryRepository, second_database: Database
) -> None:
    await accounts.link(MEMBER, profile("ada"), tokens(), NOW)
    await library.replace_playlist(MEMBER, "account-ada", 0, remote("p1"), entries([1]), NOW)
    async with second_database.transaction() as syncing:
        await hold_library(syncing, MEMBER)
        columns = [column for column in table_of(PlaylistRow).c if column.name not in {"id", "spotify_id"}]
        copied = select(literal("p2"), *columns)
        names = ["spotify_id", *(column.name for column in columns)]
        await syncing.execute(insert(table_of(PlaylistRow)).from_select(names, copied))
        linking = asyncio.create_task(accounts.link(MEMBER, profile("eve"), tokens("2"), NOW))
        await asyncio.wait({linking}, timeout=0.1)
    await linking
    assert await library.playlists(MEMBER) == []


async def test_a_sync_that_still_runs_while_another_account_is_linked_leaves_nothing_of_the_old_one(
    accounts: SqlAccountRepository, second_database: Database
) -> None:
    library = SqlLibraryRepository(second_database)
    await accounts.link(MEMBER, profile("ada"), tokens(), NOW)
    outcomes = await asyncio.gather(
        *(
            library.replace_playlist(MEMBER, "account-ada", n, remote(f"a{n}"), entries(range(9)), NOW)
            for n in range(4)
        ),
        accounts.link(MEMBER, profile("eve"), tokens("2"), NOW),
        *(
            library.replace_playlist(MEMBER, "account-ada", n, remote(f"b{n}"), entries(range(9)), NOW)
            for n in range(4)
        ),
        return_exceptions=True,
    )
    assert {type(outcome).__name__ for outcome in outcomes} <= {"NoneType", "AccountChanged"}
    assert await library.playlists(MEMBER) == []


async def test_a_sign_in_can_be_taken_once(accounts: SqlAccountRepository) -> None:
    await accounts.add_login("hash", attempt())

    assert await accounts.take_login("another", NOW) is None
    assert await accounts.take_login("hash", NOW) == attempt()
    assert await accounts.take_login("hash", NOW) is None


async def test_looking_at_a_sign_in_does_not_spend_it(accounts: SqlAccountRepository) -> None:
    named = replace(attempt(), client_id="app-1", member_name="Ada (@ada)")
    await accounts.add_login("hash", named)

    assert await accounts.peek_login("another") is None
    assert await accounts.peek_login("hash") == named
    assert await accounts.peek_login("hash") == named
    assert await accounts.take_login("hash", NOW) == named
    assert await accounts.peek_login("hash") is None


async def test_a_sign_in_that_no_key_can_read_is_unknown(accounts: SqlAccountRepository, database: Database) -> None:
    await accounts.add_login("hash", attempt())
    locked_out = SqlAccountRepository(database, TokenCipher([Fernet.generate_key().decode()]))
    assert await locked_out.peek_login("hash") is None


async def test_whoever_began_a_sign_in_is_known_until_they_leave(accounts: SqlAccountRepository) -> None:
    assert not await accounts.is_known(MEMBER)
    await accounts.add_login("hash", attempt())
    assert await accounts.is_known(MEMBER)
    await accounts.delete_member(MEMBER)
    assert not await accounts.is_known(MEMBER)


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
    assert await accounts.lapse(7, "refresh-secret-eve")

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
    assert "-secret" not in stored
    if database.dialect == "sqlite":
        path = make_url(database_url).database
        assert path is not None
        content = b"".join(file.read_bytes() for file in Path(path).parent.glob("crossfade.db*"))
        assert b"account-ada" in content
        assert b"-secret" not in content


async def test_without_the_right_key_a_member_can_still_be_shown_link_again_and_leave(
    accounts: SqlAccountRepository, database: Database
) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    await accounts.remember_in_guild(GUILD, MEMBER, NOW)
    locked_out = SqlAccountRepository(database, TokenCipher([Fernet.generate_key().decode()]))

    account = await locked_out.get(MEMBER)
    assert account is not None
    assert await locked_out.authorisation(MEMBER) == Authorisation(account, None)
    assert await locked_out.connected_in_guild(GUILD) == [MEMBER]
    await locked_out.link(MEMBER, profile(), tokens("2"), NOW)
    assert await stored_tokens(locked_out) == tokens("2")
    await accounts.link(MEMBER, profile(), tokens("3"), NOW)
    assert (await locked_out.delete_member(MEMBER)).playlists == 0
    assert await locked_out.get(MEMBER) is None


async def test_a_sign_in_that_no_key_can_read_is_as_good_as_unknown(
    accounts: SqlAccountRepository, database: Database
) -> None:
    await accounts.add_login("hash", attempt())
    locked_out = SqlAccountRepository(database, TokenCipher([Fernet.generate_key().decode()]))

    assert await locked_out.take_login("hash", NOW) is None


async def test_secrets_never_appear_in_a_repr(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    assert "secret" not in repr(await accounts.authorisation(MEMBER))


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
    assert await stored_tokens(accounts) == tokens("2")


async def test_a_profile_without_a_link_can_be_stored(accounts: SqlAccountRepository) -> None:
    await accounts.link(MEMBER, replace(profile(), url=None), tokens(), NOW)
    assert await accounts.get(MEMBER) is not None
