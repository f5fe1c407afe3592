"""What a taste group is: how its music sounds, what it is called, what people call their playlists of it."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.synthetic.names import Vocabulary


@dataclass(frozen=True, slots=True)
class AudioProfile:
    """Where a group's audio features lie: means from 0 to 1, except tempo (bpm), loudness (dB) and minutes.

    `major` is the share of tracks in a major key; `explicit` the share with explicit lyrics.
    """

    danceability: float
    energy: float
    speechiness: float
    acousticness: float
    instrumentalness: float
    liveness: float
    valence: float
    loudness: float
    tempo: float
    tempo_spread: float
    major: float
    minutes: float
    explicit: float


@dataclass(frozen=True, slots=True)
class TasteGroup:
    """Music that the same people put into the same playlists.

    `weight` is its share of artists and playlists (relative), `near` names the groups that slip into its playlists.
    """

    key: str
    label: str
    weight: float
    near: tuple[str, ...]
    audio: AudioProfile
    titles: tuple[str, ...]
    emoji: str
    words: Vocabulary
