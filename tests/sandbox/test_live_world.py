"""What the live Discord page builds on in SimCord: a version that renames any of it must fail here, by name."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import discord
import httpx
import pytest
from discord.webhook.async_ import AsyncWebhookAdapter

pytest.importorskip("simcord", reason="the demo extra is not installed")

import simcord
from simcord.env import Env
from simcord.preview import Preview, _markdown
from simcord.preview._server import PreviewServer

from bot.domain.errors import CrossfadeError
from bot.sandbox import live_discord as live_module
from bot.sandbox.live import browser
from bot.sandbox.live.images import LoopbackImages
from bot.sandbox.live.page import LivePreview, LiveServer, parsers_are_reused
from bot.sandbox.live.world import KEPT_ENTRIES, LiveEnv, RecentEntries, WallClock, answers_stay_here
from bot.sandbox.live_discord import LiveMember, check_simcord, live_discord

SUBCLASSES = [(LiveEnv, Env), (LivePreview, Preview), (LiveServer, PreviewServer)]
OVERRIDES = [
    (ours, theirs, name)
    for ours, theirs in SUBCLASSES
    for name in vars(ours)
    if name.startswith("_") and name not in {"__init__", "__module__", "__doc__", "__annotations__", "__parameters__"}
]
STATIC = Path(inspect.getfile(Preview)).parent / "static"


def client() -> discord.Client:
    return discord.Client(intents=discord.Intents.none())


def parameters(function: object) -> list[tuple[str, object]]:
    return [(item.name, item.kind) for item in inspect.signature(function).parameters.values()]  # type: ignore[arg-type]


def test_the_installed_simcord_is_the_one_this_page_was_made_for() -> None:
    assert version("simcord") == simcord.__version__ == live_module.SIMCORD_VERSION == "3.2.1"
    check_simcord()


def test_another_simcord_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "SIMCORD_VERSION", "9.9.9")
    with pytest.raises(
        CrossfadeError, match=r"needs simcord 9\.9\.9 but 3\.2\.1 is installed: install crossfade\[demo\]"
    ):
        check_simcord()


def test_a_missing_simcord_is_told_in_the_same_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(live_module, "version", missing)
    with pytest.raises(CrossfadeError, match=r"needs simcord 3\.2\.1 but none is installed: install crossfade\[demo\]"):
        check_simcord()


@pytest.mark.parametrize(("ours", "theirs", "name"), OVERRIDES, ids=lambda value: getattr(value, "__name__", value))
def test_every_override_replaces_something_of_the_same_shape(ours: type, theirs: type, name: str) -> None:
    assert hasattr(theirs, name), f"simcord no longer has {theirs.__name__}.{name}"
    if callable(getattr(theirs, name)):
        assert parameters(getattr(ours, name)) == parameters(getattr(theirs, name))


@pytest.mark.parametrize(("ours", "theirs"), SUBCLASSES)
def test_no_name_of_ours_hides_one_of_simcord(ours: type, theirs: type) -> None:
    public = [name for name in vars(ours) if not name.startswith("_")]
    assert [name for name in public if hasattr(theirs, name)] == []


async def test_the_attributes_that_are_read_or_replaced_exist() -> None:
    env = Env(client())
    guild = env.create_guild("any")
    channel = guild.create_text_channel("any")
    preview = Preview(
        env,
        channel,
        (guild.add_member(env.create_user("any")),),
        layout="channel",
        display="responsive",
        width=960,
        height=720,
        locale="en-US",
        timezone="UTC",
        presentation_time=None,
        assets=None,
        port=0,
    )
    for owner, names in (
        (env, ["_preview", "_generation"]),
        (env.backend, ["clock", "transcript", "http_requests", "bot_user"]),
        (preview, ["capability", "_server", "_explicit_assets", "_pages", "_python", "_action_page", "_MAX_PAGES"]),
        (preview, ["_get_page", "_close_page", "_mark_action_dispatched", "_advance_presentation_time"]),
        (preview._server, ["port"]),
        (env.backend.clock, ["elapsed", "now", "advance"]),
    ):
        assert [name for name in names if not hasattr(owner, name)] == []
    for owner, names in ((env, ["changes", "turn", "_asked", "_previews"]), (preview, ["_live_env", "_shown"])):
        assert [name for name in names if hasattr(owner, name)] == [], "a name of ours is now one of simcord's"


def test_the_page_still_has_what_the_style_and_the_script_refer_to() -> None:
    index = (STATIC / "index.html").read_text()
    for name in (
        "refresh", "capture-open", "inspector-toggle", "inspector-panel", "back-activity", "view-action-output",
        "layout-label", "message-search-form", "message-picker-empty", "viewer-picker", "messages-toggle",
        "channel-timeline", "channel-composer",
    ):  # fmt: skip
        assert f'id="{name}"' in index
        assert name in browser.STYLE + browser.SCRIPT
    for name in ("session-menu", "channel-context", "message-navigation", "advanced-search", "sidebar-heading"):
        assert f'class="{name}' in index
    for path, (text, _) in browser.EDITS.items():
        assert (STATIC / path.strip("/")).read_text().count(text) == 1


def test_only_pages_of_this_machine_may_frame_the_page() -> None:
    assert PreviewServer._SECURITY_HEADERS["X-Frame-Options"] == "DENY"
    assert "X-Frame-Options" not in LiveServer._SECURITY_HEADERS
    policy = LiveServer._SECURITY_HEADERS["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors http://127.0.0.1:* http://localhost:*")
    assert "img-src 'self' blob:" in policy


def test_time_is_the_clock_that_was_handed_in() -> None:
    moments = iter([datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=second) for second in (0, 5, 9)])
    clock = WallClock(lambda: next(moments))
    assert clock.elapsed == 5
    clock.advance(100)
    assert clock.now() == datetime(2026, 11, 21, 0, 0, 9, tzinfo=UTC)


def test_the_log_of_traffic_does_not_grow_for_ever() -> None:
    noted: list[None] = []
    log = RecentEntries[int](lambda: noted.append(None))
    for entry in range(5 * KEPT_ENTRIES):
        log.append(entry)
    assert len(log) <= 2 * KEPT_ENTRIES
    assert log[-1] == 5 * KEPT_ENTRIES - 1
    assert len(noted) == 5 * KEPT_ENTRIES


def test_one_parser_serves_texts_of_equal_settings_and_only_inside_the_block() -> None:
    original = _markdown._markdown_parser
    texts = ["**bold** <@1>", "a [link](http://127.0.0.1/)", "||hidden||"]
    contexts = [{"users": {"1": "Alice"}}, {"users": {"1": "Bob"}}]
    plain = [_markdown.markdown_tokens(text, context=context) for context in contexts for text in texts]
    with contextlib.suppress(KeyError), parsers_are_reused():
        policy = _markdown._FIELD_POLICIES["message"]
        assert _markdown._markdown_parser(policy, contexts[0]) is _markdown._markdown_parser(policy, dict(contexts[0]))
        assert plain == [_markdown.markdown_tokens(text, context=context) for context in contexts for text in texts]
        raise KeyError
    assert _markdown._markdown_parser is original


async def test_webhook_calls_go_to_discord_again_after_the_block() -> None:
    original = AsyncWebhookAdapter.request
    with contextlib.suppress(KeyError), answers_stay_here(LiveEnv(client(), now=lambda: datetime.now(UTC))):
        assert AsyncWebhookAdapter.request is not original
        raise KeyError
    assert AsyncWebhookAdapter.request is original


@pytest.mark.parametrize(
    ("channels", "members", "admin", "complaint"),
    [
        ([], ["Alice"], None, "at least one channel"),
        (["music", "music"], ["Alice"], None, "each only once: music, music"),
        (["music"], [], None, "at least one member"),
        (["music"], ["Alice", LiveMember("Alice", "Al")], None, "each only once: Alice, Alice"),
        (["music"], ["Alice"], "Bob", "'Bob' is not among the members: Alice"),
    ],
)
async def test_names_that_cannot_be_are_refused(
    channels: list[str], members: list[str | LiveMember], admin: str | None, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        async with live_discord(client(), guild_name="any", channel_names=channels, member_names=members, admin=admin):
            pytest.fail("must not begin")


async def images_of(answer: httpx.Response) -> LoopbackImages:
    images = LoopbackImages(lambda: None)
    await images._client.aclose()
    images._client = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: answer))
    return images


@pytest.mark.parametrize(
    ("url", "answer", "shown"),
    [
        ("http://127.0.0.1:1/a.png", httpx.Response(200, headers={"content-type": "image/png"}, content=b"x"), True),
        ("http://localhost:1/a", httpx.Response(200, headers={"content-type": "image/png"}, content=b"x"), True),
        ("http://127.0.0.1:1/a.png", httpx.Response(200, headers={"content-type": "text/html"}, content=b"x"), False),
        ("http://127.0.0.1:1/a.png", httpx.Response(404), False),
        ("http://127.0.0.1.example/a.png", httpx.Response(200, headers={"content-type": "image/png"}), False),
        ("http://192.168.1.1/a.png", httpx.Response(200, headers={"content-type": "image/png"}), False),
        ("file:///etc/hostname", httpx.Response(200, headers={"content-type": "image/png"}), False),
    ],
)
async def test_only_pictures_of_this_machine_are_fetched(url: str, answer: httpx.Response, shown: bool) -> None:
    images = await images_of(answer)
    assert images.get(url) is None
    await asyncio.gather(*images._fetching.values())
    assert images.get(url) == (("image.png", b"x") if shown else None)
    await images.close()
