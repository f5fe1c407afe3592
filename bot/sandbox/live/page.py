"""SimCord's Preview of one channel, made to follow a world that goes on by itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypedDict, cast

from aiohttp import web
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.preview import Preview, _markdown
from simcord.preview._pages import _Page
from simcord.preview._server import PreviewServer

from bot.sandbox.live.browser import EDITS, SCRIPT, STYLE
from bot.sandbox.live.images import LoopbackImages
from bot.sandbox.live.world import LiveEnv

Reason = Literal["initial", "refresh", "snapshot", "navigation", "query", "presentation", "action", "capture"]

MAX_PARSERS = 64


class Place(TypedDict):
    """What a page tells about the server it belongs to: its name, and the port of each channel's page."""

    guild: str
    channels: dict[str, int]


@contextlib.contextmanager
def parsers_are_reused() -> Iterator[None]:
    """Let SimCord make one Markdown parser for equal settings instead of one for every text, until the block ends.

    A page is made anew at every change, and more than half of that time went into building parsers.
    """
    original = _markdown._markdown_parser
    parsers: dict[str, Any] = {}

    def parser(policy: Mapping[str, bool | str], context: Mapping[str, Any]) -> object:
        key = repr((policy, context))
        if key not in parsers:
            if len(parsers) >= MAX_PARSERS:
                parsers.clear()
            parsers[key] = original(policy, context)
        return parsers[key]

    _markdown._markdown_parser = parser
    try:
        yield
    finally:
        _markdown._markdown_parser = original


class LivePreview(Preview):
    """The page of one channel, which every member among `viewers` may look at and use."""

    # A tab that sleeps (a closed laptop) must still work when it wakes up; the number of pages bounds them instead.
    _PAGE_LEASE_SECONDS = 30 * 86_400.0

    def __init__(
        self,
        env: LiveEnv,
        channel: ChannelHandle,
        viewers: Sequence[MemberActor],
        *,
        images: LoopbackImages,
        capability: str,
        timezone: str,
        port: int,
        place: Callable[[], Place],
    ) -> None:
        super().__init__(
            env,
            channel,
            tuple(viewers),
            layout="channel",
            display="responsive",
            width=960,
            height=720,
            locale="en-US",
            timezone=timezone,
            presentation_time=None,
            assets=None,
            port=port,
        )
        self.capability = capability
        self._live_env = env
        self._explicit_assets = cast(Any, images)
        self._server = LiveServer(self, port, place)
        self._shown: dict[str, int] = {}

    async def __aenter__(self) -> LivePreview:
        # SimCord admits one preview at a time by looking at this attribute.
        self.env._preview = None
        self._live_env.show_on(self)
        await super().__aenter__()
        return self

    @property
    def port(self) -> int:
        """The port on which the page is served, while it is."""
        return self._server.port or 0

    def _initial_target(self, viewer: object, channel_id: int) -> int | None:
        # Without a message to focus on, a page opens at the end of the channel and stays there.
        return None

    def _open_page(self, viewer_id: object = None, target_id: object = None) -> _Page:
        # A tab that crashed never says goodbye; the one that was silent for longest makes room.
        if len(self._pages) > self._MAX_PAGES:
            idle = [page for page in self._pages.values() if page not in (self._python, self._action_page)]
            self._close_page(min(idle, key=lambda page: page.last_activity).id)
        self._shown = {key: count for key, count in self._shown.items() if key in self._pages}
        names = {viewer.user.global_name or viewer.name: viewer.id for viewer in self.viewers}
        return super()._open_page(names.get(viewer_id), target_id)

    def _publish(self, page: _Page, *, reason: Reason = "action") -> None:
        # Relative times ("2 minutes ago") are told from the moment of publication.
        self._advance_presentation_time()
        self._shown[page.id] = self._live_env.changes.count
        super()._publish(page, reason=reason)

    def _page_payload(self, page: _Page) -> dict[str, Any]:
        # The browser asks twice a second; SimCord would only answer with news after a click.
        if self._shown.get(page.id) != self._live_env.changes.count:
            self._publish(page, reason="refresh")
        return super()._page_payload(page)

    async def _action(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        # Actions of several visitors wait for each other (three seconds at most) instead of failing as "busy", and
        # news that came between the last look and the click does not make the click "stale".
        async with self._live_env.turn:
            page = self._get_page(context_id)
            if isinstance(body, Mapping):
                current = {"published_revision": page.revision, "bot_generation": self.env._generation}
                body = {**body, **{key: value for key, value in current.items() if key in body}}
            return await super()._action(context_id, body)


class LiveServer(PreviewServer):
    """Serves the page so that a start page on this machine may show it in a frame, and without a tester's tools."""

    _SECURITY_HEADERS: ClassVar[dict[str, str]] = {
        name: value.replace("frame-ancestors 'none'", "frame-ancestors http://127.0.0.1:* http://localhost:*")
        for name, value in PreviewServer._SECURITY_HEADERS.items()
        if name != "X-Frame-Options"
    }

    def __init__(self, preview: Preview, port: int, place: Callable[[], Place]) -> None:
        super().__init__(preview, port)
        self._place = place

    async def _static(self, request: web.Request) -> web.Response:
        response: web.Response = await super()._static(request)
        if request.path.startswith("/fonts/"):
            # Thirty megabytes that never change should not be read again on every visit.
            response.headers["Cache-Control"] = "private, max-age=86400"
            del response.headers["Pragma"]
            return response
        text = str(response.text)
        if request.path in EDITS:
            text = text.replace(*EDITS[request.path])
        if request.path == "/preview.css":
            text += STYLE
        elif request.path == "/app.js":
            text += SCRIPT.replace("PLACE", json.dumps(self._place()))
        response.text = text
        return response
