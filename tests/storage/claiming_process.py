"""A process of its own that claims all it can: started by test_processes.py, it answers on its standard output.

Arguments: the database's address, the worker's name, the id of a recommendation set. It says "ready", waits for a line,
claims every digest that is due and the save of the set, and prints as JSON what it won.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta

from storage_samples import MEMBER, NOW

from bot.storage.repositories import SqlDigestRepository, SqlSaveRepository
from bot.storage.session import Database


async def main(url: str, worker: str, set_id: int) -> None:
    database = Database(url)
    digests, saves = SqlDigestRepository(database), SqlSaveRepository(database)
    due = await digests.due(NOW, 100)
    print("ready", flush=True)
    sys.stdin.readline()
    runs = await asyncio.gather(*(digests.claim(d, "week", NOW + timedelta(weeks=1), worker, NOW) for d in due))
    claims = [await saves.claim_save(set_id, MEMBER, NOW, NOW - timedelta(minutes=2)) for _ in range(10)]
    await database.dispose()
    print(json.dumps({"runs": [run.id for run in runs if run], "saves": sum(claim.won for claim in claims)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
