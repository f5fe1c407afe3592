"""Deleting everything that is kept of a member; a new table with personal data is added here."""

from __future__ import annotations

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.accounts import DeletedCounts
from bot.domain.library import PlaylistKind
from bot.storage.models import (
    ListenRow,
    MemberRow,
    PlaylistEntryRow,
    PlaylistRow,
    RecommendationRow,
    RecommendationSetRow,
    SavedPlaylistRow,
    SpotifyAccountRow,
    TopArtistRow,
    TopTrackRow,
)
from bot.storage.upsert import affected


async def forget_member(session: AsyncSession, member_id: int) -> DeletedCounts:
    """Delete a member with all that hangs on the row, and their Spotify name in other members' playlists.

    What is counted is deleted first and by itself; the foreign keys take the rest.
    """
    user_id = await session.scalar(select(SpotifyAccountRow.user_id).where(SpotifyAccountRow.member_id == member_id))
    await _hold_libraries(session, member_id, user_id)
    playlists = select(PlaylistRow.id).where(PlaylistRow.member_id == member_id)
    sets = select(RecommendationSetRow.id).where(RecommendationSetRow.member_id == member_id)
    saves = delete(SavedPlaylistRow).where(SavedPlaylistRow.member_id == member_id)
    liked = select(func.coalesce(func.sum(PlaylistRow.n_tracks), 0)).where(
        PlaylistRow.member_id == member_id, PlaylistRow.kind == PlaylistKind.LIKED.value
    )
    theirs = delete(PlaylistRow).where(PlaylistRow.member_id == member_id)
    top_tracks = delete(TopTrackRow).where(TopTrackRow.member_id == member_id)
    top_artists = delete(TopArtistRow).where(TopArtistRow.member_id == member_id)
    counts = DeletedCounts(
        liked=await session.scalar(liked) or 0,
        entries=await affected(session, delete(PlaylistEntryRow).where(PlaylistEntryRow.playlist_id.in_(playlists))),
        playlists=await affected(session, theirs.where(PlaylistRow.kind == PlaylistKind.PLAYLIST.value)),
        imported=await affected(session, theirs.where(PlaylistRow.kind == PlaylistKind.IMPORT.value)),
        saved_playlists=await affected(session, saves),
        recommendations=await affected(session, delete(RecommendationRow).where(RecommendationRow.set_id.in_(sets))),
        listens=await affected(session, delete(ListenRow).where(ListenRow.member_id == member_id)),
        top_items=await affected(session, top_tracks) + await affected(session, top_artists),
    )
    if user_id is not None:
        await _blank_spotify_name(session, user_id)
    await session.execute(delete(MemberRow).where(MemberRow.id == member_id))
    return counts


async def _hold_libraries(session: AsyncSession, member_id: int, user_id: str | None) -> None:
    """Let nobody else write the libraries that are touched.

    All are locked at once and in one order, so that two members who leave at the same time do not wait for each other.
    """
    touched = MemberRow.id == member_id
    if user_id is not None:
        owned = select(PlaylistRow.member_id).where(PlaylistRow.owner_id == user_id)
        added = select(PlaylistRow.member_id).join(PlaylistEntryRow).where(PlaylistEntryRow.added_by == user_id)
        touched = or_(touched, MemberRow.id.in_(owned), MemberRow.id.in_(added))
    await session.execute(select(MemberRow.id).where(touched).order_by(MemberRow.id).with_for_update())


async def _blank_spotify_name(session: AsyncSession, user_id: str) -> None:
    """Blank a Spotify user id where collaborative playlists of others name it."""
    added = update(PlaylistEntryRow).where(PlaylistEntryRow.added_by == user_id)
    owned = update(PlaylistRow).where(PlaylistRow.owner_id == user_id)
    await session.execute(added.values(added_by=None))
    await session.execute(owned.values(owner_id=None, owner_name=None))
