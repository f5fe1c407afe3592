"""Answers to a challenge set, in the format of the RecSys Challenge 2018.

Source: the challenge's rules (https://www.aicrowd.com/challenges/spotify-million-playlist-dataset-challenge): a CSV
file whose first line that is no comment is `team_info,TEAM,CONTACT`, then a line a playlist: its pid and 500 URIs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from recommender.errors import CorpusError, RecommenderError
from recommender.evaluation.metrics import LENGTH
from recommender.files import write_atomically
from recommender.hybrid import Hybrid
from recommender.mpd import read_playlists
from recommender.problems import Problem, ProblemLog
from recommender.records import Playlist

Progress = Callable[[int, int], None]

_TRACK = b"spotify:track:"


@dataclass
class SubmissionReport:
    """What was written.

    Attributes:
        playlists: how many were answered.
        problems: records of the challenge set that could not be, and why.
    """

    playlists: int = 0
    problems: ProblemLog = field(default_factory=ProblemLog)


def write_submission(
    model: Hybrid,
    challenge: str | Path | Iterable[Playlist],
    out: str | Path,
    *,
    team: str = "Crossfade",
    contact: str = "unknown@example.org",
    progress: Progress | None = None,
) -> SubmissionReport:
    """Continue every playlist of a challenge set with 500 tracks, none of them a seed.

    The file appears when it is whole.

    Args:
        model: a fitted model.
        challenge: a challenge set, plain or gzipped, or its playlists.
        out: the CSV file to write; one that is there is replaced.
        team: the team's name.
        contact: its address.
        progress: called with the number of playlists done and of all.

    Raises:
        CorpusError: there is no playlist to continue.
        RecommenderError: the model knows too few tracks, or the file cannot be written.
    """
    report = SubmissionReport()
    playlists = list(_read(challenge, report.problems))
    if not playlists:
        why = report.problems.summary() or "the challenge set is empty"
        raise CorpusError(f"There is no playlist to continue: {why}.")
    destination = Path(out)
    header = f"# Written by Crossfade\nteam_info,{_cell(team)},{_cell(contact)}\n\n"
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(destination, lambda stream: _write(stream, model, playlists, header, progress))
    except OSError as error:
        raise RecommenderError(f"{out} cannot be written ({error.strerror}): choose another file.") from error
    report.playlists = len(playlists)
    return report


def _read(challenge: str | Path | Iterable[Playlist], problems: ProblemLog) -> Iterator[Playlist]:
    for item in read_playlists(challenge) if isinstance(challenge, str | Path) else challenge:
        if isinstance(item, Problem):
            problems.add(item)
        else:
            yield item


def _write(stream: BinaryIO, model: Hybrid, playlists: list[Playlist], header: str, progress: Progress | None) -> None:
    uris = model.interactions_.corpus.catalogue.uris
    # Local files and episodes have other URIs, and the challenge takes tracks only.
    others = np.flatnonzero(~np.char.startswith(uris, _TRACK)).astype(np.int32)
    stream.write(header.encode())
    for done, playlist in enumerate(playlists, 1):
        ranking = model.rank(playlist.tracks, playlist.title, LENGTH, exclude=others)
        if len(ranking) < LENGTH:
            raise CorpusError(
                f"The model knows only {len(ranking)} tracks for playlist {playlist.pid} and the challenge wants "
                f"{LENGTH}: train on more playlists."
            )
        stream.write(b",".join([str(playlist.pid).encode(), *uris[ranking].tolist()]) + b"\n")
        if progress is not None:
            progress(done, len(playlists))


def _cell(text: str) -> str:
    return " ".join(text.replace(",", " ").split())
