"""Reading everything that is kept of a member, but for secrets; a new table with personal data is added here.

What is added here is deleted in `forgetting`, and the other way round.
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Select, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from bot.domain.accounts import AccountStatus
from bot.domain.digests import DigestSchedule
from bot.domain.library import PlaylistKind
from bot.domain.privacy import (
    KeptAccount,
    KeptApp,
    KeptData,
    KeptDigest,
    KeptEntry,
    KeptPick,
    KeptPlaylist,
    KeptSave,
    KeptServer,
    KeptSet,
    KeptSignIn,
    OptOut,
)
from bot.domain.recommendations import SetKind
from bot.domain.saving import SavePreferences, SaveStatus
from bot.storage.models import (
    DigestRow,
    GuildMemberRow,
    ListenRow,
    LoginAttemptRow,
    MemberRow,
    PlaylistEntryRow,
    PlaylistRow,
    RecommendationRow,
    RecommendationSetRow,
    SavedPlaylistRow,
    SpotifyAccountRow,
    SpotifyAppRow,
    TopTrackRow,
)
from bot.storage.repositories.kept_listening import kept_listens, kept_sync, kept_top_artists, kept_top_tracks
from bot.storage.repositories.tracks import load_tracks

_ROWS_AT_ONCE = 2000
"""After so many rows the event loop is given back, so that a large library keeps nobody else waiting."""


async def all_kept_of(session: AsyncSession, member: MemberRow, opt_outs: frozenset[OptOut]) -> KeptData:
    """Return everything that is kept of a member but secrets, in less than twenty statements.

    Args:
        session: a transaction, in which all statements should see the database as of one moment.
        member: who it is.
        opt_outs: what the member opted out of.
    """
    member_id = member.id
    account = await session.get(SpotifyAccountRow, member_id)
    user_id = account.user_id if account else None
    named_in_entries, named_in_playlists = await _named_elsewhere(session, member_id, user_id)
    return KeptData(
        member_id=member_id,
        opt_outs=opt_outs,
        account=_account(account) if account else None,
        sign_ins=await _sign_ins(session, member_id),
        servers=await _servers(session, member_id),
        playlists=await _playlists(session, member_id, user_id),
        entries=await _entries(session, member_id, user_id),
        sets=await _sets(session, member_id),
        saves=await _saves(session, member_id),
        digests=await _digests(session, member_id),
        tracks=await load_tracks(session, _track_ids(member_id)),
        named_in_entries=named_in_entries,
        named_in_playlists=named_in_playlists,
        preferences=SavePreferences(public=member.saves_public, cover=member.saves_cover, reuse=member.saves_reuse),
        sync=await kept_sync(session, member_id),
        apps=await _apps(session, member_id),
        listens=await kept_listens(session, member_id),
        top_tracks=await kept_top_tracks(session, member_id),
        top_artists=await kept_top_artists(session, member_id),
    )


def _account(row: SpotifyAccountRow) -> KeptAccount:
    return KeptAccount(
        account_id=row.account_id,
        user_id=row.user_id,
        display_name=row.display_name,
        url=row.url,
        status=AccountStatus(row.status),
        scopes=tuple(row.scopes.split()),
        authorised_at=row.authorised_at,
        token_ends_at=row.expires_at,
        told_of_end_at=row.reconnect_told_at,
        told_of_coming_end_at=row.ending_told_at,
        client_id=row.client_id,
    )


async def _named_elsewhere(session: AsyncSession, member_id: int, user_id: str | None) -> tuple[int, int]:
    """Count the entries and playlists of other members that name the Spotify user."""
    if user_id is None:
        return 0, 0
    elsewhere = select(func.count()).select_from(PlaylistRow).where(PlaylistRow.member_id != member_id)
    added = elsewhere.join(PlaylistEntryRow, PlaylistEntryRow.playlist_id == PlaylistRow.id)
    entries = await session.scalar(added.where(PlaylistEntryRow.added_by == user_id))
    playlists = await session.scalar(elsewhere.where(PlaylistRow.owner_id == user_id))
    return entries or 0, playlists or 0


async def _sign_ins(session: AsyncSession, member_id: int) -> tuple[KeptSignIn, ...]:
    row = LoginAttemptRow
    columns = row.guild_id, row.created_at, row.expires_at, row.used_at, row.client_id, row.member_name
    theirs = select(*columns).where(row.member_id == member_id)
    return tuple(KeptSignIn(*found) for found in await session.execute(theirs.order_by(row.created_at)))


async def _servers(session: AsyncSession, member_id: int) -> tuple[KeptServer, ...]:
    row = GuildMemberRow
    theirs = select(row.guild_id, row.seen_at).where(row.member_id == member_id).order_by(row.guild_id)
    return tuple(KeptServer(*found) for found in await session.execute(theirs))


async def _playlists(session: AsyncSession, member_id: int, user_id: str | None) -> tuple[KeptPlaylist, ...]:
    theirs = select(PlaylistRow).where(PlaylistRow.member_id == member_id)
    return tuple(
        KeptPlaylist(
            id=row.id,
            spotify_id=row.spotify_id,
            source=row.source,
            name=row.name,
            description=row.description,
            owned=_is(row.owner_id, user_id),
            collaborative=row.collaborative,
            public=row.public,
            snapshot_id=row.snapshot_id,
            total=row.total,
            n_tracks=row.n_tracks,
            url=row.url,
            image_url=row.image_url,
            rank=row.rank,
            synced_at=row.synced_at,
            kind=PlaylistKind(row.kind),
            left_out=row.left_out,
        )
        for row in await session.scalars(theirs.order_by(PlaylistRow.rank, PlaylistRow.id))
    )


async def _entries(session: AsyncSession, member_id: int, user_id: str | None) -> tuple[KeptEntry, ...]:
    row = PlaylistEntryRow
    theirs = (
        select(row.playlist_id, row.position, row.track_id, row.added_at, row.added_by)
        .join(PlaylistRow, PlaylistRow.id == row.playlist_id)
        .where(PlaylistRow.member_id == member_id)
        .order_by(PlaylistRow.rank, row.playlist_id, row.position)
    )
    entries: list[KeptEntry] = []
    found = await session.stream(theirs)
    async for part in found.partitions(_ROWS_AT_ONCE):
        entries += [
            KeptEntry(playlist_id, position, track_id, added_at, _is(added_by, user_id))
            for playlist_id, position, track_id, added_at, added_by in part
        ]
    return tuple(entries)


async def _sets(session: AsyncSession, member_id: int) -> tuple[KeptSet, ...]:
    of_member = RecommendationSetRow.member_id == member_id
    pick = RecommendationRow
    theirs = (
        select(pick.set_id, pick.track_id, pick.score, pick.reasons)
        .where(pick.set_id.in_(select(RecommendationSetRow.id).where(of_member)))
        .order_by(pick.set_id, pick.position)
    )
    picks: dict[int, list[KeptPick]] = defaultdict(list)
    found = await session.stream(theirs)
    async for part in found.partitions(_ROWS_AT_ONCE):
        for set_id, track_id, score, reasons in part:
            picks[set_id].append(KeptPick(track_id, score, tuple(reasons)))
    rows = await session.scalars(select(RecommendationSetRow).where(of_member).order_by(RecommendationSetRow.id))
    return tuple(
        KeptSet(
            id=row.id,
            kind=SetKind(row.kind),
            title=row.title,
            subtitle=row.subtitle,
            server_id=row.guild_id,
            model=row.model,
            shown_at=row.created_at,
            picks=tuple(picks[row.id]),
        )
        for row in rows
    )


async def _saves(session: AsyncSession, member_id: int) -> tuple[KeptSave, ...]:
    theirs = (
        select(SavedPlaylistRow, RecommendationSetRow.title)
        .join(RecommendationSetRow, RecommendationSetRow.id == SavedPlaylistRow.set_id)
        .where(SavedPlaylistRow.member_id == member_id)
        .order_by(SavedPlaylistRow.id)
    )
    return tuple(
        KeptSave(
            set_id=row.set_id,
            set_title=title,
            status=SaveStatus(row.status),
            claimed_at=row.claimed_at,
            finished_at=row.finished_at,
            attempts=row.attempts,
            mark=row.mark,
            spotify_id=row.spotify_id,
            name=row.name,
            url=row.url,
            series=row.series,
            n_tracks=row.n_tracks,
            written=row.written,
            public=row.public,
            covered_at=row.covered_at,
            undoing_at=row.undoing_at,
            frozen_at=row.frozen_at,
            previous=row.previous,
        )
        for row, title in await session.execute(theirs)
    )


async def _digests(session: AsyncSession, member_id: int) -> tuple[KeptDigest, ...]:
    theirs = select(DigestRow).where(DigestRow.created_by == member_id).order_by(DigestRow.id)
    return tuple(
        KeptDigest(
            server_id=row.guild_id,
            schedule=DigestSchedule(row.channel_id, row.weekday, row.hour, row.time_zone),
            enabled=row.enabled,
            next_due_at=row.next_due_at,
            stopped_because=row.stopped_because,
        )
        for row in await session.scalars(theirs)
    )


async def _apps(session: AsyncSession, member_id: int) -> tuple[KeptApp, ...]:
    row = SpotifyAppRow
    theirs = select(row.guild_id, row.client_id, row.registered_at).where(row.registered_by == member_id)
    return tuple(KeptApp(*found) for found in await session.execute(theirs.order_by(row.guild_id)))


def _track_ids(member_id: int) -> Select[*tuple[int]]:
    """Select the tracks that the member's playlists, recommendations, listens and top tracks name."""
    playlists = select(PlaylistRow.id).where(PlaylistRow.member_id == member_id)
    sets = select(RecommendationSetRow.id).where(RecommendationSetRow.member_id == member_id)
    named = union(
        select(PlaylistEntryRow.track_id).where(PlaylistEntryRow.playlist_id.in_(playlists)),
        select(RecommendationRow.track_id).where(RecommendationRow.set_id.in_(sets)),
        select(ListenRow.track_id).where(ListenRow.member_id == member_id),
        select(TopTrackRow.track_id).where(TopTrackRow.member_id == member_id),
    ).subquery()
    return select(named.c.track_id)


def _is(user_id: str | None, member: str | None) -> bool | None:
    return None if user_id is None else user_id == member
