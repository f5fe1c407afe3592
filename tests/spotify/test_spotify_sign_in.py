"""Signing in at the Spotify stand-in, staying signed in, and being turned away."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from spotify_kit import NOW, VERIFIER, StandingClock
from standin_kit import CLIENT_SECRET, adapter_for, consent, playlist_named, sign_in

from bot.domain.errors import (
    AccessTokenRejected,
    AuthorisationRevoked,
    SpotifyRefused,
    SpotifyUnavailable,
)
from bot.sandbox.spotify import SpotifyServer
from bot.spotify import SCOPES, SpotifyAdapter
from bot.spotify.errors import NOT_ON_THE_LIST, NOT_YOURS, SCOPE_MISSING, WRONG_CLIENT


async def test_a_member_signs_in(client: SpotifyAdapter, spotify: SpotifyServer) -> None:
    answer = await consent(client.authorize_url("state-1", VERIFIER), "mirasolenne")
    tokens = await client.exchange_code(answer["code"], VERIFIER)
    profile = await client.profile(tokens.access_token)

    mira = spotify.state.listener("mirasolenne").profile
    assert answer["state"] == "state-1"
    assert tokens.scopes == frozenset(SCOPES)
    assert tokens.expires_at == NOW + timedelta(hours=1)
    assert (profile.account_id, profile.user_id, profile.display_name) == (mira.account_id, mira.id, "Mira Solenne")


async def test_another_verifier_does_not_fit_and_a_code_works_once(client: SpotifyAdapter) -> None:
    stolen = await consent(client.authorize_url("state-1", VERIFIER), "mirasolenne")
    used = await consent(client.authorize_url("state-2", VERIFIER), "mirasolenne")
    await client.exchange_code(used["code"], VERIFIER)

    with pytest.raises(AuthorisationRevoked):
        await client.exchange_code(stolen["code"], VERIFIER[::-1])
    with pytest.raises(AuthorisationRevoked):
        await client.exchange_code(used["code"], VERIFIER)


async def test_tokens_are_refreshed_until_the_member_takes_the_authorisation_back(
    client: SpotifyAdapter, spotify: SpotifyServer, clock: StandingClock
) -> None:
    first = await sign_in(client)
    clock.moment = NOW + timedelta(hours=2)
    with pytest.raises(AccessTokenRejected):
        await client.profile(first.access_token)

    second = await client.refresh(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert (await client.profile(second.access_token)).user_id == "mirasolenne"

    spotify.state.revoke("mirasolenne")
    with pytest.raises(AccessTokenRejected):
        await client.profile(second.access_token)
    with pytest.raises(AuthorisationRevoked):
        await client.refresh(second.refresh_token)


async def test_an_outage_of_the_token_endpoint_leaves_the_authorisation_alone(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    tokens = await sign_in(client)
    spotify.state.faults.add("POST", "/api/token", status=503)

    with pytest.raises(SpotifyUnavailable):
        await client.refresh(tokens.refresh_token)

    assert (await client.refresh(tokens.refresh_token)).access_token


async def test_a_confidential_client_keeps_its_refresh_token(spotify: SpotifyServer, clock: StandingClock) -> None:
    confidential, wrong = adapter_for(spotify, clock, CLIENT_SECRET), adapter_for(spotify, clock, "another-secret")

    tokens = await sign_in(confidential)
    renewed = await confidential.refresh(tokens.refresh_token)
    with pytest.raises(SpotifyRefused, match=re.escape(WRONG_CLIENT)):
        await wrong.refresh(tokens.refresh_token)
    await confidential.close()
    await wrong.close()

    assert renewed.refresh_token == tokens.refresh_token
    assert renewed.access_token != tokens.access_token


async def test_somebody_elses_playlist_is_refused_with_the_reason(client: SpotifyAdapter) -> None:
    tokens = await sign_in(client)
    followed = await playlist_named(client, tokens.access_token, "neon nights")

    with pytest.raises(SpotifyRefused, match=re.escape(NOT_YOURS)):
        await client.playlist_items(tokens.access_token, followed.spotify_id)
    with pytest.raises(SpotifyRefused, match=re.escape(NOT_YOURS)):
        await client.put_items(tokens.access_token, followed.spotify_id, [])


async def test_a_member_who_is_not_registered_is_told_whom_to_ask(
    client: SpotifyAdapter, spotify: SpotifyServer
) -> None:
    tokens = await sign_in(client)
    spotify.state.registered_users = {"jonaskettleburn"}

    with pytest.raises(SpotifyRefused, match=re.escape(NOT_ON_THE_LIST)):
        await client.profile(tokens.access_token)


async def test_a_missing_scope_leads_back_to_connect(client: SpotifyAdapter) -> None:
    url = client.authorize_url("state-1", VERIFIER)
    narrowed = re.sub(r"scope=[^&]*", "scope=playlist-read-private", url)
    answer = await consent(narrowed, "mirasolenne")
    tokens = await client.exchange_code(answer["code"], VERIFIER)

    assert tokens.scopes == {"playlist-read-private"}
    with pytest.raises(SpotifyRefused, match=re.escape(SCOPE_MISSING)):
        await client.create_playlist(tokens.access_token, "Found", "", public=False)
