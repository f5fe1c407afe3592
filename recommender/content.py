"""The files that an import is given, and what is in them once they are unzipped."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from recommender.problems import Problem

Paths = str | Path | Sequence[str | Path]
Progress = Callable[[int, int, Path], None]

_GZIP_MAGIC = b"\x1f\x8b"
_STEP = 65_536


def find_files(paths: Paths, suffix: str) -> Iterator[Path | Problem]:
    """Yield the files that the paths name: a file itself; of a folder all `*SUFFIX` and `*SUFFIX.gz`, 2 before 10."""
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
        try:
            if not path.is_dir():
                yield path if path.exists() else Problem(str(path), "", "there is no such file or folder")
                continue
            found = [file for file in path.iterdir() if _is_data(file, suffix)]
        except OSError as error:
            yield Problem(str(path), "", f"cannot be read ({error.strerror})")
            continue
        if not found:
            yield Problem(str(path), "", f"the folder holds no {suffix} or {suffix}.gz file")
        yield from sorted(found, key=_natural)


def read_content(path: Path) -> tuple[bytes, list[Problem]]:
    """Return a file's content, unzipped if it is gzipped, as far as it can be read, and what was wrong with it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        return b"", [Problem(str(path), "", f"cannot be read ({error.strerror})")]
    if not raw:
        return b"", [Problem(str(path), "", "the file is empty")]
    if not raw.startswith(_GZIP_MAGIC):
        return raw, []
    content, fault = _unzipped(raw)
    if not content and not fault:
        fault = "the file is empty"
    return content, [Problem(str(path), "", fault)] if fault else []


def _unzipped(raw: bytes) -> tuple[bytes, str | None]:
    chunks: list[bytes] = []
    position = 0
    while position < len(raw):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while not member.eof:
            if position >= len(raw):
                return b"".join(chunks), "the gzip file is cut off"
            try:
                # In small steps, since what a step unzips before it meets a fault is lost.
                chunks.append(member.decompress(raw[position : position + _STEP]))
            except zlib.error:
                return b"".join(chunks), f"the gzip file is damaged near byte {position}"
            position = min(position + _STEP, len(raw)) - len(member.unused_data)
    return b"".join(chunks), None


def _is_data(path: Path, suffix: str) -> bool:
    return path.name.endswith((suffix, f"{suffix}.gz")) and not path.name.startswith(".") and path.is_file()


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    """Return a sort key that puts slice.2 before slice.10."""
    return [(not text.isdigit(), int(text) if text.isdigit() else 0, text) for text in re.split(r"(\d+)", path.name)]
