"""Members' playlists, what is in them and what is known of tracks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.library import (
    SOURCE_SPOTIFY,
    LibraryPlaylist,
    PlaylistEntry,
    PlaylistKind,
    RemotePlaylist,
    TrackInfo,
)
from bot.storage.models import PlaylistEntryRow, PlaylistRow, SavedPlaylistRow, TrackRow
from bot.storage.repositories.owners import hold_library_of
from bot.storage.repositories.tracks import ROWS_AT_ONCE, load_tracks, store_tracks
from bot.storage.session import Database
from bot.storage.upsert import affected, batches, insert_into, table_of


class SqlLibraryRepository:
    """Playlists in the database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def playlists(self, member_id: int) -> list[LibraryPlaylist]:
        """Return the member's playlists in the order of Spotify's listing."""
        of_member = select(PlaylistRow).where(PlaylistRow.member_id == member_id)
        async with self._database.reading() as session:
            rows = await session.scalars(of_member.order_by(PlaylistRow.rank, PlaylistRow.id))
            return [_playlist(row) for row in rows]

    async def playlist(self, member_id: int, playlist_id: int) -> LibraryPlaylist | None:
        """Return one of the member's playlists by its database id."""
        theirs = select(PlaylistRow).where(PlaylistRow.id == playlist_id, PlaylistRow.member_id == member_id)
        async with self._database.reading() as session:
            row = await session.scalar(theirs)
        return None if row is None else _playlist(row)

    async def replace_playlist(
        self,
        member_id: int,
        account_id: str,
        rank: int,
        playlist: RemotePlaylist,
        entries: Sequence[PlaylistEntry],
        now: datetime,
        *,
        kind: PlaylistKind = PlaylistKind.PLAYLIST,
    ) -> None:
        """Insert or replace a playlist (listed at `rank`) and its entries; tracks, artists, albums are upserted.

        Whether it is left out of the member's taste stays as it was; a playlist that was saved from recommendations is,
        until they take it in.

        Args:
            member_id: whose library it is.
            account_id: the Spotify account that the playlist was read from.
            rank: its place in Spotify's listing, from 0.
            playlist: the playlist.
            entries: its tracks in order.
            now: the time of the sync.
            kind: what it is.

        Raises:
            NotConnected: the member has no account (any more), so nothing of theirs may be stored.
            AccountChanged: the member has linked another account since.
        """
        async with self._database.transaction() as session:
            await hold_library_of(session, member_id, account_id)
            playlist_id = await _upsert_playlist(session, member_id, rank, playlist, kind, len(entries), now)
            tracks = await store_tracks(session, (entry.track for entry in entries), SOURCE_SPOTIFY, overwrite=True)
            await session.execute(delete(PlaylistEntryRow).where(PlaylistEntryRow.playlist_id == playlist_id))
            rows = [
                {
                    "playlist_id": playlist_id,
                    "position": position,
                    "track_id": tracks[entry.track.uri],
                    "added_at": entry.added_at,
                    "added_by": entry.added_by,
                }
                for position, entry in enumerate(entries)
            ]
            if rows:
                await session.execute(insert(table_of(PlaylistEntryRow)), rows)

    async def touch_playlists(self, member_id: int, account_id: str, ranks: dict[str, int], now: datetime) -> None:
        """Set the listing rank (by Spotify id) and the sync time of playlists that have not changed.

        Raises:
            NotConnected, AccountChanged: as for `replace_playlist`.
        """
        if not ranks:
            return
        table = table_of(PlaylistRow)
        statement = (
            update(table)
            .where(
                table.c.member_id == member_id,
                table.c.source == SOURCE_SPOTIFY,
                table.c.spotify_id == bindparam("listed"),
            )
            .values(rank=bindparam("listed_at"), synced_at=bindparam("seen_at"))
        )
        rows = [{"listed": spotify_id, "listed_at": rank, "seen_at": now} for spotify_id, rank in sorted(ranks.items())]
        async with self._database.transaction() as session:
            await hold_library_of(session, member_id, account_id)
            await session.execute(statement, rows)

    async def remove_playlists_except(self, member_id: int, account_id: str, keep: Collection[str]) -> int:
        """Delete the playlists read from Spotify whose Spotify id is not in `keep`; return how many.

        What the member imported stays.

        Raises:
            NotConnected, AccountChanged: as for `replace_playlist`.
        """
        kept = set(keep)
        theirs = select(PlaylistRow.id, PlaylistRow.spotify_id).where(
            PlaylistRow.member_id == member_id, PlaylistRow.source == SOURCE_SPOTIFY
        )
        async with self._database.transaction() as session:
            await hold_library_of(session, member_id, account_id)
            found = await session.execute(theirs)
            gone = [playlist_id for playlist_id, spotify_id in found if spotify_id not in kept]
            for batch in batches(gone):
                await session.execute(delete(PlaylistRow).where(PlaylistRow.id.in_(batch)))
        return len(gone)

    async def leave_out(self, member_id: int, playlist_id: int, *, left_out: bool) -> bool:
        """Say whether one of the member's playlists is left out of their taste; False if it is not theirs."""
        theirs = update(PlaylistRow).where(PlaylistRow.id == playlist_id, PlaylistRow.member_id == member_id)
        async with self._database.transaction() as session:
            return await affected(session, theirs.values(left_out=left_out)) == 1

    async def track_uris(self, playlist_ids: Sequence[int]) -> dict[int, list[str]]:
        """Return each playlist's track URIs in order; an empty or unknown playlist has none."""
        uris: dict[int, list[str]] = {playlist_id: [] for playlist_id in playlist_ids}
        async with self._database.reading() as session:
            for batch in batches(uris):
                found = await session.stream(
                    select(PlaylistEntryRow.playlist_id, TrackRow.uri)
                    .join(TrackRow, TrackRow.id == PlaylistEntryRow.track_id)
                    .where(PlaylistEntryRow.playlist_id.in_(batch))
                    .order_by(PlaylistEntryRow.playlist_id, PlaylistEntryRow.position)
                )
                async for part in found.partitions(ROWS_AT_ONCE):
                    for playlist_id, uri in part:
                        uris[playlist_id].append(uri)
        return uris

    async def known_tracks(self, member_ids: Sequence[int]) -> list[TrackInfo]:
        """Return every distinct track in these members' playlists, those stored first before the others."""
        tracks: dict[int, TrackInfo] = {}
        async with self._database.reading() as session:
            for batch in batches(sorted(set(member_ids))):
                theirs = select(PlaylistRow.id).where(PlaylistRow.member_id.in_(batch))
                entries = select(PlaylistEntryRow.track_id).where(PlaylistEntryRow.playlist_id.in_(theirs))
                tracks |= await load_tracks(session, entries)
        return [tracks[track_id] for track_id in sorted(tracks)]

    async def tracks(self, uris: Collection[str]) -> dict[str, TrackInfo]:
        """Return what is known of tracks, by URI; unknown ones are left out."""
        found: dict[str, TrackInfo] = {}
        async with self._database.reading() as session:
            for batch in batches(sorted(set(uris))):
                named = await load_tracks(session, select(TrackRow.id).where(TrackRow.uri.in_(batch)))
                found.update((track.uri, track) for track in named.values())
        return found


