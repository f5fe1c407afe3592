"""One way in for everything that people bring: told by its content, read with mistrust, returned as plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import PurePosixPath

from bot.domain.imports import ImportedLibrary, ImportLimits, ImportRefused, left_out_in_words
from bot.domain.library import SOURCE_EXPORT, SOURCE_EXPORTIFY, SOURCE_LINKS
from bot.imports.account_data import AccountDataReader, content_of
from bot.imports.archive import Archive, Member, MemberUnreadable
from bot.imports.budget import Budget
from bot.imports.collecting import Collection
from bot.imports.exportify import ExportifyReader, looks_like_playlist
from bot.imports.links import read_links
from bot.imports.values import text

_PIECE = 256 * 1024
_BEGINNING = 8_000
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")

_TOO_LARGE = (
    "The file is larger than {limit:,} MB: unzip it and bring its JSON files in a smaller ZIP, the newest ones first."
)
_EMPTY = "The file is empty: download it again and bring it as it is."
_UNKNOWN = (
    "I do not know this kind of file: bring the ZIP that Spotify sent you, a CSV from Exportify, or paste track links."
)
_UNKNOWN_JSON = (
    "I do not know this JSON file: bring the whole ZIP that Spotify sent you, or a file from it under its own name."
)
_NOTHING_IN_ZIP = (
    "There is nothing in this ZIP that I can use: it should hold Playlist1.json, YourLibrary.json or a streaming "
    "history from Spotify, or CSVs from Exportify."
)
_NESTED = "{name} is another ZIP inside: unzip the outer one and bring that by itself."
_NO_LINKS = "There is no track link in that text: in Spotify use Share, Copy song link, and paste it here."
_NOTHING = "Nothing in it can be used"


class UploadReader:
    """Reads what people bring; takes seconds for a large file, so never call it on the event loop.

    Args:
        limits: how much is looked at and kept.
    """

    def __init__(self, limits: ImportLimits | None = None) -> None:
        self.limits = limits or ImportLimits()

    def read_file(self, name: str, content: bytes, now: datetime) -> ImportedLibrary:
        """Return what a file holds.

        Args:
            name: the file's name, which a CSV's playlist is called by.
            content: the file.
            now: times later than tomorrow are wrong.

        Raises:
            ImportRefused: there is nothing to take from it; the text says why and what to do.
        """
        if not content:
            raise ImportRefused(_EMPTY)
        if len(content) > self.limits.file_bytes:
            raise ImportRefused(_TOO_LARGE.format(limit=self.limits.file_bytes // 1_000_000))
        reading = _Reading(self.limits, now)
        basename = PurePosixPath(name.replace("\\", "/")).name
        if content.startswith(_ZIP_MAGICS) or basename.casefold().endswith(".zip"):
            library = reading.archive(content)
        else:
            library = reading.single(basename, content)
        if library.is_empty:
            raise ImportRefused(_why_nothing(library))
        return library

    def read_links(self, pasted: str) -> ImportedLibrary:
        """Return the tracks that a text links to.

        Raises:
            ImportRefused: it links to none; the text says what to paste instead.
        """
        library = read_links(pasted, self.limits)
        if library.is_empty:
            raise ImportRefused(_why_nothing(library) if library.left_out else _NO_LINKS)
        return library


class _Reading:
    """One file on its way through; every member of an archive is read by itself and then taken in whole."""

    def __init__(self, limits: ImportLimits, now: datetime) -> None:
        self._limits = limits
        self._all = Collection(limits)
        budget = Budget(limits)
        self._account_data = AccountDataReader(now, budget)
        self._exportify = ExportifyReader(now, budget)

    def archive(self, content: bytes) -> ImportedLibrary:
        archive = Archive(content, self._limits)
        problems: list[str] = []
        used: Counter[str] = Counter()
        for member in archive.members(problems):
            source = self._member(archive, member)
            if source is not None:
                used[source] += 1
        for problem in problems:
            self._all.add_problem(problem)
        if not used and not self._all.problems:
            raise ImportRefused(_NOTHING_IN_ZIP)
        return self._all.library(SOURCE_EXPORT if used[SOURCE_EXPORT] else SOURCE_EXPORTIFY)

    def single(self, basename: str, content: bytes) -> ImportedLibrary:
        kind = content_of(basename)
        if kind is not None:
            self._account_data.read(kind, basename, _pieces(content), self._all)
            return self._all.library(SOURCE_EXPORT)
        if looks_like_playlist(content[:_BEGINNING]):
            self._exportify.read(basename, _pieces(content), self._all)
            return self._all.library(SOURCE_EXPORTIFY)
        if content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}:
            raise ImportRefused(_UNKNOWN_JSON)
        library = read_links(content[: self._limits.member_bytes].decode("utf-8", "replace"), self._limits)
        if library.is_empty and not library.left_out:
            raise ImportRefused(_UNKNOWN)
        return library

    def _member(self, archive: Archive, member: Member) -> str | None:
        """Read one file of an archive; return whose it is, None if it is of no use here."""
        name = text(member.basename, 80) or "a file"
        suffix = member.basename.casefold().rpartition(".")[2]
        if suffix == "zip":
            self._all.add_problem(_NESTED.format(name=name))
            return None
        kind = content_of(member.basename)
        read: Callable[[Iterator[bytes], Collection], bool]
        if kind is not None:

            def read(chunks: Iterator[bytes], into: Collection) -> bool:
                self._account_data.read(kind, name, chunks, into)
                return True

        elif suffix == "csv":

            def read(chunks: Iterator[bytes], into: Collection) -> bool:
                return self._exportify.read(member.basename, chunks, into)

        else:
            return None
        found = Collection(self._limits)
        try:
            ours = read(archive.chunks(member), found)
        except MemberUnreadable as fault:
            self._all.add_problem(f"{name} was left out: {fault}.")
            return None
        self._all.absorb(found)
        return (SOURCE_EXPORT if kind else SOURCE_EXPORTIFY) if ours else None


def _pieces(content: bytes) -> Iterator[bytes]:
    return (content[at : at + _PIECE] for at in range(0, len(content), _PIECE))


def _why_nothing(library: ImportedLibrary) -> str:
    """Return one sentence, from what was left out and what fell short."""
    if library.problems:
        return f"{_NOTHING}: {library.problems[0].rstrip('.')}."
    if library.left_out:
        reason, count = max(library.left_out.items(), key=lambda item: item[1])
        said = left_out_in_words(reason, count)
        return said if library.source == SOURCE_LINKS else f"{_NOTHING}: {said}"
    return f"{_NOTHING}: it holds no playlist, no liked song and no play."
