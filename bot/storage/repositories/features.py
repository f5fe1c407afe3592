"""Audio features by track and source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, not_, or_, select

from bot.domain.features import FeatureStatus, SourceCount, TrackFeatures
from bot.domain.library import TrackInfo
from bot.storage.models import AudioFeaturesRow, TrackRow
from bot.storage.repositories.tracks import load_tracks
from bot.storage.session import Database
from bot.storage.upsert import batches, insert_into, table_of

_NAMES = tuple(
    name
    for name in AudioFeaturesRow.__table__.columns.keys()
    if name not in {"track_id", "source", "estimated", "read_at"}
)


class SqlFeatureRepository:
    """Audio features in the database; it fits `bot.services.ports.features.FeatureRepository`.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def missing(
        self, measuring: Collection[str], asking: Collection[str], asked_since: datetime, *, after: int, limit: int
    ) -> list[tuple[int, TrackInfo]]:
        """Return tracks that none of `measuring` has measured and that one of `asking` can be asked about.

        Args:
            measuring: sources whose measurements count.
            asking: sources to be asked.
            asked_since: who was asked in vain after this moment is not asked again.
            after: the database id to go on from.
            limit: how many at most.
        """
        wanted = and_(TrackRow.id > after, _missing(measuring, asking, asked_since))
        ids = select(TrackRow.id).where(wanted).order_by(TrackRow.id).limit(limit)
        async with self._database.reading() as session:
            found = list(await session.scalars(ids))
            loaded: dict[int, TrackInfo] = {}
            for batch in batches(found):
                loaded |= await load_tracks(session, select(TrackRow.id).where(TrackRow.id.in_(batch)))
        return sorted(loaded.items())

    async def count_missing(self, measuring: Collection[str], asking: Collection[str], asked_since: datetime) -> int:
        """Return how many tracks `missing` would return in all."""
        count = select(func.count()).select_from(TrackRow).where(_missing(measuring, asking, asked_since))
        async with self._database.reading() as session:
            return int(await session.scalar(count) or 0)

    async def known(self, uris: Collection[str]) -> dict[str, list[TrackFeatures]]:
        """Return all that is stored of tracks, by URI, sorted by source; answers in vain too."""
        found: dict[str, list[TrackFeatures]] = defaultdict(list)
        async with self._database.reading() as session:
            for batch in batches(uris):
                of_tracks = _with_uri().where(TrackRow.uri.in_(batch)).order_by(AudioFeaturesRow.source)
                for row in await session.execute(of_tracks):
                    found[row.uri].append(_features(row))
        return dict(found)

    async def store(self, features: Sequence[TrackFeatures]) -> int:
        """Store answers; measured values stay whatever comes after them, and tracks that are gone are passed over."""
        if not features:
            return 0
        table = table_of(AudioFeaturesRow)
        async with self._database.transaction() as session:
            ids: dict[str, int] = {}
            for batch in batches({answer.uri for answer in features}):
                # The lock keeps a track from being deleted before its features are in.
                rows = await session.execute(
                    select(TrackRow.uri, TrackRow.id)
                    .where(TrackRow.uri.in_(batch))
                    .order_by(TrackRow.id)
                    .with_for_update(read=True)
                )
                ids.update((uri, track_id) for uri, track_id in rows)
            rows_by_key = {
                (ids[answer.uri], answer.source): {
                    "track_id": ids[answer.uri],
                    "source": answer.source,
                    "estimated": answer.estimated,
                    "read_at": answer.read_at,
                    **{name: answer.values.get(name) for name in _NAMES},
                }
                for answer in features
                if answer.uri in ids
            }
            if rows_by_key:
                statement = insert_into(session, AudioFeaturesRow)
                changed = {column: statement.excluded[column] for column in ("estimated", "read_at", *_NAMES)}
                await session.execute(
                    statement.on_conflict_do_update(
                        index_elements=["track_id", "source"],
                        set_=changed,
                        where=or_(table.c.estimated, not_(_any_value())),
                    ),
                    [rows_by_key[key] for key in sorted(rows_by_key)],
                )
        return len(rows_by_key)

    async def status(self, measuring: Collection[str]) -> FeatureStatus:
        """Count the tracks of the database by what is known of their features."""
        row = AudioFeaturesRow
        measured = and_(not_(row.estimated), _any_value())
        estimated = and_(row.estimated, _any_value())
        by_source = (
            select(row.source, _count(measured), _count(estimated), _count(not_(_any_value())))
            .group_by(row.source)
            .order_by(row.source)
        )
        best = (
            select(
                row.track_id,
                func.max(case((and_(measured, row.source.in_(measuring)), 1), else_=0)).label("measured"),
            )
            .where(or_(estimated, and_(measured, row.source.in_(measuring))))
            .group_by(row.track_id)
            .subquery()
        )
        async with self._database.reading() as session:
            tracks = int(await session.scalar(select(func.count()).select_from(TrackRow)) or 0)
            sources = tuple(SourceCount(*counts) for counts in await session.execute(by_source))
            with_any, with_measured = (
                await session.execute(select(func.count(), func.coalesce(func.sum(best.c.measured), 0)))
            ).one()
        return FeatureStatus(tracks, int(with_measured), int(with_any) - int(with_measured), sources)

    async def measured(self, sources: Sequence[str]) -> list[TrackFeatures]:
        """Return what these sources have measured, of each track what the first of them says, sorted by URI."""
        if not sources:
            return []
        order = {source: place for place, source in enumerate(sources)}
        wanted = _with_uri().where(AudioFeaturesRow.source.in_(order), _measured())
        best: dict[str, TrackFeatures] = {}
        async with self._database.reading() as session:
            async for row in await session.stream(wanted):
                found = best.get(row.uri)
                if found is None or order[row.AudioFeaturesRow.source] < order[found.source]:
                    best[row.uri] = _features(row)
        return [best[uri] for uri in sorted(best)]


def _with_uri() -> Any:  # noqa: ANN401 - a Select whose columns mypy cannot name here
    return select(AudioFeaturesRow, TrackRow.uri.label("uri")).join(TrackRow, TrackRow.id == AudioFeaturesRow.track_id)


def _any_value() -> ColumnElement[bool]:
    columns = table_of(AudioFeaturesRow).c
    return or_(*(columns[name].is_not(None) for name in _NAMES))


def _measured() -> ColumnElement[bool]:
    return and_(not_(AudioFeaturesRow.estimated), _any_value())


def _missing(measuring: Collection[str], asking: Collection[str], asked_since: datetime) -> ColumnElement[bool]:
    row = AudioFeaturesRow
    of_track = select(row.track_id).where(row.track_id == TrackRow.id)
    measured = of_track.where(row.source.in_(measuring), _measured()).exists()
    fresh = (row.read_at > asked_since, not_(row.estimated), not_(_any_value()))
    askable = [not_(of_track.where(row.source == source, *fresh).exists()) for source in sorted(asking)]
    return and_(not_(measured), or_(*askable)) if askable else TrackRow.id.is_(None)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _features(row: Row[Any]) -> TrackFeatures:
    stored: AudioFeaturesRow = row.AudioFeaturesRow
    values = {name: getattr(stored, name) for name in _NAMES}
    return TrackFeatures(
        uri=row.uri,
        source=stored.source,
        values={name: value for name, value in values.items() if value is not None},
        estimated=stored.estimated,
        read_at=stored.read_at,
    )
