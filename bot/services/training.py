"""What a model is trained on: members' playlists, put into the corpus anew each time, and what the host allows."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from bot.domain.errors import CrossfadeError
from bot.domain.imports import UNNAMED_TRACK
from bot.domain.library import SOURCE_SPOTIFY, UPLOADS
from bot.domain.training import (
    FROM_FILES,
    OF_MEMBERS,
    TRAIN_SPOTIFY,
    TRAIN_UPLOAD,
    LearnableLibrary,
    LearnablePlaylist,
    LearnableTrack,
)
from bot.services.ports.training import TrainingRepository
from recommender.corpus import PlaylistCorpus
from recommender.parts import PartBuilder, PartStore
from recommender.records import Playlist, Track

SHARED_BY = 3
"""So many members must use a title before one that is not public on Spotify is learnt."""

_ROWS_OF = {TRAIN_UPLOAD: UPLOADS, TRAIN_SPOTIFY: frozenset({SOURCE_SPOTIFY})}
_TRACK_URI = "spotify:track:"
_Mark = tuple[int | str, str]
"""What a playlist is known by: its member and content, or Spotify's id of one that several members have."""


class TrainingCorpus:
    """The corpus folder, as the operator allows it to be learnt from.

    Args:
        directory: the corpus folder.
        allowed: the sources that may be learnt from (`bot.domain.training.TRAINING_SOURCES`).
    """

    def __init__(self, directory: Path, allowed: Collection[str]) -> None:
        self._store = PartStore(directory)
        self._allowed = frozenset(allowed)

    @property
    def wants_members(self) -> bool:
        """Whether members' playlists may be learnt from at all."""
        return bool(self._allowed & OF_MEMBERS)

    async def renew(self, members: TrainingRepository | None) -> None:
        """Replace what the folder holds of members' playlists by what may be learnt from now.

        Whatever else is there of them goes: an earlier training's, and that of a backup.

        Args:
            members: the store of members' playlists; None where there is no database.
        """
        await asyncio.to_thread(self._remove_members)
        if members is None:
            return
        seen: set[_Mark] = set()
        for source in sorted(self._allowed & OF_MEMBERS, reverse=True):
            # Uploads first: of a list that is in both, theirs is the one that its member gave.
            library = await members.learnable(_ROWS_OF[source])
            await asyncio.to_thread(self._write, source, library, seen)

    def read(self) -> PlaylistCorpus:
        """Return the playlists of the allowed sources.

        Raises:
            CrossfadeError: there are none; the text says what there is.
            CorpusError: there is nothing at all, or a file is damaged.
        """
        present = self._store.sources()
        if present and not self._allowed & set(present):
            raise CrossfadeError(
                f"The corpus has playlists of {_listed(present)} only, which CROSSFADE_TRAINING_SOURCES leaves out: "
                "allow what you may train on there, or import other playlists."
            )
        return PlaylistCorpus.read(self._store.directory, sources=self._allowed if present else None)

    def left_out(self) -> list[str]:
        """Return the sources that the folder has and that may not be learnt from."""
        return sorted(set(self._store.sources()) - self._allowed)

    def _remove_members(self) -> None:
        for source in OF_MEMBERS:
            # Also what a crash has left of one, or the disk has damaged.
            self._store.remove(_part_name(source))
        for source, names in self._store.sources().items():
            for name in names if source in OF_MEMBERS else ():
                if not name.startswith(FROM_FILES):
                    self._store.remove(name)

    def _write(self, source: str, library: LearnableLibrary, seen: set[_Mark]) -> None:
        told_by = {row_source for one in self._allowed & OF_MEMBERS for row_source in _ROWS_OF[one]}
        builder = PartBuilder(source)
        for record in _records(source, library, told_by, seen):
            builder.add(record)
        if len(builder):
            self._store.write(_part_name(source), builder.part())


def _part_name(source: str) -> str:
    return f"members-{source}"


def _records(source: str, library: LearnableLibrary, told_by: Collection[str], seen: set[_Mark]) -> Iterable[Playlist]:
    """Return playlists that do not say whose they are: nothing but tracks, some titles, and a number by content.

    Args:
        source: the corpus' name for where they come from.
        library: what may be learnt from.
        told_by: whose word on names, artists and albums may be learnt from; of other tracks the URI is all.
        seen: marks of the playlists that were taken before; those taken now are added.
    """
    tracks = {track_id: _track(found, told_by) for track_id, found in library.tracks.items()}
    shared = _shared_titles(library.playlists)
    taken: list[tuple[str, LearnablePlaylist, tuple[Track, ...]]] = []
    for playlist in library.playlists:
        of_playlist = tuple(track for one in playlist.track_ids if (track := tracks[one]) is not None)
        content = hashlib.sha256(" ".join(track.uri for track in of_playlist).encode()).hexdigest()
        marks: set[_Mark] = {(playlist.member_id, content)}
        if playlist.shared_id is not None:
            marks.add((playlist.shared_id, ""))
        if of_playlist and not marks & seen:
            seen |= marks
            taken.append((content, playlist, of_playlist))
    # In the order of the database a member's playlists would follow each other.
    taken.sort(key=lambda one: one[0])
    for pid, (_, playlist, of_playlist) in enumerate(taken):
        known = playlist.public or _plain(playlist.title) in shared
        yield Playlist(pid, of_playlist, title=playlist.title if known else None, source=source)


def _shared_titles(playlists: Sequence[LearnablePlaylist]) -> set[str]:
    """Return the titles that several members use: such a word says nothing of any one of them."""
    users: dict[str, set[int]] = defaultdict(set)
    for playlist in playlists:
        users[_plain(playlist.title)].add(playlist.member_id)
    return {title for title, of_title in users.items() if title and len(of_title) >= SHARED_BY}


def _plain(title: str | None) -> str:
    return " ".join((title or "").casefold().split())


def _track(found: LearnableTrack, told_by: Collection[str]) -> Track | None:
    """Return a track as the corpus has it; None for one that is not Spotify's, which nobody could be recommended."""
    info = found.info
    if not info.uri.startswith(_TRACK_URI) or not info.uri.isascii():
        return None
    if found.source not in told_by or info.name == UNNAMED_TRACK:
        return Track(info.uri)
    artist = info.artists[0] if info.artists else None
    return Track(
        info.uri,
        name=info.name,
        artist_name=artist.name if artist else None,
        artist_uri=artist.uri if artist else None,
        album_name=info.album_name,
        album_uri=info.album_uri,
        duration_ms=info.duration_ms,
        explicit=info.explicit,
    )


def _listed(sources: Iterable[str]) -> str:
    *others, last = sorted(sources)
    return f"{', '.join(others)} and {last}" if others else last
