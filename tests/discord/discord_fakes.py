"""The services as the Discord face sees them, kept in memory, with faults and delays on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from discord_samples import NOW, TRACKS, account, playlist, recommendations, report, track_info

from bot.domain.accounts import DeletedCounts, LoginLink, Notice, SpotifyAccount
from bot.domain.digests import Digest, DigestSchedule
from bot.domain.errors import EmptyPlaylist, NoDigest, NotConnected, UnknownPlaylist, UnknownSet, UnknownTrack
from bot.domain.library import CreatedPlaylist, LibraryPlaylist, SyncReport, TrackInfo
from bot.domain.privacy import KeptSummary, MemberExport, OptOut
from bot.domain.recommendations import RecommendationSet, SetKind
from bot.services.onboarding import OnboardingEvent
from bot.services.playlists import SaveOutcome
from bot.services.schedule import next_due


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


@dataclass
class World:
    """Everything the fake services know."""

    script: Script = field(default_factory=Script)
    accounts: dict[int, SpotifyAccount] = field(default_factory=dict)
    playlists: dict[int, list[LibraryPlaylist]] = field(default_factory=dict)
    sets: dict[int, RecommendationSet] = field(default_factory=dict)
    saves: dict[tuple[int, int], CreatedPlaylist] = field(default_factory=dict)
    watchers: dict[int, Callable[[OnboardingEvent], Awaitable[None]]] = field(default_factory=dict)
    digests: dict[int, Digest] = field(default_factory=dict)
    notices: dict[int, Notice] = field(default_factory=dict)
    kept: dict[int, KeptSummary] = field(default_factory=dict)
    login_url: str = "https://accounts.example/authorize?state=abc"

    def connect(self, member_id: int, name: str = "Mia") -> SpotifyAccount:
        self.accounts[member_id] = account(member_id, name)
        self.playlists[member_id] = [playlist(1, "Rainy day", 42), playlist(2, "Kitchen dancing", 7)]
        return self.accounts[member_id]

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

    async def begin_login(self, member_id: int, guild_id: int | None) -> LoginLink:
        await self.world.script.play("begin_login", member_id, guild_id)
        return LoginLink(self.world.login_url, NOW + timedelta(minutes=10))

    async def account(self, member_id: int) -> SpotifyAccount | None:
        await self.world.script.play("account", member_id)
        return self.world.accounts.get(member_id)

    async def take_notice(self, member_id: int) -> Notice | None:
        return self.world.notices.pop(member_id, None)

    async def give_back(self, notice: Notice) -> None:
        self.world.notices[notice.member_id] = notice

    async def disconnect(self, member_id: int) -> DeletedCounts:
        await self.world.script.play("disconnect", member_id)
        self.world.need(member_id)
        del self.world.accounts[member_id]
        return DeletedCounts(playlists=2, entries=49, recommendations=3, saved_playlists=1)


class FakeOnboarding:
    def __init__(self, world: World) -> None:
        self.world = world

    def watch(self, member_id: int, callback: Callable[[OnboardingEvent], Awaitable[None]]) -> None:
        self.world.watchers[member_id] = callback


class FakeLibrary:
    def __init__(self, world: World) -> None:
        self.world = world

    async def sync(self, member_id: int) -> SyncReport:
        await self.world.script.play("sync", member_id)
        self.world.need(member_id)
        return report()

    async def playlists(self, member_id: int) -> list[LibraryPlaylist]:
        await self.world.script.play("playlists", member_id)
        self.world.need(member_id)
        return self.world.playlists[member_id]

    async def find_playlists(self, member_id: int, text: str, limit: int = 25) -> list[LibraryPlaylist]:
        await self.world.script.play("find_playlists", member_id, text)
        known = self.world.playlists.get(member_id, [])
        return [one for one in known if text.casefold() in one.name.casefold()][:limit]


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


class FakePlaylists:
    def __init__(self, world: World) -> None:
        self.world = world

    async def save(self, member_id: int, set_id: int) -> SaveOutcome:
        await self.world.script.play("save", member_id, set_id)
        if set_id not in self.world.sets:
            raise UnknownSet
        self.world.need(member_id)
        already = (member_id, set_id) in self.world.saves
        name = "Crossfade discoveries · 20 Nov 2026"
        made = CreatedPlaylist(f"p{member_id}", name, f"https://open.spotify.com/playlist/p{member_id}x{set_id}")
        saved = self.world.saves.setdefault((member_id, set_id), made)
        return SaveOutcome(saved, already=already, n_tracks=len(self.world.sets[set_id].picks))


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


class FakeServices:
    """One fake of each use case, over the same world."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.accounts = FakeAccounts(self.world)
        self.onboarding = FakeOnboarding(self.world)
        self.library = FakeLibrary(self.world)
        self.recommendations = FakeRecommendations(self.world)
        self.discovery = FakeDiscovery(self.world)
        self.playlists = FakePlaylists(self.world)
        self.digests = FakeDigests(self.world)
        self.privacy = FakePrivacy(self.world)
