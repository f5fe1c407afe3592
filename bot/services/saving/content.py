"""What of a list is written into a playlist: its tracks without repetitions, its name and its description."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from bot.domain.recommendations import RecommendationSet, SetKind
from bot.services.tracks import record_of
from recommender.recordings import recording_key

DESCRIPTION_LIMIT = 300
_NAMED_AT_MOST = 3
_LONGEST_NAMED = 40
_OF_A_SERVER = frozenset({SetKind.DIGEST, SetKind.PREVIEW})
_TITLES = {
    SetKind.DISCOVER: "Crossfade discoveries",
    SetKind.DIGEST: "Crossfade weekly",
    SetKind.PREVIEW: "Crossfade weekly",
}
# "..., until members /connect ...": a command means nothing to who reads it in Spotify.
_WITH_COMMAND = re.compile(r",[^,]*\s/[a-z].*$")
_NAMED = re.compile(r"“([^“”]+)”|together with ([^“”]+?)$")


@dataclass(frozen=True, slots=True)
class SaveContent:
    """The URIs to write, in order, and how many were left out: songs that come again, and what is no track."""

    uris: tuple[str, ...]
    repeated: int = 0
    unknown: int = 0


def content_of(recommendations: RecommendationSet) -> SaveContent:
    """Return what is written of a list: each recording once.

    Two tracks are one recording when their ISRCs are the same; where one of them has none, when artist and title are.
    """
    uris: list[str] = []
    isrcs: set[str] = set()
    kept_isrcs: defaultdict[str, set[str | None]] = defaultdict(set)
    repeated = unknown = 0
    seen: set[str] = set()
    for track in (pick.track for pick in recommendations.picks):
        if not track.uri.startswith("spotify:track:"):
            unknown += 1
            continue
        same_song = kept_isrcs[recording_key(record_of(track))]
        without_isrc = bool(same_song) and (track.isrc is None or None in same_song)
        if track.uri in seen or track.isrc in isrcs or without_isrc:
            repeated += 1
            continue
        seen.add(track.uri)
        uris.append(track.uri)
        same_song.add(track.isrc)
        if track.isrc is not None:
            isrcs.add(track.isrc)
    return SaveContent(tuple(uris), repeated, unknown)


def series_of(recommendations: RecommendationSet, member_id: int) -> str | None:
    """Return the series that a weekly list belongs to, or None for a list that was asked for once.

    Somebody else's discoveries are no part of the member's own, which they would replace.
    """
    if recommendations.kind is SetKind.DISCOVER:
        return "discover" if recommendations.member_id == member_id else None
    if recommendations.kind in _OF_A_SERVER and recommendations.guild_id is not None:
        return f"digest:{recommendations.guild_id}"
    return None


def playlist_title(recommendations: RecommendationSet, member_id: int) -> str:
    """Return what the playlist is called, without the day; nobody else's playlist is named in it."""
    if recommendations.kind is SetKind.PLAYLIST and recommendations.member_id != member_id:
        return "Crossfade picks"
    return _TITLES.get(recommendations.kind) or _one_line(f"Goes with {recommendations.title}")[:80].rstrip()


def playlist_day(recommendations: RecommendationSet) -> str:
    """Return the day on which the list was recommended."""
    return f"{recommendations.created_at:%d %b %Y}".lstrip("0")


def playlist_name(recommendations: RecommendationSet, member_id: int) -> str:
    """Return the name that the saved playlist gets, with the day it was recommended on."""
    return f"{playlist_title(recommendations, member_id)} · {playlist_day(recommendations)}"


def mark_text(mark: str | None) -> str:
    """Return what the description of a playlist with this mark ends with."""
    return f"Crossfade #{mark}"


def description_of(recommendations: RecommendationSet, member_id: int, mark: str | None) -> str:
    """Return one plain line of at most 300 characters: why these tracks, when, by whom, and the mark at its end.

    A playlist may be public, so that names are in it only if the list was drawn from the member's own music.

    Args:
        recommendations: the list.
        member_id: who saves it.
        mark: what the playlist is found by; None leaves it out.
    """
    end = f"{playlist_day(recommendations)}. Made by " + (mark_text(mark) if mark else "Crossfade")
    own = recommendations.member_id == member_id
    if not own and recommendations.kind not in _OF_A_SERVER:
        return f"Tracks that go together. {end}"
    subtitle = recommendations.subtitle if own else _WITH_COMMAND.sub("", recommendations.subtitle)
    reasons = [_sentence(subtitle)]
    if own:
        reasons.append(_because_of(_named_most(recommendations)))
    text = " ".join(filter(None, reasons))
    return f"{_cut(text, DESCRIPTION_LIMIT - len(end) - 1)} {end}".strip()


def _named_most(recommendations: RecommendationSet) -> list[str]:
    """Return what the tracks' strongest reasons name most often."""
    counts: Counter[str] = Counter()
    for pick in recommendations.picks:
        for quoted, together in _NAMED.findall(pick.reasons[0] if pick.reasons else ""):
            name = _one_line(quoted or together)
            if name and not name.startswith("spotify:"):
                counts[name] += 1
    return [name for name, _ in counts.most_common(_NAMED_AT_MOST)]


def _because_of(names: list[str]) -> str:
    quoted = [f"“{_cut(name, _LONGEST_NAMED)}”" for name in names]
    if not quoted:
        return ""
    return f"Close to {', '.join(quoted[:-1])} and {quoted[-1]}." if len(quoted) > 1 else f"Close to {quoted[0]}."


def _sentence(text: str) -> str:
    line = _one_line(text).rstrip(".")
    return f"{line}." if line else ""


def _one_line(text: str) -> str:
    """Return the text without line breaks, and without what could be read as HTML."""
    return " ".join(text.replace("<", " ").replace(">", " ").split())


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
