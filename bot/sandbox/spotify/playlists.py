"""A playlist that can be edited, with a new snapshot for every write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.catalogue import SampleEntry, SamplePlaylist
from bot.sandbox.spotify.errors import ApiError
from bot.sandbox.spotify.ids import IdSource


@dataclass(slots=True)
class StoredPlaylist:
    """A playlist as it is now; `snapshots` are all versions it had, the last one is current."""

    id: str
    owner: str
    name: str
    description: str
    public: bool
    collaborative: bool
    ids: IdSource
    collaborators: tuple[str, ...] = ()
    entries: list[SampleEntry] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)
    cover: bytes | None = None

    def __post_init__(self) -> None:
        if not self.snapshots:
            self.touch()

    @classmethod
    def of(cls, sample: SamplePlaylist, ids: IdSource) -> StoredPlaylist:
        """Start with a sample playlist."""
        return cls(
            id=sample.id,
            owner=sample.owner,
            name=sample.name,
            description=sample.description,
            public=sample.public,
            collaborative=sample.collaborative,
            ids=ids,
            collaborators=sample.collaborators,
            entries=list(sample.entries),
        )

    @property
    def uri(self) -> str:
        """The Spotify URI."""
        return f"spotify:playlist:{self.id}"

    @property
    def snapshot_id(self) -> str:
        """The current version."""
        return self.snapshots[-1]

    @property
    def changed_at(self) -> datetime | None:
        """When the newest entry was added; None for an empty playlist."""
        return max((entry.added_at for entry in self.entries), default=None)

    def editable_by(self, listener: str) -> bool:
        """Tell whether a listener owns the playlist or collaborates on it."""
        return listener == self.owner or listener in self.collaborators

    def touch(self) -> str:
        """Make a new snapshot and return its id."""
        self.snapshots.append(self.ids.snapshot(len(self.snapshots) + 1))
        return self.snapshot_id

    def insert(self, uris: Sequence[str], position: int | None, by: str, now: datetime) -> str:
        """Add items at a position, by default at the end."""
        at = len(self.entries) if position is None else position
        if not 0 <= at <= len(self.entries):
            raise ApiError(400, "Index out of bounds.")
        self.entries[at:at] = [SampleEntry(uri, now, by) for uri in uris]
        return self.touch()

    def replace(self, uris: Sequence[str], by: str, now: datetime) -> str:
        """Put items in the place of all there are."""
        self.entries = [SampleEntry(uri, now, by) for uri in uris]
        return self.touch()

    def remove(self, uris: Collection[str]) -> str:
        """Take every occurrence of the items out."""
        self.entries = [entry for entry in self.entries if entry.uri not in uris]
        return self.touch()

    def move(self, range_start: int, insert_before: int, range_length: int) -> str:
        """Move a range of items in front of the item at `insert_before`, both counted before the move."""
        count = len(self.entries)
        if range_length < 1 or not 0 <= range_start < count or not 0 <= insert_before <= count:
            raise ApiError(400, "Index out of bounds.")
        moved = self.entries[range_start : range_start + range_length]
        rest = self.entries[:range_start] + self.entries[range_start + range_length :]
        moved_before = min(max(insert_before - range_start, 0), len(moved))
        at = insert_before - moved_before
        self.entries = rest[:at] + moved + rest[at:]
        return self.touch()
