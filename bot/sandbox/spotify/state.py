"""All that the stand-in knows and remembers, in one object that tests can look at, change and reset."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from bot.sandbox.catalogue import SampleListener, SampleWorld
from bot.sandbox.spotify.apps import App
from bot.sandbox.spotify.authorisation import Authorisations
from bot.sandbox.spotify.faults import Faults
from bot.sandbox.spotify.ids import IdSource
from bot.sandbox.spotify.journal import Journal
from bot.sandbox.spotify.music import MusicIndex
from bot.sandbox.spotify.playlists import StoredPlaylist


@dataclass(slots=True)
class Listener:
    """A listener with a library that changes; `library` holds playlist ids, newest first, own and followed."""

    profile: SampleListener
    library: list[str]
    saved: dict[str, datetime]
    following: dict[str, datetime] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The user id."""
        return self.profile.id


class SpotifyState:
    """The stand-in's memory.

    Args:
        world: what it starts with, and goes back to by `reset`.
        clock: gives the current moment, timezone-aware.
        rng: where new ids and tokens come from.
        client_id: the app that is registered from the start; `register_app` adds others.
        client_secret: its secret; None for an app that uses PKCE alone.
        base_url: where people and programs reach the stand-in, without a slash at the end.
        redirect_uris, app_name, registered_users: see `App`; they are the first app's.
    """

    def __init__(
        self,
        world: SampleWorld,
        clock: Callable[[], datetime],
        *,
        rng: np.random.Generator,
        client_id: str,
        client_secret: str | None,
        base_url: str,
        redirect_uris: Collection[str] | None = None,
        app_name: str = "Crossfade",
        registered_users: Collection[str] | None = None,
    ) -> None:
        self.world = world
        self.clock = clock
        self.ids = IdSource(rng)
        self.first_app = App(client_id, client_secret, app_name, redirect_uris, registered_users)
        self.apps = {client_id: self.first_app}
        self.base_url = base_url
        self.music = MusicIndex.of(world)
        self.journal = Journal()
        self.faults = Faults()
        self.latency = 0.0
        self.authorisations = Authorisations(self.now, self.ids)
        self.playlists: dict[str, StoredPlaylist] = {}
        self.listeners: dict[str, Listener] = {}
        self.reset()

    @property
    def app_name(self) -> str:
        """How the pages call the first app."""
        return self.first_app.name

    @property
    def redirect_uris(self) -> Collection[str] | None:
        """The first app's redirect URIs."""
        return self.first_app.redirect_uris

    @redirect_uris.setter
    def redirect_uris(self, uris: Collection[str] | None) -> None:
        self.first_app.redirect_uris = uris

    @property
    def registered_users(self) -> Collection[str] | None:
        """Whom the first app's owner has registered."""
        return self.first_app.registered_users

    @registered_users.setter
    def registered_users(self, users: Collection[str] | None) -> None:
        self.first_app.registered_users = users

    def register_app(
        self,
        client_id: str,
        client_secret: str | None = None,
        registered_users: Collection[str] | None = None,
        *,
        name: str | None = None,
        redirect_uris: Collection[str] | None = None,
        legacy: bool = False,
    ) -> App:
        """Register another app, or replace one (its codes, grants and tokens stay its own); see `App`.

        Args:
            client_id: its id.
            client_secret: its secret; None for an app that uses PKCE alone.
            registered_users: ids of listeners; None for everybody.
            name: by default its id.
            redirect_uris: None for any allowed kind.
            legacy: may it still read audio features?
        """
        app = App(client_id, client_secret, name or client_id, redirect_uris, registered_users, legacy)
        self.apps[client_id] = app
        return app

    def remove_app(self, client_id: str) -> None:
        """Delete an app, as its owner can: it is unknown from then on, and its tokens are worth nothing."""
        del self.apps[client_id]

    def now(self) -> datetime:
        """Return the current moment."""
        return self.clock()

    def reset(self) -> None:
        """Go back to the sample world: one app, no grants, no changes, no faults, an empty journal."""
        self.apps = {self.first_app.client_id: self.first_app}
        self.journal.clear()
        self.faults.clear()
        self.latency = 0.0
        self.authorisations = Authorisations(self.now, self.ids)
        self.playlists = {sample.id: StoredPlaylist.of(sample, self.ids) for sample in self.world.playlists}
        self.listeners = {sample.id: self._listener(sample) for sample in self.world.listeners}

    def listener(self, account: str) -> Listener:
        """Return a listener by user id or account id.

        Raises:
            KeyError: when there is none.
        """
        for listener in self.listeners.values():
            if account in (listener.id, listener.profile.account_id):
                return listener
        raise KeyError(account)

    def revoke(self, account: str) -> int:
        """Take back everything that a listener (user id or account id) allowed; return how many grants."""
        return self.authorisations.revoke(self.listener(account).id)

    def playlists_of(self, listener: str) -> list[StoredPlaylist]:
        """Return the playlists that a listener owns, in the order of the library."""
        library = self.listeners[listener].library
        return [self.playlists[identifier] for identifier in library if self.playlists[identifier].owner == listener]

    def create_playlist(
        self, owner: str, name: str, *, description: str, public: bool, collaborative: bool
    ) -> StoredPlaylist:
        """Add an empty playlist on top of the owner's library."""
        playlist = StoredPlaylist(self.ids.new_id(), owner, name, description, public, collaborative, self.ids)
        self.playlists[playlist.id] = playlist
        self.listeners[owner].library.insert(0, playlist.id)
        return playlist

    def _listener(self, sample: SampleListener) -> Listener:
        shared = [
            playlist.id for playlist in self.world.playlists if sample.id in (playlist.owner, *playlist.collaborators)
        ]
        return Listener(sample, library=[*shared, *sample.follows], saved=dict(sample.saved))
