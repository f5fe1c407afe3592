"""ReccoBeats over real HTTP: batches, limits, outages and nonsense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fake_reccobeats import FakeReccoBeats, values_of
from fastapi import Response
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.library import TrackInfo
from bot.features.reccobeats import ReccoBeats
from bot.features.values import clean
from recommender.features import FEATURES

if TYPE_CHECKING:
    from tests.conftest import FakeClock


def track_id(number: int) -> str:
    return f"{number:022}"


def tracks(count: int, start: int = 0) -> list[TrackInfo]:
    return [TrackInfo(f"spotify:track:{track_id(n)}", f"Song {n}") for n in range(start, start + count)]


@pytest.fixture
def server() -> Iterator[FakeReccoBeats]:
    with FakeReccoBeats() as running:
        yield running


@pytest.fixture
async def reccobeats(server: FakeReccoBeats, clock: FakeClock) -> AsyncIterator[ReccoBeats]:
    provider = ReccoBeats(clock, url=server.url)
    yield provider
    await provider.close()


async def test_it_asks_for_forty_tracks_a_call_few_calls_at_a_time(
    server: FakeReccoBeats, reccobeats: ReccoBeats
) -> None:
    server.known = {track_id(n) for n in range(0, 210, 3)}
    server.slow = 0.02
    answers = await reccobeats.features(tracks(210))
    assert sorted(len(call) for call in server.asked) == [10, 40, 40, 40, 40, 40]
    assert server.most_at_once == 2
    assert len(answers) == 210
    assert {uri for uri, answer in answers.items() if answer.values} == {
        f"spotify:track:{known}" for known in server.known
    }


async def test_values_belong_to_the_track_of_the_link_not_to_the_place_in_the_list(
    server: FakeReccoBeats, reccobeats: ReccoBeats, clock: FakeClock
) -> None:
    server.known = {track_id(7), track_id(2)}
    answers = await reccobeats.features(tracks(9)[::-1])
    for number in (7, 2):
        answer = answers[f"spotify:track:{track_id(number)}"]
        assert answer.values == pytest.approx(values_of(track_id(number)))
        assert (answer.source, answer.estimated, answer.read_at) == ("reccobeats", False, clock.now())


async def test_spotify_ids_in_the_place_of_its_own_are_understood(
    server: FakeReccoBeats, reccobeats: ReccoBeats
) -> None:
    server.faults = [lambda: Response(json.dumps({"content": [{"id": track_id(1), "energy": 0.5}]}))]
    answers = await reccobeats.features(tracks(2))
    assert {uri: dict(answer.values) for uri, answer in answers.items()} == {
        f"spotify:track:{track_id(0)}": {},
        f"spotify:track:{track_id(1)}": {"energy": 0.5},
    }


async def test_what_is_no_track_of_spotify_is_never_asked_for(server: FakeReccoBeats, reccobeats: ReccoBeats) -> None:
    local = TrackInfo("spotify:local:a:b:c:1", "Mine")
    answers = await reccobeats.features([local, TrackInfo("spotify:track:1,2", "Odd")])
    assert server.asked == []
    assert [dict(answer.values) for answer in answers.values()] == [{}, {}]


@pytest.mark.parametrize(("header", "seconds"), [("48925", 48_925), (None, 60), ("soon", 60), ("-5", 60), ("inf", 60)])
async def test_too_many_calls_end_the_asking_until_the_time_that_it_names(
    server: FakeReccoBeats, reccobeats: ReccoBeats, clock: FakeClock, header: str | None, seconds: int
) -> None:
    server.known = {track_id(0)}
    headers = {"Retry-After": header} if header else {}
    server.faults = [lambda: Response(status_code=429, headers=headers)] * 2
    async with asyncio.timeout(3):
        assert await reccobeats.features(tracks(200)) == {}
    assert len(server.asked) <= 2
    server.faults, server.asked = [], []
    clock.advance(seconds=seconds - 1)
    assert reccobeats.out_of_order() is not None
    assert await reccobeats.features(tracks(1)) == {}
    assert server.asked == []
    clock.advance(seconds=1)
    assert reccobeats.out_of_order() is None
    assert len(await reccobeats.features(tracks(1))) == 1


async def test_a_date_in_retry_after_is_understood(
    server: FakeReccoBeats, reccobeats: ReccoBeats, clock: FakeClock
) -> None:
    until = clock.now() + timedelta(hours=2)
    server.faults = [
        lambda: Response(status_code=429, headers={"Retry-After": until.strftime("%a, %d %b %Y %H:%M:%S GMT")})
    ]
    await reccobeats.features(tracks(1))
    assert reccobeats.out_of_order() == "ReccoBeats is left alone until 2026-11-20 14:00 UTC."


async def test_three_failures_in_a_row_switch_it_off_for_an_hour_and_one_more_again(
    server: FakeReccoBeats, reccobeats: ReccoBeats, clock: FakeClock
) -> None:
    server.faults = [lambda: Response(status_code=503)] * 4
    for _ in range(2):
        assert await reccobeats.features(tracks(1)) == {}
    assert reccobeats.out_of_order() is None
    await reccobeats.features(tracks(1))
    assert reccobeats.out_of_order() is not None
    await reccobeats.features(tracks(1))
    assert len(server.asked) == 3
    clock.advance(hours=1)
    await reccobeats.features(tracks(1))
    assert len(server.asked) == 4
    assert reccobeats.out_of_order() is not None
    clock.advance(hours=1)
    assert len(await reccobeats.features(tracks(1))) == 1


async def test_failures_with_answers_between_them_do_not_switch_it_off(
    server: FakeReccoBeats, reccobeats: ReccoBeats
) -> None:
    for _ in range(4):
        server.faults = [lambda: Response(status_code=500)]
        await reccobeats.features(tracks(1))
        await reccobeats.features(tracks(1))
    assert reccobeats.out_of_order() is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"null",
        b"7",
        b'{"content": {"0": 1}}',
        b'{"content": null}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"content": [' + b" " * 1_100_000 + b"]}",
    ],
)
async def test_an_answer_that_is_none_is_a_failure_and_nobody_is_noted_as_unknown(
    server: FakeReccoBeats, reccobeats: ReccoBeats, body: bytes
) -> None:
    server.faults = [lambda: Response(body, media_type="application/json")]
    assert await reccobeats.features(tracks(3)) == {}


async def test_odd_items_cost_only_themselves(server: FakeReccoBeats, reccobeats: ReccoBeats) -> None:
    link = "https://open.spotify.com/track/"
    items: list[object] = [
        None,
        3,
        {"href": None, "id": 5, "energy": 0.5},
        {
            "href": f"{link}{track_id(0)}",
            "energy": "high",
            "tempo": True,
            "key": 3.5,
            "loudness": 400,
            "valence": 1e999,
        },
        {"href": f"{link}{track_id(1)}?si=x", "energy": 0.25, "tempo": None, "valence": -0.1, "key": -1},
        {"href": f"{link}{track_id(99)}", "energy": 0.9},
    ]
    server.faults = [lambda: Response(json.dumps({"content": items}))]
    answers = await reccobeats.features(tracks(2))
    assert {uri: dict(answer.values) for uri, answer in answers.items()} == {
        f"spotify:track:{track_id(0)}": {},
        f"spotify:track:{track_id(1)}": {"energy": 0.25},
    }


async def test_a_server_that_does_not_answer_is_given_up(server: FakeReccoBeats, clock: FakeClock) -> None:
    server.slow = 5
    provider = ReccoBeats(clock, url=server.url, patience=0.2)
    async with asyncio.timeout(3):
        assert await provider.features(tracks(1)) == {}
    await provider.close()


async def test_a_server_that_is_not_there_is_a_failure(clock: FakeClock) -> None:
    provider = ReccoBeats(clock, url="http://127.0.0.1:9/v1")
    for _ in range(3):
        assert await provider.features(tracks(1)) == {}
    assert provider.out_of_order() is not None
    await provider.close()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*(feature.name for feature in FEATURES), "id", "href"]), _JSON))
def test_whatever_a_stranger_says_only_values_within_their_ranges_are_kept(item: dict[str, object]) -> None:
    ranges = {feature.name: feature for feature in FEATURES}
    for name, value in clean(item).items():
        assert type(value) is float
        assert ranges[name].low <= value <= ranges[name].high
