"""The recommender against others, in one run on one split: quality, time and memory, and how sure a difference is.

    python benchmarks/peers.py --corpus DIR [--playlists N] [--seed S] [--peers-python PYTHON] [--json FILE]

DIR is a corpus folder, as `crossfade import` writes it. Every peer first gets the best of some settings, measured on
playlists that neither the test nor the training for that has (--no-tuning takes the first of them).
Then all learn from the same playlists and continue the same others, in the challenge's ten kinds and from random seeds.
What a peer has no answer to, such as a title alone, is answered by popularity. --only NAME measures some rankers.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from peer_base import Peer, Settings, told
from peer_process import OutsidePeers
from peer_rankers import REFERENCE, own_peers
from peer_tables import costs_table, group_tables, kinds_table, paired_tables, verdict

from recommender.audio import AudioFeatures
from recommender.corpus import PlaylistCorpus
from recommender.errors import RecommenderError
from recommender.evaluation import METRICS, Contender, EvaluationReport, evaluate, hybrid_contender, split
from recommender.files import write_atomically
from recommender.hybrid import Hybrid

FULL = "full"
BLEND = "blend"
# Intervals of single settings are not looked at.
_FEW_RESAMPLES = 50

Tuning = dict[str, list[tuple[Settings, float]]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="corpus folder")
    parser.add_argument("--playlists", type=int, default=1000, help="how many are held back")
    parser.add_argument("--seed", type=int, default=2018, help="decides which ones")
    parser.add_argument("--peers-python", type=Path, help="Python of the peers' own environment")
    parser.add_argument("--no-tuning", action="store_true", help="take the settings as they are")
    parser.add_argument("--only", action="append", help="measure this ranker alone; repeat it for more")
    parser.add_argument("--json", type=Path, help="also write all figures to this file")
    try:
        run(parser.parse_args())
    except RecommenderError as error:
        sys.exit(str(error))


def run(options: argparse.Namespace) -> None:
    """Tune, measure and print.

    Raises:
        RecommenderError: the corpus, a name or a file is not what it must be.
    """
    if options.playlists < 1:
        raise RecommenderError("--playlists must be 1 or more.")
    if options.json is not None:
        require_writable(options.json)
    outside = OutsidePeers(options.peers_python)
    peers = [*own_peers(), *outside.peers()]
    wanted = _wanted(options.only, [*(peer.name for peer in peers), BLEND, FULL], outside.skipped)
    peers = [peer for peer in peers if peer.name in wanted]
    corpus, features = PlaylistCorpus.read(options.corpus), AudioFeatures.read(options.corpus)
    sounds = features if len(features) else None
    measured = partial(
        evaluate, corpus, sounds, playlists=options.playlists, random_state=options.seed, progress=_progress
    )
    cases = split(corpus, options.playlists, options.seed).cases
    tuning: Tuning = {}
    if not options.no_tuning:
        of_tuning = split(corpus, options.playlists, options.seed, role="tuning").cases
        for peer in peers:
            if len(peer.choices) > 1:
                tuning[peer.name] = tune(peer, of_tuning, measured)
    chosen = {peer.name: max(tuning[peer.name], key=lambda pair: pair[1])[0] for peer in peers if peer.name in tuning}
    settings = {peer.name: chosen.get(peer.name, peer.choices[0]) for peer in peers}
    models = {BLEND: Hybrid(ranker="blend"), FULL: Hybrid()}
    contenders = [peer.contender(peer.name, settings[peer.name], cases) for peer in peers]
    contenders += [hybrid_contender(name, model) for name, model in models.items() if name in wanted]
    report = with_costs(measured(contenders=contenders), outside)
    ranker = dict(models[FULL].ranker_report_) if FULL in wanted else {}
    print_report(report, peers, settings, tuning, outside.skipped, ranker)
    if options.json is not None:
        found = as_json(report, peers, settings, tuning, outside.skipped, ranker)
        content = json.dumps(found, indent=2).encode()
        write_atomically(options.json, lambda stream: stream.write(content))


def tune(peer: Peer, cases: Sequence[Any], measured: Any) -> list[tuple[Settings, float]]:  # noqa: ANN401 - partial
    """Return each setting's mean NDCG over the tuning cases."""
    names = {told(settings): settings for settings in peer.choices}
    contenders: list[Contender] = [peer.contender(name, settings, cases) for name, settings in names.items()]
    print(f"{peer.name}: choosing of {len(names)} settings", file=sys.stderr, flush=True)
    report = measured(contenders=contenders, role="tuning", resamples=_FEW_RESAMPLES)
    ndcg = METRICS.index("ndcg")
    return [(settings, float(report.figures[name][:, ndcg].mean())) for name, settings in names.items()]


