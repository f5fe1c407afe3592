"""Taking in what members bring by themselves, for those who cannot link Spotify here and those who want more known."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.domain.clock import Clock
from bot.domain.errors import BadInput, CrossfadeError, NoModel
from bot.domain.imports import (
    UNNAMED_TRACK,
    BroughtFile,
    ImportedCounts,
    ImportedLibrary,
    ImportedPlaylist,
    ImportRefused,
    ImportReport,
    LeftOut,
)
from bot.domain.library import LIKED_NAME, SOURCE_LINKS, PlaylistEntry, TrackInfo
from bot.domain.listening import Listen
from bot.services.accounts import AccountsService
from bot.services.models import ModelService, ServedModel
from bot.services.ports import LibraryRepository
from bot.services.ports.imports import ImportReader, ImportRepository
from bot.services.tracks import TrackDetails
from recommender.matching import Name, find_by_name, name_key

_log = structlog.get_logger(__name__)
ONE_EVERY = timedelta(minutes=1)
MOST_PLAYED_NAME = "Most played"
_MOST_PLAYED = 100
_MOST_PLAYED_WITHIN = timedelta(days=365)
_ENTRIES_AT_ONCE = 5_000
_PLAYLISTS_AT_ONCE = 100
_LISTENS_AT_ONCE = 5_000
_NOTHING_GIVEN = "Give me a file or paste some track links: /import by itself says how to get them."
_TOO_LARGE = "The file is larger than {limit:,} MB: bring its JSON files in smaller ZIPs, the newest ones first."
MOST_KEPT = ImportedCounts(playlists=4_000, entries=200_000, listens=1_000_000)
"""Whose imports are as large as this brings no more: made-up tracks would else fill the host's disk."""
_FULL = "You have imported as much as I can keep: “Forget imports” under /import makes room."
_TOO_SLOW = "Discord did not hand the file over in time: send it again."


