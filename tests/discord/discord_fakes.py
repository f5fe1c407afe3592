"""The services as the Discord face sees them, kept in memory, with faults and delays on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from discord_samples import NOW, TRACKS, account, playlist, recommendations, report, track_info
from saving_fakes import FakeKeeping, FakePlaylists, FakeUndoing, Saving

from bot.domain.accounts import DeletedCounts, LoginLink, NothingKept, Notice, SpotifyAccount
from bot.domain.apps import AppCredentials, AppRegistration, AppTest, NoServerApp, RegisteredApp, SignInApp
from bot.domain.digests import Digest, DigestSchedule
from bot.domain.errors import EmptyPlaylist, NoDigest, NotConnected, UnknownPlaylist, UnknownSet, UnknownTrack
from bot.domain.imports import BroughtFile, ImportedCounts, ImportReport, LeftOut
from bot.domain.library import CreatedPlaylist, LibraryPlaylist, SyncReport, TrackInfo
from bot.domain.listening import SyncState
from bot.domain.privacy import KeptSummary, MemberExport, OptOut
from bot.domain.quota import Cooldown
from bot.domain.recommendations import RecommendationSet, SetKind
from bot.services.onboarding import OnboardingEvent
from bot.services.schedule import next_due
from bot.services.syncing import Sync


@dataclass
class Clock:
    """A clock that tests set."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Script:
    """What the services were asked, and what each is to do next time: fail, or take long."""

    calls: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    async def play(self, name: str, *args: object) -> None:
        self.calls.append((name, args))
        await asyncio.sleep(self.seconds.get(name, 0))
        if name in self.errors:
            raise self.errors[name]

    def called(self, name: str) -> list[tuple[object, ...]]:
        return [args for called, args in self.calls if called == name]


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class World:
    """Everything the fake services know."""

    script: Script = field(default_factory=Script)
    accounts: dict[int, SpotifyAccount] = field(default_factory=dict)
    playlists: dict[int, list[LibraryPlaylist]] = field(default_factory=dict)
    syncs: dict[int, SyncState] = field(default_factory=dict)
    syncing: dict[int, Sync] = field(default_factory=dict)
    sync_may_end: asyncio.Event = field(default_factory=_set_event)
    report: SyncReport = field(default_factory=report)
    moments: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    moments_left: int = 0
    sets: dict[int, RecommendationSet] = field(default_factory=dict)
    saves: dict[tuple[int, int], CreatedPlaylist] = field(default_factory=dict)
    saving: Saving = field(default_factory=Saving)
    watchers: dict[int, Callable[[OnboardingEvent], Awaitable[None]]] = field(default_factory=dict)
    digests: dict[int, Digest] = field(default_factory=dict)
    notices: dict[int, Notice] = field(default_factory=dict)
    kept: dict[int, KeptSummary] = field(default_factory=dict)
    imported: dict[int, ImportedCounts] = field(default_factory=dict)
    login_url: str = "https://accounts.example/authorize?state=abc"
    sign_in_app: SignInApp = field(default_factory=lambda: SignInApp(None, 2))
    apps: dict[int, RegisteredApp] = field(default_factory=dict)
    app_fault: str | None = None
    app_cooldown: Cooldown | None = None

    def connect(self, member_id: int, name: str = "Mia") -> SpotifyAccount:
        self.accounts[member_id] = account(member_id, name)
        self.playlists[member_id] = [playlist(1, "Rainy day", 42), playlist(2, "Kitchen dancing", 7)]
        return self.accounts[member_id]

    async def pace(self) -> None:
        """Wait until the test lets a moment pass; what was asked for before has been shown by then."""
        self.moments_left = 0
        await self.moments.get()

    def let_a_moment_pass(self) -> None:
        """Let one pass."""
        self.moments_left = 1
        self.moments.put_nowait(None)

    def need(self, member_id: int) -> None:
        if member_id not in self.accounts:
            raise NotConnected

    def store(self, recommendations: RecommendationSet) -> RecommendationSet:
        kept = replace(recommendations, id=len(self.sets) + 501)
        self.sets[kept.id] = kept
        return kept


class FakeAccounts:
    def __init__(self, world: World) -> None:
        self.world = world

    async def begin_login(self, member_id: int, guild_id: int | None, *, member_name: str | None = None) -> LoginLink:
        await self.world.script.play("begin_login", member_id, guild_id, member_name)
        return LoginLink(self.world.login_url, NOW + timedelta(minutes=10), self.world.sign_in_app)

    async def is_known(self, member_id: int) -> bool:
        return member_id in self.world.accounts or member_id in self.world.kept

    async def account(self, member_id: int) -> SpotifyAccount | None:
        await self.world.script.play("account", member_id)
        return self.world.accounts.get(member_id)

    async def take_notice(self, member_id: int) -> Notice | None:
        return self.world.notices.pop(member_id, None)

    async def give_back(self, notice: Notice) -> None:
        self.world.notices[notice.member_id] = notice

    async def disconnect(self, member_id: int) -> DeletedCounts:
        await self.world.script.play("disconnect", member_id)
        if not await self.is_known(member_id):
            raise NothingKept
        self.world.kept.pop(member_id, None)
        if self.world.accounts.pop(member_id, None) is None:
            return DeletedCounts(playlists=0, entries=0, recommendations=0, saved_playlists=0)
        return DeletedCounts(playlists=2, entries=49, recommendations=3, saved_playlists=1)


