"""What of a list is written: each song once, a name, and a description of one plain line."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.library import ArtistRef, TrackInfo
from bot.domain.recommendations import Pick, RecommendationSet, SetKind
from bot.services.saving.content import content_of, description_of, playlist_name, series_of

ALICE, BOB, GUILD = 1, 2, 3
AT = datetime(2026, 11, 6, 12, tzinfo=UTC)


def track(number: int, name: str = "", artist: str = "Ann Lee", isrc: str | None = None) -> TrackInfo:
    return TrackInfo(f"spotify:track:{number:022}", name or f"Song {number}", (ArtistRef(artist),), isrc=isrc)


def listed(
    *tracks: TrackInfo,
    kind: SetKind = SetKind.DISCOVER,
    title: str = "Rainy day",
    subtitle: str = "30 tracks you do not have yet",
    member_id: int | None = ALICE,
    reasons: tuple[str, ...] = (),
) -> RecommendationSet:
    picks = tuple(Pick(one, 1.0, reasons) for one in tracks)
    return RecommendationSet(9, kind, title, subtitle, member_id, GUILD, "model", AT, picks)


def test_the_same_uri_is_written_once() -> None:
    content = content_of(listed(track(1), track(2), track(1)))
    assert (content.uris, content.repeated) == ((track(1).uri, track(2).uri), 1)


def test_the_same_isrc_is_one_song_whatever_it_is_called() -> None:
    content = content_of(listed(track(1, "Blue Door", isrc="A"), track(2, "Puerta azul", "Other", isrc="A")))
    assert (len(content.uris), content.repeated) == (1, 1)


def test_artist_and_title_decide_where_an_isrc_is_missing() -> None:
    first, again = track(1, "Blue Door", isrc="A"), track(2, "Blue Door - Remastered 2011")
    assert content_of(listed(first, again)).uris == (first.uri,)
    assert content_of(listed(again, first)).uris == (again.uri,)


def test_two_isrcs_are_two_recordings_of_one_title() -> None:
    assert len(content_of(listed(track(1, "Blue Door", isrc="A"), track(2, "Blue Door", isrc="B"))).uris) == 2


def test_what_spotify_cannot_hold_is_left_out_and_counted() -> None:
    local = TrackInfo("spotify:local:::Demo:61", "Demo")
    content = content_of(listed(local, track(1)))
    assert (content.uris, content.unknown) == ((track(1).uri,), 1)


def test_weekly_lists_have_a_series_and_others_none() -> None:
    assert series_of(listed(), ALICE) == "discover"
    for kind in (SetKind.DIGEST, SetKind.PREVIEW):
        assert series_of(listed(kind=kind, member_id=None), BOB) == f"digest:{GUILD}"
    assert {series_of(listed(kind=kind), ALICE) for kind in (SetKind.TRACK, SetKind.PLAYLIST, SetKind.TITLE)} == {None}


def test_somebody_elses_discoveries_belong_to_no_series_of_ones_own() -> None:
    assert series_of(listed(), BOB) is series_of(listed(member_id=None), BOB) is None


def test_a_playlist_is_named_after_the_members_own_one_alone() -> None:
    made = listed(kind=SetKind.PLAYLIST, title="Songs for Jo")
    assert playlist_name(made, ALICE) == "Goes with Songs for Jo · 6 Nov 2026"
    assert playlist_name(made, BOB) == "Crossfade picks · 6 Nov 2026"


def test_the_description_names_what_the_members_own_list_rests_on() -> None:
    mine = listed(track(1), track(2), reasons=("in 41 playlists together with “Harbour Lights”",))
    assert description_of(mine, ALICE, "mark") == (
        "30 tracks you do not have yet. Close to “Harbour Lights”. 6 Nov 2026. Made by Crossfade #mark"
    )


def test_somebody_elses_list_and_a_servers_name_nobodys_music() -> None:
    reasons = ("in 41 playlists together with “Harbour Lights”",)
    theirs = description_of(listed(track(1), subtitle="From “Songs for Jo”", reasons=reasons), BOB, "mark")
    servers = description_of(listed(track(1), kind=SetKind.DIGEST, member_id=None, reasons=reasons), ALICE, "mark")
    assert "“" not in theirs + servers
    assert servers.startswith("30 tracks you do not have yet. 6 Nov 2026.")


def test_a_servers_description_names_no_command() -> None:
    subtitle = "The most contained tracks, until members /connect and make this list their own"
    made = listed(track(1), kind=SetKind.DIGEST, member_id=None, subtitle=subtitle)
    assert description_of(made, ALICE, None) == "The most contained tracks. 6 Nov 2026. Made by Crossfade"


@given(st.text(max_size=600), st.lists(st.text(max_size=80), max_size=4), st.sampled_from(SetKind))
def test_a_description_is_one_short_plain_line_that_ends_with_the_mark(
    text: str, names: list[str], kind: SetKind
) -> None:
    tracks = [track(number) for number in range(len(names))]
    reasons = tuple(f"in 3 playlists together with “{name}”" for name in names)
    made = listed(*tracks, kind=kind, title=text, subtitle=text, reasons=reasons)
    description = description_of(made, ALICE, "k3J9xQ2a")
    assert len(description) <= 300
    assert description.endswith("Made by Crossfade #k3J9xQ2a")
    assert len(description.splitlines()) == 1
    assert not set("<>\n\r") & set(description)
    name = playlist_name(made, ALICE)
    assert 0 < len(name) <= 100
    assert len(name.splitlines()) == 1
