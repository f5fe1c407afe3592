"""One refresh at a time, in one process and over two, and no answer of Spotify's lost, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from bot.domain.accounts import AccountStatus, NoticeKind, SpotifyAccount, SpotifyProfile, TokenSet
from bot.domain.errors import AuthorisationRevoked, NotConnected, ReconnectNeeded, SpotifyUnavailable
from bot.services.accounts import AccountsService
from bot.services.refreshing import TokenRefresher
from bot.storage.encryption import TokenCipher
from bot.storage.repositories import SqlAccountRepository
from bot.storage.session import Database

if TYPE_CHECKING:
    from conftest import FakeClock

ALICE = 4_100_000_000_000_000_001
LEASE = timedelta(seconds=60)


class TokenEndpoint:
    """Spotify's token endpoint: it rotates, knows only the newest refresh token, and answers when it is let."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.valid = "refresh-0"
        self.asked: list[str] = []
        self.begun = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        self.faults: list[Exception] = []

    def answer(self, number: int) -> TokenSet:
        return TokenSet(f"access-{number}", f"refresh-{number}", self.clock.now() + timedelta(hours=1), frozenset())

    async def refresh(self, refresh_token: str) -> TokenSet:
        self.asked.append(refresh_token)
        if self.faults:
            self.begun.set()
            raise self.faults.pop(0)
        if refresh_token != self.valid:
            raise AuthorisationRevoked
        fresh = self.answer(len(self.asked))
        self.valid = fresh.refresh_token
        self.begun.set()
        await self.open.wait()
        return fresh


@dataclass
class Process:
    """What one process has: an engine, the repository and the services on it."""

    accounts: SqlAccountRepository
    service: AccountsService
    refresher: TokenRefresher
    slept: list[float] = field(default_factory=list)


class OneApp:
    """The only Spotify app there is."""

    def __init__(self, endpoint: TokenEndpoint) -> None:
        self._endpoint = endpoint

    async def is_gone(self, account: SpotifyAccount) -> bool:
        return False

    async def gateway(self, client_id: str | None) -> TokenEndpoint:
        return self._endpoint


Start = Callable[..., Process]


@pytest.fixture
def endpoint(clock: FakeClock) -> TokenEndpoint:
    return TokenEndpoint(clock)


@pytest.fixture
async def start(
    database_url: str, cipher: TokenCipher, clock: FakeClock, endpoint: TokenEndpoint
) -> AsyncIterator[Start]:
    """Give a way to start processes on one database; their claims have names of their own."""
    databases: list[Database] = []
    numbers = itertools.count()

    def make(
        *,
        cipher: TokenCipher = cipher,
        repository: type[SqlAccountRepository] = SqlAccountRepository,
        while_waiting: Callable[[], Awaitable[object]] | None = None,
        **settings: Any,  # noqa: ANN401
    ) -> Process:
        databases.append(Database(database_url))
        accounts = repository(databases[-1], cipher)
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            await (while_waiting() if while_waiting else asyncio.sleep(0.001))

        refresher = TokenRefresher(
            accounts,
            OneApp(endpoint),  # type: ignore[arg-type]
            clock,
            new_claim=lambda: f"claim-{next(numbers)}",
            lease=LEASE,
            sleep=sleep,
            **{"person_patience": 30.0} | settings,
        )
        apps: Any = OneApp(endpoint)
        service = AccountsService(accounts, apps, clock, sign_in_apps=apps, new_secret=str, refresher=refresher)
        return Process(accounts, service, refresher, slept)

    yield make
    for database in databases:
        await database.dispose()


@pytest.fixture
async def process(start: Start, endpoint: TokenEndpoint, clock: FakeClock) -> Process:
    """Start a process whose member Alice is linked, with tokens that have run out."""
    made = start()
    await made.accounts.link(ALICE, SpotifyProfile("account-a", "a", "A"), endpoint.answer(0), clock.now())
    clock.advance(hours=2)
    return made


async def echo(token: str) -> str:
    return token


async def status(process: Process) -> AccountStatus | None:
    account = await process.accounts.get(ALICE)
    return account.status if account else None


async def test_the_answer_of_a_slow_token_endpoint_is_stored_though_its_caller_is_gone(
    process: Process, endpoint: TokenEndpoint
) -> None:
    endpoint.open.clear()
    caller = asyncio.create_task(process.service.with_token(ALICE, echo))
    await endpoint.begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    endpoint.open.set()
    assert await process.service.with_token(ALICE, echo) == "access-1"
    assert endpoint.asked == ["refresh-0"]


