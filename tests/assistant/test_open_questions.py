"""Open questions over documents nobody has seen: reasons, times, people and profiles, or a refusal that names the nearest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant import Answer, Assistant

DOCUMENTS = {
    "delay.md": """---
title: 苍龙半导体推迟发布玄冰X100
publisher: 芯片周刊
published: 2025-03-12
---
2025年3月12日，苍龙半导体宣布推迟发布玄冰X100。公司在公告里说，由于封装产能不足，首批交付改到下半年。玄冰X100的显存容量为 80GB。
""",
    "delay-copy.md": """---
title: 苍龙半导体推迟发布玄冰X100
publisher: 转载网
published: 2025-03-13
---
2025年3月12日，苍龙半导体宣布推迟发布玄冰X100。公司在公告里说，由于封装产能不足，首批交付改到下半年。玄冰X100的显存容量为 80GB。
""",
    "order.md": """---
title: 苍龙半导体获得订单
publisher: 财经早报
published: 2025-06-02
---
2025年6月2日，苍龙半导体与北方云签下玄冰X100的供货合同。北方云是它的第一家大客户。
""",
    "launch.md": """---
title: Canglong launches the Xuanbing X100
publisher: Chip Weekly
published: 2024-11-20
language: en
---
On 20 November 2024 Canglong Semiconductor unveiled the roadmap of 玄冰X100. The design was changed because the earlier memory supplier had left the market.
""",
}


@pytest.fixture(scope="module")
def xinwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("open")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, "utf-8")
    with Assistant.open(home=folder / "home") as opened:
        assert len(opened.ingest([folder / name for name in DOCUMENTS]).added) == len(DOCUMENTS)
        yield opened


def check(answer: Answer, xinwen: Assistant) -> None:
    for citation in answer.citations:
        document = xinwen.store.document(citation.document_id)
        assert document is not None
        assert citation.quote == document.text[citation.start : citation.end]
        assert f"[{citation.marker}]" in answer.text


def test_why_is_answered_by_a_sentence_that_gives_the_reason(xinwen: Assistant) -> None:
    answer = xinwen.ask("玄冰X100 为什么推迟")
    check(answer, xinwen)
    assert answer.status == "answered"
    assert "由于封装产能不足" in answer.text


def test_a_reprint_is_no_second_source(xinwen: Assistant) -> None:
    answer = xinwen.ask("玄冰X100 为什么推迟")
    assert answer.text.count("由于封装产能不足") == 1


def test_without_a_reason_the_nearest_report_is_named(xinwen: Assistant) -> None:
    answer = xinwen.ask("北方云为什么签下玄冰X100的合同")
    assert answer.status == "refused"
    assert "供货合同" in answer.text


def test_a_question_in_the_other_language_is_answered_and_the_quote_marked(xinwen: Assistant) -> None:
    answer = xinwen.ask("Why was the 玄冰X100 delayed? English please")
    check(answer, xinwen)
    assert answer.language == "en"
    assert "由于封装产能不足" in answer.text
    assert "(original)" in answer.text
    other = xinwen.ask("玄冰X100 为什么改了设计")
    assert "because the earlier memory supplier had left" in other.text
    assert "（原文）" in other.text


def test_a_timeline_is_in_order_of_date_and_tells_each_event_once(xinwen: Assistant) -> None:
    lines = [line for line in xinwen.ask("玄冰X100 发生了什么").text.splitlines() if line.startswith("- ")]
    dates = [line[2:12] for line in lines]
    assert dates == sorted(dates)
    assert [date for date in dates if date == "2025-03-12"] == ["2025-03-12"]
    assert "2025-06-02" in dates


def test_a_timeline_keeps_to_the_time_asked_for(xinwen: Assistant) -> None:
    assert "2024" not in xinwen.ask("玄冰X100 2025年发生了什么").text
    silent = xinwen.ask("玄冰X100 2019年发生了什么")
    assert silent.status == "refused"
    assert "2024-11-20" in silent.text


@pytest.mark.parametrize(
    "question", ["玄冰X100 的代言人是谁", "玄冰X100 为什么被召回", "Who founded 玄冰X100's competitor?"]
)
def test_what_no_sentence_says_is_refused(xinwen: Assistant, question: str) -> None:
    assert xinwen.ask(question).status == "refused"


def test_the_retriever_finds_what_the_assistant_reads(xinwen: Assistant) -> None:
    found = xinwen.retriever(4).invoke("Why was the 玄冰X100 delayed?")
    assert any("由于封装产能不足" in document.page_content for document in found[:2])
