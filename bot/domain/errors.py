"""Faults that a person can act on; the text of each is one sentence, shown in Discord, on a page or in a terminal."""

from __future__ import annotations

import math
from datetime import datetime

from bot.domain.quota import LimitReason


class CrossfadeError(Exception):
    """A fault whose text says what happened and what to do about it."""


class NotConnected(CrossfadeError):
    """The member has not linked a Spotify account."""

    def __init__(self) -> None:
        super().__init__("You have not connected Spotify yet: use /connect, it takes a minute.")


class ReconnectNeeded(CrossfadeError):
    """Spotify no longer accepts the member's authorisation."""

    def __init__(
        self,
        detail: str = "Spotify has ended your authorisation: use /connect to link it again, your settings are kept.",
    ) -> None:
        super().__init__(detail)


class SpotifyAppGone(ReconnectNeeded):
    """The Spotify app that the member's account was linked through is no longer registered."""

    def __init__(self) -> None:
        super().__init__(
            "The Spotify app that you were connected through is no longer used here: "
            "use /connect to link your account again, your settings are kept."
        )


class LoginFailed(CrossfadeError):
    """A sign-in could not be finished; the text says why."""


class AccountTaken(CrossfadeError):
    """The Spotify account is linked to another Discord user."""

    def __init__(self) -> None:
        super().__init__(
            "This Spotify account is already linked to another Discord user: "
            "use /disconnect there first, or choose another Spotify account."
        )


class EmptyLibrary(CrossfadeError):
    """The member has no playlist with tracks that could be learnt from."""

    def __init__(self) -> None:
        super().__init__("Your Spotify has no playlists of your own with tracks in them yet: make one, then use /sync.")


class AllLeftOut(CrossfadeError):
    """The member has left every playlist out of their taste."""

    def __init__(self) -> None:
        super().__init__("All of your playlists are left out of your taste: use /taste take-in to choose one.")


class EmptyPlaylist(CrossfadeError):
    """A playlist without tracks was asked about."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” has no tracks yet: add some in Spotify, use /sync, then try again.")


class UnknownPlaylist(CrossfadeError):
    """No such playlist among the member's own."""

    def __init__(self) -> None:
        super().__init__("I do not know that playlist: pick one from the list while typing, or use /sync first.")


class UnknownTrack(CrossfadeError):
    """No such track in the catalogue."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"I do not know the track “{text}”: pick one from the list while typing, or paste a Spotify link."
        )


class NothingToRecommend(CrossfadeError):
    """The model has nothing to say that is new to the asker."""

    def __init__(self) -> None:
        super().__init__(
            "I found nothing new for you this time: none of your tracks is known to the model yet. "
            "Ask the bot's host to train it on more playlists."
        )


class NoModel(CrossfadeError):
    """No trained model can be served."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or "There is no trained model yet: the bot's host runs `crossfade train` once.")


class UnknownSet(CrossfadeError):
    """A button belongs to recommendations that are no longer stored."""

    def __init__(self) -> None:
        super().__init__("These recommendations are no longer stored: use /discover for new ones.")


class SaveInProgress(CrossfadeError):
    """Another click is saving the same set at this moment."""

    def __init__(self) -> None:
        super().__init__("This is being saved at the moment: click again in a minute to get the link.")


class UndoInProgress(CrossfadeError):
    """Another click is undoing the same save at this moment."""

    def __init__(self) -> None:
        super().__init__("This is being undone at the moment: look again in a minute.")


class CannotUndo(CrossfadeError):
    """A save cannot be undone (any more); the text says why and what to do instead."""


class NoDigest(CrossfadeError):
    """The server has no weekly digest set."""

    def __init__(self) -> None:
        super().__init__("This server has no weekly digest: an admin sets one with /digest set.")


class BadInput(CrossfadeError):
    """What was typed cannot be used; the text says what to type instead."""


class SpotifyError(CrossfadeError):
    """Spotify could not do what was asked."""


class SpotifyUnavailable(SpotifyError):
    """Spotify does not answer or answers with an error of its own; the same call may go through later."""

    def __init__(self, detail: str = "Spotify does not answer at the moment: try again in a few minutes.") -> None:
        super().__init__(detail)


class SpotifyRateLimited(SpotifyError):
    """Spotify must not be asked before `retry_at` (UTC).

    Args:
        retry_at: when it works again.
        reason: whose limit it is.
        guessed: whether `retry_at` is our own guess, because Spotify did not say.
    """

    def __init__(
        self, retry_at: datetime, reason: LimitReason = LimitReason.TOO_FAST, *, guessed: bool = False
    ) -> None:
        self.retry_at = retry_at
        self.reason = reason
        self.guessed = guessed
        super().__init__(_LIMITS[reason].format(again=f"again <t:{math.ceil(retry_at.timestamp())}:R>"))


_LIMITS = {
    LimitReason.TOO_FAST: "Spotify lets me ask {again}: too much was asked of it, try again then.",
    LimitReason.QUOTA_EXCEEDED: (
        "This bot's Spotify app has used up its quota for the day: Spotify lets me ask {again}, try again then."
    ),
    LimitReason.DAILY_BUDGET: (
        "This bot has used up the calls to Spotify that its host allows it a day: I may ask {again}, try again then."
    ),
    LimitReason.BUSY: "Many others are asking Spotify through me at the moment: I can ask {again}, try again then.",
}


class SpotifyRefused(SpotifyError):
    """Spotify answered 403 or 404: the text names the cause in words that the member can act on."""


class PlaylistOutOfReach(SpotifyRefused):
    """This one playlist cannot be read: it is gone, or neither the member's own nor made together with them."""


class AuthorisationRevoked(SpotifyError):
    """Spotify answered `invalid_grant`: the refresh token is dead for good."""


class AccessTokenRejected(SpotifyError):
    """Spotify answered 401: the access token must be refreshed."""


class PostRefused(CrossfadeError):
    """A message can never be sent there: the channel is gone or the bot may not write in it; the text says which."""
