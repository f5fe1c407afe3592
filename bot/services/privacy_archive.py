"""The ZIP archive in which a member takes away everything that is kept of them: JSON and CSV, and a word on each."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.domain.library import TrackInfo
from bot.domain.privacy import KeptAccount, KeptData, KeptPlaylist, KeptSave, KeptSet, OptOut

Json = Mapping[str, object]
Cell = str | int | float | bool | datetime | None

_README: Final = """\
Everything that Crossfade keeps of you, as of {at}.

profile.json
    You: your Discord id, your link to Spotify, what you opted out of, your sign-ins, the servers in which you used me,
    the digests you set up, and how often others' shared playlists name your Spotify account.

playlists.csv
    Your playlists, in the order of your Spotify library; "id" is Spotify's.
    "owner" is "me", or "somebody else" for playlists that you share: who that is, is not yours to take away.

playlist_entries.csv
    The tracks of these playlists in their order, found by "playlist_id".
    "added_by" is "me" or "somebody else", and empty where Spotify did not say.

recommendations.json
    The lists that I showed you, when and in which server, with the model that made them.
    Each track has its score and the sentences that said why it was there.

saved_playlists.csv
    What you saved to Spotify with a click; "list" is the "id" in recommendations.json, or a server's list.
    "mark" is what the description of the playlist ends with, by which a lost playlist is found again.

