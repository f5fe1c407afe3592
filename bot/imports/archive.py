"""Opening a ZIP that a stranger made: nothing in its headers is believed, and nothing is written to disk."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.imports import ImportLimits, ImportRefused
from bot.imports.values import text

_CENTRAL_ENTRY = b"PK\x01\x02"
_PIECE = 256 * 1024
_RATIO_COUNTS_FROM = 1_000_000
_READABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
# What the library raises on bytes that only look like a ZIP, by experiment and from its source.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    KeyError,
    IndexError,
)

_NO_ZIP = "This is no ZIP file, or it was cut off on the way: download it again and bring the file as it is."
_TOO_MANY_MEMBERS = (
    "The ZIP holds more than {limit:,} files, which none of Spotify's does: bring it as Spotify sent it."
)
_TOO_LARGE = (
    "Unzipped, the ZIP holds more than {limit:,} MB, too much to read at once: "
    "make a ZIP of some of its JSON files and bring one after the other."
)
_BOMB = "The ZIP unpacks to far more than its own size, as no data of Spotify's does: bring it as Spotify sent it."


class MemberUnreadable(Exception):
    """One file in the archive cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive that may be looked at."""

    path: str
    basename: str
    info: zipfile.ZipInfo


class Archive:
    """A ZIP in memory; what is unzipped is counted while it is read.

    Args:
        content: the file.
        limits: what is too much.

    Raises:
        ImportRefused: it is no ZIP, or holds too many files.
    """

    def __init__(self, content: bytes, limits: ImportLimits) -> None:
        self._limits = limits
        self._size = len(content)
        self._unzipped = 0
        # Before the library makes an object of each.
        if content.count(_CENTRAL_ENTRY) > limits.members:
            raise ImportRefused(_TOO_MANY_MEMBERS.format(limit=limits.members))
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            self._infos = self._zip.infolist()
        except _DAMAGE:
            raise ImportRefused(_NO_ZIP) from None
        if len(self._infos) > limits.members:
            raise ImportRefused(_TOO_MANY_MEMBERS.format(limit=limits.members))

    def members(self, problems: list[str]) -> Iterator[Member]:
        """Yield the files in it; those whose names or kinds are not to be trusted are named among the problems."""
        seen: set[str] = set()
        for info in self._infos:
            path = info.filename
            parts = path.split("/")
            if info.is_dir() or parts[0] == "__MACOSX" or parts[-1].startswith("."):
                continue
            shown = text(path, 80) or "a file without a name"
            if fault := _distrust(info):
                problems.append(f"{shown} was not opened: {fault}.")
            elif path in seen:
                problems.append(f"{shown} is in the ZIP twice: only the first was read.")
            else:
                seen.add(path)
                yield Member(path, parts[-1], info)

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Yield a file's content in pieces.

        Raises:
            MemberUnreadable: it is encrypted, damaged, or larger than any of Spotify's.
            ImportRefused: the archive as a whole unpacks to too much.
        """
        info = member.info
        if info.flag_bits & _ENCRYPTED:
            raise MemberUnreadable("it is locked with a password: unzip it and make a ZIP without one")
        if info.compress_type not in _READABLE:
            raise MemberUnreadable("it is packed in a way that I do not read: unzip it and make a plain ZIP")
        produced = 0
        try:
            with self._zip.open(info) as file:
                while piece := file.read(_PIECE):
                    produced += len(piece)
                    self._unzipped += len(piece)
                    self._check(produced, info)
                    yield piece
        except _DAMAGE:
            raise MemberUnreadable("it is damaged: download the ZIP again") from None

    def _check(self, produced: int, info: zipfile.ZipInfo) -> None:
        limits = self._limits
        if self._unzipped > limits.total_bytes:
            raise ImportRefused(_TOO_LARGE.format(limit=limits.total_bytes // 1_000_000))
        packed = min(info.compress_size, self._size)
        if produced > _RATIO_COUNTS_FROM and produced > limits.ratio * packed:
            raise ImportRefused(_BOMB)
        if self._unzipped > _RATIO_COUNTS_FROM and self._unzipped > limits.ratio * self._size:
            raise ImportRefused(_BOMB)
        if produced > limits.member_bytes:
            raise MemberUnreadable(f"it is larger than {limits.member_bytes // 1_000_000} MB")


def _distrust(info: zipfile.ZipInfo) -> str | None:
    """Return why a member is not even looked at; None if nothing speaks against it."""
    # The library cuts a name at NUL; what the file really says is in orig_filename.
    path = info.orig_filename
    if "\x00" in path or "\\" in path or path.startswith("/") or path[1:2] == ":" or ".." in path.split("/"):
        return "its path leads out of the ZIP or is written in a way that Spotify's are not"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        return "it is a link or a device, not a file"
    return None
