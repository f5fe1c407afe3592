"""What is kept of a member, for themselves to see, and what they opted out of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from bot.domain.library import PlaylistKind
from bot.domain.privacy import KeptData, KeptSummary, OptOut
from bot.storage.models import (
    DigestRow,
    GuildMemberRow,
    ListenRow,
    LoginAttemptRow,
    MemberRow,
    PlaylistRow,
    RecommendationRow,
    RecommendationSetRow,
    SavedPlaylistRow,
    SpotifyAccountRow,
    SpotifyAppRow,
    TopArtistRow,
    TopTrackRow,
)
from bot.storage.repositories.kept import all_kept_of
from bot.storage.repositories.owners import ensure_member
from bot.storage.session import Database
from bot.storage.upsert import batches

_COLUMNS: Mapping[OptOut, InstrumentedAttribute[bool]] = MappingProxyType(
    {
        OptOut.DIGESTS: MemberRow.out_of_digests,
        OptOut.LEARNING: MemberRow.out_of_learning,
        OptOut.BLENDS: MemberRow.out_of_blends,
    }
)


class SqlPrivacyRepository:
    """What is kept of members in the database; no secret is ever decrypted.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def summary(self, member_id: int) -> KeptSummary:
        """Return how much is kept of a member; all zero for somebody who is not known."""
        async with self._database.reading() as session:
            member = await session.get(MemberRow, member_id)
            if member is None:
                return KeptSummary()
            counts = (await session.execute(_counts(member_id))).mappings().one()
            account = (await session.execute(_account(member_id))).mappings().one_or_none()
        counted = dict(counts)
        top_items = counted.pop("top_tracks") + counted.pop("top_artists")
        choices = _opt_outs(member)
        return KeptSummary(known=True, opt_outs=choices, top_items=top_items, **counted, **(account or {}))

    async def everything(self, member_id: int) -> KeptData | None:
        """Return everything that is kept of a member but secrets, as of one moment; None for one who is not known."""
        async with self._database.reading() as session:
            if self._database.dialect == "postgresql":
                # Each statement would else see the database as it is then; SQLite stays at the first one's moment.
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            member = await session.get(MemberRow, member_id)
            return None if member is None else await all_kept_of(session, member, _opt_outs(member))

    async def set_opt_out(self, member_id: int, which: OptOut, on: bool) -> None:
        """Switch an opt-out on (the member's row is made when missing) or off."""
        async with self._database.transaction() as session:
            if on:
                await ensure_member(session, member_id)
            theirs = update(MemberRow).where(MemberRow.id == member_id)
            await session.execute(theirs.values({_COLUMNS[which]: on}))

    async def opted_out(self, member_ids: Collection[int], which: OptOut) -> set[int]:
        """Return those of the members who have opted out."""
        out = select(MemberRow.id).where(_COLUMNS[which].is_(True))
        found: set[int] = set()
        async with self._database.reading() as session:
            for batch in batches(member_ids):
                found.update(await session.scalars(out.where(MemberRow.id.in_(batch))))
        return found


def _opt_outs(member: MemberRow) -> frozenset[OptOut]:
    return frozenset(which for which, column in _COLUMNS.items() if getattr(member, column.key))


def _account(member_id: int) -> Select[*tuple[Any, ...]]:
    row = SpotifyAccountRow
    named = row.display_name.label("account_name"), row.authorised_at.label("authorised_at")
    return select(*named).where(row.member_id == member_id)


def _counts(member_id: int) -> Select[*tuple[Any, ...]]:
    """Return the one statement that counts; its columns are called like `KeptSummary`'s fields, but for the top."""
    sets = select(RecommendationSetRow.id).where(RecommendationSetRow.member_id == member_id)
    n_tracks = func.coalesce(func.sum(PlaylistRow.n_tracks), 0)

    def of_kind(kind: PlaylistKind) -> ColumnElement[bool]:
        return and_(PlaylistRow.member_id == member_id, PlaylistRow.kind == kind.value)

    counted = {
        "playlists": (func.count(), of_kind(PlaylistKind.PLAYLIST)),
        "imported": (func.count(), of_kind(PlaylistKind.IMPORT)),
        "liked": (n_tracks, of_kind(PlaylistKind.LIKED)),
        "listens": (func.count(), ListenRow.member_id == member_id),
        "top_tracks": (func.count(), TopTrackRow.member_id == member_id),
        "top_artists": (func.count(), TopArtistRow.member_id == member_id),
        "apps": (func.count(), SpotifyAppRow.registered_by == member_id),
        "entries": (n_tracks, PlaylistRow.member_id == member_id),
        "sets": (func.count(), RecommendationSetRow.member_id == member_id),
        "recommendations": (func.count(), RecommendationRow.set_id.in_(sets)),
        "saved_playlists": (func.count(), SavedPlaylistRow.member_id == member_id),
        "servers": (func.count(), GuildMemberRow.member_id == member_id),
        "digests": (func.count(), DigestRow.created_by == member_id),
        "sign_ins": (func.count(), LoginAttemptRow.member_id == member_id),
    }
    return select(
        *(select(number).where(theirs).scalar_subquery().label(name) for name, (number, theirs) in counted.items())
    )
