"""Checks of a set-up, each with what to do about a fault."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import CrossfadeError
from recommender.errors import RecommenderError


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """A named check; it returns what it found, or raises what is wrong and what to do."""

    name: str
    look: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of a check."""

    name: str
    verdict: Verdict
    text: str


async def examine(checks: Sequence[Check]) -> list[Finding]:
    """Run the checks one after the other; a fault in one does not keep the next from being run."""
    findings = []
    for check in checks:
        try:
            finding = Finding(check.name, Verdict.OK, await check.look())
        except (CrossfadeError, RecommenderError) as fault:
            finding = Finding(check.name, Verdict.FAIL, str(fault))
        except Exception as fault:
            finding = Finding(check.name, Verdict.FAIL, f"{type(fault).__name__}: {fault}")
        findings.append(finding)
    return findings
