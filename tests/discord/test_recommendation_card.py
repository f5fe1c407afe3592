"""A list of recommendations fits Discord's limits whatever the music is called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from discord_samples import recommendations
from hypothesis import given
from hypothesis import strategies as st
from simcord.components import walk_components
from test_discord_markdown import NASTY, unhurried

from bot.discord.markdown import units
from bot.discord.views.layout import Card
from bot.discord.views.recommendations import page_count, recommendation_card
from bot.domain.library import ArtistRef, TrackInfo
from bot.domain.recommendations import Pick, SetKind

LONG = st.one_of(NASTY, st.text(alphabet="*_😀@é[]<", min_size=300, max_size=600))
URLS = st.one_of(
    st.none(),
    st.just("https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC"),
    st.integers(1, 700).map(lambda length: "https://open.spotify.com/" + "x" * length),
    st.text(max_size=20),
)
TRACKS = st.builds(
    TrackInfo,
    uri=st.just("spotify:track:4uLU6hMCjMI75M1A2tKUQC"),
    name=LONG,
    artists=st.lists(st.builds(ArtistRef, LONG), max_size=3).map(tuple),
    image_url=URLS,
    url=URLS,
)
PICKS = st.builds(Pick, TRACKS, st.just(0.5), st.lists(LONG, max_size=2).map(tuple))


def components(card: Card) -> list[dict[str, Any]]:
    return list(walk_components(card.to_components()))


def texts(card: Card) -> list[str]:
    return [part["content"] for part in components(card) if part["type"] == 10]


def buttons(card: Card) -> dict[str, dict[str, Any]]:
    return {part["label"]: part for part in components(card) if part["type"] == 2}


@unhurried
@given(
    picks=st.lists(PICKS, min_size=0, max_size=3),
    copies=st.integers(1, 10),
    title=LONG,
    subtitle=LONG,
    model=LONG,
    page=st.integers(0, 9),
    kind=st.sampled_from(SetKind),
)
def test_any_names_fit_into_a_message(
    picks: list[Pick], copies: int, title: str, subtitle: str, model: str, page: int, kind: SetKind
) -> None:
    shown = replace(
        recommendations(0, kind), picks=tuple(picks * copies), title=title, subtitle=subtitle, model=model, id=2**63 - 1
    )
    card = recommendation_card(shown, page)
    parts = components(card)
    assert len(parts) <= 40
    assert sum(units(text) for text in texts(card)) <= 4000
    assert all(text.strip() for text in texts(card))
    assert all(len(part["custom_id"]) <= 100 for part in parts if "custom_id" in part)
    ids = [part["custom_id"] for part in parts if "custom_id" in part]
    assert len(ids) == len(set(ids))


def test_ten_long_names_are_shortened_and_none_is_left_out() -> None:
    track = TrackInfo(
        uri="spotify:track:1",
        name="*" * 500,
        artists=(ArtistRef("_" * 500),),
        url="https://open.spotify.com/track/" + "a" * 150,
        image_url="https://i.example/1.png",
    )
    card = recommendation_card(replace(recommendations(0), picks=(Pick(track, 1.0, ("~" * 300,)),) * 10))
    assert sum(units(text) for text in texts(card)) <= 4000
    assert len([part for part in components(card) if part["type"] == 9]) == 10


def test_a_track_is_its_linked_name_its_artists_and_the_first_reason() -> None:
    card = recommendation_card(recommendations(1))
    assert texts(card)[1] == (
        "**[Paper Lanterns](https://open.spotify.com/track/0000000000000000000000)**\n"
        "Mira Solen\n"
        "-# In 41 playlists together with “Harbour Lights”"
    )


def test_a_track_without_a_cover_is_text_alone() -> None:
    bare = recommendations(2)
    first, second = bare.picks
    card = recommendation_card(
        replace(bare, picks=(replace(first, track=replace(first.track, image_url=None)), second))
    )
    assert [part["type"] for part in card.to_components()[0]["components"]] == [10, 14, 10, 9, 14, 10, 1]


def test_ten_tracks_need_no_pages() -> None:
    card = recommendation_card(recommendations(10))
    assert list(buttons(card)) == ["Save to Spotify", "Preview"]
    assert " of 10" not in texts(card)[-1]


@pytest.mark.parametrize(
    ("page", "shown", "previous", "following"),
    [(0, "1–10 of 25", True, False), (1, "11–20 of 25", False, False), (2, "21–25 of 25", False, True)],
)
def test_more_tracks_are_paged(page: int, shown: str, previous: bool, following: bool) -> None:
    card = recommendation_card(recommendations(25), page)
    assert shown in texts(card)[-1]
    assert buttons(card)["Previous"]["disabled"] is previous
    assert buttons(card)["Next"]["disabled"] is following


def test_a_page_that_does_not_exist_becomes_the_last() -> None:
    card = recommendation_card(recommendations(25), 99)
    assert "21–25 of 25" in texts(card)[-1]
    assert page_count(recommendations(25)) == 3


def test_the_footer_names_the_source_and_the_model() -> None:
    assert texts(recommendation_card(recommendations(3)))[-1] == (
        "-# [Data from Spotify](https://open.spotify.com) · model 2026-11-20-a"
    )


def test_answers_to_a_name_say_what_they_go_with() -> None:
    card = recommendation_card(recommendations(3, SetKind.PLAYLIST, "Rainy *day*", "From all 4 of its tracks"))
    assert texts(card)[0] == "## Goes with “Rainy \\*day\\*”\nFrom all 4 of its tracks"


def test_nothing_found_is_said_kindly_and_cannot_be_saved() -> None:
    card = recommendation_card(recommendations(0))
    assert "Nothing here this time" in texts(card)[1]
    assert not buttons(card)