async def test_closing_waits_until_the_tokens_are_stored(process: Process, endpoint: TokenEndpoint) -> None:
    endpoint.open.clear()
    caller = asyncio.create_task(process.service.with_token(ALICE, echo))
    await endpoint.begun.wait()
    caller.cancel()
    closing = asyncio.create_task(process.service.close())
    await asyncio.wait({closing}, timeout=0.02)
    assert not closing.done()
    endpoint.open.set()
    await closing

    found = await process.accounts.authorisation(ALICE)
    assert found is not None
    assert found.tokens == endpoint.answer(1)


async def test_after_closing_no_refresh_is_begun(process: Process, endpoint: TokenEndpoint) -> None:
    await process.service.close()
    with pytest.raises(SpotifyUnavailable, match="restarted"):
        await process.service.with_token(ALICE, echo)
    assert endpoint.asked == []


async def test_closing_gives_up_a_token_endpoint_that_never_answers(
    process: Process, start: Start, endpoint: TokenEndpoint
) -> None:
    endpoint.open.clear()
    impatient = start(patience=0.02)
    caller = asyncio.create_task(impatient.service.with_token(ALICE, echo))
    await endpoint.begun.wait()
    await impatient.service.close()
    with pytest.raises(SpotifyUnavailable):
        await caller


async def test_a_caller_who_loses_patience_is_told_and_the_late_answer_is_stored(
    process: Process, start: Start, endpoint: TokenEndpoint
) -> None:
    endpoint.open.clear()
    impatient = start(patience=0.02)
    with pytest.raises(SpotifyUnavailable):
        await impatient.service.with_token(ALICE, echo)
    endpoint.open.set()
    await impatient.service.close()
    assert await process.service.with_token(ALICE, echo) == "access-1"
    assert endpoint.asked == ["refresh-0"]


async def test_two_processes_refresh_once_and_both_use_the_new_token(
    process: Process, start: Start, endpoint: TokenEndpoint
) -> None:
    async def let_it_answer() -> None:
        endpoint.open.set()
        await asyncio.sleep(0.001)

    endpoint.open.clear()
    other = start(while_waiting=let_it_answer)
    first = asyncio.create_task(process.service.with_token(ALICE, echo))
    await endpoint.begun.wait()
    assert await asyncio.gather(first, other.service.with_token(ALICE, echo)) == ["access-1", "access-1"]
    assert endpoint.asked == ["refresh-0"]
    assert other.slept


async def test_processes_that_ask_at_the_same_moment_refresh_once(
    process: Process, start: Start, endpoint: TokenEndpoint
) -> None:
    processes = [process, start(), start()]
    calls = [processes[n % 3].service.with_token(ALICE, echo) for n in range(12)]
    assert set(await asyncio.gather(*calls)) == {"access-1"}
    assert endpoint.asked == ["refresh-0"]


