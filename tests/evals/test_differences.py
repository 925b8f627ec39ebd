"""Why two figures differ, and numbers that no quote holds: the small judges of the reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.answer import Answer, Citation
from evals.differences import CLASSES, classify, differences
from evals.hallucination import questions, unsupported
from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.figures import Figure, extract


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def figure(catalog: Catalog, text: str, published: str = "2024-05-01", publisher: str = "甲报") -> Figure:
    found = extract(Document(f"x:{text}", "", text, publisher, None, published), catalog).figures
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("MTT S4000的功耗为450W。", "MTT S4000的功耗为300W。", "conflict"),
        ("MTT S4000的功耗为450W。", "MTT S4000的功耗为451W。", "rounding"),
        ("MTT S4000的功耗为450W。", "MTT S4000的功耗约为460W。", "bound"),
        ("H100的稠密FP8算力为1979TFLOPS。", "H100的稀疏FP8算力为3958TFLOPS。", "condition"),
        ("寒武纪2023年营收为7.09亿元。", "寒武纪2024年营收为11.74亿元。", "period"),
        ("H20的价格为1.2万美元。", "H20的价格为9万元。", "currency"),
        ("MTT S5000的功耗为450W。", "预计MTT S5000的功耗为600W。", "plan"),
    ],
)
def test_what_tells_two_figures_apart(catalog: Catalog, first: str, second: str, kind: str) -> None:
    pair = figure(catalog, first), figure(catalog, second, publisher="乙报")
    assert classify(*pair) == classify(*reversed(pair)) == kind
    assert kind in CLASSES
    assert [item.kind for item in differences(pair)] == [kind]


def test_the_same_value_is_no_difference(catalog: Catalog) -> None:
    text = "MTT S4000的功耗为450W。"
    assert differences([figure(catalog, text), figure(catalog, text, publisher="乙报")]) == []


def answer(text: str, quote: str) -> Answer:
    citation = Citation(
        marker=1,
        document_id="d",
        title="标题",
        publisher=None,
        url=None,
        published=None,
        quote=quote,
        start=0,
        end=len(quote),
    )
    return Answer(question="问", language="zh", status="answered", text=text, citations=(citation,))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("显存为48GB，带宽为768.0GB/s。[1]", []),
        ("显存为80GB。[1]", ["80"]),
        ("8 × 48 GB = 384 GB[1]", ["8"]),
        ("MTT S4000的显存为48GB。[1]", []),
    ],
)
def test_a_number_that_no_quote_holds_is_found(text: str, wrong: list[str]) -> None:
    assert unsupported(answer(text, "显存为48GB，带宽为768GB/s")) == wrong


def test_there_are_three_hundred_questions() -> None:
    assert len(questions()) >= 300


@pytest.mark.parametrize(
    ("written", "kind"),
    [("2022年11月", "rounding"), ("2022H2", "rounding"), ("2022年11月4日", "conflict"), ("2022-12", "conflict")],
)
def test_dates_are_compared_as_days_however_they_are_written(catalog: Catalog, written: str, kind: str) -> None:
    day = figure(catalog, "MTT S80于2022年11月3日发布。")
    assert classify(day, replace(day, text=written, publisher="乙报")) == kind
