"""Text as titles and names are compared."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = dict.fromkeys(map(ord, "\ufe0e\ufe0f\u200d'\u2019`\u00b4"))
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_NEITHER_WORD_NOR_SYMBOL = re.compile("_|(?:(?![\u2190-\u2bff\U0001f000-\U0001faff])[^\\w\\s])")


def normalised_text(text: str) -> str:
    """Return a text with folded case, no accents and no punctuation; emoji are kept, without skin tone.

    >>> normalised_text("  Don't STOP \u2014 \u00c9t\u00e9!! \U0001f30a\U0001f44d\U0001f3fd ")
    'dont stop ete \U0001f30a\U0001f44d'
    """
    # JSON may hold halves of a surrogate pair, which no encoder takes.
    whole = text.encode(errors="ignore").decode()
    # Joiners go first: the acute accent alone decomposes into a space and a mark, which would cut a word in two.
    decomposed = unicodedata.normalize("NFKD", whole.translate(_JOINERS).casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(_NEITHER_WORD_NOR_SYMBOL.sub(" ", _SKIN_TONES.sub("", plain)).split())
