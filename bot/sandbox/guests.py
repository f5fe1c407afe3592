"""Guests of the demo: members who have linked a sample listener before the visitor comes."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx

from bot.domain.accounts import SpotifyAccount
from bot.services.registry import Services


async def consent(url: str, listener_id: str) -> httpx.URL:
    """Agree on the stand-in's consent page as a browser would; return where it leads back to."""
    asked = httpx.URL(url)
    form = {**asked.params, "listener": listener_id, "decision": "agree"}
    async with httpx.AsyncClient(follow_redirects=False) as browser:
        answer = await browser.post(asked.copy_with(query=None), data=form)
    return httpx.URL(answer.headers["location"])


async def agree(browser: httpx.AsyncClient, back: httpx.URL, decision: str = "connect") -> httpx.Response:
    """Go back to the bot's own page and answer its question as a browser would; return what it then shows.

    Args:
        browser: asks the bot's web server.
        back: where the consent page leads back to.
        decision: the value of the button that is pressed.
    """
    asked = await browser.get(back.raw_path.decode())
    form = _Form(asked.text)
    if form.action is None:
        return asked
    return await browser.post(form.action, data={**form.fields, "decision": decision})


class _Form(HTMLParser):
    """The one form of a page: where it is sent to, and its hidden fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the form needs."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif tag == "input":
            self.fields[given["name"]] = given["value"]


async def link_guest(services: Services, member_id: int, guild_id: int, listener_id: str) -> SpotifyAccount:
    """Link a member to a sample listener and read the listener's playlists."""
    link = await services.accounts.begin_login(member_id, guild_id, member_name=listener_id)
    back = await consent(link.url, listener_id)
    account = await services.accounts.complete_login(back.params["state"], back.params["code"])
    await services.library.sync(account.member_id)
    return account
