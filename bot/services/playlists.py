"""Saving recommendations as a Spotify playlist: once, however often the button is clicked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.accounts import SpotifyAccount
from bot.domain.clock import Clock
from bot.domain.errors import CrossfadeError, PlaylistOutOfReach, SaveInProgress, SpotifyUnavailable, UnknownSet
from bot.domain.library import CreatedPlaylist
from bot.domain.recommendations import RecommendationSet, SavedPlaylist, SaveStatus, SetKind
from bot.services.accounts import AccountsService
from bot.services.ports import RecommendationRepository, SpotifyGateway
from bot.services.recommendations import RecommendationsService

_STALE_AFTER = timedelta(minutes=2)
_DESCRIPTION_LIMIT = 300
_GONE = "The playlist of your earlier click is no longer in your Spotify: click again and I make a new one."


@dataclass(frozen=True, slots=True)
class SaveOutcome:
    """The saved playlist; `already` says that another click had made it."""

    playlist: CreatedPlaylist
    already: bool
    n_tracks: int


class PlaylistsService:
    """Claims a save by a unique row, makes the playlist, fills it; each step is noted, so none is done twice.

    Creating a playlist is the one call that Spotify would repeat: when its outcome is unknown (a crash, a time-out),
    the playlist is looked for by the mark in its description before another one is made. Filling it replaces the whole
    content, which is the same once or twice.

    A claim that stands still for two minutes may be taken over. Whoever wakes up late finds the count of claims gone on
    and stops: it is compared at each step, and right before the playlist is asked for. What cannot be fenced is a
    pause of two minutes inside that one request, on its way from here to Spotify, which has no key to know it by; if
    the other one has looked for the playlist meanwhile, there are two.

    Args:
        shown: what was recommended.
        saves: where claims are kept.
        spotify: the Spotify adapter.
        accounts: gives tokens.
        clock: tells the time.
        new_mark: returns a short string that nobody can guess, a new one each time.
    """

    def __init__(
        self,
        shown: RecommendationsService,
        saves: RecommendationRepository,
        spotify: SpotifyGateway,
        accounts: AccountsService,
        clock: Clock,
        *,
        new_mark: Callable[[], str],
    ) -> None:
        self._shown = shown
        self._saves = saves
        self._spotify = spotify
        self._accounts = accounts
        self._clock = clock
        self._new_mark = new_mark

    async def save(self, member_id: int, set_id: int) -> SaveOutcome:
        """Save a set into the member's Spotify, or return the playlist that another click made.

        Raises:
            UnknownSet, NotConnected, ReconnectNeeded, SpotifyError: nothing was made, or what was begun is finished
                by the next click.
            SaveInProgress: another click is at work at this moment.
        """
        recommendations = await self._shown.get(set_id)
        uris = list(dict.fromkeys(pick.track.uri for pick in recommendations.picks))
        if not uris:
            raise UnknownSet
        account = await self._accounts.usable(member_id)
        now = self._clock.now()
        claim = await self._saves.claim_save(set_id, member_id, now, now - _STALE_AFTER)
        saved = claim.saved
        if claim.won:
            if saved.status is SaveStatus.CLAIMED:
                saved = await self._create(account, recommendations, claim.saved)
            if saved.status is SaveStatus.CREATED:
                saved = await self._fill(claim.saved, saved, uris)
        elif saved.status is not SaveStatus.DONE:
            raise SaveInProgress
        already = not claim.won or saved.attempts != claim.saved.attempts
        return SaveOutcome(_created(saved), already, n_tracks=len(uris))

    async def _create(
        self, account: SpotifyAccount, recommendations: RecommendationSet, held: SavedPlaylist
    ) -> SavedPlaylist:
        """Make the playlist, or find the one of an earlier claim; return the save as it then stands."""
        asked = False

        async def create(token: str) -> CreatedPlaylist:
            nonlocal asked
            renewed = await self._saves.begin_creating(held, self._new_mark(), self._clock.now())
            if renewed.status is SaveStatus.DONE:
                return _created(renewed)
            asked = True
            description = _description(recommendations, _mark(renewed))
            return await self._spotify.create_playlist(token, playlist_name(recommendations), description, public=False)

        try:
            playlist = await self._find(account, held)
            if playlist is None:
                playlist = await self._accounts.with_token(held.member_id, create)
        except Exception as error:
            # Without Spotify's word on it the playlist may exist: the claim stays, so that the next one looks for it.
            refused = isinstance(error, CrossfadeError) and not isinstance(error, SpotifyUnavailable)
            if refused or not asked:
                await self._saves.release_save(held)
            raise
        return await self._saves.save_created(held, playlist)

    async def _fill(self, held: SavedPlaylist, made: SavedPlaylist, uris: list[str]) -> SavedPlaylist:
        """Fill the playlist; return the save as it then stands."""
        playlist = _created(made)
        try:
            await self._accounts.with_token(
                held.member_id, lambda token: self._spotify.replace_items(token, playlist.spotify_id, uris)
            )
        except PlaylistOutOfReach as error:
            if held.status is not SaveStatus.CREATED:
                await self._saves.release_save(held)
                raise
            await self._saves.discard_save(held)
            raise PlaylistOutOfReach(_GONE) from error
        except Exception:
            await self._saves.release_save(held)
            raise
        return await self._saves.save_done(held, self._clock.now())

    async def _find(self, account: SpotifyAccount, held: SavedPlaylist) -> CreatedPlaylist | None:
        """Return the member's own playlist that an earlier claim may have made; other people's may bear any text."""
        if held.mark is None:
            return None
        for playlist in await self._accounts.with_token(held.member_id, self._spotify.playlists):
            own = playlist.owner_id == account.user_id
            if own and playlist.description is not None and playlist.description.endswith(_mark(held)):
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


def _mark(saved: SavedPlaylist) -> str:
    return f"Crossfade #{saved.mark}"


def _description(recommendations: RecommendationSet, mark: str) -> str:
    reason = recommendations.subtitle.rstrip(".")
    return f"{reason[: _DESCRIPTION_LIMIT - len(mark) - 2]}. {mark}"


def _created(saved: SavedPlaylist) -> CreatedPlaylist:
    return CreatedPlaylist(saved.spotify_id or "", saved.name or "", saved.url or "")
