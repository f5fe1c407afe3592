"""Whatever people call their music, Discord shows it as words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simcord.preview._markdown import markdown_tokens

from bot.discord.markdown import clean, clip, escape, label, link, moment, sentence, units, web_url, words

unhurried = settings(deadline=None)

MARKUP = r"*_~`|<>#[]()\-+=@:&0123456789. "
NASTY = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.text(alphabet=MARKUP, max_size=8),
        st.sampled_from(
            [
                "@everyone",
                "@here",
                "<@123456789012345678>",
                "<@&1>",
                "<#1>",
                "</connect:1>",
                "<t:0:R>",
                "<:party:1>",
                ":smile:",
                "](https://evil.example)",
                "[x](https://evil.example)",
                "https://evil.example/a_b",
                "# heading\n",
                "\n-# small\n",
                "```py\n",
                "||",
                "العربية",
                "\u202eabc",
                "👩‍👩‍👧",
                "1. one",
                "> quote",
            ]
        ),
    ),
    max_size=6,
).map("".join)


def flat(tokens: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    for token in tokens:
        yield token
        children = token.get("children")
        if isinstance(children, list):
            yield from flat(children)


def kinds(text: str) -> set[str]:
    """Return the kinds of things that SimCord's reading of Discord's markdown finds in a line."""
    context = {"users": {"123456789012345678": "mia"}, "everyone": True, "commands": {"1": "connect"}}
    return {str(token["type"]) for token in flat(markdown_tokens(text, "text_display", context=context))}


@unhurried
@given(NASTY)
def test_nothing_but_words_comes_of_any_text(text: str) -> None:
    assert kinds(words(text, 200)) <= {"text", "inline", "paragraph"}


@unhurried
@given(NASTY)
def test_nobody_is_mentioned_and_no_address_becomes_a_link_by_itself(text: str) -> None:
    shown = words(text, 200)
    assert "@everyone" not in shown
    assert "@here" not in shown
    assert not re.search(r"(?<!\\)<[@#:a/t]", shown)
    assert "://" not in shown


@unhurried
@given(NASTY)
def test_a_link_keeps_its_address_and_stays_one_link_whatever_the_name(text: str) -> None:
    shown = link(text, "https://open.spotify.com/track/abc", 80, "Untitled")
    assert shown.endswith("](https://open.spotify.com/track/abc)")
    assert shown.count("[") == 1
    assert shown.count("]") == 1
    tokens = list(flat(markdown_tokens(f"**{shown}**", "text_display", context={})))
    assert [token["href"] for token in tokens if token["type"] == "link_open"] == ["https://open.spotify.com/track/abc"]
    assert {"strong_open", "strong_close"} <= {token["type"] for token in tokens}


@unhurried
@given(NASTY, st.integers(min_value=1, max_value=60))
def test_a_text_is_never_longer_than_twice_its_limit_and_an_isolate(text: str, limit: int) -> None:
    characters = sum(1 for char in words(text, limit) if char not in "\\\u200b\u2068\u2069")
    assert characters <= limit
    assert len(words(text, limit)) <= 2 * limit + 2


@unhurried
@given(NASTY)
def test_what_is_kept_is_on_one_line_and_can_be_seen(text: str) -> None:
    kept = clean(text)
    assert kept == " ".join(kept.split())
    assert not re.search("[\u0000-\u001f\u202a-\u202e\u2066-\u2069]", kept)


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u200d", "\ufe0f", "\u3164", "\u202e"])
def test_a_name_of_which_nothing_can_be_seen_counts_as_none(text: str) -> None:
    assert clean(text) == ""
    assert link(text, "https://open.spotify.com/track/a", 80, "Untitled") == (
        "[Untitled](https://open.spotify.com/track/a)"
    )


def test_plain_names_stay_as_they_are() -> None:
    for name in ("Don't Stop (Live)", "Beyoncé & Jay", "AC/DC – T.N.T.", "Re: Stacks", "君の名は", "99 Luftballons!"):
        assert words(name, 80) == name


def test_square_brackets_in_a_link_become_round() -> None:
    assert link("Song [Remastered]", "https://open.spotify.com/track/a", 80, "x").startswith("[Song (Remastered)](")


def test_right_to_left_names_do_not_turn_the_rest_of_the_line() -> None:
    assert words("فيروز", 80) == "\u2068فيروز\u2069"


def test_a_cut_takes_whole_characters() -> None:
    family = "👩\u200d👩\u200d👧"
    assert clip(f"ab{family}", 5) == "ab…"
    assert clip("cafe\u0301s", 5) == "caf…"
    assert clip("short", 5) == "short"


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "spotify:track:1",
        "https://a b",
        "https://a)b",
        "https://a>b",
        "ftp://a",
        "https://a/" + "b" * 600,
    ],
)
def test_an_address_that_would_break_a_message_is_left_out(url: str | None) -> None:
    assert web_url(url) is None
    assert link("Song", url, 80, "x") == "Song"


def test_a_sentence_keeps_its_times_channels_and_code_and_escapes_what_it_quotes() -> None:
    text = "Ask <t:1795176600:R> in <#42> with `crossfade train`: “*all* @everyone <@1>” is unknown, use /sync."
    shown = sentence(text, lambda part: part.replace("/sync", "</sync:7>"))
    assert "<t:1795176600:R>" in shown
    assert "<#42>" in shown
    assert "`crossfade train`" in shown
    assert "</sync:7>" in shown
    assert r"\*all\*" in shown
    assert "@everyone" not in shown
    assert r"\<@" in shown


def test_a_label_is_plain_text_of_the_right_length() -> None:
    assert label("  *a*\n b ", 80) == "*a* b"
    assert len(label("x" * 200, 100)) == 100
    assert label("\u200b", 100, "nothing") == "nothing"


def test_lengths_count_as_the_stricter_of_the_two_ways() -> None:
    assert units("a😀") == 3
    assert moment(datetime(2026, 11, 20, tzinfo=UTC), "R") == "<t:1795132800:R>"
    assert escape("1. FC") == "\u200b1. FC"
