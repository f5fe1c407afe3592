"""The page of an evaluation: whole, self-contained, and readable without seeing the plots."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from taste_groups import make_corpus, make_features

from recommender.candidates import Popularity, RawCooccurrence
from recommender.evaluation import Contender, EvaluationReport, Tradeoff, evaluate, generator_contender, render_page
from recommender.evaluation.page import figure

NAME = 'a <b> & "c" $x_1$'
TRADEOFFS = tuple(
    Tradeoff(
        "artist cap", value, {"ndcg_30": 0.3 - 0.01 * value, "novelty": 8 + value, "milliseconds": 0.1, "x_y": 0.0}
    )
    for value in range(3)
)


class Outline(HTMLParser):
    """Collects what is asked about a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def report() -> EvaluationReport:
    corpus = make_corpus(n_playlists=60, longest=40)
    silent = Contender("silent", lambda training, features: lambda query: np.zeros(0, np.int32))
    contenders = [generator_contender(Popularity()), generator_contender(RawCooccurrence(), NAME), silent]
    measured = evaluate(corpus, make_features(corpus), playlists=12, contenders=contenders, resamples=1000)
    return replace(measured, tradeoffs=TRADEOFFS)


@pytest.fixture(scope="module")
def page(report: EvaluationReport) -> str:
    return render_page(report, command="crossfade evaluate --html x", measured_at=datetime(2026, 11, 21, 9, tzinfo=UTC))


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    outline = Outline()
    outline.feed(page)
    return outline


def test_it_needs_nothing_from_elsewhere(page: str, outline: Outline) -> None:
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in outline.tags}
    assert "url(http" not in page
    assert "@import" not in page
    for _, attributes in outline.tags:
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#")


def test_every_link_within_it_leads_somewhere(outline: Outline) -> None:
    ids = {attributes["id"] for _, attributes in outline.tags if "id" in attributes}
    links = [attributes["href"] for attributes in outline.of("a")]
    assert len(links) >= 7
    assert all(link and link[1:] in ids for link in links)


def test_no_identifier_comes_twice_in_one_plot_and_each_plot_is_xml(page: str) -> None:
    plots = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(plots) > 10
    for plot in plots:
        root = ET.fromstring(plot)  # noqa: S314 - drawn by this program
        ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
        assert len(ids) == len(set(ids))
        assert "#0102" not in plot


def test_it_can_be_read_without_seeing(outline: Outline) -> None:
    assert outline.of("html")[0]["lang"] == "en"
    assert len(outline.of("h1")) == 1
    assert all(attributes.get("scope") in ("col", "row") for attributes in outline.of("th"))
    plots = outline.of("svg")
    assert all(attributes["role"] == "img" and len(attributes["aria-label"] or "") > 30 for attributes in plots)
    regions = [attributes for _, attributes in outline.tags if attributes.get("role") == "region"]
    assert all(attributes["aria-label"] and attributes["tabindex"] == "0" for attributes in regions)
    assert len(regions) >= len(outline.of("table"))


def test_a_name_is_never_markup(page: str) -> None:
    assert "<b>" not in page
    assert "a &lt;b&gt; &amp;" in page


def test_every_figure_of_the_tables_is_the_reports(page: str, report: EvaluationReport) -> None:
    for row in report.rows:
        assert figure(row.ndcg, "ndcg") in page
        assert figure(row.intervals["ndcg"][0], "ndcg") in page
    for found in report.lead()[1].values():
        assert figure(abs(found["ndcg"].difference), "ndcg") in page
    assert ">nan<" not in page
    assert ">None<" not in page


def test_it_says_how_it_was_measured(page: str, report: EvaluationReport) -> None:
    for told in (
        "crossfade evaluate --html x",
        "2026-11-21 09:00 UTC",
        f"{report.n_training} playlists",
        f"{report.n_cases} cases",
        f"numpy {np.__version__}",
        "1,000 resamples",
    ):
        assert told in page


def test_curves_of_reranking_are_drawn_if_there_are_any(page: str, report: EvaluationReport) -> None:
    assert "artist cap, from 0 to 2: NDCG@30 -7 %, novelty, bits +25 % at the end." in page
    assert "Re-ranking" not in render_page(replace(report, tradeoffs=()))


def test_the_same_report_gives_the_same_page(page: str, report: EvaluationReport) -> None:
    again = render_page(
        report, command="crossfade evaluate --html x", measured_at=datetime(2026, 11, 21, 9, tzinfo=UTC)
    )
    assert again == page


def test_one_ranker_alone_without_features_makes_a_page_too() -> None:
    measured = evaluate(make_corpus(), playlists=10, contenders=[generator_contender(Popularity())], resamples=1000)
    page = render_page(measured)
    assert "<td>–</td>" in page
    assert "against</h3>" not in page
