"""What was wrong with an input: each fault named, all of them counted, only the first ones kept."""

from __future__ import annotations

from dataclasses import dataclass, field

_KEPT = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """A record, or a field of one, that was left out: `file` and `where` say which, `what` says why."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        return ": ".join(text for text in (self.file, self.where, self.what) if text)


@dataclass
class ProblemLog:
    """Counts every problem and keeps the first `limit` of them, so that a bad file of any size fits in memory."""

    limit: int = _KEPT
    total: int = 0
    kept: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem, times: int = 1) -> None:
        """Count a problem that came up so many times."""
        self.total += times
        if len(self.kept) < self.limit:
            self.kept.append(problem)

    def summary(self) -> str:
        """Return the first problem and how many more there are."""
        more = f" (and {self.total - 1} more)" if self.total > 1 else ""
        return f"{self.kept[0]}{more}" if self.kept else ""
