"""Passages cut no sentence and no table row, and cover the text exactly once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.documents import Document
from knowledge.passages import sentences, split
from knowledge.reprints import bands, same_figures, signature, similarity
from knowledge.tables import find_tables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("算力为376.0 TFLOPS。功耗310W！", ["算力为376.0 TFLOPS。", "功耗310W！"]),
        (
            "It has 376.0 TFLOPS. It uses U.S. parts, e.g. HBM. Done",
            ["It has 376.0 TFLOPS.", "It uses U.S. parts, e.g. HBM.", "Done"],
        ),
        ("他说：“够了。”然后走了。", ["他说：“够了。”", "然后走了。"]),
        ("3. Foo bar baz. Next", ["3. Foo bar baz.", "Next"]),
        ("见 https://a.example/b?c=1;d=2 一文。完", ["见 https://a.example/b?c=1;d=2 一文。", "完"]),
        ("| a | b。c |\n|---|---|\n| 1. | 2 |", ["| a | b。c |", "|---|---|", "| 1. | 2 |"]),
        ("# 标题。还是标题\n正文", ["# 标题。还是标题", "正文"]),
    ],
)
def test_a_sentence_ends_where_it_ends(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


PIECES = [
    "昇腾910B的算力为376.0 TFLOPS。",
    "It has 48 GB of memory. ",
    "\n",
    "\n\n",
    "# 标题\n",
    "小标题",
    "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n",
    "，",
    "长" * 90,
    "！",
    "  ",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_passages_are_exact_ordered_and_cover_all_prose(pieces: list[str]) -> None:
    text = "".join(pieces)
    document = Document("d", "t", text)
    passages = split(document)
    covered = [False] * len(text)
    last = 0
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.start >= last
        last = passage.end
        covered[passage.start : passage.end] = [True] * (passage.end - passage.start)
    for start, end in sentences(text):
        heading = any(text[start:end] in (part, f"# {part}") for passage in passages for part in passage.heading)
        assert all(covered[start:end]) or heading or text[start] == "#" or not passages or end - start <= 40
    for table in find_tables(text):
        for start, end in table.row_spans:
            assert any(passage.start <= start and end <= passage.end for passage in passages)


def test_a_long_table_repeats_its_header_as_context() -> None:
    rows = "\n".join(f"| 产品{number} | {'参数' * 20} | {number}GB |" for number in range(60))
    passages = split(Document("d", "t", f"| 产品 | 说明 | 显存 |\n|---|---|---|\n{rows}\n"))
    assert len(passages) > 3
    assert all(passage.header == "| 产品 | 说明 | 显存 |" for passage in passages[1:])


def test_a_passage_keeps_its_headings_and_crosses_no_page() -> None:
    text = "# 一\n\n## 二\n\n" + "第一页的句子。" * 5 + "\n" + "第二页的句子。" * 5 + "\n"
    second = text.index("第二页")
    passages = split(Document("d", "t", text, pages=((0, "1"), (second, "2"))))
    assert [(passage.heading, passage.page) for passage in passages] == [(("一", "二"), "1"), (("一", "二"), "2")]


def test_a_document_of_headings_alone_can_still_be_found() -> None:
    assert [passage.text for passage in split(Document("d", "t", "# 天罡G2\n"))] == ["# 天罡G2"]


def test_ragged_rows_are_padded_and_escaped_pipes_belong_to_the_cell() -> None:
    text = "| a | b | c |\n|:--|---|--:|\n| 1 | 2 |\n| x \\| y | z | 1 | 2 |"
    (table,) = find_tables(text)
    assert [[cell.text for cell in row] for row in table.rows] == [["1", "2", ""], ["x \\| y", "z", "1"]]
    assert all(text[cell.start : cell.end] == cell.text for row in table.rows for cell in row)


ARTICLE = (
    "凌霄科技发布天罡G2加速卡，显存48GB，功耗300W。公司表示，新产品面向大模型推理，已向十余家客户送样，预计下半年批量供货，同时与多家服务器厂商展开合作。"
    * 2
)


def test_a_reprint_is_recognised_and_an_altered_figure_is_none() -> None:
    first, cut = signature(ARTICLE), signature("转载：" + ARTICLE + "（完）")
    assert first is not None
    assert cut is not None
    assert similarity(first, cut) > 0.8
    assert set(bands(first)) & set(bands(cut))
    assert same_figures(ARTICLE, "转载：" + ARTICLE)
    assert not same_figures(ARTICLE, ARTICLE.replace("48GB", "64GB"))


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("25亿元", "25万元", False),
        ("A 320，B 256", "A 256，B 320", False),
        ("1,024颗", "1024颗", True),
        ("４８GB", "48GB", True),
        ("48GB", "48GB，300W", True),
    ],
)
def test_numbers_are_compared_with_what_they_count_and_in_order(a: str, b: str, same: bool) -> None:
    assert same_figures(a, b) is same
