"""Storing and reading tracks with their albums and artists, inside a transaction of the caller."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.library import ArtistRef, TrackInfo
from bot.storage.models import AlbumRow, ArtistRow, Base, TrackArtistRow, TrackRow
from bot.storage.upsert import batches, insert_into, table_of

Values = dict[str, Any]

ROWS_AT_ONCE = 2000
"""After so many rows the event loop is given back, so that a large library keeps nobody else waiting."""


async def store_tracks(
    session: AsyncSession, tracks: Iterable[TrackInfo], source: str, *, overwrite: bool
) -> dict[str, int]:
    """Store tracks with their albums and artists; what is not known of a track never blanks what is stored.

    Rows are written in the order of tables and keys, so that two transactions with the same tracks do not wait for
    each other.

    Args:
        session: a writing transaction.
        tracks: of several with the same URI the last one counts.
        source: who told us of them.
        overwrite: whether what is known here replaces what is stored, or only fills its gaps.

    Returns:
        The tracks' database ids by URI.
    """
    by_uri = {track.uri: track for track in tracks}
    artists = {_key(artist.uri, artist.name): artist for track in by_uri.values() for artist in track.artists}
    artist_ids = await _store_named(session, ArtistRow, artists, source, overwrite=overwrite)
    albums = {
        _key(track.album_uri, track.album_name): ArtistRef(track.album_name, track.album_uri)
        for track in by_uri.values()
        if track.album_name is not None
    }
    album_ids = await _store_named(session, AlbumRow, albums, source, overwrite=overwrite)

    rows = {uri: _track_values(track, album_ids, source) for uri, track in by_uri.items()}
    credits = {uri: [artist_ids[_key(a.uri, a.name)] for a in track.artists] for uri, track in by_uri.items()}
    stored = await _stored(session, TrackRow, "uri", rows)
    stored_credits = await _stored_credits(session, [row["id"] for row in stored.values()])

    def credits_differ(uri: str) -> bool:
        present = stored_credits.get(stored[uri]["id"], [])
        return bool(credits[uri]) and credits[uri] != present and (overwrite or not present)

    changed = [
        uri
        for uri in sorted(rows)
        if uri not in stored or _differs(stored[uri], rows[uri], overwrite=overwrite) or credits_differ(uri)
    ]
    ids = {uri: int(row["id"]) for uri, row in stored.items()}
    ids |= await _upsert(session, TrackRow, "uri", [rows[uri] for uri in changed], overwrite=overwrite)
    await _replace_credits(
        session, {ids[uri]: credits[uri] for uri in changed if uri not in stored or credits_differ(uri)}
    )
    return ids


async def store_artists(
    session: AsyncSession, artists: Iterable[ArtistRef], source: str, *, overwrite: bool
) -> dict[ArtistRef, int]:
    """Store artists as `store_tracks` does those of its tracks; return their database ids."""
    named = {artist: _key(artist.uri, artist.name) for artist in artists}
    ids = await _store_named(session, ArtistRow, {key: a for a, key in named.items()}, source, overwrite=overwrite)
    return {artist: ids[key] for artist, key in named.items()}


async def load_tracks(session: AsyncSession, ids: Select[Any]) -> dict[int, TrackInfo]:
    """Return tracks by database id, in ascending order.

    Args:
        session: a transaction.
        ids: selects the database ids of the tracks.
    """
    of_track: dict[int, list[ArtistRef]] = defaultdict(list)
    known: dict[int, ArtistRef] = {}
    credits = await session.stream(
        select(TrackArtistRow.track_id, ArtistRow.id, ArtistRow.name, ArtistRow.uri)
        .join(ArtistRow, ArtistRow.id == TrackArtistRow.artist_id)
        .where(TrackArtistRow.track_id.in_(ids))
        .order_by(TrackArtistRow.track_id, TrackArtistRow.position)
    )
    async for part in credits.partitions(ROWS_AT_ONCE):
        for track_id, artist_id, name, uri in part:
            artist = known.get(artist_id)
            if artist is None:
                artist = known[artist_id] = ArtistRef(name, uri)
            of_track[track_id].append(artist)
    found = await session.stream(
        select(
            TrackRow.id,
            TrackRow.uri,
            TrackRow.name,
            AlbumRow.name,
            AlbumRow.uri,
            TrackRow.duration_ms,
            TrackRow.explicit,
            TrackRow.isrc,
            TrackRow.image_url,
            TrackRow.url,
        )
        .outerjoin(AlbumRow, AlbumRow.id == TrackRow.album_id)
        .where(TrackRow.id.in_(ids))
        .order_by(TrackRow.id)
    )
    tracks: dict[int, TrackInfo] = {}
    async for rows in found.partitions(ROWS_AT_ONCE):
        tracks |= {
            track_id: TrackInfo(uri, name, tuple(of_track.get(track_id, ())), *rest)
            for track_id, uri, name, *rest in rows
        }
    return tracks


def _key(uri: str | None, name: str) -> str:
    return uri if uri is not None else f"name:{name}"


def _track_values(track: TrackInfo, album_ids: Mapping[str, int], source: str) -> Values:
    return {
        "uri": track.uri,
        "name": track.name,
        "album_id": album_ids[_key(track.album_uri, track.album_name)] if track.album_name is not None else None,
        "duration_ms": track.duration_ms,
        "explicit": track.explicit,
        "isrc": track.isrc,
        "image_url": track.image_url,
        "url": track.url,
        "source": source,
    }


async def _store_named(
    session: AsyncSession, row: type[Base], named: Mapping[str, ArtistRef], source: str, *, overwrite: bool
) -> dict[str, int]:
    """Store artists or albums, which have a name and perhaps a URI; return their ids by key."""
    rows = {key: {"key": key, "uri": item.uri, "name": item.name, "source": source} for key, item in named.items()}
    stored = await _stored(session, row, "key", rows)
    changed = [
        rows[key] for key in sorted(rows) if key not in stored or _differs(stored[key], rows[key], overwrite=overwrite)
    ]
    ids = {key: int(found["id"]) for key, found in stored.items()}
    return ids | await _upsert(session, row, "key", changed, overwrite=overwrite)


async def _stored(
    session: AsyncSession, row: type[Base], key: str, keys: Collection[str]
) -> dict[str, Mapping[Any, Any]]:
    table = table_of(row)
    found: dict[str, Mapping[Any, Any]] = {}
    for batch in batches(keys):
        result = await session.execute(select(table).where(table.c[key].in_(batch)))
        found.update((row_found[key], row_found) for row_found in result.mappings())
    return found


def _differs(stored: Mapping[Any, Any], values: Values, *, overwrite: bool) -> bool:
    return any(
        value is not None and stored[column] != value and (overwrite or stored[column] is None)
        for column, value in values.items()
    )


async def _upsert(
    session: AsyncSession, row: type[Base], key: str, rows: Sequence[Values], *, overwrite: bool
) -> dict[str, int]:
    """Insert rows or merge them into those that are there; return their ids by key.

    The ids are asked for afterwards: psycopg sends many plain rows in one go, but each RETURNING by itself.
    """
    if not rows:
        return {}
    table, statement = table_of(row), insert_into(session, row)
    merged = {
        column: func.coalesce(*((statement.excluded[column], table.c[column])[:: 1 if overwrite else -1]))
        for column in rows[0]
        if column != key
    }
    await session.execute(statement.on_conflict_do_update(index_elements=[key], set_=merged), rows)
    ids: dict[str, int] = {}
    for batch in batches(values[key] for values in rows):
        found = await session.execute(select(table.c[key], table.c.id).where(table.c[key].in_(batch)))
        ids.update((found_key, found_id) for found_key, found_id in found)
    return ids


async def _stored_credits(session: AsyncSession, track_ids: Collection[int]) -> dict[int, list[int]]:
    credits: dict[int, list[int]] = defaultdict(list)
    for batch in batches(track_ids):
        for track_id, artist_id in await session.execute(
            select(TrackArtistRow.track_id, TrackArtistRow.artist_id)
            .where(TrackArtistRow.track_id.in_(batch))
            .order_by(TrackArtistRow.track_id, TrackArtistRow.position)
        ):
            credits[track_id].append(artist_id)
    return credits


async def _replace_credits(session: AsyncSession, credits: Mapping[int, Sequence[int]]) -> None:
    for batch in batches(credits):
        await session.execute(delete(TrackArtistRow).where(TrackArtistRow.track_id.in_(batch)))
    rows = [
        {"track_id": track_id, "position": position, "artist_id": artist_id}
        for track_id, artist_ids in credits.items()
        for position, artist_id in enumerate(artist_ids)
    ]
    if rows:
        await session.execute(insert(table_of(TrackArtistRow)), rows)