async def _upsert_playlist(
    session: AsyncSession,
    member_id: int,
    rank: int,
    playlist: RemotePlaylist,
    kind: PlaylistKind,
    n_tracks: int,
    now: datetime,
) -> int:
    values = {
        "source": SOURCE_SPOTIFY,
        "kind": kind.value,
        "name": playlist.name,
        "description": playlist.description,
        "owner_id": playlist.owner_id,
        "owner_name": playlist.owner_name,
        "snapshot_id": playlist.snapshot_id,
        "collaborative": playlist.collaborative,
        "public": playlist.public,
        "total": playlist.total,
        "n_tracks": n_tracks,
        "url": playlist.url,
        "image_url": playlist.image_url,
        "rank": rank,
        "synced_at": now,
    }
    # What was recommended is not yet the member's taste: it counts once they take it in.
    of_ours = exists().where(
        SavedPlaylistRow.member_id == member_id, SavedPlaylistRow.spotify_id == playlist.spotify_id
    )
    statement = insert_into(session, PlaylistRow).values(
        member_id=member_id, spotify_id=playlist.spotify_id, left_out=await session.scalar(select(of_ours)), **values
    )
    upsert = statement.on_conflict_do_update(index_elements=["member_id", "spotify_id"], set_=values)
    return int((await session.execute(upsert.returning(table_of(PlaylistRow).c.id))).scalar_one())


def _playlist(row: PlaylistRow) -> LibraryPlaylist:
    return LibraryPlaylist(
        id=row.id,
        member_id=row.member_id,
        spotify_id=row.spotify_id,
        name=row.name,
        public=row.public,
        snapshot_id=row.snapshot_id,
        n_tracks=row.n_tracks,
        url=row.url,
        image_url=row.image_url,
        synced_at=row.synced_at,
        kind=PlaylistKind(row.kind),
        source=row.source,
        left_out=row.left_out,
    )
