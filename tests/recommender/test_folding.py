"""Text is folded the same way whether or not it takes the short way of plain ASCII."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.search import fold


def by_definition(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


@given(st.one_of(st.text(), st.text(st.characters(max_codepoint=127))))
def test_folding_is_what_its_definition_says(text: str) -> None:
    assert fold(text) == by_definition(text)


@pytest.mark.parametrize("code", range(128))
def test_every_ascii_character_is_folded_by_the_definition(code: int) -> None:
    assert fold(f"A{chr(code)}B {chr(code)}") == by_definition(f"A{chr(code)}B {chr(code)}")
