"""What a member meets when Spotify is not well: the sentence, how soon, that nothing is lost and nothing done twice."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.accounts import AccountStatus, NoticeKind
from bot.domain.errors import CrossfadeError
from bot.sandbox.guests import consent, link_guest
from bot.spotify.errors import NOT_ON_THE_LIST, PREMIUM_MISSING, SCOPE_MISSING

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.domain.recommendations import RecommendationSet
    from bot.sandbox.spotify import SpotifyServer, SpotifyState

ALICE, GUILD = 4_100_000_000_000_000_001, 4_200_000_000_000_000_001
MIRA = "mirasolenne"
TRACKS = 12
AT_ONCE = 3.0
"""Seconds after which a member has an answer."""

OUTAGE = "Spotify does not answer at the moment: try again in a few minutes."
SYNC_OUTAGE = "Spotify does not answer at the moment: I try again by myself <t:{}:R>."
REJECTED = "Spotify does not accept what it has just signed itself: try again in a few minutes."
RECONNECT = "Spotify has ended your authorisation: use /connect to link it again, your settings are kept."
TOO_FAST = "Spotify lets me ask again <t:{}:R>: too much was asked of it, try again then."
QUOTA = "This bot's Spotify app has used up its quota for the day: Spotify lets me ask again <t:{}:R>, try again then."
NOT_FOUND_YET = "Spotify does not find the playlist at the moment: click again in a minute and I go on where I stopped."
PAUSED = "Spotify wants a pause: I go on by myself <t:{}:R>."


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Which database it is does not matter here."""
    return sqlite_url


@dataclass(frozen=True)
class Fault:
    """A row of the table.

    Attributes:
        name: what goes wrong.
        inject: makes the stand-in go wrong, until it is mended.
        said: what whoever saves reads; `{}` stands for a number.
        sync_said: what whoever syncs reads, where that is something else.
        mend: makes it well again; by default planned faults are forgotten.
        lasts: for how long the member is to wait before trying again.
        ends: whether the authorisation is gone with it.
    """

    name: str
    inject: Callable[[SpotifyState], object]
    said: str
    sync_said: str | None = None
    mend: Callable[[SpotifyState], object] = lambda _: None
    lasts: timedelta = timedelta(minutes=3)
    ends: bool = False

    def reads(self, said: str, text: str) -> re.Match[str] | None:
        """Compare a sentence with what a member read."""
        return re.fullmatch(r"(\d+ of \d+ playlists are read\. )?" + re.escape(said).replace(r"\{\}", r"(\d+)"), text)


def everywhere(**fault: object) -> Callable[[SpotifyState], object]:
    """Return what makes every call to the Web API go wrong."""
    return lambda state: state.faults.add("*", "/v1/*", times=None, **fault)  # type: ignore[arg-type]


def refused(message: str) -> Callable[[SpotifyState], object]:
    return everywhere(status=403, body={"error": {"status": 403, "message": message}})


def too_many(headers: dict[str, str], **error: object) -> Callable[[SpotifyState], object]:
    body = {"error": {"status": 429, "message": "API rate limit exceeded", **error}}
    return everywhere(status=429, headers=headers, body=body)


def token_end(**fault: object) -> Callable[[SpotifyState], object]:
    """Return what makes the token endpoint go wrong once the access token has ended."""

    def inject(state: SpotifyState) -> None:
        state.faults.add("GET", "/v1/*", status=401, times=None)
        state.faults.add("POST", "/v1/*", status=401, times=None)
        state.faults.add("POST", "/api/token", times=None, **fault)  # type: ignore[arg-type]

    return inject


def take_scopes(state: SpotifyState) -> None:
    for grant in state.authorisations._grants.values():
        grant.scopes = frozenset()


def give_scopes(state: SpotifyState) -> None:
    from bot.spotify import SCOPES

    for grant in state.authorisations._grants.values():
        grant.scopes = frozenset(SCOPES)


def forget_the_list(state: SpotifyState) -> None:
    state.registered_users = None


def empty_the_list(state: SpotifyState) -> None:
    state.registered_users = set()