async def test_a_claim_of_a_process_that_died_is_waited_for_and_then_taken_over(
    process: Process, start: Start, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    async def pass_time() -> None:
        clock.advance(seconds=0.25)

    now = clock.now()
    assert await process.accounts.claim_refresh(ALICE, "refresh-0", "died", now, now - LEASE)
    waiting = start(while_waiting=pass_time)
    assert await waiting.service.with_token(ALICE, echo) == "access-1"
    assert sum(waiting.slept) == pytest.approx(LEASE.total_seconds(), abs=0.5)


async def test_waiting_ends_even_if_the_clock_stands_still(
    process: Process, start: Start, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    async def nothing() -> None:
        pass

    now = clock.now()
    assert await process.accounts.claim_refresh(ALICE, "refresh-0", "died", now, now - LEASE)
    with pytest.raises(SpotifyUnavailable):
        await start(while_waiting=nothing, poll=10.0).service.with_token(ALICE, echo)
    assert endpoint.asked == []


async def test_after_an_outage_the_next_refresh_need_not_wait(process: Process, endpoint: TokenEndpoint) -> None:
    endpoint.faults = [SpotifyUnavailable()]
    with pytest.raises(SpotifyUnavailable):
        await process.service.with_token(ALICE, echo)
    assert await status(process) is AccountStatus.ACTIVE
    assert await process.service.with_token(ALICE, echo) == "access-2"
    assert process.slept == []


async def test_a_refusal_marks_the_account_and_spotify_is_not_asked_again(
    process: Process, endpoint: TokenEndpoint
) -> None:
    endpoint.valid = "revoked"
    for _ in range(2):
        with pytest.raises(ReconnectNeeded):
            await process.service.with_token(ALICE, echo)
    assert await status(process) is AccountStatus.RECONNECT
    assert endpoint.asked == ["refresh-0"]


async def test_a_member_is_told_once_that_the_authorisation_has_ended(
    process: Process, start: Start, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    assert await process.service.take_notice(ALICE) is None
    endpoint.valid = "revoked"
    with pytest.raises(ReconnectNeeded):
        await process.service.with_token(ALICE, echo)
    services = [process.service, start().service]
    taken = await asyncio.gather(*(services[n % 2].take_notice(ALICE) for n in range(6)))
    [notice] = [one for one in taken if one is not None]
    assert notice.kind is NoticeKind.RECONNECT

    await process.service.give_back(notice)
    assert await process.service.take_notice(ALICE) == notice
    await process.accounts.link(ALICE, SpotifyProfile("account-a", "a", "A"), endpoint.answer(5), clock.now())
    assert await process.service.take_notice(ALICE) is None


async def test_from_month_five_a_member_is_told_once_that_the_authorisation_ends(
    process: Process, clock: FakeClock
) -> None:
    clock.set(datetime(2027, 4, 20, 11, 59, tzinfo=UTC))
    assert await process.service.take_notice(ALICE) is None
    clock.advance(minutes=1)
    notice = await process.service.take_notice(ALICE)
    assert notice is not None
    assert (notice.kind, notice.ends_at) == (NoticeKind.ENDING, datetime(2027, 5, 20, 12, tzinfo=UTC))
    assert await process.service.take_notice(ALICE) is None
    assert await process.service.take_notice(ALICE + 1) is None


@pytest.mark.parametrize(("authorised_at", "ends_at"), [((2026, 8, 31), (2027, 2, 28)), ((2026, 7, 15), (2027, 1, 15))])
def test_six_months_end_on_the_same_day_or_the_last_of_the_month(
    authorised_at: tuple[int, int, int], ends_at: tuple[int, int, int]
) -> None:
    account = SpotifyAccount(ALICE, "a", "a", "A", AccountStatus.ACTIVE, datetime(*authorised_at, tzinfo=UTC))
    assert account.ends_at == datetime(*ends_at, tzinfo=UTC)


async def test_a_refusal_does_not_mark_an_account_that_was_linked_again_meanwhile(
    process: Process, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.valid = "revoked"
    fresh = endpoint.answer(7)
    refuse = endpoint.refresh

    async def link_meanwhile(refresh_token: str) -> TokenSet:
        await process.accounts.link(ALICE, SpotifyProfile("account-a", "a", "A"), fresh, clock.now())
        return await refuse(refresh_token)

    endpoint.refresh = link_meanwhile  # type: ignore[method-assign]
    assert await process.service.with_token(ALICE, echo) == "access-7"
    assert await status(process) is AccountStatus.ACTIVE


async def test_a_process_that_came_too_early_marks_the_account_only_until_the_tokens_are_stored(
    process: Process, start: Start, endpoint: TokenEndpoint, clock: FakeClock
) -> None:
    endpoint.open.clear()
    slow = asyncio.create_task(process.service.with_token(ALICE, echo))
    await endpoint.begun.wait()
    clock.advance(LEASE)
    with pytest.raises(ReconnectNeeded):
        await start().service.with_token(ALICE, echo)
    endpoint.open.set()
    assert await slow == "access-1"
    assert await status(process) is AccountStatus.ACTIVE


async def test_tokens_are_stored_although_the_database_fails_for_a_while(
    process: Process, start: Start, endpoint: TokenEndpoint
) -> None:
    class Flaky(SqlAccountRepository):
        left = 3

        async def store_tokens(self, member_id: int, previous_refresh_token: str, tokens: TokenSet) -> bool:
            Flaky.left -= 1
            if Flaky.left >= 0:
                raise OSError("the database restarts")
            return await super().store_tokens(member_id, previous_refresh_token, tokens)

    flaky = start(repository=Flaky)
    assert await flaky.service.with_token(ALICE, echo) == "access-1"
    assert flaky.slept == [0.5, 2.0, 5.0]
    assert await process.service.with_token(ALICE, echo) == "access-1"


async def test_tokens_that_no_key_can_read_ask_to_reconnect_and_the_right_key_mends_it(
    process: Process, start: Start, endpoint: TokenEndpoint
) -> None:
    keyless = start(cipher=TokenCipher([Fernet.generate_key().decode()]))
    with pytest.raises(ReconnectNeeded):
        await keyless.service.with_token(ALICE, echo)
    assert (await keyless.service.usable(ALICE)).account_id == "account-a"
    assert await keyless.service.account(ALICE) is not None
    assert await process.service.with_token(ALICE, echo) == "access-1"


async def test_a_member_who_leaves_while_their_tokens_are_refreshed_is_gone(
    process: Process, endpoint: TokenEndpoint
) -> None:
    endpoint.open.clear()
    caller = asyncio.create_task(process.service.with_token(ALICE, echo))
    await endpoint.begun.wait()
    await process.service.disconnect(ALICE)
    endpoint.open.set()
    with pytest.raises(NotConnected):
        await caller
    assert await process.accounts.get(ALICE) is None
