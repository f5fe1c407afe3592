"""What a model may be trained on: the sources that a host can allow, and members' playlists as they are learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.library import TrackInfo

TRAIN_MPD = "mpd"
TRAIN_CHALLENGE = "mpd-challenge"
TRAIN_UPLOAD = "upload"
TRAIN_SPOTIFY = "spotify"
TRAIN_SYNTHETIC = "synthetic"
TRAINING_SOURCES = (TRAIN_MPD, TRAIN_CHALLENGE, TRAIN_UPLOAD, TRAIN_SPOTIFY, TRAIN_SYNTHETIC)
"""The names under which playlists stand in the corpus, and in CROSSFADE_TRAINING_SOURCES."""
FROM_FILES = "files-"
"""The parts of the corpus that the host imported from files begin so; no training replaces them."""
OF_MEMBERS = frozenset({TRAIN_UPLOAD, TRAIN_SPOTIFY})
"""Those that come out of the database, and are exported anew for each training."""


@dataclass(frozen=True, slots=True)
class LearnablePlaylist:
    """A playlist of a member who has not opted out of learning; `track_ids` are the database's, in order.

    `shared_id` is Spotify's id, by which the copies of a collaborative playlist are told; None for the member's own
    lists. `title` is None where the list has none that a person gave it, `public` says that Spotify shows it to all.
    """

    member_id: int
    shared_id: str | None
    title: str | None
    public: bool
    track_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LearnableTrack:
    """A track with the source of what is known of it."""

    info: TrackInfo
    source: str


@dataclass(frozen=True, slots=True)
class LearnableLibrary:
    """The playlists of consenting members as of one moment, and the tracks that they name."""

    playlists: tuple[LearnablePlaylist, ...]
    tracks: Mapping[int, LearnableTrack]
