"""How much memory a stretch of work takes at most."""

from __future__ import annotations

import ctypes
import gc
import sys
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Peak:
    """The memory of this process over a stretch of work, in MB (10^6 bytes); None where the system does not tell.

    Attributes:
        most: resident at most, with all that was there before.
        added: by how much that is more than at the start.
    """

    most: float | None
    added: float | None


class PeakMemory:
    """Measures from `start` to `stop`.

    Linux keeps the greatest resident size of each process and lets the process set it back (`man 5 proc`, clear_refs);
    so it is exact, costs nothing while the work runs, and belongs to one stretch. The other ways were tried or ruled
    out: `ru_maxrss` of a forked child needs a fork, after which OpenMP's threads (LightGBM, implicit) hang, and counts
    what the parent held; a thread that samples misses the peaks of native code that holds the interpreter. Side effect:
    the process's own `ru_maxrss` starts anew.
    """

    def start(self) -> None:
        """Give back what is free, and measure from here."""
        gc.collect()
        if sys.platform == "linux":
            _trim()
        self._before = _reset()

    def stop(self) -> Peak:
        """Return what was used since `start`."""
        if self._before is None:
            return Peak(None, None)
        most = _resident("VmHWM:")
        return Peak(most, max(most - self._before, 0.0))


def _reset() -> float | None:
    try:
        _RESET.write_text("5")
        return _resident("VmRSS:")
    except OSError:
        return None


def _resident(field: str) -> float:
    lines = (line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(next(lines).split()[1]) * 1024 / 1e6


def _trim() -> None:
    # Memory that the last ranker freed would otherwise be handed to this one, and count for neither.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
