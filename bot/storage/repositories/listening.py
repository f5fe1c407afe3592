"""What members play: their top tracks and artists, and single listens."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Delete, delete, func, insert, select, update

from bot.domain.library import SOURCE_SPOTIFY, ArtistRef, TrackInfo
from bot.domain.listening import LISTENS_KEPT_FOR, Listen, TimeRange, TopItems
from bot.storage.models import ArtistRow, LibrarySyncRow, ListenRow, TopArtistRow, TopTrackRow
from bot.storage.repositories.owners import hold_library_of
from bot.storage.repositories.tracks import load_tracks, store_artists, store_tracks
from bot.storage.session import Database
from bot.storage.upsert import affected, batches, insert_into, table_of

Item = TypeVar("Item", bound=Hashable)


class SqlListeningRepository:
    """Listening in the database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace_top(self, member_id: int, account_id: str, top: TopItems, now: datetime) -> None:
        """Replace what was read of the member's top tracks and artists, and note when.

        Raises:
            NotConnected, AccountChanged: that account is not the member's (any more).
        """
        async with self._database.transaction() as session:
            await hold_library_of(session, member_id, account_id)
            tracks = [track for ranked in top.tracks.values() for track in ranked]
            artists = [artist for ranked in top.artists.values() for artist in ranked]
            # Artists after tracks would be the other way round than elsewhere: two syncs could wait for each other.
            credited = (artist for track in tracks for artist in track.artists)
            artist_ids = await store_artists(session, [*credited, *artists], SOURCE_SPOTIFY, overwrite=True)
            track_ids = await store_tracks(session, tracks, SOURCE_SPOTIFY, overwrite=True)
            known = {track: track_ids[track.uri] for track in tracks}
            ranked_tracks = _ranked(member_id, "track_id", _ids(top.tracks, known))
            ranked_artists = _ranked(member_id, "artist_id", _ids(top.artists, artist_ids))
            for row, rows in ((TopTrackRow, ranked_tracks), (TopArtistRow, ranked_artists)):
                await session.execute(delete(row).where(row.member_id == member_id))
                if rows:
                    await session.execute(insert(table_of(row)), rows)
            theirs = update(LibrarySyncRow).where(LibrarySyncRow.member_id == member_id)
            await session.execute(theirs.values(top_read_at=now))

    async def add_listens(self, member_id: int, account_id: str, listens: Sequence[Listen], now: datetime) -> int:
        """Store what was played, each listen once; return how many were new. Those too old are deleted.

        Raises:
            NotConnected, AccountChanged: that account is not the member's (any more).
        """
        kept = [listen for listen in listens if listen.played_at >= now - LISTENS_KEPT_FOR]
        theirs = ListenRow.member_id == member_id
        async with self._database.transaction() as session:
            await hold_library_of(session, member_id, account_id)
            await session.execute(_outdated(now).where(theirs))
            ids = await store_tracks(session, (listen.track for listen in kept), SOURCE_SPOTIFY, overwrite=True)
            played = {(listen.played_at, ids[listen.track.uri]): listen for listen in kept}
            for batch in batches({moment for moment, _ in played}):
                known = select(ListenRow.played_at, ListenRow.track_id).where(theirs, ListenRow.played_at.in_(batch))
                for played_at, track_id in await session.execute(known):
                    played.pop((played_at, track_id), None)
            rows = [
                {
                    "member_id": member_id,
                    "track_id": track_id,
                    "played_at": played_at,
                    "ms_played": listen.ms_played,
                    "source": SOURCE_SPOTIFY,
                }
                for (played_at, track_id), listen in sorted(played.items(), key=lambda one: one[0])
            ]
            if rows:
                await session.execute(insert_into(session, ListenRow).on_conflict_do_nothing(), rows)
        return len(rows)

    async def forget_old_listens(self, now: datetime) -> int:
        """Delete everybody's listens from Spotify that are older than `LISTENS_KEPT_FOR`; return how many."""
        async with self._database.transaction() as session:
            return await affected(session, _outdated(now))

    async def newest_listen(self, member_id: int) -> datetime | None:
        """Return when the newest listen that was read from Spotify happened."""
        newest = select(func.max(ListenRow.played_at)).where(
            ListenRow.member_id == member_id, ListenRow.source == SOURCE_SPOTIFY
        )
        async with self._database.reading() as session:
            found: datetime | None = await session.scalar(newest)
        return found

    async def top(self, member_id: int) -> TopItems:
        """Return the member's top tracks and artists, the most played first."""
        tracks = select(TopTrackRow).where(TopTrackRow.member_id == member_id).order_by(TopTrackRow.rank)
        artists = (
            select(TopArtistRow.time_range, ArtistRow.name, ArtistRow.uri)
            .join(ArtistRow, ArtistRow.id == TopArtistRow.artist_id)
            .where(TopArtistRow.member_id == member_id)
            .order_by(TopArtistRow.rank)
        )
        top_tracks: dict[TimeRange, list[TrackInfo]] = {}
        top_artists: dict[TimeRange, list[ArtistRef]] = {}
        async with self._database.reading() as session:
            ids = select(TopTrackRow.track_id).where(TopTrackRow.member_id == member_id)
            known = await load_tracks(session, ids)
            for row in await session.scalars(tracks):
                top_tracks.setdefault(TimeRange(row.time_range), []).append(known[row.track_id])
            for time_range, name, uri in await session.execute(artists):
                top_artists.setdefault(TimeRange(time_range), []).append(ArtistRef(name, uri))
        return TopItems(
            {time_range: tuple(ranked) for time_range, ranked in top_tracks.items()},
            {time_range: tuple(ranked) for time_range, ranked in top_artists.items()},
        )

    async def heard_since(self, member_id: int, since: datetime) -> list[TrackInfo]:
        """Return every track that the member played since a moment, each once."""
        heard = select(ListenRow.track_id).where(ListenRow.member_id == member_id, ListenRow.played_at >= since)
        async with self._database.reading() as session:
            return list((await load_tracks(session, heard)).values())


def _outdated(now: datetime) -> Delete:
    return delete(ListenRow).where(ListenRow.source == SOURCE_SPOTIFY, ListenRow.played_at < now - LISTENS_KEPT_FOR)


def _ids(ranked: Mapping[TimeRange, Sequence[Item]], ids: Mapping[Item, int]) -> dict[TimeRange, list[int]]:
    """Return the database ids in their order, each once in a time range."""
    return {time_range: list(dict.fromkeys(ids[item] for item in items)) for time_range, items in ranked.items()}


def _ranked(member_id: int, column: str, ids: Mapping[TimeRange, Sequence[int]]) -> list[dict[str, object]]:
    return [
        {
            "member_id": member_id,
            "time_range": time_range.value,
            "rank": rank,
            column: identifier,
            "source": SOURCE_SPOTIFY,
        }
        for time_range, identifiers in ids.items()
        for rank, identifier in enumerate(identifiers)
    ]
