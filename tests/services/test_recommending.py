"""Discovering and recommending with a trained model."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.domain.errors import EmptyLibrary, EmptyPlaylist, NoModel, UnknownTrack
from bot.domain.library import PlaylistKind
from bot.domain.privacy import OptOut
from bot.domain.recommendations import SetKind
from bot.sandbox.guests import link_guest
from recommender.recordings import recording_key
from recommender.records import Track

if TYPE_CHECKING:
    from conftest import FakeClock

    from bot.core import Core
    from bot.domain.recommendations import RecommendationSet
    from bot.sandbox.spotify import SpotifyServer

ALICE, BOB, GUILD = 4_100_000_000_000_000_001, 4_100_000_000_000_000_002, 4_200_000_000_000_000_001
MIRA, JONAS, NOOR = "mirasolenne", "jonaskettleburn", "noorvale"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Run on SQLite alone: what differs between databases is tested in tests/storage."""
    return sqlite_url


def uris(found: RecommendationSet) -> list[str]:
    return [pick.track.uri for pick in found.picks]


async def owned(system: Core, member_id: int) -> set[str]:
    tracks = set()
    for playlist in await system.services.library.playlists(member_id):
        if playlist.kind is PlaylistKind.LIKED:
            items = (await system.services.accounts.with_token(member_id, system.spotify.liked_songs)).items
        else:
            items = await system.services.accounts.with_token(
                member_id, lambda token, playlist=playlist: system.spotify.playlist_items(token, playlist.spotify_id)
            )
        tracks |= {entry.track for entry in items.entries}
    return tracks


def keys(tracks: set) -> set[str]:
    return {recording_key(Track(t.uri, t.name, t.artists[0].name if t.artists else None)) for t in tracks}


async def test_discoveries_are_thirty_new_tracks_with_reasons_covers_and_links(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD)
    mine = await owned(system, ALICE)
    assert len(found.picks) == len(set(uris(found))) == 30
    assert not set(uris(found)) & {track.uri for track in mine}
    assert not keys({pick.track for pick in found.picks}) & keys(mine)
    assert all(pick.reasons and pick.track.url and pick.track.name for pick in found.picks)
    assert all(pick.track.image_url for pick in found.picks)


