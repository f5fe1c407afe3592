"""Guests of the demo: members who have linked a sample listener before the visitor comes."""

from __future__ import annotations

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


async def link_guest(services: Services, member_id: int, guild_id: int, listener_id: str) -> SpotifyAccount:
    """Link a member to a sample listener and read the listener's playlists."""
    link = await services.accounts.begin_login(member_id, guild_id)
    back = await consent(link.url, listener_id)
    account = await services.accounts.complete_login(back.params["state"], back.params["code"])
    await services.library.sync(account.member_id)
    return account
