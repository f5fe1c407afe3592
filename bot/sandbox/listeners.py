"""The plan of the sample listeners: who they are and what they listen to. All of them are fictional."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict


class EpisodePlan(TypedDict):
    """What is fixed about the sample episode."""

    name: str
    description: str
    duration_ms: int
    release_date: str
    show_name: str
    show_description: str


@dataclass(frozen=True, slots=True)
class PlaylistPlan:
    """A playlist to be drawn; `oddities` puts a lost item, an episode and a local file into it."""

    name: str
    group: str
    length: int
    description: str = ""
    public: bool = True
    collaborators: tuple[str, ...] = ()
    oddities: bool = False
    oldest_days: int = 500


@dataclass(frozen=True, slots=True)
class ListenerPlan:
    """A listener to be drawn; `saved` counts liked songs by taste group, `follows` names (owner, playlist)."""

    id: str
    display_name: str
    about: str
    playlists: tuple[PlaylistPlan, ...] = ()
    saved: tuple[tuple[str, int], ...] = ()
    follows: tuple[tuple[str, str], ...] = ()


EPISODE: EpisodePlan = {
    "name": "Why the chorus comes back",
    "description": "A quarter of an hour about the part that everybody sings.",
    "duration_ms": 15 * 60_000,
    "release_date": "2026-09-14",
    "show_name": "Kitchen Table Music Theory",
    "show_description": "Music explained with spoons.",
}

LISTENERS = (
    ListenerPlan(
        "mirasolenne",
        "Mira Solenne",
        "Quiet guitars, late jazz, and one very long playlist",
        (
            PlaylistPlan("rainy sunday", "indie-folk", 34, "for the window seat"),
            PlaylistPlan("everything i ever loved", "indie-folk", 137, "never deletes anything", oldest_days=1400),
            PlaylistPlan("late night jazz 🎷", "jazz", 41),
            PlaylistPlan("desk lamp", "lo-fi", 28, "head down", public=False),
            PlaylistPlan("Piano for Reading", "piano-and-strings", 22),
        ),
        (("indie-folk", 46), ("jazz", 24), ("piano-and-strings", 12)),
        follows=(("jonaskettleburn", "neon nights"),),
    ),
    ListenerPlan(
        "jonaskettleburn",
        "Jonas Kettleburn",
        "Synths until four, then drum and bass for the run home",
        (
            PlaylistPlan("neon nights", "synth-pop", 52, "drive slowly, windows down"),
            PlaylistPlan("4am set", "deep-house", 63),
            PlaylistPlan("RUN FASTER", "drum-and-bass", 31, "174 and rising"),
            PlaylistPlan(
                "flat 3b kitchen",
                "synth-pop",
                26,
                "everybody adds, nobody skips",
                public=False,
                collaborators=("mirasolenne", "ifemarlowe"),
            ),
        ),
        (("synth-pop", 38), ("deep-house", 33)),
    ),
    ListenerPlan(
        "ifemarlowe",
        "Ife Marlowe",
        "Soul on Sundays, bars on weekdays",
        (
            PlaylistPlan("Sunday Cleaning ✨", "soul", 45),
            PlaylistPlan("bars only", "hip-hop", 58, "no hooks needed"),
            PlaylistPlan("odds and ends", "soul", 12, "things from everywhere", oddities=True),
        ),
        (("soul", 30), ("hip-hop", 30)),
        follows=(("mirasolenne", "late night jazz 🎷"),),
    ),
    ListenerPlan(
        "tomaszbrightwater",
        "Tomasz Brightwater",
        "Loud, short, and then loud and long",
        (
            PlaylistPlan("leg day", "metal", 47),
            PlaylistPlan("garage days", "punk", 39),
        ),
        (("metal", 25), ("punk", 18)),
    ),
    ListenerPlan(
        "priyalanternhouse",
        "Priya Lanternhouse",
        "Slow weather and long tones",
        (
            PlaylistPlan("deep calm", "ambient", 44, "for breathing"),
            PlaylistPlan("after the concert", "piano-and-strings", 30),
            PlaylistPlan("sketches", "lo-fi", 9, public=False),
        ),
        (("ambient", 28),),
    ),
    ListenerPlan("noorvale", "Noor Vale", "Just arrived: an empty library"),
)
