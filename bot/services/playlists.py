"""Saving recommendations as a Spotify playlist: once, however often the button is clicked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.clock import Clock
from bot.domain.errors import SaveInProgress, SpotifyUnavailable
from bot.domain.library import CreatedPlaylist
from bot.domain.recommendations import RecommendationSet, SavedPlaylist, SaveStatus, SetKind
from bot.services.accounts import AccountsService
from bot.services.ports import RecommendationRepository, SpotifyGateway
from bot.services.recommendations import RecommendationsService

_STALE_AFTER = timedelta(minutes=2)
_DESCRIPTION_LIMIT = 300


@dataclass(frozen=True, slots=True)
class SaveOutcome:
    """The saved playlist; `already` says that an earlier click had made it."""

    playlist: CreatedPlaylist
    already: bool
    n_tracks: int


class PlaylistsService:
    """Claims a save by a unique row, makes the playlist, fills it; each step is noted, so none is done twice.

    Creating a playlist is the one call that Spotify would repeat: when its outcome is unknown (a crash, a time-out),
    the playlist is looked for by the mark in its description before another one is made. Filling it replaces the whole
    content, which is the same once or twice.
    """

    def __init__(
        self,
        shown: RecommendationsService,
        saves: RecommendationRepository,
        spotify: SpotifyGateway,
        accounts: AccountsService,
        clock: Clock,
    ) -> None:
        self._shown = shown
        self._saves = saves
        self._spotify = spotify
        self._accounts = accounts
        self._clock = clock

    async def save(self, member_id: int, set_id: int) -> SaveOutcome:
        """Save a set into the member's Spotify, or return the playlist that an earlier click made.

        Raises:
            UnknownSet, NotConnected, ReconnectNeeded, SpotifyError: nothing was made, or what was begun is finished
                by the next click.
            SaveInProgress: another click is at work at this moment.
        """
        recommendations = await self._shown.get(set_id)
        await self._accounts.usable(member_id)
        now = self._clock.now()
        claim = await self._saves.claim_save(set_id, member_id, now, now - _STALE_AFTER)
        count = len(recommendations.picks)
        if claim.saved.status is SaveStatus.DONE:
            return SaveOutcome(_created(claim.saved), already=True, n_tracks=count)
        if not claim.won:
            raise SaveInProgress
        playlist = await self._ensure_created(member_id, recommendations, claim.saved, look_first=claim.taken_over)
        uris = [pick.track.uri for pick in recommendations.picks]
        try:
            await self._accounts.with_token(
                member_id, lambda token: self._spotify.replace_items(token, playlist.spotify_id, uris)
            )
        except Exception:
            await self._saves.release_save(claim.saved.id)
            raise
        await self._saves.save_done(claim.saved.id, self._clock.now())
        return SaveOutcome(playlist, already=False, n_tracks=count)

    async def _ensure_created(
        self, member_id: int, recommendations: RecommendationSet, saved: SavedPlaylist, *, look_first: bool
    ) -> CreatedPlaylist:
        if saved.status is SaveStatus.CREATED:
            return _created(saved)
        mark = f"Crossfade #{recommendations.id}"
        playlist: CreatedPlaylist | None = None
        try:
            if look_first:
                playlist = await self._find(member_id, mark)
            if playlist is None:
                playlist = await self._accounts.with_token(
                    member_id,
                    lambda token: self._spotify.create_playlist(
                        token, playlist_name(recommendations), _description(recommendations, mark), public=False
                    ),
                )
        except SpotifyUnavailable:
            raise  # the playlist may have been made: the claim stays, so that the next click looks for it first
        except Exception:
            await self._saves.release_save(saved.id)
            raise
        await self._saves.save_created(saved.id, playlist)
        return playlist

    async def _find(self, member_id: int, mark: str) -> CreatedPlaylist | None:
        for playlist in await self._accounts.with_token(member_id, self._spotify.playlists):
            if playlist.description is not None and playlist.description.endswith(mark):
                return CreatedPlaylist(playlist.spotify_id, playlist.name, playlist.url or "")
        return None


def playlist_name(recommendations: RecommendationSet) -> str:
    """Return the name that the saved playlist gets, with the day it was recommended on."""
    day = f"{recommendations.created_at:%d %b %Y}".lstrip("0")
    titles = {
        SetKind.DISCOVER: f"Crossfade discoveries · {day}",
        SetKind.DIGEST: f"Crossfade weekly · {day}",
        SetKind.PREVIEW: f"Crossfade weekly · {day}",
    }
    return titles.get(recommendations.kind, f"Goes with {recommendations.title}"[:80] + f" · {day}")


def _description(recommendations: RecommendationSet, mark: str) -> str:
    reason = recommendations.subtitle.rstrip(".")
    return f"{reason[: _DESCRIPTION_LIMIT - len(mark) - 2]}. {mark}"


def _created(saved: SavedPlaylist) -> CreatedPlaylist:
    return CreatedPlaylist(saved.spotify_id or "", saved.name or "", saved.url or "")
