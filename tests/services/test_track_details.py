"""Names, covers and links of recommended tracks: one that is dead, an outage, a caller who goes away."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import pytest

from bot.domain.errors import SpotifyError, SpotifyRateLimited, SpotifyRefused, SpotifyUnavailable
from bot.domain.library import TrackInfo
from bot.domain.recommendations import Pick
from bot.services.tracks import TrackDetails
from recommender.records import Recommendation, Track

if TYPE_CHECKING:
    from conftest import FakeClock

Answer = TypeVar("Answer")
ALICE, BOB = 1, 2
TRACKS = [f"spotify:track:{number:022}" for number in range(12)]
DEAD = TRACKS[0]


class Library:
    """A database that knows no track yet."""

    async def tracks(self, uris: Collection[str]) -> dict[str, TrackInfo]:
        return {}


class Accounts:
    """Everybody has a token."""

    def __init__(self, spotify: Spotify) -> None:
        self._spotify = spotify

    async def spotify_of(self, member_id: int) -> Spotify:
        return self._spotify

    async def with_token(self, member_id: int, use: Callable[[str], Awaitable[Answer]]) -> Answer:
        return await use(f"token of {member_id}")


@dataclass
class Spotify:
    """Tracks with covers, except where a fault is planned.

    `gate` keeps the answers back while it is closed; `crowd` is set when four are under way.
    """

    faults: dict[str, Exception] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    crowd: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def track(self, access_token: str, uri: str) -> TrackInfo:
        self.asked[uri] += 1
        self.under_way += 1
        if self.under_way == 4:
            self.crowd.set()
        try:
            await self.gate.wait()
        finally:
            self.under_way -= 1
        if uri in self.faults:
            raise self.faults[uri]
        return TrackInfo(uri, "name", image_url=None if uri in self.bare else f"cover of {uri}")


def details_of(spotify: Spotify, clock: FakeClock, **options: object) -> TrackDetails:
    return TrackDetails(Library(), Accounts(spotify), clock, **options)  # type: ignore[arg-type]


def covers(picks: Sequence[Pick]) -> list[str]:
    """Return the URIs that have a cover."""
    return [pick.track.uri for pick in picks if pick.track.image_url]


def recommended(uris: Sequence[str]) -> list[Recommendation]:
    return [Recommendation(Track(uri, "name"), 1.0, ()) for uri in uris]


async def test_one_dead_track_costs_no_other_its_cover(clock: FakeClock) -> None:
    spotify = Spotify({DEAD: SpotifyRefused("gone"), TRACKS[5]: SpotifyRefused("gone")})
    picks = await details_of(spotify, clock).picks(recommended(TRACKS), ALICE)
    assert [pick.track.uri for pick in picks] == TRACKS
    assert covers(picks) == [uri for uri in TRACKS if uri not in spotify.faults]


@pytest.mark.parametrize("fault", [SpotifyUnavailable(), SpotifyRateLimited(datetime(2026, 11, 20, tzinfo=UTC))])
async def test_a_rate_limit_or_an_outage_ends_the_lookups(fault: SpotifyError, clock: FakeClock) -> None:
    spotify = Spotify(dict.fromkeys(TRACKS[2:], fault))
    picks = await details_of(spotify, clock, concurrency=2).picks(recommended(TRACKS), ALICE)
    assert len(picks) == len(TRACKS)
    assert covers(picks) == TRACKS[:2]
    assert spotify.asked.total() <= 4
    await details_of(spotify, clock, concurrency=2).picks(recommended(TRACKS[2:3]), ALICE)
    assert spotify.asked[TRACKS[2]] == 2


async def test_a_fault_of_our_own_is_not_hidden(clock: FakeClock) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        await details_of(Spotify({DEAD: KeyError("id")}), clock).picks(recommended(TRACKS), ALICE)
    assert raised.group_contains(KeyError)


async def test_what_is_late_is_shown_without_a_cover_and_nothing_runs_on(clock: FakeClock) -> None:
    spotify = Spotify()
    spotify.gate.clear()
    picks = await details_of(spotify, clock, patience=0.01).picks(recommended(TRACKS), ALICE)
    assert covers(picks) == []
    assert spotify.under_way == 0


async def test_nothing_runs_on_when_the_caller_goes_away(clock: FakeClock) -> None:
    spotify = Spotify()
    spotify.gate.clear()
    before = asyncio.all_tasks()
    caller = asyncio.create_task(details_of(spotify, clock).picks(recommended(TRACKS), ALICE))
    await spotify.crowd.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert spotify.under_way == 0
    assert asyncio.all_tasks() == before
    assert spotify.asked.total() == 4


async def test_a_lookup_in_vain_is_not_repeated_before_a_day_has_passed(clock: FakeClock) -> None:
    spotify = Spotify({DEAD: SpotifyRefused("gone")}, bare={TRACKS[1]})
    details = details_of(spotify, clock)
    for _ in range(3):
        await details.picks(recommended(TRACKS[:2]), ALICE)
        clock.advance(hours=7)
    assert spotify.asked == {DEAD: 1, TRACKS[1]: 1}
    clock.advance(hours=3)
    await details.picks(recommended(TRACKS[:2]), ALICE)
    assert spotify.asked == {DEAD: 2, TRACKS[1]: 2}


async def test_what_is_refused_to_one_member_is_asked_for_another(clock: FakeClock) -> None:
    spotify = Spotify({DEAD: SpotifyRefused("not on the list")})
    details = details_of(spotify, clock)
    await details.picks(recommended([DEAD]), ALICE)
    spotify.faults.clear()
    assert covers(await details.picks(recommended([DEAD]), BOB)) == [DEAD]


async def test_only_so_many_lookups_in_vain_are_remembered(clock: FakeClock) -> None:
    spotify = Spotify(dict.fromkeys(TRACKS, SpotifyRefused("gone")))
    details = details_of(spotify, clock, remembered=3, not_again_within=timedelta(weeks=9), concurrency=1)
    await details.picks(recommended(TRACKS[:4]), ALICE)
    await details.picks(recommended(TRACKS[1:4]), ALICE)
    assert set(spotify.asked.values()) == {1}
    await details.picks(recommended(TRACKS[:1]), ALICE)
    assert spotify.asked[TRACKS[0]] == 2


async def test_without_a_member_nothing_is_asked(clock: FakeClock) -> None:
    spotify = Spotify()
    assert covers(await details_of(spotify, clock).picks(recommended(TRACKS), None)) == []
    assert not spotify.asked
