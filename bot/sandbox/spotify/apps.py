"""The apps that are registered at the stand-in, as Spotify's developer dashboard keeps them."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.sandbox.spotify.errors import OAuthError


@dataclass(slots=True)
class App:
    """A registered app.

    Attributes:
        client_id: its id.
        client_secret: its secret; None for an app that uses PKCE alone.
        name: how the consent page calls it.
        redirect_uris: the registered redirect URIs; None lets any allowed kind pass.
        registered_users: ids of the listeners whom its owner has registered; the others can log in but get 403, as in
            development mode. None registers everybody.
        legacy: it is older than 2024-11-27 and may still read audio features.
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    name: str = "Crossfade"
    redirect_uris: Collection[str] | None = None
    registered_users: Collection[str] | None = None
    legacy: bool = False

    def proven_by(self, secret: str | None) -> bool:
        """Say whether the secret was given.

        Raises:
            OAuthError: `invalid_client` for a wrong one.
        """
        if secret is None:
            return False
        if self.client_secret is None or not hmac.compare_digest(secret.encode(), self.client_secret.encode()):
            raise OAuthError("invalid_client", "Invalid client secret")
        return True
