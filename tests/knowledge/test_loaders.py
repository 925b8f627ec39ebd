"""Loaders: real files in real encodings become documents; what cannot is one clear failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.errors import DocumentError
from knowledge.loaders import LOADERS, discover, load, load_bytes
from knowledge.tables import find_tables

ARTICLE = """天罡G2量产在即

芯闻网 2025-03-08 09:29:32

凌霄科技的天罡G2加速卡已进入量产准备。这款产品显存为48GB，功耗为300W，面向大模型推理场景。

公司表示，今年的出货目标尚未确定，后续会向更多行业客户送样，并与整机厂商联合推出服务器。

0 阅读:0

芯闻网

简介:关注芯片产业的每一天
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_a_plain_article_is_read_in_any_encoding_without_its_boilerplate(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "article.txt"
    path.write_bytes(ARTICLE.encode(encoding))
    document = load(path)
    assert (document.title, document.publisher, document.published) == ("天罡G2量产在即", "芯闻网", "2025-03-08")
    assert "48GB" in document.text
    assert "阅读" not in document.text
    assert "简介" not in document.text


@pytest.mark.parametrize(
    ("byline", "publisher", "published"),
    [
        ("来源：芯闻网  2025年3月8日", "芯闻网", "2025-03-08"),
        ("By A. Writer | Example Wire | March 8, 2025", "Example Wire", "2025-03-08"),
        ("Published on March 8, 2025", None, "2025-03-08"),
        ("2025-03-08 10:00", None, "2025-03-08"),
        ("芯闻网　2025-03-08", "芯闻网", "2025-03-08"),
        ("2025年3月量产，营收增长", None, None),
        ("天罡G2于2025年3月8日量产。", None, None),
    ],
)
def test_a_byline_tells_publisher_and_date_and_a_sentence_does_not(
    byline: str, publisher: str | None, published: str | None
) -> None:
    document = load_bytes(f"标题一行\n\n{byline}\n\n正文第一段，说的是别的事情。\n".encode(), "a.txt", "a")
    assert (document.publisher, document.published) == (publisher, published)
    if published is None:
        assert byline in document.text


PAGE = """<html><head><title>天罡G2发布 - 芯闻网</title><meta charset="{charset}"><meta property="og:site_name" content="芯闻网">
<meta property="article:published_time" content="2025-03-01T08:00:00+08:00"></head><body><nav><table><tr><td>首页</td><td>1</td></tr>
<tr><td>新闻</td><td>2</td></tr></table></nav><article><h1>天罡G2发布</h1>
<p>凌霄科技于2025年3月1日发布了天罡G2加速卡，面向大模型推理场景，这是该公司的第二代产品，首批客户已经拿到样卡。</p>
<table><tr><th>系列</th><th>型号</th><th>显存</th></tr><tr><td rowspan="2">天罡</td><td>天罡G2</td><td>48GB</td></tr><tr><td>天罡G2 Pro</td><td>96GB</td></tr></table>
<p>该公司表示，后续还会推出更多产品，满足不同行业客户的需要，并与多家整机厂商合作开发服务器。</p></article>
<footer>分享到 微博 微信</footer></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "gb2312"])
def test_a_page_gives_its_article_and_its_table_with_spans_filled_in(charset: str) -> None:
    document = load_bytes(
        PAGE.format(charset=charset).encode("gb18030" if charset == "gb2312" else charset), "page.html", "page"
    )
    assert (document.publisher, document.published) == ("芯闻网", "2025-03-01")
    (table,) = find_tables(document.text)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["天罡", "天罡G2", "48GB"],
        ["天罡", "天罡G2 Pro", "96GB"],
    ]
    assert "首页" not in document.text
    assert "微博" not in document.text


def test_front_matter_is_validated_and_kept_out_of_the_text() -> None:
    document = load_bytes("---\ntitle: 标题\npublished: 2024-03\nkind: spec\n---\n正文。\n".encode(), "a.md", "a")
    assert (document.title, document.published, document.kind, document.text) == ("标题", "2024-03", "spec", "正文。\n")


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.txt", "empty"),
        (b"   \n", "a.md", "empty"),
        (b"\x00\x01\x02binary", "a.txt", "binary"),
        (b"\x89PNG\r\n\x1a\nrest", "a.txt", "binary"),
        (b"x" * 20_000_001, "a.txt", "larger"),
        (b"data", "a.xyz", "supported are"),
        ("---\ntitle: a\npublished: 2024-02-31\n---\n正文".encode(), "a.md", "front matter"),
        ("---\ntitle: a\npublished: '2024-13'\n---\n正文".encode(), "a.md", "published"),
        ("---\n- a\n- b\n---\n正文".encode(), "a.md", "front matter"),
        ("---\ntitle: a\ncolour: red\n---\n正文".encode(), "a.md", "colour"),
        (b"---\ntitle: a\n---\n", "a.md", "no text"),
        (b"<html><script>x()</script></html>", "a.html", "text"),
    ],
)
def test_a_bad_input_names_itself_and_what_to_do(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason) as failure:
        load_bytes(data, name, name)
    assert name in str(failure.value)


def test_csv_becomes_one_table_whatever_separates_its_cells() -> None:
    for separator in (",", ";", "\t"):
        data = separator.join(["产品", "显存"]) + "\r" + separator.join(["天罡G2", "48GB"]) + "\r"
        (table,) = find_tables(load_bytes(data.encode(), "cards.csv", "c").text)
        assert [cell.text for cell in table.rows[0]] == ["天罡G2", "48GB"]


def test_discover_names_what_is_missing_and_passes_over_what_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    (tmp_path / ".hidden.md").write_text("x")
    (tmp_path / "b.bin").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)
    files, failures = discover([tmp_path, tmp_path / "none.md"])
    assert files == [tmp_path / "a.md"]
    assert [(path.name, "no such" in reason) for path, reason in failures] == [("none.md", True)]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(sorted(LOADERS)))
def test_any_bytes_are_a_document_or_a_clear_failure(data: bytes, suffix: str) -> None:
    name = f"a{suffix}"
    try:
        text = load_bytes(data, name, "a").text
    except DocumentError as failure:
        text = str(failure)
        failed = name in text
    else:
        failed = False
    assert failed or text.strip()
