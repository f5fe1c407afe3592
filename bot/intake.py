"""The composition root's part for files that are imported from the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bot.core import core, make_home
from bot.domain.clock import SystemClock
from bot.domain.errors import CrossfadeError
from bot.domain.imports import BroughtFile, ImportLimits, ImportReport
from bot.imports.reader import UploadReader
from bot.services.corpus_uploads import UploadReport, import_into_corpus, read_file
from bot.services.imports import ImportsService
from bot.settings import Settings

LIMITS = ImportLimits(
    file_bytes=300_000_000,
    member_bytes=300_000_000,
    total_bytes=2_000_000_000,
    elements=20_000_000,
    remembered_bytes=1_000_000_000,
)
"""What lies on the host's own disk may be larger than what Discord takes."""


def files_into_corpus(settings: Settings, paths: Sequence[Path], progress: Callable[[int, int], None]) -> UploadReport:
    """Add the playlists in files to the training corpus."""
    make_home(settings)
    return import_into_corpus(UploadReader(LIMITS), paths, settings.corpus_dir, SystemClock().now(), progress)


async def files_for_member(
    settings: Settings, member_id: int, paths: Sequence[Path], progress: Callable[[int, int], None]
) -> list[tuple[Path, ImportReport | CrossfadeError]]:
    """Import files for a member, as /import would; return what each gave, or why it gave nothing."""
    ended: list[tuple[Path, ImportReport | CrossfadeError]] = []
    async with core(settings) as running:
        imports: ImportsService = running.services.imports.reading_by(UploadReader(LIMITS))
        for done, path in enumerate(paths, start=1):
            try:
                ended.append((path, await imports.take(member_id, None, _brought(path))))
            except CrossfadeError as error:
                ended.append((path, error))
            progress(done, len(paths))
    return ended


def _brought(path: Path) -> BroughtFile:
    async def read() -> bytes:
        return read_file(path, LIMITS.file_bytes)

    return BroughtFile(path.name, 0, read)