class FakeSpotifyApps:
    redirect_uri = "https://crossfade.example/spotify/callback"

    def __init__(self, world: World) -> None:
        self.world = world

    async def of_guild(self, guild_id: int) -> RegisteredApp | None:
        await self.world.script.play("app of_guild", guild_id)
        return self.world.apps.get(guild_id)

    async def set(self, guild_id: int, credentials: AppCredentials, registered_by: int) -> AppRegistration:
        await self.world.script.play("app set", guild_id, credentials, registered_by)
        before = self.world.apps.get(guild_id)
        renewed = before is not None and before.client_id == credentials.client_id
        left = before.members if before is not None and not renewed else 0
        app = RegisteredApp(guild_id, credentials.client_id, NOW, registered_by, before.members if renewed else 0)
        self.world.apps[guild_id] = app
        return AppRegistration(app, renewed, left)

    async def test(self, guild_id: int) -> AppTest:
        await self.world.script.play("app test", guild_id)
        if guild_id not in self.world.apps:
            raise NoServerApp
        return AppTest(self.world.apps[guild_id], self.world.app_fault, self.world.app_cooldown)

    async def remove(self, guild_id: int) -> int:
        await self.world.script.play("app remove", guild_id)
        if guild_id not in self.world.apps:
            raise NoServerApp
        return self.world.apps.pop(guild_id).members


class FakeOnboarding:
    def __init__(self, world: World) -> None:
        self.world = world

    def watch(self, member_id: int, callback: Callable[[OnboardingEvent], Awaitable[None]]) -> None:
        self.world.watchers[member_id] = callback


class FakeLibrary:
    def __init__(self, world: World) -> None:
        self.world = world

    async def playlists(self, member_id: int) -> list[LibraryPlaylist]:
        await self.world.script.play("playlists", member_id)
        self.world.need(member_id)
        return self.world.playlists[member_id]

    async def find_playlists(
        self, member_id: int, text: str, limit: int = 25, *, left_out: bool | None = None
    ) -> list[LibraryPlaylist]:
        await self.world.script.play("find_playlists", member_id, text)
        known = [one for one in self.world.playlists.get(member_id, []) if left_out in {None, one.left_out}]
        return [one for one in known if text.casefold() in one.name.casefold()][:limit]

    async def leave_out(self, member_id: int, playlist_id: int, *, left_out: bool) -> LibraryPlaylist:
        await self.world.script.play("leave_out", member_id, playlist_id, left_out)
        changed = [
            replace(one, left_out=left_out) if one.id == playlist_id else one for one in self.world.playlists[member_id]
        ]
        self.world.playlists[member_id] = changed
        return next(one for one in changed if one.id == playlist_id)


class FakeSyncing:
    def __init__(self, world: World) -> None:
        self.world = world

    async def start(self, member_id: int) -> Sync:
        self.world.need(member_id)
        return Sync(lambda sync: self._run(member_id, sync))

    async def state(self, member_id: int) -> SyncState | None:
        return self.world.syncs.get(member_id)

    async def _run(self, member_id: int, sync: Sync) -> SyncReport:
        self.world.syncing[member_id] = sync
        await self.world.script.play("sync", member_id)
        await self.world.sync_may_end.wait()
        return self.world.report


class FakeRecommendations:
    def __init__(self, world: World) -> None:
        self.world = world

    async def for_playlist(
        self, member_id: int, guild_id: int | None, playlist_id: int, k: int = 10
    ) -> RecommendationSet:
        await self.world.script.play("for_playlist", member_id, guild_id, playlist_id)
        self.world.need(member_id)
        for one in self.world.playlists[member_id]:
            if one.id == playlist_id:
                if not one.n_tracks:
                    raise EmptyPlaylist(one.name)
                return self.world.store(recommendations(k, SetKind.PLAYLIST, one.name, member_id=member_id))
        raise UnknownPlaylist

    async def for_track(self, member_id: int, guild_id: int | None, track: str, k: int = 10) -> RecommendationSet:
        await self.world.script.play("for_track", member_id, guild_id, track)
        if "nowhere" in track:
            raise UnknownTrack(track)
        return self.world.store(recommendations(k, SetKind.TRACK, "Paper Lanterns", member_id=member_id))

    async def find_tracks(self, text: str, limit: int = 25) -> list[TrackInfo]:
        await self.world.script.play("find_tracks", text)
        found = [track_info(number) for number in range(len(TRACKS))]
        return [track for track in found if text.casefold() in track.name.casefold()][:limit]

    async def get(self, set_id: int) -> RecommendationSet:
        await self.world.script.play("get", set_id)
        if set_id not in self.world.sets:
            raise UnknownSet
        return self.world.sets[set_id]