FAULTS = [
    Fault("429 for a second", too_many({"Retry-After": "1"}), TOO_FAST, PAUSED),
    Fault(
        "429 for 48925 seconds", too_many({"Retry-After": "48925"}), TOO_FAST, PAUSED, lasts=timedelta(seconds=48_926)
    ),
    Fault("429 without an end", too_many({}), TOO_FAST, PAUSED),
    Fault("429 for the day", too_many({}, reason="QUOTA_EXCEEDED"), QUOTA, PAUSED, lasts=timedelta(minutes=16)),
    Fault("500", everywhere(status=500), OUTAGE, SYNC_OUTAGE),
    Fault("502", everywhere(status=502, body="<html>Bad gateway</html>"), OUTAGE, SYNC_OUTAGE),
    Fault("503", everywhere(status=503, headers={"Retry-After": "3600"}), OUTAGE, SYNC_OUTAGE),
    Fault("connection cut", everywhere(cut=True, status=200, body={"items": []}), OUTAGE, SYNC_OUTAGE),
    Fault("malformed JSON", everywhere(status=200, body='{"items": [{'), OUTAGE, SYNC_OUTAGE),
    Fault("401 again and again", everywhere(status=401), REJECTED, SYNC_OUTAGE),
    Fault("token endpoint 503", token_end(status=503), OUTAGE, SYNC_OUTAGE),
    Fault("token endpoint malformed", token_end(status=400, body="<html>invalid_grant</html>"), OUTAGE, SYNC_OUTAGE),
    Fault("authorisation revoked", lambda state: state.revoke(MIRA), RECONNECT, ends=True),
    Fault("scopes revoked", take_scopes, SCOPE_MISSING, mend=give_scopes),
    Fault("not on the list", empty_the_list, NOT_ON_THE_LIST, mend=forget_the_list),
    Fault("owner without Premium", refused("Premium required: the app's owner has no subscription"), PREMIUM_MISSING),
]


async def stored(core: Core) -> list[tuple[str, str, int]]:
    return [(p.name, p.snapshot_id, p.n_tracks) for p in await core.services.library.playlists(ALICE)]


def ours(server: SpotifyServer) -> list[list[str | None]]:
    """Return what is in the playlists that we made in Mira's Spotify."""
    made = [p for p in server.state.playlists_of(MIRA) if p.name.startswith("Crossfade")]
    return [[entry.uri for entry in playlist.entries] for playlist in made]


async def read_by(call: Awaitable[object]) -> str:
    """Return what a member reads who meets a fault, which is soon."""
    begun = time.monotonic()
    with pytest.raises(CrossfadeError) as caught:
        await call
    assert time.monotonic() - begun < AT_ONCE
    return str(caught.value)


async def discovered(core: Core, usual: float = math.inf) -> tuple[RecommendationSet, float]:
    """Let a member discover; return what they find, and in how many seconds.

    Args:
        core: the system.
        usual: seconds that it takes while Spotify is well, most of which is the recommender's on a busy machine.
    """
    begun = time.monotonic()
    found = await core.services.discovery.discover(ALICE, GUILD, k=TRACKS)
    took = time.monotonic() - begun
    assert took - usual < AT_ONCE
    assert len(found.picks) == TRACKS
    return found, took


async def connect_again(core: Core) -> None:
    link = await core.services.accounts.begin_login(ALICE, GUILD)
    back = await consent(link.url, MIRA)
    await core.services.accounts.complete_login(back.params["state"], back.params["code"])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_is_said_at_once_loses_nothing_and_does_nothing_twice(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock, fault: Fault
) -> None:
    services, state = system.services, spotify_server.state
    await link_guest(services, ALICE, GUILD, MIRA)
    found, usual = await discovered(system)
    before = await stored(system)
    spotify_server.state.playlists_of(MIRA)[0].touch()
    fault.inject(state)

    save_said = await read_by(services.playlists.save(ALICE, found.id))
    sync_said = await read_by(services.library.sync(ALICE))
    if not fault.ends:
        await discovered(system, usual)

    assert fault.reads(fault.said, save_said), save_said
    assert fault.reads(fault.sync_said or fault.said, sync_said), sync_said
    account = await services.accounts.account(ALICE)
    assert account is not None
    assert account.status is (AccountStatus.RECONNECT if fault.ends else AccountStatus.ACTIVE)
    assert ours(spotify_server) == []

    state.faults.clear()
    fault.mend(state)
    if fault.ends:
        notice = await services.accounts.take_notice(ALICE)
        assert notice is not None
        assert notice.kind is NoticeKind.RECONNECT
        assert await services.accounts.take_notice(ALICE) is None
        await connect_again(system)
    clock.advance(fault.lasts)
    assert await stored(system) == before
    assert (await services.library.sync(ALICE)).playlists_read >= 1
    outcome = await services.playlists.save(ALICE, found.id)
    again = await services.playlists.save(ALICE, found.id)
    assert outcome.playlist.spotify_id == again.playlist.spotify_id
    assert ours(spotify_server) == [[pick.track.uri for pick in found.picks]]


