"""Liked songs, what was played most and last, audio features, and the app's own token, from the stand-in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from faulty_server import FaultyServer, as_json
from spotify_kit import NOW, SECRET, TOKEN, Adapters, StandingClock
from standin_kit import CLIENT_SECRET, adapter_for, sign_in

from bot.domain.errors import AccessTokenRejected, SpotifyRefused, SpotifyUnavailable
from bot.domain.listening import TimeRange
from bot.sandbox.spotify import SpotifyServer
from bot.spotify import SpotifyAdapter
from bot.spotify.errors import FEATURES_CLOSED, NO_KEY_OF_ITS_OWN, SCOPE_MISSING, WRONG_CLIENT

MIRA = "mirasolenne"
TRACK = {"uri": "spotify:track:4uLU6hMCjMI75M1A2tKUQC", "name": "Last Stop"}


def legacy_app(spotify: SpotifyServer, clock: StandingClock, client_id: str = "legacy-app") -> SpotifyAdapter:
    return SpotifyAdapter(
        client_id,
        SECRET,
        "http://127.0.0.1:8765/spotify/callback",
        clock=clock,
        accounts_url=spotify.url,
        api_url=f"{spotify.url}/v1/",
        retry_delays=(),
    )


@pytest.fixture
async def legacy(spotify: SpotifyServer, clock: StandingClock) -> AsyncIterator[SpotifyAdapter]:
    spotify.state.register_app("legacy-app", SECRET, legacy=True)
    adapter = legacy_app(spotify, clock)
    yield adapter
    await adapter.close()


async def test_all_liked_songs_are_read_newest_first(client: SpotifyAdapter, spotify: SpotifyServer) -> None:
    token = (await sign_in(client)).access_token

    liked = await client.liked_songs(token)

    assert liked is not None
    saved = spotify.state.listener(MIRA).saved
    expected = [uri for uri in sorted(saved, key=lambda uri: saved[uri], reverse=True) if ":track:" in uri]
    found = [(entry.track.uri, entry.added_at) for entry in liked.items.entries]
    assert len(found) > 50
    assert [at for _, at in found] == sorted((at for _, at in found), reverse=True)
    assert {uri for uri, _ in found} == set(expected)


async def test_liked_songs_that_have_not_changed_cost_one_call(client: SpotifyAdapter, spotify: SpotifyServer) -> None:
    token = (await sign_in(client)).access_token
    liked = await client.liked_songs(token)
    assert liked is not None
    spotify.state.journal.clear()

    assert await client.liked_songs(token, unless=liked.mark) is None
    assert len(spotify.state.journal.find("GET", "/v1/me/tracks")) == 1


@pytest.mark.parametrize("change", ["another", "one taken out", "an old one taken out", "one swapped"])
async def test_any_change_of_the_liked_songs_changes_their_mark(
    client: SpotifyAdapter, spotify: SpotifyServer, change: str
) -> None:
    token = (await sign_in(client)).access_token
    liked = await client.liked_songs(token)
    assert liked is not None
    saved = spotify.state.listener(MIRA).saved
    ordered = [entry.track.uri for entry in liked.items.entries]
    unsaved = next(f"spotify:track:{one}" for one in spotify.state.music.tracks if f"spotify:track:{one}" not in saved)
    if change in ("one taken out", "one swapped"):
        del saved[ordered[0]]
    if change == "an old one taken out":
        del saved[ordered[-1]]
    if change in ("another", "one swapped"):
        saved[unsaved] = NOW

    again = await client.liked_songs(token, unless=liked.mark)

    assert again is not None
    assert again.mark != liked.mark


async def test_liked_songs_are_read_under_either_name_and_odd_ones_skipped(
    adapter: SpotifyAdapter, faulty: FaultyServer
) -> None:
    entries = [{"track": TRACK}, {"item": TRACK}, {"track": None}, None]
    faulty.plan(as_json({"items": entries, "next": None, "total": 4}))

    liked = await adapter.liked_songs(TOKEN)

    assert liked is not None
    assert [entry.track.name for entry in liked.items.entries] == ["Last Stop"] * 2
    assert liked.items.skipped == 2


@pytest.mark.parametrize("answer", [{"items": []}, {"total": 3}, {"items": None, "total": 3}, [], {}])
async def test_liked_songs_that_cannot_be_read_are_an_outage_and_not_none(
    adapter: SpotifyAdapter, faulty: FaultyServer, answer: object
) -> None:
    faulty.plan(as_json(answer))

    with pytest.raises(SpotifyUnavailable):
        await adapter.liked_songs(TOKEN)


@pytest.mark.parametrize("time_range", list(TimeRange))
async def test_what_was_played_most_takes_one_call_for_each_range(
    client: SpotifyAdapter, spotify: SpotifyServer, time_range: TimeRange
) -> None:
    token = (await sign_in(client)).access_token
    spotify.state.journal.clear()

    tracks = await client.top_tracks(token, time_range)
    artists = await client.top_artists(token, time_range)

    assert 0 < len(tracks) <= 50
    assert 0 < len(artists) <= 50
    assert all(artist.name and artist.uri for artist in artists)
    assert all(track.isrc for track in tracks)
    asked = [exchange.query for exchange in spotify.state.journal]
    assert [(query["time_range"], query["limit"]) for query in asked] == [(time_range.value, "50")] * 2


async def test_what_was_played_last_comes_newest_first_and_after_a_moment_only(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    token = (await sign_in(client)).access_token

    everything = await client.recently_played(token)
    cut = everything[len(everything) // 2].played_at
    newer = await client.recently_played(token, after=cut)

    assert 1 < len(everything) <= 50
    assert [one.played_at for one in everything] == sorted((one.played_at for one in everything), reverse=True)
    assert [one.played_at for one in newer] == [one.played_at for one in everything if one.played_at > cut]


async def test_plays_of_nothing_or_of_no_known_moment_are_skipped(
    adapter: SpotifyAdapter, faulty: FaultyServer
) -> None:
    played = {"track": TRACK, "played_at": "2026-11-20T10:00:00.123Z"}
    episode = {"track": {"uri": "spotify:episode:abc", "type": "episode"}, "played_at": "2026-11-20T10:00:00Z"}
    odd = [None, 7, {"track": None, "played_at": "2026-11-20T10:00:00Z"}, {"track": TRACK}, episode]
    faulty.plan(as_json({"items": [*odd, played], "next": None}))

    found = await adapter.recently_played(TOKEN)

    assert [one.track.name for one in found] == ["Last Stop"]
    assert found[0].played_at.utcoffset() == timedelta(0)


async def test_members_who_agreed_to_less_are_told_to_connect_again(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    tokens = await sign_in(client)
    for grant in spotify.state.authorisations._grants.values():
        grant.scopes = frozenset({"playlist-read-private"})

    for attempt in (
        client.liked_songs(tokens.access_token),
        client.top_tracks(tokens.access_token, TimeRange.SHORT),
        client.top_artists(tokens.access_token, TimeRange.SHORT),
        client.recently_played(tokens.access_token),
    ):
        with pytest.raises(SpotifyRefused, match=re.escape(SCOPE_MISSING)):
            await attempt


async def test_an_old_app_reads_features_with_a_token_of_its_own(
    legacy: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    uris = [f"spotify:track:{identifier}" for identifier in list(spotify.state.music.tracks)[:100]]

    found = await legacy.audio_features(await legacy.app_token(), uris)
    await legacy.app_token()

    with_features = [uri for uri in uris if spotify.state.music.audio_features(uri.rpartition(":")[2])]
    assert 0 < len(with_features) < len(uris)
    assert list(found) == with_features
    assert all({"danceability", "tempo", "key", "mode", "loudness"} <= set(values) for values in found.values())
    assert len(spotify.state.journal.find("GET", "/v1/audio-features")) == 1
    assert len(spotify.state.journal.find("POST", "/api/token")) == 1


async def test_an_app_token_is_renewed_before_it_ends_and_after_a_refusal(
    legacy: SpotifyAdapter, spotify: SpotifyServer, clock: StandingClock
) -> None:
    first = await legacy.app_token()
    clock.moment = NOW + timedelta(minutes=59, seconds=30)
    second = await legacy.app_token()
    spotify.state.faults.add("GET", "/v1/audio-features", status=401)
    with pytest.raises(AccessTokenRejected):
        await legacy.audio_features(second, [TRACK["uri"]])
    third = await legacy.app_token()
    clock.moment = NOW - timedelta(days=400)

    assert len({first, second, third, await legacy.app_token()}) == 4


async def test_a_new_app_is_told_that_it_gets_no_features(
    spotify: SpotifyServer, clock: StandingClock, client: SpotifyAdapter
) -> None:
    confidential = adapter_for(spotify, clock, CLIENT_SECRET)

    with pytest.raises(SpotifyRefused, match=re.escape(FEATURES_CLOSED)):
        await confidential.audio_features(await confidential.app_token(), [TRACK["uri"]])
    with pytest.raises(SpotifyRefused, match=re.escape(NO_KEY_OF_ITS_OWN)):
        await client.app_token()
    await confidential.close()


async def test_features_of_nothing_cost_no_call_and_of_too_many_are_refused(
    adapter: SpotifyAdapter, faulty: FaultyServer
) -> None:
    assert await adapter.audio_features(TOKEN, ["spotify:episode:abc", "nonsense"]) == {}
    with pytest.raises(ValueError, match="100"):
        await adapter.audio_features(TOKEN, [TRACK["uri"]] * 101)
    assert faulty.seen == []


async def test_odd_features_are_left_out(adapter: SpotifyAdapter, faulty: FaultyServer) -> None:
    listed = [None, {"id": "abc", "tempo": 120, "key": None, "type": "x", "energy": float("nan"), "mode": True}]
    faulty.plan(as_json({"audio_features": listed}))

    assert await adapter.audio_features(TOKEN, [TRACK["uri"]]) == {"spotify:track:abc": {"tempo": 120.0}}


async def test_the_apps_credentials_are_checked_without_a_member(
    spotify: SpotifyServer, clock: StandingClock, client: SpotifyAdapter
) -> None:
    confidential, wrong = adapter_for(spotify, clock, CLIENT_SECRET), adapter_for(spotify, clock, "another-secret")
    unknown = legacy_app(spotify, clock, "never-registered")

    await client.check_app()
    await confidential.check_app()
    for refused in (wrong, unknown):
        with pytest.raises(SpotifyRefused, match=re.escape(WRONG_CLIENT)):
            await refused.check_app()
    spotify.state.faults.add("POST", "/api/token", status=503)
    with pytest.raises(SpotifyUnavailable):
        await confidential.check_app()
    for adapter in (confidential, wrong, unknown):
        await adapter.close()


async def test_wrong_secrets_give_no_app_token(adapters: Adapters, faulty: FaultyServer) -> None:
    faulty.plan(as_json({"error": "invalid_client", "error_description": "Invalid client secret"}, 400))
    with pytest.raises(SpotifyRefused, match=re.escape(WRONG_CLIENT)):
        await adapters(client_secret=SECRET).app_token()
    for nonsense in ({}, [], {"access_token": "BQ"}, {"access_token": "", "expires_in": 3600}):
        faulty.plan(as_json(nonsense))
        with pytest.raises(SpotifyUnavailable):
            await adapters(client_secret=SECRET).app_token()