CSV files are UTF-8. A text in them that a spreadsheet would take for a formula begins with an apostrophe.
Times are in UTC. Not in here: the tokens of your sign-in, which are secrets, and anything of other members.
"""

_PLAYLIST_COLUMNS: Final = (
    "id",
    "name",
    "description",
    "owner",
    "collaborative",
    "public",
    "tracks_kept",
    "items_in_spotify",
    "url",
    "image_url",
    "snapshot_id",
    "source",
    "place",
    "read_at",
)
_ENTRY_COLUMNS: Final = (
    "playlist_id",
    "playlist",
    "position",
    "track",
    "artists",
    "album",
    "isrc",
    "added_at",
    "added_by",
    "uri",
    "url",
)
_SAVE_COLUMNS: Final = (
    "list",
    "title",
    "status",
    "clicked_at",
    "finished_at",
    "attempts",
    "playlist_id",
    "name",
    "url",
    "mark",
)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def archive(data: KeptData, at: datetime, *, level: int | None = None) -> bytes:
    """Return the archive; one file at a time is written and compressed.

    Args:
        data: everything that is kept of the member.
        at: when that was read; the files are dated so.
        level: zlib's compression level, 1 to 9; by default its own (6).
    """
    files: dict[str, Callable[[], bytes]] = {
        "README.txt": lambda: _README.format(at=f"{at:%Y-%m-%d %H:%M} UTC").encode(),
        "profile.json": lambda: _json(_profile(data, at)),
        "playlists.csv": lambda: _csv(_PLAYLIST_COLUMNS, map(_playlist_cells, data.playlists)),
        "playlist_entries.csv": lambda: _csv(_ENTRY_COLUMNS, _entry_cells(data)),
        "recommendations.json": lambda: _json([_recommendations(one, data.tracks) for one in data.sets]),
        "saved_playlists.csv": lambda: _csv(_SAVE_COLUMNS, map(_save_cells, data.saves)),
    }
    date = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as into:
        for name, content in files.items():
            into.writestr(zipfile.ZipInfo(name, date), content(), zipfile.ZIP_DEFLATED, level)
    return target.getvalue()


def _profile(data: KeptData, at: datetime) -> Json:
    # Ids of Discord have 19 digits, more than a number in JavaScript can hold.
    return {
        "discord_id": str(data.member_id),
        "exported_at": at,
        "opted_out_of": {which.value: which in data.opt_outs for which in OptOut},
        "spotify": _account(data.account) if data.account else None,
        "sign_ins": [
            {"server_id": _id(one.server_id), "begun_at": one.begun_at, "ends_at": one.ends_at, "used_at": one.used_at}
            for one in data.sign_ins
        ],
        "servers": [{"server_id": _id(one.server_id), "last_used_at": one.seen_at} for one in data.servers],
        "digests_set_up": [
            {
                "server_id": _id(one.server_id),
                "channel_id": _id(one.schedule.channel_id),
                "weekday": one.schedule.weekday,
                "hour": one.schedule.hour,
                "time_zone": one.schedule.time_zone,
                "enabled": one.enabled,
                "next_at": one.next_due_at,
                "stopped_because": one.stopped_because,
            }
            for one in data.digests
        ],
        "named_in_playlists_of_others": {
            "as_owner": data.named_in_playlists,
            "as_who_added_a_track": data.named_in_entries,
        },
    }


def _account(account: KeptAccount) -> Json:
    return {
        "display_name": account.display_name,
        "account_id": account.account_id,
        "user_id": account.user_id,
        "url": account.url,
        "status": account.status.value,
        "scopes": list(account.scopes),
        "authorised_at": account.authorised_at,
        "access_token_ends_at": account.token_ends_at,
        "told_that_it_ended_at": account.told_of_end_at,
        "told_that_it_will_end_at": account.told_of_coming_end_at,
    }


def _recommendations(one: KeptSet, tracks: Mapping[int, TrackInfo]) -> Json:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "title": one.title,
        "subtitle": one.subtitle,
        "server_id": _id(one.server_id),
        "shown_at": one.shown_at,
        "model": one.model,
        "tracks": [
            {**_track(tracks[pick.track_id]), "score": pick.score, "reasons": list(pick.reasons)} for pick in one.picks
        ],
    }


def _track(track: TrackInfo) -> Json:
    return {
        "track": track.name,
        "artists": track.artist_names,
        "album": track.album_name,
        "isrc": track.isrc,
        "uri": track.uri,
        "url": track.url,
    }


def _playlist_cells(one: KeptPlaylist) -> Sequence[Cell]:
    return (
        one.spotify_id,
        one.name,
        one.description,
        _whose(one.owned),
        one.collaborative,
        one.public,
        one.n_tracks,
        one.total,
        one.url,
        one.image_url,
        one.snapshot_id,
        one.source,
        one.rank,
        one.synced_at,
    )


def _entry_cells(data: KeptData) -> Iterable[Sequence[Cell]]:
    playlists = {playlist.id: playlist for playlist in data.playlists}
    for entry in data.entries:
        playlist, track = playlists[entry.playlist_id], data.tracks[entry.track_id]
        yield (
            playlist.spotify_id,
            playlist.name,
            entry.position,
            track.name,
            track.artist_names,
            track.album_name,
            track.isrc,
            entry.added_at,
            _whose(entry.by_member),
            track.uri,
            track.url,
        )


def _save_cells(one: KeptSave) -> Sequence[Cell]:
    return (
        one.set_id,
        one.set_title,
        one.status.value,
        one.claimed_at,
        one.finished_at,
        one.attempts,
        one.spotify_id,
        one.name,
        one.url,
        one.mark,
    )


def _id(discord_id: int | None) -> str | None:
    return None if discord_id is None else str(discord_id)


def _whose(by_member: bool | None) -> str | None:
    return None if by_member is None else "me" if by_member else "somebody else"


def _cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(timespec="seconds")
        case str() if value.startswith(_FORMULA_STARTS):
            # Somebody else may have named the track (https://owasp.org/www-community/attacks/CSV_Injection).
            return f"'{value}"
        case _:
            return str(value)


def _csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(map(_cell, row) for row in rows)
    # Without a byte order mark spreadsheets take UTF-8 for something else.
    return text.getvalue().encode("utf-8-sig")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain).encode()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    raise TypeError(f"{type(value).__name__} has no place in an export")
