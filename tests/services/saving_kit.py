"""What the tests of saving share: lists of any tracks, services over rows of one's own, and what Spotify then holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.artwork.covers import AbstractCovers
from bot.domain.library import ArtistRef, TrackInfo
from bot.domain.recommendations import NewSet, Pick, RecommendationSet, SetKind
from bot.sandbox.guests import consent
from bot.services.playlists import PlaylistsService
from bot.services.saving.covers import PlaylistCovers
from bot.services.saving.planning import SavePlanner
from bot.services.undoing import UndoService
from bot.storage.repositories import SqlRecommendationRepository, SqlSaveRepository

if TYPE_CHECKING:
    from bot.core import Core
    from bot.sandbox.spotify import SpotifyServer
    from bot.sandbox.spotify.playlists import StoredPlaylist

ALICE, BOB, GUILD = 4_100_000_000_000_000_001, 4_100_000_000_000_000_002, 4_200_000_000_000_000_001
MIRA, JONAS = "mirasolenne", "jonaskettleburn"


async def connect(core: Core, member_id: int = ALICE, listener: str = MIRA) -> None:
    """Connect a member without reading their library, which no list of any tracks needs."""
    accounts = core.services.accounts
    link = await accounts.begin_login(member_id, GUILD, member_name=listener)
    back = await consent(link.url, listener)
    await accounts.complete_login(back.params["state"], back.params["code"])


def saving_service(core: Core, rows: Any = None, *, new_mark: Callable[[], str]) -> PlaylistsService:  # noqa: ANN401
    """Return a service over rows of one's own."""
    saves = rows or SqlSaveRepository(core.database)
    accounts = core.services.accounts
    covers = PlaylistCovers(AbstractCovers(), accounts)
    planner = SavePlanner(core.services.recommendations, saves, accounts, covers)
    return PlaylistsService(planner, saves, accounts, covers, core.clock, new_mark=new_mark)


def undo_service(core: Core, rows: Any) -> UndoService:  # noqa: ANN401 - whatever has the rows' methods
    """Return a service that undoes over rows of one's own."""
    accounts = core.services.accounts
    covers = PlaylistCovers(AbstractCovers(), accounts)
    return UndoService(core.services.recommendations, rows, accounts, covers, core.clock)


async def store_list(
    core: Core,
    uris: Sequence[str],
    *,
    kind: SetKind = SetKind.DISCOVER,
    member_id: int | None = ALICE,
    guild_id: int | None = GUILD,
    created_at: datetime | None = None,
) -> RecommendationSet:
    """Store a list of these tracks, as if it had been recommended now."""
    picks = tuple(Pick(TrackInfo(uri, uri[-6:], (ArtistRef("Somebody"),)), 1.0, ()) for uri in uris)
    about = "Your discoveries", "Tracks you do not have yet"
    new = NewSet(kind, *about, member_id, guild_id, "model", created_at or core.clock.now(), picks)
    return await SqlRecommendationRepository(core.database).add(new)


def some_tracks(server: SpotifyServer, count: int, skip: int = 0) -> list[str]:
    """Return URIs of tracks that Spotify has."""
    return [f"spotify:track:{track_id}" for track_id in list(server.state.music.tracks)[skip : skip + count]]


def made_by_us(server: SpotifyServer, listener: str = MIRA) -> list[StoredPlaylist]:
    """Return the playlists in a listener's library that are ours."""
    return [one for one in server.state.playlists_of(listener) if "Crossfade #" in one.description]


def uris_in(playlist: StoredPlaylist) -> list[str]:
    """Return what is in a playlist of the stand-in."""
    return [entry.uri for entry in playlist.entries]
