"""A process of its own that syncs one library and says what that took: started by test_large_library.py.

Arguments: the home folder, the database's address, the address of Spotify's stand-in, the member's id. It prints as
JSON what was read and the most memory that it ever had, in bytes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from whole_system import CLIENT_ID

from bot.core import core
from bot.settings import Settings


async def main(home: str, database_url: str, spotify_url: str, member_id: int) -> None:
    settings = Settings(
        None,
        core={"home": home, "database_url": database_url, "encryption_keys": None, "log_level": "WARNING"},
        spotify={
            "client_id": CLIENT_ID,
            "client_secret": None,
            "accounts_url": spotify_url,
            "api_url": f"{spotify_url}/v1/",
            "open_url": spotify_url,
            "calls_per_window": 1_000_000,
            "daily_budget": 0,
        },
    )
    async with core(settings, bring_up_to_date=False) as system:
        report = await system.services.library.sync(member_id)
    print(json.dumps({"read": report.playlists_read, "tracks": report.tracks, "peak": _peak()}))


def _peak() -> int:
    """Return the high-water mark of this program's memory; getrusage's would count that of whoever started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("this system does not tell")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
