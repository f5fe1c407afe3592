"""What members imported: lists of tracks and plays, each with the source that it came by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.imports import ImportedCounts, ImportedPlaylist, ImportStopped
from bot.domain.library import UPLOADS, PlaylistEntry, PlaylistKind
from bot.domain.listening import Listen
from bot.storage.models import ListenRow, PlaylistEntryRow, PlaylistRow
from bot.storage.repositories.owners import ensure_member, hold_library
from bot.storage.repositories.tracks import store_tracks
from bot.storage.session import Database
from bot.storage.upsert import affected, batches, insert_into, table_of

FIRST_RANK = 100_000
"""Imported lists come after every playlist that Spotify lists."""


class SqlImportRepository:
    """Imports in the database.

    What is stored of a track stays, for it may be shown to everybody: a file that somebody made fills gaps only.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, member_id: int) -> None:
        """Make the member's row when missing; the other methods write nothing for somebody who is not known."""
        async with self._database.transaction() as session:
            await ensure_member(session, member_id)

    async def put_playlists(
        self,
        member_id: int,
        source: str,
        playlists: Sequence[tuple[str, ImportedPlaylist]],
        now: datetime,
        *,
        extend: bool = False,
    ) -> int:
        """Store playlists, each under its key; one that is there is replaced, or extended by the tracks it lacks.

        Args:
            member_id: whose they are.
            source: what they were brought by.
            playlists: each with the key that tells it from the member's others.
            now: the time of the import.
            extend: whether the tracks that are there stay, before the new ones.

        Returns:
            How many entries these playlists have now.

        Raises:
            ImportStopped: the member is not known (any more); nothing of these is stored.
        """
        entries = 0
        async with self._database.transaction() as session:
            await _hold(session, member_id)
            tracks = await store_tracks(
                session, (entry.track for _, one in playlists for entry in one.entries), source, overwrite=False
            )
            for key, playlist in playlists:
                playlist_id = await _upsert_playlist(session, member_id, source, key, playlist, now)
                first, wanted = 0, list(playlist.entries)
                if extend:
                    first, wanted = await _lacking(session, playlist_id, wanted, tracks)
                else:
                    of_playlist = PlaylistEntryRow.playlist_id == playlist_id
                    await session.execute(delete(PlaylistEntryRow).where(of_playlist))
                await _add_entries(session, playlist_id, first, wanted, tracks)
                total = first + len(wanted)
                sized = update(PlaylistRow).where(PlaylistRow.id == playlist_id).values(n_tracks=total, total=total)
                await session.execute(sized)
                entries += total
        return entries

    async def add_listens(self, member_id: int, source: str, listens: Sequence[Listen]) -> int:
        """Store plays and return how many were new; of the same track in the same minute one is kept.

        The plain history knows the minute only, the extended one the second, and both tell of the same plays.

        Raises:
            ImportStopped: the member is not known (any more).
        """
        if not listens:
            return 0
        theirs = ListenRow.member_id == member_id
        # A whole minute on both sides.
        first = _minute(min(listen.played_at for listen in listens))
        last = max(listen.played_at for listen in listens).replace(second=59, microsecond=999_999)
        async with self._database.transaction() as session:
            await _hold(session, member_id)
            tracks = await store_tracks(session, (listen.track for listen in listens), source, overwrite=False)
            stored = select(ListenRow.track_id, ListenRow.played_at, ListenRow.ms_played).where(
                theirs, ListenRow.played_at.between(first, last)
            )
            seen: set[tuple[int, datetime]] = set()
            lasted: set[tuple[int, datetime]] = set()
            for track_id, played_at, ms_played in await session.execute(stored):
                seen.add((track_id, _minute(played_at)))
                if ms_played is not None:
                    lasted.add((ms_played, _minute(played_at)))
            rows = []
            for listen in listens:
                track_id, minute = tracks[listen.track.uri], _minute(listen.played_at)
                # By its names alone a play may have been taken for another release of the same track.
                if (track_id, minute) in seen or (listen.ms_played, minute) in lasted:
                    continue
                seen.add((track_id, minute))
                rows.append(
                    {
                        "member_id": member_id,
                        "track_id": track_id,
                        "played_at": listen.played_at,
                        "ms_played": listen.ms_played,
                        "source": source,
                    }
                )
            if rows:
                await session.execute(insert_into(session, ListenRow).on_conflict_do_nothing(), rows)
        return len(rows)

    async def counts(self, member_id: int) -> ImportedCounts:
        """Return how much the member has imported."""
        imported = PlaylistRow.member_id == member_id, PlaylistRow.source.in_(UPLOADS)
        played = ListenRow.member_id == member_id, ListenRow.source.in_(UPLOADS)
        size = select(func.count(), func.coalesce(func.sum(PlaylistRow.n_tracks), 0)).where(*imported)
        async with self._database.reading() as session:
            playlists, entries = (await session.execute(size)).one()
            listens = await session.scalar(select(func.count()).select_from(ListenRow).where(*played))
        return ImportedCounts(playlists, int(entries), listens or 0)

    async def forget(self, member_id: int) -> ImportedCounts:
        """Delete what the member imported and nothing else; return how much it was."""
        imported = PlaylistRow.member_id == member_id, PlaylistRow.source.in_(UPLOADS)
        played = ListenRow.member_id == member_id, ListenRow.source.in_(UPLOADS)
        of_theirs = PlaylistEntryRow.playlist_id.in_(select(PlaylistRow.id).where(*imported))
        async with self._database.transaction() as session:
            if not await hold_library(session, member_id):
                return ImportedCounts()
            entries = await affected(session, delete(PlaylistEntryRow).where(of_theirs))
            playlists = await affected(session, delete(PlaylistRow).where(*imported))
            return ImportedCounts(playlists, entries, await affected(session, delete(ListenRow).where(*played)))


