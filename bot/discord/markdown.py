"""Other people's words inside Discord's markdown: cleaned, cut to length and escaped, so that they stay words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Literal

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0]"
)
_MARKUP = re.compile(r"[\\*_~`|<>#\[\]]|:(?=[\w+~-]+:)")
_BLOCK_MARK = re.compile(r"^(?=[-+=]|\d+[.)])")
_BRACKETS = str.maketrans("[]", "()")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_WEB_URL = re.compile(r"https?://[^\s()<>\[\]\\\"`|]+")
_KEPT = re.compile(r"<t:-?\d{1,13}:[tTdDfFR]>|<#\d{1,20}>|`[^`\n]{1,60}`")

TimestampStyle = Literal["t", "T", "d", "D", "f", "F", "R"]


def clean(text: str) -> str:
    """Return the text on one line, without control, direction-changing and invisible characters."""
    visible = _INVISIBLE.sub("", text)
    kept = "".join(char for char in visible if char.isspace() or unicodedata.category(char) not in {"Cc", "Cs"})
    return " ".join(kept.split()) if any(_shows(char) for char in kept) else ""


def clip(text: str, limit: int) -> str:
    """Return the text in at most `limit` characters, with an ellipsis where it was cut; no character is torn apart."""
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    end = limit - 1
    while end > 0 and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end].rstrip() + "…"


def escape(text: str) -> str:
    """Return the text so that Discord shows it as it is: no markup, mention, emoji code or link comes of it."""
    # What would begin a list or small print does so at the very beginning of a line only.
    escaped = (
        _BLOCK_MARK.sub("\u200b", _MARKUP.sub(r"\\\g<0>", text)).replace("@", "@\u200b").replace("://", ":\u200b//")
    )
    if any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text):
        # An isolate keeps the rest of the line in its own order (Unicode Standard Annex 9).
        return f"\u2068{escaped}\u2069"
    return escaped


def words(text: str | None, limit: int, otherwise: str = "") -> str:
    """Return somebody's text cleaned, cut to `limit` characters and escaped; `otherwise` when nothing is left."""
    return escape(clip(clean(text or ""), limit) or otherwise)


def link(text: str | None, url: str | None, limit: int, otherwise: str) -> str:
    """Return a masked link, or only the words where the address cannot be one.

    Discord ends a masked link's text at a square bracket, escaped or not, so those become round ones.
    """
    shown = words((text or "").translate(_BRACKETS), limit, otherwise)
    address = web_url(url, 200)
    return f"[{shown}]({address})" if address else shown


def label(text: str | None, limit: int, otherwise: str = "") -> str:
    """Return somebody's text for a place without markdown: a button, a suggestion, a description."""
    return clip(clean(text or ""), limit) or otherwise


def web_url(url: str | None, limit: int = 512) -> str | None:
    """Return the address if it can stand in a message: http(s), no character that would end a link, not too long."""
    return url if url is not None and len(url) <= limit and _WEB_URL.fullmatch(url) else None


def moment(at: datetime, style: TimestampStyle = "f") -> str:
    """Return a timestamp that each reader's Discord shows in their own time zone and language."""
    return f"<t:{int(at.timestamp())}:{style}>"


def sentence(text: str, commands: Callable[[str], str] = str, limit: int = 1500) -> str:
    """Return an error's sentence: times, channels and code in it are kept, commands made clickable, the rest escaped.

    Args:
        text: the sentence, which may quote somebody's words.
        commands: replaces the commands in a piece of text that is escaped already.
        limit: characters that are kept.
    """
    shown = clip(clean(text), limit)
    pieces, start = [], 0
    for kept in _KEPT.finditer(shown):
        pieces += [commands(escape(shown[start : kept.start()])), kept.group()]
        start = kept.end()
    pieces.append(commands(escape(shown[start:])))
    return "".join(pieces)


def units(text: str) -> int:
    """Return the text's length in UTF-16 code units, the largest number by which Discord could count it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _joins(char: str) -> bool:
    return char == "\u200d" or unicodedata.combining(char) > 0 or unicodedata.category(char) in {"Mn", "Me"}


def _shows(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNPS" or unicodedata.category(char) == "Co"
