"""Whether the playlists that are found similar are longer or shorter than others, for several ways to divide.

    python benchmarks/playlist_lengths.py --data DIR [--playlists N]

DIR holds slices in the Million Playlist Dataset's format. Of each exponent b of `NearestPlaylists`: the mean length of
the ten nearest, their mean place among all lengths (0 the shortest, 1 the longest, .5 no preference), and the share of
them with the same title, as a sign that they are alike indeed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from recommender.candidates.interactions import Interactions
from recommender.corpus import PlaylistCorpus
from recommender.similar.playlists import NearestPlaylists
from recommender.text import normalised_text

EXPONENTS = (0.0, 0.5, 0.6, 0.75, 1.0)
NEAREST = 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with slices")
    parser.add_argument("--playlists", type=int, default=150, help="how many are asked about")
    parser.add_argument("--seed", type=int, default=0, help="decides which ones")
    options = parser.parse_args()
    corpus = PlaylistCorpus.from_mpd(options.data)
    interactions = Interactions.of(corpus)
    lengths = interactions.tracks.row_sizes
    titles = np.array([normalised_text(title or "") for title in corpus.titles])
    count = min(options.playlists, corpus.n_playlists)
    asked = np.random.default_rng(options.seed).choice(corpus.n_playlists, count, replace=False)
    print(f"{corpus.n_playlists:,} playlists, {lengths.mean():.0f} tracks long on average, {count} asked about.\n")
    print("| exponent | length of the nearest | place among lengths | same title |")
    print("|---|---|---|---|")
    for exponent in EXPONENTS:
        measure = NearestPlaylists(interactions.tracks, exponent)
        found, alike = [], []
        for row in asked.tolist():
            nearest, _ = measure.to(corpus.tracks_of(row), NEAREST, np.array([row], np.int32))
            if len(nearest) == NEAREST:
                found.append(lengths[nearest])
                alike += [titles[nearest] == titles[row]] if titles[row] else []
        of_found = np.concatenate(found)
        ordered = np.sort(lengths)
        # Of equally long ones half count as shorter, else no preference would not be .5.
        places = (np.searchsorted(ordered, of_found, "left") + np.searchsorted(ordered, of_found, "right")) / 2
        share = np.mean(np.concatenate(alike)) if alike else float("nan")
        print(f"| {exponent:g} | {of_found.mean():.0f} | {places.mean() / len(ordered):.2f} | {share:.1%} |")


if __name__ == "__main__":
    main()
