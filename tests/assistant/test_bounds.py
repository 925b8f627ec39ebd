"""Evidence is of the period, the maker and the kind of source that a question asks for; else the answer says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant import Assistant

LIBRARY = {
    "2023": ("芯闻周刊", "2023-05-10", "news", "摩尔线程因为资金紧张裁减了驱动团队。"),
    "2025": ("芯闻周刊", "2025-04-02", "news", "摩尔线程因为订单增长扩建了上海实验室。"),
    "sheet": ("摩尔线程", "2024-02-01", "spec", "MTT S4000 的散热方案采用被动风道，因为服务器自带风扇。"),
    "report": ("摩尔线程2024年年度报告", "2025-03-31", "news", "摩尔线程因为研发投入增加而扩大亏损。"),
    "other": ("芯闻周刊", "2023-06-10", "news", "壁仞科技因为客户推迟付款搬迁了广州仓库。"),
}


@pytest.fixture(scope="module")
def xinwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("bounds")
    for name, (publisher, published, kind, text) in LIBRARY.items():
        header = f"title: {publisher} {name}\npublisher: {publisher}\npublished: {published}\nkind: {kind}"
        (folder / f"{name}.md").write_text(f"---\n{header}\n---\n{text}\n", "utf-8")
    with Assistant.open(home=folder / "home") as opened:
        assert len(opened.ingest([folder / f"{name}.md" for name in LIBRARY]).added) == len(LIBRARY)
        yield opened


def inside(xinwen: Assistant, question: str) -> set[str]:
    hits = xinwen._retrieve(xinwen.understand(question))
    return {hit.document.title.split()[-1] for hit in hits if not hit.outside}


@pytest.mark.parametrize(
    ("question", "documents"),
    [
        ("2023年摩尔线程为什么裁减驱动团队", {"2023", "other"}),
        ("2025年以来摩尔线程为什么扩建实验室", {"2025", "report"}),
        ("据规格书，MTT S4000 为什么采用被动风道", {"sheet"}),
        ("据财报，摩尔线程为什么扩大亏损", {"report"}),
        ("According to the news, why did Moore Threads expand its laboratory", {"2023", "2025", "report", "other"}),
    ],
)
def test_evidence_is_of_the_asked_time_and_kind_of_source(
    xinwen: Assistant, question: str, documents: set[str]
) -> None:
    found = inside(xinwen, question)
    assert found
    assert found <= documents


def test_other_makers_are_left_out_where_enough_is_about_the_asked_one(xinwen: Assistant) -> None:
    assert "other" in inside(xinwen, "为什么扩建搬迁推迟")
    assert "other" not in inside(xinwen, "摩尔线程为什么扩建搬迁推迟")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("2023年摩尔线程为什么裁减驱动团队", "资金紧张"),
        ("2025年以来摩尔线程为什么扩建实验室", "订单增长"),
        ("据财报，摩尔线程为什么扩大亏损", "研发投入增加"),
        ("据规格书，MTT S4000 为什么采用被动风道", "自带风扇"),
    ],
)
def test_a_bounded_question_is_answered_from_within(xinwen: Assistant, question: str, said: str) -> None:
    answer = xinwen.ask(question)
    assert answer.status == "answered"
    assert said in answer.text


@pytest.mark.parametrize(
    ("question", "bounds", "nearest"),
    [
        ("2024年摩尔线程为什么裁减驱动团队", "2024", "资金紧张"),
        ("2024年以来摩尔线程为什么裁减驱动团队", "2024", "资金紧张"),
        ("据规格书，摩尔线程为什么扩建实验室", "规格资料", "订单增长"),
        ("据财报，摩尔线程为什么扩建实验室", "财报与公告", "订单增长"),
        ("新闻里MTT S4000为什么采用被动风道", "新闻报道", "自带风扇"),
    ],
)
def test_nothing_within_is_said_and_the_nearest_outside_named(
    xinwen: Assistant, question: str, bounds: str, nearest: str
) -> None:
    answer = xinwen.ask(question)
    assert answer.status == "refused"
    assert bounds in answer.text.splitlines()[0]
    assert nearest in answer.text
    for citation in answer.citations:
        document = xinwen.store.document(citation.document_id)
        assert document is not None
        assert citation.quote == document.text[citation.start : citation.end]
