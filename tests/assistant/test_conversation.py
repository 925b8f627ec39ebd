"""Conversations through the assistant: places in listed answers, candidates, makers, what was understood said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant

RANKED = "显存带宽最高的三款国产卡"


@pytest.fixture(scope="module")
def xinwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home: Path = tmp_path_factory.mktemp("conversation")
    with Assistant.open(home) as assistant:
        assistant.prepare()
        yield assistant


def test_the_second_of_a_ranking_is_what_its_answer_put_second(xinwen: Assistant) -> None:
    ranked = xinwen.ask(RANKED)
    assert ranked.table is not None
    second = ranked.table.rows[1][1]
    answer = xinwen.ask("第二个的功耗呢", [RANKED])
    assert answer.understood == f"查: {second} · 功耗"
    assert all(figure.product == second for figure in answer.figures)


def test_the_first_of_a_list_is_what_its_answer_put_first(xinwen: Assistant) -> None:
    listed = xinwen.ask("摩尔线程有哪些产品")
    assert listed.status in ("answered", "conflicting")
    assert listed.table is not None
    assert all("[" in row[2] for row in listed.table.rows)
    assert xinwen.understand("第一个呢", ["摩尔线程有哪些产品"]).subjects[0].name == listed.table.rows[0][0]


def test_a_number_of_many_products_is_asked_back_and_of_few_answered_for_each(xinwen: Assistant) -> None:
    many = xinwen.ask("910的带宽")
    assert many.status == "clarify"
    assert "另有" in many.text
    assert not many.figures
    few = xinwen.ask("370的功耗")
    assert few.status == "answered"
    assert len({figure.product for figure in few.figures}) >= 2
    reply = xinwen.ask("第二个", ["910的带宽"])
    assert {figure.product for figure in reply.figures} == {"昇腾910B"}


def test_who_makes_a_product_is_said_with_a_sentence_that_names_both(xinwen: Assistant) -> None:
    answer = xinwen.ask("S4000是谁家的")
    assert answer.status == "answered"
    quote = answer.citations[0].quote
    assert "摩尔线程" in quote
    assert "S4000" in quote
    assert xinwen.ask("它家什么时候上市", ["S4000是谁家的"]).understood == "查: 摩尔线程 · 上市日期 · 何时"


def test_a_comparison_keeps_the_period_of_its_conversation(xinwen: Assistant) -> None:
    answer = xinwen.ask("和海光比呢", ["寒武纪2024年营收"])
    assert answer.figures
    assert {figure.period for figure in answer.figures} == {"2024"}


def test_a_date_asked_of_nobody_is_asked_back(xinwen: Assistant) -> None:
    assert xinwen.ask("发布时间").status == "clarify"


@pytest.mark.parametrize("history", [[], ["它"] * 1000, ["S4000的显存", "不是S4000", "就是S4000"] * 300, ["", "😀"]])
def test_any_history_gives_an_answer(xinwen: Assistant, history: list[str]) -> None:
    assert xinwen.ask("它的功耗呢", history).text


@pytest.mark.parametrize(("question", "unit"), [("昇腾910C的显存带宽", "TB/s"), ("昇腾910B和S4000的功耗对比", "kW")])
def test_a_unit_asked_for_stands_beside_every_value(xinwen: Assistant, question: str, unit: str) -> None:
    answer = xinwen.ask(f"换成 {unit}", [question])
    others = [figure for figure in answer.figures if figure.unit != unit]
    assert others
    assert answer.text.count(f" {unit}") >= len(others)


def test_a_table_asked_for_holds_what_the_text_says(xinwen: Assistant) -> None:
    plain = xinwen.ask("昇腾910C的显存带宽和功耗")
    answer = xinwen.ask("做成表格", ["昇腾910C的显存带宽和功耗"])
    assert plain.table is None
    assert answer.table is not None
    assert len(answer.conflicts) == len(plain.conflicts)
    assert {citation.quote for citation in answer.citations} <= {citation.quote for citation in plain.citations}


def test_one_line_asked_for_is_one_line(xinwen: Assistant) -> None:
    assert "\n" in xinwen.ask("S4000的显存容量和功耗").text
    assert "\n" not in xinwen.ask("一句话回答", ["S4000的显存容量和功耗"]).text
