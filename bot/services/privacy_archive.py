"""The ZIP archive in which a member takes away everything that is kept of them: JSON and CSV, and a word on each."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Final, TextIO

from bot.domain.library import TrackInfo
from bot.domain.privacy import KeptAccount, KeptData, KeptSet, KeptSync, OptOut
from bot.services.privacy_tables import TABLES, Table

Json = Mapping[str, object]

_README: Final = """\
Everything that Crossfade keeps of you, as of {at}.

profile.json
    You: your Discord id, your link to Spotify, what you opted out of, how you want lists to be saved, your sign-ins,
    the servers in which you used me, the digests and Spotify apps you set up there, how the last reading of your
    library went, and how often others' shared playlists name your Spotify account.

playlists.csv
    Your playlists, in the order of your Spotify library; "id" is Spotify's. "kind" is "playlist", "liked" (your liked
    songs) or "import" (a list that you brought yourself); "source" says where it came from.
    "left_out" are those that have no say in your taste. "owner" is "me", or "somebody else" for playlists that you
    share: who that is, is not yours to take away.

playlist_entries.csv
    The tracks of these playlists in their order, found by "playlist_id".
    "added_by" is "me" or "somebody else", and empty where Spotify did not say.

listens.csv
    What you played, and when; sort it by "played_at" to have it in the order of time. "source" says who told me.
    "ms_played", for how many milliseconds, is only in what you imported.

top_tracks.csv
    The tracks that Spotify says you played most in about 4 weeks (short_term), 6 months (medium_term) and a year
    (long_term); "place" counts from 0.

top_artists.csv
    The artists that Spotify says you played most, in the same three spans of time; "place" counts from 0.
    "uri" is the artist's in Spotify.

recommendations.json
    The lists that I showed you, when and in which server, with the model that made them.
    Each track has its score and the sentences that said why it was there.

saved_playlists.csv
    What you saved to Spotify with a click; "list" is the "id" in recommendations.json, or a server's list.
    "mark" is what the description of the playlist ends with, by which a lost playlist is found again. "before" is
    what a playlist held that I changed (JSON), so that you could undo it.

CSV files are UTF-8. A text in them that a spreadsheet would take for a formula begins with an apostrophe.
Times are in UTC. Not in here: the tokens of your sign-in, which are secrets, and anything of other members.
"""


def archive(data: KeptData, at: datetime, *, level: int | None = None) -> bytes:
    """Return the archive; it is compressed while it is written, so that no file is ever whole in memory.

    Args:
        data: everything that is kept of the member.
        at: when that was read; the files are dated so.
        level: zlib's compression level, 1 to 9; by default its own (6).
    """
    date = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as into:
        for name, write in _FILES.items():
            about = zipfile.ZipInfo(name, date)
            about.compress_type = zipfile.ZIP_DEFLATED
            # Without another name before Python 3.13; what is given to the archive counts for plain names only.
            about._compresslevel = level  # type: ignore[attr-defined]
            # Without a byte order mark spreadsheets take UTF-8 for something else.
            encoding = "utf-8-sig" if name.endswith(".csv") else "utf-8"
            with into.open(about, "w") as raw, io.TextIOWrapper(raw, encoding, newline="") as file:
                write(file, data, at)
    return target.getvalue()


def _write_readme(into: TextIO, _data: KeptData, at: datetime) -> None:
    into.write(_README.format(at=f"{at:%Y-%m-%d %H:%M} UTC"))


def _write_profile(into: TextIO, data: KeptData, at: datetime) -> None:
    into.write(_json(_profile(data, at)))


def _write_recommendations(into: TextIO, data: KeptData, _at: datetime) -> None:
    for place, one in enumerate(data.sets):
        into.write("[\n" if place == 0 else ",\n")
        into.write(_json(_recommendations(one, data.tracks)))
    into.write("\n]" if data.sets else "[]")


def _write_table(table: Table, into: TextIO, data: KeptData, _at: datetime) -> None:
    table.write(into, data)


_FILES: Final[Mapping[str, Callable[[TextIO, KeptData, datetime], None]]] = {
    "README.txt": _write_readme,
    "profile.json": _write_profile,
    "recommendations.json": _write_recommendations,
    **{name: partial(_write_table, table) for name, table in TABLES.items()},
}


def _profile(data: KeptData, at: datetime) -> Json:
    # Ids of Discord have 19 digits, more than a number in JavaScript can hold.
    return {
        "discord_id": str(data.member_id),
        "exported_at": at,
        "opted_out_of": {which.value: which in data.opt_outs for which in OptOut},
        "spotify": _account(data.account) if data.account else None,
        "saves": {
            "public": data.preferences.public,
            "with_cover": data.preferences.cover,
            "into_last_weeks_playlist": data.preferences.reuse,
        },
        "sign_ins": [
            {
                "server_id": _id(one.server_id),
                "discord_name": one.member_name,
                "spotify_app": one.client_id,
                "begun_at": one.begun_at,
                "ends_at": one.ends_at,
                "used_at": one.used_at,
            }
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
        "spotify_apps_set_up": [
            {"server_id": _id(one.server_id), "client_id": one.client_id, "registered_at": one.registered_at}
            for one in data.apps
        ],
        "library_sync": _sync(data.sync) if data.sync else None,
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
        "spotify_app": account.client_id,
    }


def _sync(sync: KeptSync) -> Json:
    return {
        "begun_at": sync.started_at,
        "ended_at": sync.finished_at,
        "playlists_done": sync.done,
        "playlists_to_do": sync.total,
        "fault": sync.fault,
        "next_at": sync.due_at,
        "most_played_read_at": sync.top_read_at,
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


def _id(discord_id: int | None) -> str | None:
    return None if discord_id is None else str(discord_id)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    raise TypeError(f"{type(value).__name__} has no place in an export")