class FakeDiscovery:
    def __init__(self, world: World) -> None:
        self.world = world

    async def discover(self, member_id: int, guild_id: int | None, k: int = 30) -> RecommendationSet:
        await self.world.script.play("discover", member_id, guild_id)
        self.world.need(member_id)
        return self.world.store(recommendations(k, member_id=member_id))


class FakeDigests:
    def __init__(self, world: World) -> None:
        self.world = world

    async def set(
        self, guild_id: int, channel_id: int, weekday: int, hour: int, time_zone: str, created_by: int
    ) -> Digest:
        await self.world.script.play("digest set", guild_id, channel_id, weekday, hour, time_zone, created_by)
        schedule = DigestSchedule(channel_id, weekday, hour, time_zone)
        self.world.digests[guild_id] = Digest(1, guild_id, schedule, True, next_due(schedule, NOW), None)
        return self.world.digests[guild_id]

    async def off(self, guild_id: int) -> None:
        await self.world.script.play("digest off", guild_id)
        if guild_id not in self.world.digests:
            raise NoDigest
        self.world.digests[guild_id] = replace(self.world.digests[guild_id], enabled=False)

    async def status(self, guild_id: int) -> Digest | None:
        await self.world.script.play("digest status", guild_id)
        return self.world.digests.get(guild_id)

    async def preview(self, guild_id: int) -> RecommendationSet:
        await self.world.script.play("digest preview", guild_id)
        return self.world.store(recommendations(10, SetKind.PREVIEW, "This week’s discoveries"))

    def time_zones(self, text: str, limit: int = 25) -> list[str]:
        zones = ["Europe/Berlin", "Europe/London", "America/New_York", "UTC"]
        return [zone for zone in zones if text.casefold() in zone.casefold()][:limit]


class FakePrivacy:
    def __init__(self, world: World) -> None:
        self.world = world

    async def summary(self, member_id: int) -> KeptSummary:
        await self.world.script.play("privacy summary", member_id)
        return self.world.kept.get(member_id, KeptSummary())

    async def export(self, member_id: int) -> MemberExport | None:
        await self.world.script.play("privacy export", member_id)
        return MemberExport("crossfade-2026-11-20.zip", b"PK of one") if member_id in self.world.kept else None

    async def opt_out(self, member_id: int, which: OptOut) -> None:
        await self.world.script.play("opt out", member_id, which)
        kept = self.world.kept.get(member_id, KeptSummary())
        self.world.kept[member_id] = replace(kept, known=True, opt_outs=kept.opt_outs | {which})

    async def opt_in(self, member_id: int, which: OptOut) -> None:
        await self.world.script.play("opt in", member_id, which)
        if kept := self.world.kept.get(member_id):
            self.world.kept[member_id] = replace(kept, opt_outs=kept.opt_outs - {which})


class FakeImports:
    def __init__(self, world: World) -> None:
        self.world = world

    async def take(
        self, member_id: int, guild_id: int | None, file: BroughtFile | None = None, links: str | None = None
    ) -> ImportReport:
        content = await file.read() if file is not None else None
        await self.world.script.play("import", member_id, guild_id, file.name if file else None, content, links)
        self.world.imported[member_id] = ImportedCounts(4, 187, 412)
        left_out = {LeftOut.SHORT_PLAYS: 96, LeftOut.UNMATCHED: 31, LeftOut.EPISODES: 1}
        return ImportReport(4, 187, 82, 412, 0, left_out, ("Playlist2.json was left out: it is damaged.",))

    async def imported(self, member_id: int) -> ImportedCounts:
        await self.world.script.play("imported", member_id)
        return self.world.imported.get(member_id, ImportedCounts())

    async def forget(self, member_id: int) -> ImportedCounts:
        await self.world.script.play("forget imports", member_id)
        return self.world.imported.pop(member_id, ImportedCounts())


class FakeServices:
    """One fake of each use case, over the same world."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.accounts = FakeAccounts(self.world)
        self.spotify_apps = FakeSpotifyApps(self.world)
        self.onboarding = FakeOnboarding(self.world)
        self.library = FakeLibrary(self.world)
        self.syncing = FakeSyncing(self.world)
        self.recommendations = FakeRecommendations(self.world)
        self.discovery = FakeDiscovery(self.world)
        self.playlists = FakePlaylists(self.world)
        self.undoing = FakeUndoing(self.world)
        self.keeping = FakeKeeping(self.world)
        self.digests = FakeDigests(self.world)
        self.privacy = FakePrivacy(self.world)
        self.imports = FakeImports(self.world)