class ImportsService:
    """Reads files and links, and stores them as playlists and plays with the source that they came by.

    One import at a time is read and stored, so that memory stays within what one of them takes. What may be read is the
    reader's to decide; names of tracks that the model knows are taken from the model, not from the file.

    Args:
        reader: reads what is brought.
        imports: where it is stored.
        library: what is stored of tracks.
        models: knows names and tracks.
        details: turns the model's tracks into stored ones.
        accounts: remembers in which server somebody uses the bot.
        clock: tells the time.
        patience: seconds that fetching a file may take.
        one_every: how long a member waits for the next import.
        most_kept: from when on a member brings no more.
    """

    def __init__(
        self,
        reader: ImportReader,
        imports: ImportRepository,
        library: LibraryRepository,
        models: ModelService,
        details: TrackDetails,
        accounts: AccountsService,
        clock: Clock,
        *,
        patience: float = 60.0,
        one_every: timedelta = ONE_EVERY,
        most_kept: ImportedCounts | None = MOST_KEPT,
    ) -> None:
        self._reader = reader
        self._imports = imports
        self._library = library
        self._models = models
        self._details = details
        self._accounts = accounts
        self._clock = clock
        self._patience = patience
        self._one_every = one_every
        self._most_kept = most_kept
        self._one_at_a_time = asyncio.Lock()
        self._latest: dict[int, datetime] = {}

    def reading_by(self, reader: ImportReader) -> ImportsService:
        """Return the same with another reader and no waiting between imports, for the host's own use."""
        return ImportsService(
            reader,
            self._imports,
            self._library,
            self._models,
            self._details,
            self._accounts,
            self._clock,
            patience=self._patience,
            one_every=timedelta(0),
            most_kept=None,
        )

    async def take(
        self, member_id: int, guild_id: int | None, file: BroughtFile | None = None, links: str | None = None
    ) -> ImportReport:
        """Read a file, pasted links or both, and store what is in them for the member.

        Args:
            member_id: whose it will be.
            guild_id: the server that it is brought in, whose digest may draw on it.
            file: fetched only when its turn has come and its size is right.
            links: any text.

        Raises:
            BadInput: nothing was given, or too much; too much is kept already; the last one is less than a minute ago.
            ImportRefused: there is nothing in it to take.
        """
        if file is None and not (links or "").strip():
            raise BadInput(_NOTHING_GIVEN)
        limit = self._reader.limits.file_bytes
        if file is not None and file.size > limit:
            raise BadInput(_TOO_LARGE.format(limit=limit // 1_000_000))
        if self._most_kept is not None and (await self._imports.counts(member_id)).reaches(self._most_kept):
            raise BadInput(_FULL)
        self._count(member_id)
        # Somebody who has all deleted while the file waits or is read is not to be made anew by it.
        known = await self._accounts.is_known(member_id)
        async with self._one_at_a_time:
            libraries = []
            if file is not None:
                libraries.append(await self._read(file))
            if links is not None and links.strip():
                libraries.append(await asyncio.to_thread(self._reader.read_links, links))
            if not known:
                await self._imports.begin(member_id)
            return await self._store(member_id, guild_id, libraries)

    async def imported(self, member_id: int) -> ImportedCounts:
        """Return how much the member has imported."""
        return await self._imports.counts(member_id)

    async def forget(self, member_id: int) -> ImportedCounts:
        """Delete what the member imported and nothing else; return how much it was."""
        async with self._one_at_a_time:
            return await self._imports.forget(member_id)

    def _count(self, member_id: int) -> None:
        now = self._clock.now()
        self._latest = {who: at for who, at in self._latest.items() if now - at < self._one_every}
        if (latest := self._latest.get(member_id)) is not None:
            again = int((latest + self._one_every).timestamp()) + 1
            raise BadInput(f"One import a minute: bring the next one <t:{again}:R>.")
        self._latest[member_id] = now

    async def _read(self, file: BroughtFile) -> ImportedLibrary:
        try:
            async with asyncio.timeout(self._patience):
                content = await file.read()
        except TimeoutError:
            raise ImportRefused(_TOO_SLOW) from None
        return await asyncio.to_thread(self._reader.read_file, file.name, content, self._clock.now())

    async def _store(self, member_id: int, guild_id: int | None, libraries: Sequence[ImportedLibrary]) -> ImportReport:
        """Store one library after the other; a fault on the way ends it, and what is stored by then is told."""
        told = _Told()
        try:
            for library in libraries:
                await self._store_one(member_id, library, told)
        except CrossfadeError as error:
            _log.warning("an import ended early", reason=str(error))
            told.fault = str(error)
        await self._accounts.remember_in_guild(guild_id, member_id)
        return told.report()

    async def _store_one(self, member_id: int, library: ImportedLibrary, told: _Told) -> None:
        told.left_out.update(library.left_out)
        told.problems += library.problems
        model = await self._model()
        known = await self._known(await asyncio.to_thread(_uris, library), model)
        now = self._clock.now()
        extend = library.source == SOURCE_LINKS
        keyed = await asyncio.to_thread(_keyed, library, known)
        for batch in _batches(keyed):
            told.entries += await self._imports.put_playlists(member_id, library.source, batch, now, extend=extend)
            told.playlists += len(batch)
        told.liked += len(library.liked)
        matched, unmatched = await self._matched(member_id, library, model)
        told.left_out[LeftOut.UNMATCHED] += unmatched
        listens = await asyncio.to_thread(_by_time, library.listens, known, matched)
        for start in range(0, len(listens), _LISTENS_AT_ONCE):
            part = listens[start : start + _LISTENS_AT_ONCE]
            new = await self._imports.add_listens(member_id, library.source, part)
            told.listens += new
            told.listens_known += len(part) - new
        if listens:
            favourites = ImportedPlaylist(MOST_PLAYED_NAME, await asyncio.to_thread(most_played, listens))
            await self._imports.put_playlists(member_id, library.source, [(_key("plays", ""), favourites)], now)

    async def _model(self) -> ServedModel | None:
        try:
            return await self._models.current()
        except NoModel:
            return None

    async def _known(self, uris: set[str], model: ServedModel | None) -> dict[str, TrackInfo]:
        """Return what the model knows of tracks, or the database, so that no file can give them another name."""
        known = await self._library.tracks(uris)
        if model is not None:
            known |= await asyncio.to_thread(self._in_catalogue, uris, model)
        return known

    def _in_catalogue(self, uris: set[str], model: ServedModel) -> dict[str, TrackInfo]:
        wanted = sorted(uris)
        indices = model.catalogue.indices_of(wanted)
        found = model.catalogue.tracks(indices[indices >= 0])
        return {track.uri: self._details.info(track) for track in found if track.name}

    async def _matched(
        self, member_id: int, library: ImportedLibrary, model: ServedModel | None
    ) -> tuple[list[Listen], int]:
        """Return the plays whose track is found by its names, and how many are not found."""
        if not library.named_listens:
            return [], 0
        stored = await self._library.known_tracks([member_id])
        return await asyncio.to_thread(self._match, library, stored, model)

    def _match(
        self, library: ImportedLibrary, stored: Iterable[TrackInfo], model: ServedModel | None
    ) -> tuple[list[Listen], int]:
        listens = library.named_listens
        keys: dict[tuple[str, str], Name] = {}
        for listen in listens:
            keys.setdefault((listen.title, listen.artist), name_key(listen.title, listen.artist))
        found: dict[Name, TrackInfo] = {}
        for track in itertools.chain(stored, _tracks(library)):
            if track.artists:
                found.setdefault(name_key(track.name, track.artists[0].name), track)
        if model is not None:
            popularity = model.hybrid.interactions_.tracks.column_sizes
            in_catalogue = find_by_name(model.catalogue, set(keys.values()) - set(found), popularity)
            found |= {key: self._details.info(record) for key, record in in_catalogue.items()}
        matched = [
            Listen(played, listen.played_at, listen.ms_played)
            for listen in listens
            if (played := found.get(keys[listen.title, listen.artist])) is not None
        ]
        return matched, len(listens) - len(matched)


class _Told:
    """What has been stored so far."""

    def __init__(self) -> None:
        self.playlists = self.entries = self.liked = self.listens = self.listens_known = 0
        self.left_out: Counter[LeftOut] = Counter()
        self.problems: list[str] = []
        self.fault: str | None = None

    def report(self) -> ImportReport:
        return ImportReport(
            playlists=self.playlists,
            entries=self.entries,
            liked=self.liked,
            listens=self.listens,
            listens_known=self.listens_known,
            left_out={reason: count for reason, count in self.left_out.items() if count},
            problems=tuple(self.problems),
            fault=self.fault,
        )


def most_played(listens: Sequence[Listen]) -> tuple[PlaylistEntry, ...]:
    """Return the tracks of the last year of these plays that were played most, the most played last.

    In a playlist the newest comes last, and from the end the recommender takes what it asks with.
    """
    newest = max(listen.played_at for listen in listens)
    plays: Counter[TrackInfo] = Counter()
    last: dict[TrackInfo, datetime] = {}
    for listen in listens:
        if newest - listen.played_at <= _MOST_PLAYED_WITHIN:
            plays[listen.track] += 1
            last[listen.track] = max(listen.played_at, last.get(listen.track, listen.played_at))
    ranked = sorted(plays, key=lambda track: (plays[track], last[track], track.uri))[-_MOST_PLAYED:]
    return tuple(PlaylistEntry(track, last[track]) for track in ranked)


def _by_time(listens: Iterable[Listen], known: dict[str, TrackInfo], matched: Iterable[Listen]) -> list[Listen]:
    """Return the plays in the order of time, with what is known of their tracks."""
    named = (replace(listen, track=known.get(listen.track.uri, listen.track)) for listen in listens)
    return sorted(itertools.chain(named, matched), key=lambda listen: listen.played_at)


def _keyed(library: ImportedLibrary, known: dict[str, TrackInfo]) -> list[tuple[str, ImportedPlaylist]]:
    """Return the playlists, with what is known of their tracks and keys that are the same when they come again."""
    seen: Counter[str] = Counter()
    keyed = []
    for playlist in library.playlists:
        keyed.append((_key(f"{library.source}\x1f{playlist.name}", f"{seen[playlist.name]}"), playlist))
        seen[playlist.name] += 1
    if library.liked:
        keyed.append((_key("liked", ""), ImportedPlaylist(LIKED_NAME, library.liked)))
    return [
        (key, replace(playlist, entries=tuple(_named(entry, known) for entry in playlist.entries)))
        for key, playlist in keyed
    ]


def _key(*parts: str) -> str:
    return f"import:{hashlib.sha256(chr(31).join(parts).encode()).hexdigest()[:32]}"


def _batches(keyed: Iterable[tuple[str, ImportedPlaylist]]) -> Iterable[list[tuple[str, ImportedPlaylist]]]:
    """Cut playlists into batches that a transaction stores in a moment; a playlist stays whole."""
    batch: list[tuple[str, ImportedPlaylist]] = []
    size = 0
    for one in keyed:
        if batch and (size + len(one[1].entries) > _ENTRIES_AT_ONCE or len(batch) == _PLAYLISTS_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += len(one[1].entries)
    if batch:
        yield batch


def _tracks(library: ImportedLibrary) -> Iterable[TrackInfo]:
    for playlist in library.playlists:
        for entry in playlist.entries:
            yield entry.track
    for entry in library.liked:
        yield entry.track


def _uris(library: ImportedLibrary) -> set[str]:
    return {track.uri for track in _tracks(library)} | {listen.track.uri for listen in library.listens}


def _named(entry: PlaylistEntry, known: dict[str, TrackInfo]) -> PlaylistEntry:
    """Return the entry with what is known of its track, and the gaps filled from the file."""
    track = known.get(entry.track.uri)
    if track is None or track.name == UNNAMED_TRACK:
        return entry
    brought = entry.track
    filled = replace(
        track,
        artists=track.artists or brought.artists,
        album_name=track.album_name or brought.album_name,
        album_uri=track.album_uri or (None if track.album_name else brought.album_uri),
        duration_ms=track.duration_ms or brought.duration_ms,
        isrc=track.isrc or brought.isrc,
    )
    return replace(entry, track=filled)