def with_costs(report: EvaluationReport, outside: OutsidePeers) -> EvaluationReport:
    """Return the report with what peers in other processes measured there in place of what asking them took here."""
    costs = {name: outside.costs[name][0] if name in outside.costs else cost for name, cost in report.costs.items()}
    rows = []
    for row in report.rows:
        if row.ranker in outside.costs:
            of_row = np.array([row.kind in (kind.name, kind.group) for kind in report.kinds])
            row = replace(row, milliseconds=float(outside.costs[row.ranker][1][of_row].mean()))
        rows.append(row)
    return replace(report, costs=costs, rows=tuple(rows))


def print_report(
    report: EvaluationReport,
    peers: Sequence[Peer],
    settings: Mapping[str, Settings],
    tuning: Tuning,
    skipped: Mapping[str, str],
    ranker: Mapping[str, Any],
) -> None:
    """Print everything as Markdown."""
    print(
        f"Trained on {report.n_training:,} playlists with {report.n_tracks:,} tracks, measured on "
        f"{report.n_playlists:,} others in {report.n_cases:,} cases (seed {report.random_state}); "
        f"± is half the width of the 95 % interval.\n"
    )
    print(group_tables(report))
    print(costs_table(report))
    print(kinds_table(report))
    if FULL in report.figures:
        print(f"`{FULL}` ranks by {ranker.get('ranker', '?')}: {ranker.get('why', '?')}.\n")
        others = [name for name in report.rankers if name not in (FULL, BLEND)]
        print(paired_tables(report, FULL, [*others, *([BLEND] if BLEND in report.figures else [])]))
        for other in others:
            print(f"- {verdict(report, FULL, other)}")
        implicit = [name for name in others if name.startswith("implicit ")]
        if implicit:
            best = max(implicit, key=lambda name: report.overall()[name].ndcg)
            gain = report.compare(FULL, best)["ndcg"].relative
            print(f"\nThe best of implicit is {best}: the NDCG of {FULL} is {gain:+.1%} against it in the ten kinds.")
        if REFERENCE in others:
            print(f"Against the {REFERENCE}: {_gains(report, REFERENCE)}.")
    print("\n| peer | library | settings | mean NDCG of those tried, on the tuning playlists |\n|---|---|---|---|")
    for peer in peers:
        tried = "; ".join(f"{told(given)}: {ndcg:.4f}" for given, ndcg in tuning.get(peer.name, [])) or "–"
        print(f"| {peer.name} | {peer.library or '–'} | {told(settings[peer.name])} | {tried} |")
    for name, why in skipped.items():
        print(f"\nSkipped {name}: {why}.")


def as_json(
    report: EvaluationReport,
    peers: Sequence[Peer],
    settings: Mapping[str, Settings],
    tuning: Tuning,
    skipped: Mapping[str, str],
    ranker: Mapping[str, Any],
) -> dict[str, Any]:
    """Return everything as values that JSON can hold."""
    found = report.to_json()
    groups = list(dict.fromkeys(row.group for row in report.rows))
    if FULL in report.figures:
        others = [name for name in report.rankers if name != FULL]
        # Beyond accuracy a figure may be missing, which JSON cannot say.
        found["paired"] = {
            other: {
                group: {metric: asdict(d) for metric, d in report.compare(FULL, other, group).items() if d.low == d.low}
                for group in groups
            }
            for other in others
        }
        found["verdicts"] = {other: verdict(report, FULL, other) for other in others}
        found["ranker"] = dict(ranker)
    found["peers"] = {
        peer.name: {
            "library": peer.library,
            "settings": dict(settings[peer.name]),
            "tried": [{"settings": dict(given), "ndcg": ndcg} for given, ndcg in tuning.get(peer.name, [])],
        }
        for peer in peers
    }
    found["skipped"] = dict(skipped)
    return found


def require_writable(file: Path) -> None:
    """Refuse at once what would fail when all has been measured.

    Raises:
        RecommenderError: the file cannot be written.
    """
    folder = file.absolute().parent
    if file.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise RecommenderError(f"{file} cannot be written: name a file in a folder that is there.")


def _wanted(only: Sequence[str] | None, names: Sequence[str], skipped: Mapping[str, str]) -> set[str]:
    for name in only or ():
        if name in skipped:
            raise RecommenderError(f"{name} cannot take part: {skipped[name]}.")
        if name not in names:
            raise RecommenderError(f"There is no ranker {name!r}: choose of {', '.join(names)}.")
    return set(only or names)


def _gains(report: EvaluationReport, other: str) -> str:
    parts = []
    for group in dict.fromkeys(row.group for row in report.rows):
        found = report.compare(FULL, other, group)
        parts.append(
            f"{'the ten kinds' if group == 'all' else 'random seeds'} R-precision "
            f"{found['r_precision'].relative:+.1%}, NDCG {found['ndcg'].relative:+.1%}, "
            f"clicks {found['clicks'].relative:+.1%}"
        )
    return "; ".join(parts)


def _progress(name: str, done: int, total: int) -> None:
    if not done:
        print(f"  {name}: learning", file=sys.stderr, flush=True)
    elif done == total:
        print(f"  {name}: {total:,} cases done", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