async def _hold(session: AsyncSession, member_id: int) -> None:
    if not await hold_library(session, member_id):
        raise ImportStopped


async def _upsert_playlist(
    session: AsyncSession, member_id: int, source: str, key: str, playlist: ImportedPlaylist, now: datetime
) -> int:
    """Insert a playlist or renew its name; whether it is left out of the member's taste stays as it was."""
    in_front = select(func.max(PlaylistRow.rank)).where(PlaylistRow.member_id == member_id)
    rank = max(await session.scalar(in_front.where(PlaylistRow.source.in_(UPLOADS))) or 0, FIRST_RANK) + 1
    values = {
        "source": source,
        "kind": PlaylistKind.IMPORT.value,
        "name": playlist.name,
        "description": playlist.description,
        "synced_at": now,
    }
    fixed = {"snapshot_id": "", "collaborative": False, "total": 0, "n_tracks": 0, "rank": rank}
    statement = insert_into(session, PlaylistRow).values(member_id=member_id, spotify_id=key, **fixed, **values)
    upsert = statement.on_conflict_do_update(index_elements=["member_id", "spotify_id"], set_=values)
    return int((await session.execute(upsert.returning(table_of(PlaylistRow).c.id))).scalar_one())


async def _lacking(
    session: AsyncSession, playlist_id: int, wanted: Sequence[PlaylistEntry], tracks: dict[str, int]
) -> tuple[int, list[PlaylistEntry]]:
    """Return how many entries there are already, and which of the wanted ones are not among them."""
    there = select(PlaylistEntryRow.track_id).where(PlaylistEntryRow.playlist_id == playlist_id)
    present = list(await session.scalars(there))
    known = set(present)
    return len(present), [entry for entry in wanted if tracks[entry.track.uri] not in known]


async def _add_entries(
    session: AsyncSession, playlist_id: int, first: int, entries: Sequence[PlaylistEntry], tracks: dict[str, int]
) -> None:
    rows = (
        {
            "playlist_id": playlist_id,
            "position": position,
            "track_id": tracks[entry.track.uri],
            "added_at": entry.added_at,
            "added_by": None,
        }
        for position, entry in enumerate(entries, first)
    )
    for batch in batches(rows):
        await session.execute(insert(table_of(PlaylistEntryRow)), batch)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
