"""Articles written after the code, about cards that no catalogue lists: answers read beside their sources, kept as cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant

FOLDER = Path(__file__).parent.parent / "data" / "unseen"
# (question, status, what the answer must hold, what it must not)
CASES = [
    ("OX900 的显存带宽是多少？", "answered", ["4100 GB/s", "3.7 TB/s（实测）"], ["实测中"]),
    ("OX900 显存多大", "answered", ["144 GB"], ["64"]),
    ("OX900 稀疏 BF16 算力是多少", "answered", ["1024 TFLOPS（稀疏）"], ["512"]),
    ("OX900 的 INT8 算力", "answered", ["1024 TOPS"], []),
    ("OX900 功耗多少", "conflicting", ["600 W", "约550 W"], []),
    ("OX900 的 FP64 算力是多少", "refused", ["FP32"], []),
    ("OX900 的卡间互联带宽", "answered", ["600 GB/s（双向）"], []),
    ("OX500 的显存容量是多少", "answered", ["64 GB"], ["144"]),
    ("OX500 的带宽", "refused", [], ["4.1", "4100"]),
    ("OXBox-8 的功耗", "answered", ["6.5 kW"], ["550"]),
    ("OXBox-8 显存总容量", "answered", ["1152 GB"], []),
    ("磐石一号有多少张卡", "answered", ["1024 张"], []),
    ("磐石一号的总算力", "answered", ["约524 PFLOPS"], []),
    ("OX900 多少钱", "answered", ["9 万元至 11 万元", "未证实"], []),
    ("OX1200 的显存", "answered", ["288 GB（传闻，未证实）"], []),
    ("曜石微 2024 年营收", "answered", ["3.2 亿元（2024）"], ["4.6"]),
    ("曜石微 2023 年营收", "refused", ["2024"], []),
    ("What is the memory bandwidth of the T80?", "answered", ["546 GB/s"], []),
    ("T80 的 INT8 稀疏算力", "answered", ["640 TOPS（稀疏）"], ["320"]),
    ("T80 Pro 的 INT8 算力", "answered", ["512 TOPS（稠密）", "1024 TOPS（稀疏）"], []),
    ("T80 price", "answered", ["4,999", "36,000"], ["disagree"]),
    ("T80 FP64", "refused", [], []),
    ("T60 的 INT8 算力是多少", "refused", ["提到了T60"], ["320"]),
    ("When did the T80 start shipping?", "answered", ["March 2025"], []),
    ("LQ-330 的显存类型", "answered", ["GDDR6X"], []),
    ("LQ-330 什么时候上市", "answered", ["2025-08"], []),
    ("LQ-330 带宽多少 TB/s", "answered", ["1.2 TB/s"], []),
    ("灵渠智能出货量", "answered", ["超过1.2 万张（2025Q1-Q3）"], []),
    ("8 张 T80 的总显存是多少", "answered", ["8 × 96 GB = 768 GB"], []),
    ("OX900 的 80GB 显存够用吗", "answered", ["不符", "144 GB"], []),
    ("截至 2025 年 10 月，OX900 的功耗是多少", "answered", ["约550 W"], ["600"]),
    ("OX9000 的显存", "refused", ["OX9000"], ["144"]),
    ("QX5 Pro 的显存带宽", "answered", ["2.4 TB/s"], ["1.6", "3.2"]),
    ("QX5 的互联带宽", "answered", ["896 GB/s（双向）"], ["56"]),
    ("QX5 Max 的 FP16 算力是多少", "refused", ["显存容量"], ["320", "480"]),
    ("QX5 Max 价格", "refused", [], ["12.8"]),
    ("QX3的FP16", "refused", ["显存容量"], ["320"]),
    ("苍梧二期多少张卡", "answered", ["10240张（二期"], ["1024张"]),
    ("苍梧一期多少卡", "answered", ["1024张（一期"], ["10240"]),
    ("QS800 多少钱", "answered", ["约180万元"], []),
    ("16张QX5的显存总共多少", "answered", ["16 × 64 GB = 1024 GB"], []),
    ("QX5 Pro 显存是 80GB 吗", "answered", ["不符", "96 GB"], []),
    ("What is the BF16 throughput of the C40?", "answered", ["410 TFLOPS", "820 TFLOPS", "355 TFLOPS"], []),
    ("C40 power", "answered", ["375 W", "392 W (measured)"], ["disagree"]),
    ("C40 Lite 的功耗", "answered", ["250 W（预期或计划）"], ["375"]),
    ("How much is the CX8 server?", "answered", ["79,000"], ["7,200"]),
    ("Corvus Systems shipments in the first half of 2026", "answered", ["11,000"], ["4,200"]),
    ("C20 稀疏 BF16", "answered", ["192 TFLOPS（稀疏）"], ["96 "]),
]


@pytest.fixture(scope="module")
def xinwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.open(tmp_path_factory.mktemp("home")) as opened:
        assert not opened.ingest([FOLDER], embed=False).failed
        yield opened


@pytest.mark.parametrize(("question", "status", "holds", "lacks"), CASES, ids=[case[0] for case in CASES])
def test_the_answer_is_what_the_article_says(
    xinwen: Assistant, question: str, status: str, holds: list[str], lacks: list[str]
) -> None:
    answer = xinwen.ask(question)
    assert answer.status == status, answer.text
    for part in holds:
        assert part in answer.text
    for part in lacks:
        assert part not in answer.text
    for citation in answer.citations:
        document = xinwen.store.document(citation.document_id)
        assert document is not None
        assert document.text[citation.start : citation.end] == citation.quote


def test_a_ranking_of_cards_has_no_server_in_it(xinwen: Assistant) -> None:
    table = xinwen.ask("显存最大的是哪款卡").table
    assert table is not None
    assert [row[1] for row in table.rows][:2] == ["OX900", "T80 Pro"]
    assert not any("OXBox" in row[1] for row in table.rows)
