"""Turns Spotify's JSON into the domain's values; whatever has not the shape it should is left out, never a crash."""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from bot.domain.accounts import SpotifyProfile
from bot.domain.library import ArtistRef, CreatedPlaylist, PlaylistEntry, RemotePlaylist, TrackInfo
from bot.domain.listening import Listen

UNTITLED_PLAYLIST = "Untitled playlist"
UNTITLED_TRACK = "Untitled track"

_ID = re.compile(r"[0-9A-Za-z]{1,64}")
_ISRC = re.compile(r"[A-Z0-9]{12}")
_LARGEST_INTEGER = 2**31 - 1
_CARD_IMAGE_WIDTH = 300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_id(text: object) -> bool:
    """Return whether the text is a Spotify id, and so safe as a part of a path."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def track_id(uri: object) -> str | None:
    """Return the id in a `spotify:track:` URI."""
    return _id_of(uri, "track")


def profile(answer: object) -> SpotifyProfile | None:
    """Return whose account GET /me describes; None when it has no id.

    `account_id` came in May 2026 as the key to link by; before it there was `id` alone.
    """
    fields = _object(answer)
    user_id = _text(fields.get("id"))
    account_id = _text(fields.get("account_id")) or user_id
    if account_id is None:
        return None
    user_id = user_id or account_id
    return SpotifyProfile(account_id, user_id, _text(fields.get("display_name")) or user_id, _link(fields))


def playlist(answer: object) -> RemotePlaylist | None:
    """Return a playlist of GET /me/playlists; None when it is null or has no id."""
    fields = _object(answer)
    spotify_id = fields.get("id")
    if not isinstance(spotify_id, str) or not is_id(spotify_id):
        return None
    owner = _object(fields.get("owner"))
    public = fields.get("public")
    # Renamed in 2026 from `tracks` to `items`.
    contents = _object(fields.get("items")) or _object(fields.get("tracks"))
    description = _text(fields.get("description"))
    return RemotePlaylist(
        spotify_id=spotify_id,
        name=_text(fields.get("name")) or UNTITLED_PLAYLIST,
        # Spotify gives descriptions, and nothing else, escaped for HTML.
        description=html.unescape(description) if description else None,
        owner_id=_text(owner.get("id")) or "",
        owner_name=_text(owner.get("display_name")),
        collaborative=fields.get("collaborative") is True,
        public=public if isinstance(public, bool) else None,
        snapshot_id=_text(fields.get("snapshot_id")) or "",
        total=_count(contents.get("total")) or 0,
        url=_link(fields) or _open_link("playlist", spotify_id),
        image_url=_image(fields),
    )


def entry(answer: object) -> PlaylistEntry | None:
    """Return a playlist's entry; None for a removed track, a local file, an episode and whatever is no track."""
    fields = _object(answer)
    # Renamed in 2026 from `track` to `item`.
    found = track(_object(fields.get("item")) or _object(fields.get("track")))
    if found is None or fields.get("is_local") is True:
        return None
    added_by = _text(_object(fields.get("added_by")).get("id"))
    return PlaylistEntry(found, _moment(fields.get("added_at")), added_by)


def track(answer: object) -> TrackInfo | None:
    """Return a track; None when it has no Spotify URI or is of another type."""
    fields = _object(answer)
    found_id = track_id(fields.get("uri"))
    if found_id is None or fields.get("type", "track") != "track" or fields.get("is_local") is True:
        return None
    album = _object(fields.get("album"))
    explicit = fields.get("explicit")
    return TrackInfo(
        uri=f"spotify:track:{found_id}",
        name=_text(fields.get("name")) or UNTITLED_TRACK,
        artists=artists(fields.get("artists")),
        album_name=_text(album.get("name")),
        album_uri=_uri(album.get("uri"), "album"),
        duration_ms=_count(fields.get("duration_ms")),
        explicit=explicit if isinstance(explicit, bool) else None,
        isrc=_isrc(_object(fields.get("external_ids")).get("isrc")),
        image_url=_image(album),
        url=_link(fields) or _open_link("track", found_id),
    )


def listen(answer: object) -> Listen | None:
    """Return a play of GET /me/player/recently-played; None for what is no track, or played nobody knows when."""
    fields = _object(answer)
    found = track(_object(fields.get("track")) or _object(fields.get("item")))
    moment = _moment(fields.get("played_at"))
    return Listen(found, moment) if found is not None and moment is not None else None


