"""Answers as HTML: what is a list, what is not, and a quoted row without its bars."""

from __future__ import annotations

from assistant.ui.render import readable, text_html


def test_a_line_behind_a_list_is_not_of_its_last_item() -> None:
    html = text_html("指标：\n- 功耗 310 W\n- 显存 64 GB\n主要产品：X\n- Y", 1)
    assert "<li>显存 64 GB</li>" in html.replace("\n", "")
    assert "<p>主要产品：X</p>" in html.replace("\n", "")
    assert html.count("<ul>") == 2


def test_a_quoted_row_is_shown_as_its_cells() -> None:
    assert readable("| 互联带宽 | 240 GB/s |  | 媒体 |") == "互联带宽 ｜ 240 GB/s ｜ 媒体"
    assert readable("句子 a|b 不是行。") == "句子 a|b 不是行。"
    assert readable("|") == "|"
