"""The scorer of extraction: every kind of seeded error is counted, and a malformed case is named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from evals.case import CaseError
from evals.extraction import PRECISION, RECALL, Case, load, read, report, score, shipped, summary, wilson
from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.figures import Figure, extract

CASE = load(
    """
- text: "MTT S4000的显存容量为48GB，显存带宽为768GB/s，INT8算力为200TOPS（稠密）。"
  figures:
    - [mtt-s4000, memory_capacity, 48, GB]
    - [mtt-s4000, memory_bandwidth, 768, GB/s]
    - [mtt-s4000, int8_tops, 200, TOPS, {conditions: [dense]}]
  tags: [plain]
""",
    "inline",
)[0]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


@pytest.fixture(scope="module")
def figures(catalog: Catalog) -> tuple[Figure, ...]:
    return extract(Document("x", "", CASE.text), catalog).figures


def test_a_right_reading_has_no_error(figures: tuple[Figure, ...]) -> None:
    outcome = score(CASE, figures)
    assert (outcome.found, outcome.missed, outcome.false) == (3, (), ())


@pytest.mark.parametrize(
    "seeded",
    [
        {"base": Decimal(49_000_000_000)},
        {"subject": "mtt-s3000", "subject_name": "MTT S3000"},
        {"attribute": "memory_bandwidth"},
    ],
    ids=["value", "subject", "attribute"],
)
def test_a_wrong_figure_counts_as_false_and_as_missed(figures: tuple[Figure, ...], seeded: dict[str, object]) -> None:
    wrong = replace(figures[0], **seeded)  # type: ignore[arg-type]
    outcome = score(CASE, (wrong, *figures[1:]))
    assert (outcome.found, len(outcome.missed), len(outcome.false)) == (2, 1, 1)


def test_a_wrong_condition_counts_as_false_and_as_missed(figures: tuple[Figure, ...]) -> None:
    sparse = replace(figures[2], conditions=("sparse",))
    outcome = score(CASE, (*figures[:2], sparse))
    assert len(outcome.missed) == len([figure for figure in outcome.false if figure is sparse]) == 1


def test_a_figure_left_out_is_missed_and_an_extra_one_is_false(figures: tuple[Figure, ...]) -> None:
    extra = replace(figures[0], attribute="tdp", base=Decimal(450), id="")
    assert len(score(CASE, figures[1:]).missed) == 1
    assert score(CASE, (*figures, extra)).false == (extra,)


def test_an_optional_figure_is_neither_missed_nor_false(figures: tuple[Figure, ...]) -> None:
    case = CASE.model_copy(update={"figures": CASE.figures[:2], "optional": CASE.figures[2:]})
    assert score(case, figures).false == ()
    assert score(case, figures[:2]).missed == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- {text: a, figures: [[x, y]], tags: []}", "entry 1"),
        ("- {text: a, figure: [], tags: []}", "figure"),
        ("- {figures: [], tags: []}", "text"),
        ("- {text: a, figures: [[x, y, 1, GB, {colour: red}]], tags: []}", "colour"),
        ("- {text: a, figures: [], tags: []}\n- {text: a, figures: [], tags: []}", "twice"),
    ],
)
def test_a_malformed_case_names_file_entry_and_field(text: str, told: str) -> None:
    with pytest.raises(CaseError, match=told) as error:
        load(text, "cases.yaml")
    assert "cases.yaml" in str(error.value)


def test_wilsons_interval_holds_the_share_and_narrows() -> None:
    low, high = wilson(99, 100)
    assert low < 0.99 < high
    assert high - low > wilson(990, 1000)[1] - wilson(990, 1000)[0]
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_shipped_cases_are_many_varied_and_hold(catalog: Catalog, capsys: pytest.CaptureFixture[str]) -> None:
    files = shipped()
    sentences = [case for name, cases in files.items() if name.startswith("prose") for case in cases]
    assert len(sentences) >= 290
    assert len(files["tables"]) >= 30
    everything: list[Case] = [case for cases in files.values() for case in cases]
    assert sum("unknown" in case.tags for case in everything) >= 100
    outcomes = [read(case, catalog, name) for name, cases in files.items() for case in cases]
    precision, recall, _ = summary(outcomes)
    assert precision >= PRECISION
    assert recall >= RECALL
    assert report(outcomes, listed=True)
    assert "holds" in capsys.readouterr().out