def liked_mark(answer: object) -> str | None:
    """Return what the first page of GET /me/tracks says of the whole list; None when it is no page.

    It changes when a song comes in or is taken out: through the number of all, or through the newest on the page.
    """
    total, items = _count(_object(answer).get("total")), page_items(answer)
    if total is None or items is None:
        return None
    newest = []
    for item in map(_object, items):
        saved = _object(item.get("track")) or _object(item.get("item"))
        newest.append([saved.get("uri"), item.get("added_at")])
    return f"{total}-{hashlib.sha256(json.dumps(newest).encode()).hexdigest()[:32]}"


def audio_features(answer: object) -> dict[str, dict[str, float]] | None:
    """Return the numbers of GET /audio-features by track URI, without the tracks that have none."""
    listed = _object(answer).get("audio_features")
    if not isinstance(listed, list):
        return None
    found: dict[str, dict[str, float]] = {}
    for fields in map(_object, listed):
        known_id = fields.get("id")
        if is_id(known_id):
            numbers = {name: _number(value) for name, value in fields.items()}
            found[f"spotify:track:{known_id}"] = {name: value for name, value in numbers.items() if value is not None}
    return found


def sole_flag(answer: object) -> bool | None:
    """Return the one boolean of GET /me/library/contains for one URI; None for anything else."""
    if isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], bool):
        return answer[0]
    return None


def artists(value: object) -> tuple[ArtistRef, ...]:
    """Return the artists of a list, in its order; those without a name are left out."""
    listed = [_object(artist) for artist in value] if isinstance(value, list) else []
    named = [(_text(artist.get("name")), _uri(artist.get("uri"), "artist")) for artist in listed]
    return tuple(ArtistRef(name, uri) for name, uri in named if name)


def created_playlist(answer: object, name: str) -> CreatedPlaylist | None:
    """Return the playlist that POST /me/playlists made; None when the answer has no id."""
    made = playlist(answer)
    if made is None:
        return None
    link = made.url or _open_link("playlist", made.spotify_id)
    return CreatedPlaylist(made.spotify_id, name if made.name == UNTITLED_PLAYLIST else made.name, link)


def page_items(answer: object) -> list[object] | None:
    """Return the entries of a page; None when it is no page, which must not be taken for an empty one."""
    items = _object(answer).get("items")
    return items if isinstance(items, list) else None


def next_offset(answer: object, offset: int) -> int | None:
    """Return where the page after this one begins; None when it is the last.

    Only the number is taken from `next`, never its address: Spotify has named /users/{id}/playlists there, which is
    closed to new apps, and a token must not go to whatever host an answer names.

    Raises:
        ValueError: there is a next page, but it does not begin after this one; going on would not end.
    """
    address = _object(answer).get("next")
    if address is None:
        return None
    if not isinstance(address, str):
        raise ValueError("the address of the next page is no text")
    wanted = int(parse_qs(urlsplit(address).query).get("offset", [""])[0])
    if wanted <= offset:
        raise ValueError("the next page does not begin after this one")
    return wanted


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    """Return stripped text that any database can hold: no NUL (PostgreSQL), no lone surrogates (UTF-8)."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").encode("utf-8", "replace").decode().strip() or None


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_INTEGER:
        return None
    return value


def _moment(value: object) -> datetime | None:
    """Return when an entry was added; the epoch is how Spotify says that nobody knows."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment > _EPOCH else None


def _id_of(uri: object, kind: str) -> str | None:
    if not isinstance(uri, str) or not uri.startswith(f"spotify:{kind}:"):
        return None
    found = uri.removeprefix(f"spotify:{kind}:")
    return found if is_id(found) else None


def _uri(value: object, kind: str) -> str | None:
    found = _id_of(value, kind)
    return f"spotify:{kind}:{found}" if found else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _isrc(value: object) -> str | None:
    code = (_text(value) or "").replace("-", "").upper()
    return code if _ISRC.fullmatch(code) else None


def _web_address(value: object) -> str | None:
    text = _text(value)
    return text if text is not None and text.startswith(("https://", "http://")) else None


def _link(fields: Mapping[str, object]) -> str | None:
    return _web_address(_object(fields.get("external_urls")).get("spotify"))


def _open_link(kind: str, spotify_id: str) -> str:
    return f"https://open.spotify.com/{kind}/{spotify_id}"


def _image(fields: Mapping[str, object]) -> str | None:
    """Return the smallest image that is large enough for a card, else the first; Spotify lists the largest first."""
    images = fields.get("images")
    if not isinstance(images, list):
        return None
    sized = [(_count(image.get("width")), _web_address(image.get("url"))) for image in map(_object, images)]
    known = [(width, address) for width, address in sized if address]
    if not known:
        return None
    large = [(width, address) for width, address in known if width is not None and width >= _CARD_IMAGE_WIDTH]
    return min(large)[1] if large else known[0][1]