async def test_a_spotify_that_never_answers_keeps_nobody_waiting(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    services, state = system.services, spotify_server.state
    await link_guest(services, ALICE, GUILD, MIRA)
    found, usual = await discovered(system)
    before = await stored(system)
    state.faults.add("*", "/v1/*", times=None, hang=60)

    assert await read_by(services.playlists.save(ALICE, found.id)) == OUTAGE
    await discovered(system, usual)

    state.faults.clear()
    clock.advance(minutes=3)
    assert await stored(system) == before
    await services.library.sync(ALICE)
    await services.playlists.save(ALICE, found.id)
    assert ours(spotify_server) == [[pick.track.uri for pick in found.picks]]


async def test_a_token_endpoint_that_never_answers_keeps_nobody_waiting_and_its_answer_is_kept(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    services, state = system.services, spotify_server.state
    await link_guest(services, ALICE, GUILD, MIRA)
    found = await services.discovery.discover(ALICE, GUILD, k=TRACKS)
    clock.advance(hours=2)
    state.faults.add("POST", "/api/token", hang=60)

    assert await read_by(services.playlists.save(ALICE, found.id)) == OUTAGE
    state.faults.clear()
    await services.playlists.save(ALICE, found.id)

    assert len(state.journal.find("POST", "/api/token")) == 2  # the code's, and one refresh
    assert ours(spotify_server) == [[pick.track.uri for pick in found.picks]]


@pytest.mark.parametrize(
    "how",
    [
        {"status": 502},
        {"status": 502, "after": True},
        {"cut": True},
        {"status": 200, "body": '{"id', "after": True},
    ],
    ids=["lost before", "lost after", "cut after", "malformed after"],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/me/playlists"), ("PUT", "/v1/playlists/*/items")])
async def test_a_change_whose_answer_is_lost_is_made_once(
    system: Core,
    spotify_server: SpotifyServer,
    clock: FakeClock,
    method: str,
    path: str,
    how: dict[str, object],
) -> None:
    services, state = system.services, spotify_server.state
    await link_guest(services, ALICE, GUILD, MIRA)
    found = await services.discovery.discover(ALICE, GUILD, k=TRACKS)
    state.faults.add(method, path, **how)  # type: ignore[arg-type]

    assert await read_by(services.playlists.save(ALICE, found.id)) == OUTAGE
    clock.advance(minutes=3)
    await services.playlists.save(ALICE, found.id)

    assert ours(spotify_server) == [[pick.track.uri for pick in found.picks]]


@pytest.mark.parametrize(
    "how",
    [
        {"status": 503},
        {"status": 401},
        {"cut": True},
        {"hang": 1.0},
        {"status": 200, "body": '{"items": [{'},
    ],
    ids=["503", "401", "connection cut", "a second without an answer", "malformed JSON"],
)
async def test_a_hiccup_in_the_middle_of_a_sync_goes_unnoticed(
    system: Core, spotify_server: SpotifyServer, how: dict[str, object]
) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    before = await stored(system)
    for playlist in spotify_server.state.playlists_of(MIRA)[:3]:
        playlist.touch()
    spotify_server.state.faults.add("GET", "/v1/playlists/*/items", **how)  # type: ignore[arg-type]

    report = await system.services.library.sync(ALICE)

    assert report.playlists_read == 3
    assert [(name, tracks) for name, _, tracks in await stored(system)] == [(name, n) for name, _, n in before]


async def test_a_playlist_that_is_not_the_members_is_left_out_of_a_sync_and_never_written(
    system: Core, spotify_server: SpotifyServer
) -> None:
    services, state = system.services, spotify_server.state
    await link_guest(services, ALICE, GUILD, MIRA)
    before = await stored(system)
    state.playlists_of(MIRA)[0].touch()
    forbidden = {"error": {"status": 403, "message": "You cannot add tracks to a playlist you don't own."}}
    state.faults.add("GET", "/v1/playlists/*/items", status=403, body=forbidden)

    report = await services.library.sync(ALICE)
    assert report.playlists_out_of_reach >= 1
    assert len(await stored(system)) == len(before) - 1
    found = await services.discovery.discover(ALICE, GUILD, k=TRACKS)
    state.faults.add("PUT", "/v1/playlists/*/items", status=403, body=forbidden)
    said = await read_by(services.playlists.save(ALICE, found.id))
    assert said == NOT_FOUND_YET
    await services.playlists.save(ALICE, found.id)

    assert [pick.track.uri for pick in found.picks] in ours(spotify_server)
    assert len([tracks for tracks in ours(spotify_server) if tracks]) == 1


async def test_half_a_year_without_the_bot_ends_in_one_request_to_reconnect(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    services = system.services
    await link_guest(services, ALICE, GUILD, MIRA)
    found = await services.discovery.discover(ALICE, GUILD, k=TRACKS)
    before = await system.services.library.playlists(ALICE)
    clock.advance(days=190)

    assert await read_by(services.playlists.save(ALICE, found.id)) == RECONNECT
    assert await read_by(services.library.sync(ALICE)) == RECONNECT
    notice = await services.accounts.take_notice(ALICE)
    assert notice is not None
    assert notice.kind is NoticeKind.RECONNECT
    assert await services.accounts.take_notice(ALICE) is None
    await connect_again(system)

    assert await services.library.playlists(ALICE) == before
    await services.library.sync(ALICE)
    await services.playlists.save(ALICE, found.id)
    assert ours(spotify_server) == [[pick.track.uri for pick in found.picks]]


@pytest.mark.parametrize("days", [190, -190], ids=["forward", "back"])
async def test_a_clock_that_jumps_by_half_a_year_and_comes_back_leaves_everything_working(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock, days: int
) -> None:
    services, state = system.services, spotify_server.state
    await link_guest(services, ALICE, GUILD, MIRA)
    found = await services.discovery.discover(ALICE, GUILD, k=TRACKS)
    before = await stored(system)
    moment = clock.now()
    clock.advance(days=days)
    state.clock = lambda: moment  # only the bot's clock is wrong

    shown = await services.discovery.discover(ALICE, GUILD, k=TRACKS)
    await services.library.sync(ALICE)
    saved = await services.playlists.save(ALICE, shown.id)
    clock.set(moment)
    await services.library.sync(ALICE)
    await services.playlists.save(ALICE, found.id)

    assert [name for name, *_ in await stored(system) if not name.startswith("Crossfade")] == [n for n, *_ in before]
    account = await services.accounts.account(ALICE)
    assert account is not None
    assert account.status is AccountStatus.ACTIVE
    assert [entry.uri for entry in state.playlists[saved.playlist.spotify_id].entries] in [
        [pick.track.uri for pick in one.picks] for one in (shown, found)
    ]


async def test_a_cooldown_of_a_clock_that_was_half_a_year_ahead_does_not_last_half_a_year(
    system: Core, spotify_server: SpotifyServer, clock: FakeClock
) -> None:
    services, state = system.services, spotify_server.state
    await link_guest(services, ALICE, GUILD, MIRA)
    found = await services.discovery.discover(ALICE, GUILD, k=TRACKS)
    moment = clock.now()
    state.clock = lambda: moment
    clock.advance(days=190)
    state.faults.add("POST", "/v1/me/playlists", status=429, headers={"Retry-After": "48925"})
    said = await read_by(services.playlists.save(ALICE, found.id))
    assert re.fullmatch(re.escape(TOO_FAST).replace(r"\{\}", r"\d+"), said)

    clock.set(moment)
    await services.playlists.save(ALICE, found.id)

    assert ours(spotify_server) == [[pick.track.uri for pick in found.picks]]
