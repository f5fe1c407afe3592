"""Members' playlists as a model may learn from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.library import PlaylistKind
from bot.domain.training import LearnableLibrary, LearnablePlaylist, LearnableTrack
from bot.storage.models import MemberRow, PlaylistEntryRow, PlaylistRow, SpotifyAccountRow, TrackRow
from bot.storage.repositories.tracks import load_tracks
from bot.storage.session import Database

_ROWS_AT_ONCE = 5000


class SqlTrainingRepository:
    """What may be learnt from in the database; it is read, never written.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def learnable(self, sources: Collection[str]) -> LearnableLibrary:
        """Return the playlists of these sources whose members let them be learnt from, as of one moment."""
        async with self._database.reading() as session:
            if self._database.dialect == "postgresql":
                # Who opts out between two statements would else be half in it; SQLite stays at the first one's moment.
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            playlists = _learnable(sources)
            track_ids = await _track_ids(session, playlists)
            found = await session.execute(
                select(
                    PlaylistRow.id,
                    PlaylistRow.member_id,
                    PlaylistRow.kind,
                    PlaylistRow.spotify_id,
                    PlaylistRow.name,
                    PlaylistRow.public,
                )
                .where(PlaylistRow.id.in_(playlists))
                .order_by(PlaylistRow.id)
            )
            rows = [
                LearnablePlaylist(
                    member_id=member_id,
                    shared_id=spotify_id if kind == PlaylistKind.PLAYLIST else None,
                    title=None if kind == PlaylistKind.LIKED else name,
                    public=public is True,
                    track_ids=tuple(track_ids[playlist_id]),
                )
                for playlist_id, member_id, kind, spotify_id, name, public in found
                if track_ids[playlist_id]
            ]
            named = _entries_of(playlists)
            infos = await load_tracks(session, select(named.subquery().c.track_id))
            sources_of = select(TrackRow.id, TrackRow.source).where(
                TrackRow.id.in_(select(named.subquery().c.track_id))
            )
            tracks = {
                track_id: LearnableTrack(infos[track_id], source)
                for track_id, source in await session.execute(sources_of)
            }
        return LearnableLibrary(tuple(rows), tracks)


async def _track_ids(session: AsyncSession, playlists: Select[*tuple[int]]) -> dict[int, list[int]]:
    ids: dict[int, list[int]] = defaultdict(list)
    found = await session.stream(
        _entries_of(playlists).order_by(PlaylistEntryRow.playlist_id, PlaylistEntryRow.position)
    )
    async for part in found.partitions(_ROWS_AT_ONCE):
        for playlist_id, track_id in part:
            ids[playlist_id].append(track_id)
    return ids


def _learnable(sources: Collection[str]) -> Select[*tuple[int]]:
    """Select the playlists; one that somebody who opted out owns is not another member's to give."""
    return (
        select(PlaylistRow.id)
        .join(MemberRow, MemberRow.id == PlaylistRow.member_id)
        .where(
            MemberRow.out_of_learning.is_(False),
            PlaylistRow.source.in_(sorted(sources)),
            PlaylistRow.left_out.is_(False),
            _not_by_who_opted_out(PlaylistRow.owner_id),
        )
    )


def _entries_of(playlists: Select[*tuple[int]]) -> Select[*tuple[int, int]]:
    """Select playlist and track of each entry, but of those that somebody who opted out has added."""
    row = PlaylistEntryRow
    return select(row.playlist_id, row.track_id).where(
        and_(row.playlist_id.in_(playlists), _not_by_who_opted_out(row.added_by))
    )


def _not_by_who_opted_out(user_id: InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    hidden = (
        select(SpotifyAccountRow.user_id)
        .join(MemberRow, MemberRow.id == SpotifyAccountRow.member_id)
        .where(MemberRow.out_of_learning.is_(True))
    )
    return or_(user_id.is_(None), user_id.not_in(hidden))
