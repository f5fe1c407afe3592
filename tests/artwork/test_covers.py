"""Covers: small enough whatever is written on them, and their own for each list."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.artwork.covers import LARGEST, SIZE, AbstractCovers

COVERS = AbstractCovers()


@pytest.mark.parametrize(
    "title",
    [
        "Crossfade discoveries",
        "",
        "🎉🎉🎉",
        "夜のドライブ",
        "Паровоз",
        "Älü ß Łódź",
        "W" * 500,
        "a b " * 200,
        "\x00\u202e\ud800",
    ],
)
def test_any_title_makes_a_square_jpeg_that_spotify_takes(title: str) -> None:
    stored = COVERS.draw(f"Goes with {title}", "20 Nov 2026", "seed")
    picture = Image.open(io.BytesIO(stored))
    assert (picture.format, picture.size) == ("JPEG", (SIZE, SIZE))
    assert len(stored) <= LARGEST


@settings(max_examples=12, deadline=None)
@given(st.text(max_size=120), st.text(max_size=30), st.text(max_size=60))
def test_no_cover_is_too_large(title: str, subtitle: str, seed: str) -> None:
    assert 5_000 < len(COVERS.draw(title, subtitle, seed)) <= LARGEST


def test_a_list_keeps_its_cover_and_another_gets_another() -> None:
    first = COVERS.draw("Crossfade weekly", "20 Nov 2026", "one")
    assert COVERS.draw("Crossfade weekly", "20 Nov 2026", "one") == first
    assert COVERS.draw("Crossfade weekly", "20 Nov 2026", "other") != first


@pytest.mark.parametrize("text", ["Rainy day", "Café"])
def test_the_title_is_written_in_white_where_it_is_dark(text: str) -> None:
    with_title = Image.open(io.BytesIO(COVERS.draw(text, "", "seed"))).convert("L")
    words = with_title.crop((40, SIZE - 160, SIZE - 40, SIZE - 40))
    darkest, brightest = words.getextrema()
    assert brightest > 245
    assert darkest < 70
    assert sum(words.histogram()[240:]) > 1000
