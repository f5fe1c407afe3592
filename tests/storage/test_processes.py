"""Tests with several real processes on one database."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from storage_samples import MEMBER, NOW, SCHEDULE, new_set, profile, tokens

from bot.storage import migrate
from bot.storage.repositories import SqlAccountRepository, SqlDigestRepository, SqlRecommendationRepository

_SCRIPT = Path(__file__).with_name("claiming_process.py")


async def test_processes_that_claim_at_the_same_time_never_win_the_same(
    accounts: SqlAccountRepository,
    digests: SqlDigestRepository,
    recommendations: SqlRecommendationRepository,
    database_url: str,
) -> None:
    await accounts.link(MEMBER, profile(), tokens(), NOW)
    for guild_id in range(1, 21):
        await digests.put(guild_id, SCHEDULE, NOW, MEMBER)
    stored = await recommendations.add(new_set())

    won = _run_together(
        [[sys.executable, str(_SCRIPT), database_url, f"process {number}", str(stored.id)] for number in range(2)]
    )

    claimed = [run_id for answer in won for run_id in answer["runs"]]
    assert len(claimed) == len(set(claimed)) == 20
    assert sum(answer["saves"] for answer in won) == 1
    for guild_id in range(1, 21):
        [run] = await digests.runs(guild_id, 10)
        assert run.id in won[int(run.claimed_by.removeprefix("process "))]["runs"]


def _run_together(commands: list[list[str]]) -> list[dict]:
    """Start the processes, let them go when all are ready, and return what each answers."""
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for command in commands
    ]
    try:
        assert [process.stdout and process.stdout.readline() for process in started] == ["ready\n"] * len(started)
        for process in started:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        return [json.loads(process.communicate(timeout=60)[0]) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_processes_that_migrate_at_the_same_time_all_succeed(empty_database_url: str) -> None:
    code = "import sys; from bot.storage import migrate; migrate.upgrade(sys.argv[1])"
    started = [
        subprocess.Popen([sys.executable, "-c", code, empty_database_url], stderr=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(2)
    ]
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in started] == [("", 0)] * 2
    assert migrate.check(empty_database_url) == []
