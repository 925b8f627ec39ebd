"""A wrong figure is told from a right one by value, unit, subject, attribute, condition, and by working it out again."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.answer import Answer, AnswerFigure, Citation, Conflict
from evals.citing import citing
from evals.grade import Problem, unfaithful
from evals.support import wrong_figures

TEXT = """# 规格

MTT S4000 的显存容量为48GB，显存带宽为768GB/s，FP16算力（稀疏）为200TFLOPS。MTT S3000 的功耗为350W。

| 型号 | 功耗(W) | 互联带宽 |
| --- | --- | --- |
| MTT S4000 | 450 | 240 GB/s |
"""
PROSE = "MTT S4000 的显存容量为48GB，显存带宽为768GB/s，FP16算力（稀疏）为200TFLOPS。"
ROW = "| MTT S4000 | 450 | 240 GB/s |"


def cite(quote: str, marker: int = 1) -> Citation:
    start = TEXT.index(quote)
    return Citation(marker=marker, document_id="d", title="t", quote=quote, start=start, end=start + len(quote))


def figure(**changes: Any) -> AnswerFigure:
    plain = {"product": "MTT S4000", "attribute": "memory_bandwidth", "value": 768, "unit": "GB/s", "citation": 1}
    return AnswerFigure.model_validate({**plain, **changes})


def answer(text: str = "", *, quotes: tuple[str, ...] = (PROSE,), **changes: Any) -> Answer:
    citations = tuple(cite(quote, at) for at, quote in enumerate(quotes, 1))
    plain: dict[str, Any] = {
        "question": "?",
        "language": "zh",
        "status": "answered",
        "text": text,
        "citations": citations,
    }
    return Answer(**{**plain, **changes})


def texts(_: str) -> str:
    return TEXT


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"value": 0.768, "unit": "TB/s"},
        {"attribute": "memory_capacity", "value": 48, "unit": "GB"},
        {"attribute": "fp16_tflops", "value": 200, "unit": "TFLOPS", "condition": "sparse"},
        {"attribute": "tdp", "value": 450, "unit": "W", "citation": 2},
        {"attribute": "interconnect_bandwidth", "value": 240, "unit": "GB/s", "citation": 2},
    ],
)
def test_what_the_quote_states_is_right(right: dict[str, Any]) -> None:
    said = answer(quotes=(PROSE, ROW), figures=(figure(**right),))
    assert wrong_figures(said, texts) == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"value": 769}, "value"),
        ({"unit": "TB/s"}, "unit"),
        ({"unit": "GB"}, "unit"),
        ({"product": "昇腾910B"}, "another product"),
        ({"attribute": "memory_capacity", "value": 768, "unit": "GB/s"}, "memory_bandwidth"),
        ({"attribute": "fp16_tflops", "value": 200, "unit": "TFLOPS"}, "sparsity"),
        ({"attribute": "fp16_tflops", "value": 200, "unit": "TFLOPS", "condition": "dense"}, "dense"),
        ({"condition": "sparse"}, "sparse"),
        ({"attribute": "tdp", "value": 450, "unit": "GB", "citation": 2}, "unit"),
    ],
)
def test_anything_else_than_the_quote_states_is_wrong(wrong: dict[str, Any], why: str) -> None:
    said = answer(quotes=(PROSE, ROW), figures=(figure(**wrong),))
    assert any(why in line for line in wrong_figures(said, texts)), wrong_figures(said, texts)


@pytest.mark.parametrize(
    "text",
    [
        "MTT S4000的显存带宽为768 GB/s。[1]",
        "MTT S4000的显存带宽为0.768 TB/s[1]，互联带宽为240 GB/s[2]。",
        "8 张MTT S4000的显存容量合计：8 × 48 GB = 384 GB。[1]",
        "带宽之比：768 GB/s ÷ 240 GB/s = 3.2 倍。[1][2]",
        "带宽之差：768 GB/s − 240 GB/s = 528 GB/s。[1][2]",
        "每瓦：200 TFLOPS ÷ 450 W = 0.4444 TFLOPS/W。[1][2]",
        "“MTT S4000 的显存容量为48GB，显存带宽为768GB/s，FP16算力（稀疏）为200TFLOPS。”[1]",
        "显存带宽：MTT S4000（768 GB/s[1]）高于互联带宽（240 GB/s[2]）。",
    ],
)
def test_a_text_that_its_quotes_bear_out_has_no_problem(text: str) -> None:
    assert unfaithful(answer(text, quotes=(PROSE, ROW)), texts) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("MTT S4000的显存带宽为786 GB/s。[1]", "wrong-figure"),
        ("MTT S4000的显存带宽为768 TB/s。[1]", "wrong-figure"),
        ("MTT S4000的显存带宽为768 GB/s。", "wrong-figure"),
        # Each value stands in a quote, but not in the one that it cites.
        ("MTT S4000的显存带宽为240 GB/s[1]，互联带宽为768 GB/s[2]。", "wrong-figure"),
        ("昇腾910B的显存带宽为768 GB/s。[1]", "wrong-figure"),
        ("8 张MTT S4000的显存容量合计：8 × 48 GB = 394 GB。[1]", "wrong-figure"),
        ("8 张MTT S4000的显存容量合计：8 × 64 GB = 512 GB。[1]", "wrong-figure"),
        ("带宽之比：768 GB/s ÷ 240 GB/s = 2.3 倍。[1][2]", "wrong-figure"),
        ("带宽之差：768 GB/s − 240 GB/s = 518 GB/s。[1][2]", "wrong-figure"),
        ("每瓦：200 TFLOPS ÷ 450 W = 4.444 TFLOPS/W。[1][2]", "wrong-figure"),
        ("MTT S4000的FP16算力（稠密）为200 TFLOPS。[1]", "wrong-figure"),
        ("显存带宽：MTT S4000（768 GB/s[1]）低于互联带宽（240 GB/s[2]）。", "order"),
        ("按带宽从高到低：\n1. MTT S4000: 240 GB/s[2]\n2. MTT S4000: 768 GB/s[1]", "order"),
        ("MTT S4000的显存带宽为768 GB/s。[3]", "citation"),
    ],
)
def test_a_text_that_says_otherwise_is_found(text: str, kind: str) -> None:
    assert kind in {problem.kind for problem in unfaithful(answer(text, quotes=(PROSE, ROW)), texts)}


def test_the_askers_own_number_may_be_said_back() -> None:
    said = "提问里的“80GB”与文档不符：文档所载MTT S4000的显存容量为48 GB[1]。"
    assert unfaithful(answer(said, question="S4000 的 80GB 显存够用吗"), texts) == []
    assert unfaithful(answer(said, question="S4000 的显存够用吗"), texts) != []


def test_a_conflict_shows_every_side_and_its_status() -> None:
    both = (figure(), figure(attribute="memory_bandwidth", value=240, citation=2))
    conflict = (Conflict(product="MTT S4000", attribute="memory_bandwidth", figures=(0, 1)),)
    told = "关于MTT S4000的显存带宽，来源说法不一：甲称768 GB/s[1]；乙称240 GB/s[2]。"
    whole = answer(told, quotes=(PROSE, ROW), figures=both, conflicts=conflict, status="conflicting")

    def found(wrong: Answer) -> list[Problem]:
        return [problem for problem in unfaithful(wrong, texts) if problem.kind == "conflict"]

    assert found(whole) == []
    assert found(whole.model_copy(update={"text": "MTT S4000的显存带宽为768 GB/s。[1]"}))
    assert found(whole.model_copy(update={"status": "answered"}))
    assert found(whole.model_copy(update={"conflicts": ()}))


def test_an_answer_about_something_else_is_off_the_subject() -> None:
    said = answer("MTT S4000的显存带宽为768 GB/s。[1]", question="昇腾910B 的显存带宽")
    assert "subject" in {problem.kind for problem in unfaithful(said, texts)}


def test_recall_and_precision_are_alces() -> None:
    """A sentence needs support by all it cites together; a citation that supports nothing alone and is not missed is waste."""
    good = answer("MTT S4000的显存带宽为768 GB/s。[1]", quotes=(PROSE, ROW))
    assert (citing(good, texts).statements, citing(good, texts).supported) == (1, 1)
    waste = citing(answer("MTT S4000的显存带宽为768 GB/s。[1][2]", quotes=(PROSE, ROW)), texts)
    assert (waste.supported, waste.citations, waste.needed) == (1, 2, 1)
    together = citing(answer("MTT S4000的显存带宽为768 GB/s，功耗为450 W。[1][2]", quotes=(PROSE, ROW)), texts)
    assert (together.supported, together.citations, together.needed) == (1, 2, 1 + 1)
    assert citing(answer("MTT S4000的显存带宽为768 GB/s。", quotes=(PROSE,)), texts).supported == 0
    assert citing(answer("MTT S4000的显存带宽为64 GB/s。[1]", quotes=(PROSE,)), texts).supported == 0


def test_a_model_may_judge_prose_without_figures() -> None:
    said = answer("这张卡带宽充裕。[1]")
    assert citing(said, texts, entails=lambda premise, hypothesis: True).supported == 1
    assert citing(said, texts, entails=lambda premise, hypothesis: False).supported == 0
