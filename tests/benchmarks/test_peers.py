"""The comparison with other recommenders: what peers compute, how they are asked, what is said of them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests" / "recommender")]

import peer_worker  # noqa: E402
import peers  # noqa: E402
from peer_base import Training  # noqa: E402
from peer_process import OutsidePeers, write_task  # noqa: E402
from peer_rankers import own_peers  # noqa: E402
from peer_tables import verdict  # noqa: E402
from taste_groups import make_corpus  # noqa: E402

from recommender.candidates import RawCooccurrence  # noqa: E402
from recommender.candidates.base import Query  # noqa: E402
from recommender.corpus import PlaylistCorpus  # noqa: E402
from recommender.errors import RecommenderError  # noqa: E402
from recommender.evaluation import METRICS, Contender, EvaluationReport, evaluate  # noqa: E402


@pytest.fixture(scope="module")
def corpus() -> PlaylistCorpus:
    return make_corpus(1, 60, 160, 25)


def test_the_demos_walk_over_the_graph_gives_the_sums_that_stand_for_it(corpus: PlaylistCorpus) -> None:
    seeds = corpus.tracks_of(3)[:4]
    shared: Counter[int] = Counter()
    for playlist in range(corpus.n_playlists):
        for track in corpus.tracks_of(playlist).tolist():
            if track in seeds:
                shared[playlist] += 1
    similarity: Counter[int] = Counter()
    for playlist, count in shared.items():
        for track in corpus.tracks_of(playlist).tolist():
            similarity[track] += count
    walked = [similarity[track] for track in range(corpus.n_tracks)]
    assert RawCooccurrence().fit(corpus).scores(Query(seeds)).tolist() == walked


def test_every_peer_answers_known_tracks_without_seeds_or_repeats(corpus: PlaylistCorpus) -> None:
    part = corpus.subset(np.arange(40))
    known = set(part.indices.tolist())
    query = Query(corpus.tracks_of(50)[:5], "rainy day")
    for peer in own_peers():
        quick = {"iterations": 2, "epochs": 2, "min_count": 1}
        settings = {name: quick.get(name, value) for name, value in peer.choices[0].items()}
        rank = peer.contender(peer.name, settings, ()).fit(part, None)
        for asked in (query, Query(title="rainy day")):
            answer = rank(asked).tolist()
            assert len(answer) == len(set(answer)) == len(known - set(asked.seeds.tolist()))
            assert set(answer) == known - set(asked.seeds.tolist())


def test_a_worker_gets_playlists_and_queries_and_its_answers_come_back_in_catalogue_terms(
    corpus: PlaylistCorpus, tmp_path: Path
) -> None:
    training = Training.of(corpus.subset(np.arange(40)))
    queries = [Query(corpus.tracks_of(50)[:5], "rainy day"), Query(title="no such words at all")]
    write_task(tmp_path / "in.npz", training, queries, {"weight": 2})
    seen = {}

    def sums(settings: dict[str, float], rows: np.ndarray, words: np.ndarray) -> object:
        seen.update(settings=settings, rows=rows, words=words)
        return lambda seeds, title: settings["weight"] * (rows.T @ (rows[:, seeds].sum(axis=1))).A1

    peer_worker.run(sums, tmp_path / "in.npz", tmp_path / "out.npz")
    assert seen["settings"] == {"weight": 2}
    assert (seen["rows"] != training.matrix).nnz == 0
    assert seen["words"].sum() > 0
    with np.load(tmp_path / "out.npz") as found:
        first, second = found["rankings"]
        assert found["milliseconds"].shape == (2,)
    scores = RawCooccurrence().fit(training.corpus).scores(queries[0])
    answer = training.filled(training.tracks[first[first >= 0]], queries[0])
    assert (np.diff(scores[answer]) <= 0).all()
    assert not np.isin(answer, queries[0].seeds).any()
    assert (second == -1).all()
    assert training.filled(training.tracks[second[second >= 0]], queries[1]).tolist() == training.popular[:500].tolist()


def test_peers_whose_environment_is_missing_or_empty_are_skipped_with_a_reason() -> None:
    without = OutsidePeers(None)
    assert without.peers() == []
    assert all("--peers-python" in why for why in without.skipped.values())
    empty = OutsidePeers(Path(sys.executable))
    assert empty.peers() == []
    assert all("ModuleNotFoundError" in why for why in empty.skipped.values())
    with pytest.raises(RecommenderError, match="cannot be run"):
        OutsidePeers(Path("/no/such/python")).peers()


@pytest.fixture(scope="module")
def measured(corpus: PlaylistCorpus) -> EvaluationReport:
    def fit(training: PlaylistCorpus, features: object) -> object:
        popular = Training.of(training)
        return lambda query: popular.filled(popular.popular[:0], query)

    names = ("full", "same", "poor")
    return evaluate(corpus, playlists=12, contenders=[Contender(name, fit) for name in names], resamples=200)


def test_the_verdict_says_what_is_clear_and_where_it_is_worse(measured: EvaluationReport) -> None:
    ndcg, clicks, precision = (METRICS.index(name) for name in ("ndcg", "clicks", "r_precision"))
    poor = measured.figures["poor"].copy()
    poor[:, [ndcg, precision]] -= 0.5
    poor[:, clicks] += 10
    report = replace(measured, figures={**measured.figures, "poor": poor})
    clear = verdict(report, "full", "poor")
    assert clear.count("better beyond the interval in all three metrics") == 2
    assert "in none of the ten kinds worse" in clear
    assert "better beyond the interval in none" in verdict(report, "full", "same")
    reverse = verdict(report, "poor", "full")
    assert "worse in title only (R-precision beyond the interval, NDCG@500 beyond the interval" in reverse
    poor[:, clicks] -= 10
    assert "better beyond the interval in R-precision and NDCG@500, not in clicks" in verdict(report, "full", "poor")


def test_a_run_prints_tables_and_writes_json(
    corpus: PlaylistCorpus, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.write(tmp_path / "corpus")
    only = [word for name in ("popularity", "implicit cosine", "blend") for word in ("--only", name)]
    words = ["--corpus", str(tmp_path / "corpus"), "--playlists", "8", "--json", str(tmp_path / "out.json"), *only]
    monkeypatch.setattr(sys, "argv", ["peers.py", *words])
    peers.main()
    told = capsys.readouterr().out
    assert "| implicit cosine |" in told
    assert "Skipped LightFM WARP" in told
    written = json.loads((tmp_path / "out.json").read_text())
    assert {row["ranker"] for row in written["rows"]} == {"popularity", "implicit cosine", "blend"}
    assert len(written["peers"]["implicit cosine"]["tried"]) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "nobody"], "There is no ranker 'nobody'"),
        (["--only", "LightFM WARP"], "cannot take part"),
        (["--playlists", "0"], "must be 1 or more"),
        (["--json", "/no/such/folder/file.json"], "cannot be written"),
    ],
)
def test_wrong_use_ends_with_one_sentence(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["peers.py", "--corpus", str(tmp_path), *words])
    with pytest.raises(SystemExit, match=told):
        peers.main()