async def test_no_artist_comes_more_than_twice(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    found = await system.services.discovery.discover(ALICE, GUILD)
    artists = [pick.track.artist_names for pick in found.picks]
    assert max(artists.count(artist) for artist in artists) <= 2


async def test_what_was_shown_does_not_come_again_for_twelve_weeks(system: Core, clock: FakeClock) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    first = await system.services.discovery.discover(ALICE, GUILD, k=10)
    clock.advance(weeks=1)
    second = await system.services.discovery.discover(ALICE, GUILD, k=10)
    assert not set(uris(first)) & set(uris(second))
    clock.advance(weeks=12)
    third = await system.services.discovery.discover(ALICE, GUILD, k=10)
    assert set(uris(third)) & set(uris(first))


async def test_an_empty_library_gets_a_sentence_that_says_what_to_do(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, NOOR)
    with pytest.raises(EmptyLibrary, match="/sync"):
        await system.services.discovery.discover(ALICE, GUILD)


async def test_a_server_hears_from_every_connected_member_and_gets_nothing_they_have(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await link_guest(system.services, BOB, GUILD, JONAS)
    found = await system.services.discovery.for_server(GUILD, k=20)
    everybodys = {track.uri for member in (ALICE, BOB) for track in await owned(system, member)}
    assert len(found.picks) == 20
    assert not set(uris(found)) & everybodys
    assert "2 members" in found.subtitle


async def test_in_a_large_server_everybodys_turn_comes(sample_models: Path) -> None:
    from bot.services.discovery import NamedTracks, Taste, _leading

    everybody = [Taste((NamedTracks(str(number), True, ()),), ()) for number in range(25)]
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    led = Counter(
        taste.playlists[0].name
        for week in range(25)
        for taste in _leading(everybody, 20, moment + timedelta(weeks=week))[:10]
    )
    assert len(led) == 25
    assert max(led.values()) - min(led.values()) <= 1


async def test_a_playlist_that_is_not_public_is_named_to_nobody(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    private = [p.name for p in await system.services.library.playlists(ALICE) if not p.public]
    assert private
    shown = [
        await system.services.discovery.discover(ALICE, GUILD),
        await system.services.discovery.for_server(GUILD, k=20),
    ]
    said = " ".join(reason for found in shown for pick in found.picks for reason in pick.reasons)
    assert "“rainy sunday”" in said
    assert not any(f"“{name}”" in said for name in private)


async def test_who_has_opted_out_is_not_drawn_on(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await link_guest(system.services, BOB, GUILD, JONAS)
    said = []
    for member in (ALICE, BOB):
        await system.services.privacy.opt_out(member, OptOut.DIGESTS)
        said.append((await system.services.discovery.for_server(GUILD, preview=True)).subtitle)
    assert "1 member" in said[0]
    assert "The most contained" in said[1]


async def test_a_server_without_connected_members_gets_popular_tracks_and_is_told(system: Core) -> None:
    found = await system.services.discovery.for_server(GUILD, k=5)
    assert len(found.picks) == 5
    assert "/connect" in found.subtitle


async def test_a_preview_does_not_use_up_what_the_digest_may_show(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    preview = await system.services.discovery.for_server(GUILD, k=5, preview=True)
    assert uris(await system.services.discovery.for_server(GUILD, k=5)) == uris(preview)


async def test_recommendations_for_a_playlist_hold_none_of_its_tracks(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    playlist = (await system.services.library.find_playlists(ALICE, "rainy"))[0]
    found = await system.services.recommendations.for_playlist(ALICE, GUILD, playlist.id)
    items = await system.services.accounts.with_token(
        ALICE, lambda token: system.spotify.playlist_items(token, playlist.spotify_id)
    )
    assert found.kind is SetKind.PLAYLIST
    assert len(found.picks) == 10
    assert not set(uris(found)) & {entry.track.uri for entry in items.entries}


async def test_an_empty_playlist_is_named(system: Core) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    await system.services.accounts.with_token(
        ALICE, lambda token: system.spotify.create_playlist(token, "Nothing yet", "", public=False)
    )
    await system.services.library.sync(ALICE)
    playlist = (await system.services.library.find_playlists(ALICE, "nothing"))[0]
    with pytest.raises(EmptyPlaylist, match="Nothing yet"):
        await system.services.recommendations.for_playlist(ALICE, GUILD, playlist.id)


async def test_a_track_is_found_by_uri_by_link_and_by_words(system: Core) -> None:
    track = (await system.services.recommendations.find_tracks("", 1))[0]
    number = track.uri.rsplit(":", 1)[-1]
    for text in (
        track.uri,
        f"https://open.spotify.com/track/{number}?si=abc",
        f"{track.name} {track.artist_names}".upper(),
    ):
        found = await system.services.recommendations.for_track(ALICE, GUILD, text)
        assert found.title == track.name
        assert track.uri not in uris(found)


async def test_an_unknown_track_gets_a_sentence_that_says_what_to_do(system: Core) -> None:
    for text in ("spotify:track:" + "0" * 22, "zzz no such thing", "🎷" * 500):
        with pytest.raises(UnknownTrack, match="pick one from the list"):
            await system.services.recommendations.for_track(ALICE, GUILD, text)


async def test_recommending_a_track_needs_no_connection(system: Core) -> None:
    track = (await system.services.recommendations.find_tracks("", 1))[0]
    found = await system.services.recommendations.for_track(BOB, None, track.uri)
    assert len(found.picks) == 10


async def test_without_a_model_the_host_is_told_what_to_run(system: Core, home: Path) -> None:
    (home / "models").unlink()
    await link_guest(system.services, ALICE, GUILD, MIRA)
    with pytest.raises(NoModel, match="crossfade train"):
        await system.services.discovery.discover(ALICE, GUILD)
    assert await system.services.recommendations.find_tracks("x") == []


async def test_covers_that_cannot_be_read_are_left_out(system: Core, spotify_server: SpotifyServer) -> None:
    await link_guest(system.services, ALICE, GUILD, MIRA)
    spotify_server.state.faults.add("GET", "/v1/tracks/*", status=429, headers={"Retry-After": "48925"}, times=None)
    found = await system.services.discovery.discover(ALICE, GUILD, k=10)
    assert len(found.picks) == 10
