"""Words of the lexical index: names whole, codes whole and split, letters of every script."""

from __future__ import annotations

import pytest

from knowledge.catalog import Catalog
from knowledge.lexical import query_tokens, tokens

CATALOG = Catalog.load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MLU370-X8", {"mlu370x8", "mlu370", "x8"}),
        ("３２０ＴＦＬＯＰＳ", {"320", "tflops"}),
        ("昇腾910B", {"昇腾", "910b"}),
        ("昇騰", {"昇腾"}),
        ("PCIe 4.0", {"pcie", "4_0"}),
        ("448mm²", {"448mm", "448", "mm"}),
        ("メモリ容量", {"メモ", "モリ"}),
        ("메모리는", {"메모", "모리"}),
        ("Видеопамять", {"видеопамять"}),
        ("Café", {"café", "cafe"}),
        ("ÅNGSTRÖM-X8", {"ångströmx8", "angstromx8", "x8"}),
        ("𠮷野", {"𠮷", "野"}),
        ("ภาษา", {"ภาษา"}),
    ],
)
def test_tokens(text: str, expected: set[str]) -> None:
    assert expected <= set(tokens(text, CATALOG))


@pytest.mark.parametrize("text", ["", "   ", "😀🎉", "，。！？", "*()\"'", "²"])
def test_no_letters_no_tokens(text: str) -> None:
    assert tokens(text, CATALOG) == []


def test_a_question_keeps_its_content_words_once() -> None:
    found = query_tokens("昇腾910B 的显存是多少？昇腾910B？", CATALOG)
    assert found.count("910b") == 1
    assert "的" not in found
