"""Dates: the precision a text gives is kept, relative ones need the document's date."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.dates import find_dates

_ABSOLUTE = [
    ("2023年10月", "2023-10"), ("2024-03-08", "2024-03-08"), ("2024/3/8", "2024-03-08"), ("2024.03.08", "2024-03-08"),
    ("2024年3月8日", "2024-03-08"), ("２０２４年３月", "2024-03"), ("二〇二三年", "2023"), ("2023年底", "2023Q4"),
    ("2024年第三季度", "2024Q3"), ("Q3 2024", "2024Q3"), ("2024Q3", "2024Q3"), ("H1 2025", "2025H1"),
    ("2025年上半年", "2025H1"), ("December 2023", "2023-12"), ("Dec. 19, 2023", "2023-12-19"),
    ("19 December 2023", "2023-12-19"), ("FY2024", "2024"), ("2024财年", "2024"), ("late 2024", "2024Q4"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "iso"), _ABSOLUTE)
def test_a_date_keeps_its_precision(text: str, iso: str) -> None:
    assert [(item.text, item.iso) for item in find_dates(text, None)] == [(text, iso)]


_RELATIVE = [
    ("去年年底", "2023Q4"), ("去年", "2023"), ("今年3月", "2024-03"), ("上月", "2024-02"), ("本月", "2024-03"),
    ("昨日", "2024-03-07"), ("三季度", "2024Q3"), ("上半年", "2024H1"), ("前三季度", "2024Q1-Q3"),
    ("3年半前", "2020"), ("11月", "2023-11"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "iso"), _RELATIVE)
def test_a_relative_date_is_resolved_against_the_document(text: str, iso: str) -> None:
    assert [(item.text, item.iso) for item in find_dates(text, "2024-03-08")] == [(text, iso)]
    assert find_dates(text, None) == []


@pytest.mark.parametrize(
    "text", ["近日", "2024张卡", "2048卡", "RTX 2080", "型号2024", "2024-02-30", "2024-13-01", "2024 GB", ""]
)
def test_what_no_calendar_has_is_no_date(text: str) -> None:
    assert find_dates(text, "2024-03-08") == []


@pytest.mark.parametrize("as_of", ["", "soon", "2024-99-99", "0001-01-01", "2024"])
def test_an_unusable_document_date_resolves_no_day(as_of: str) -> None:
    assert find_dates("昨日发布", as_of) == []


_PIECES = st.sampled_from(
    [
        "2024",
        "年",
        "3",
        "月",
        "8",
        "日",
        "-",
        "/",
        ".",
        "去年",
        "今年",
        "底",
        "上半年",
        "第三季度",
        "Q3",
        "H1",
        "FY",
        "昨日",
        "上月",
        "前",
        "半",
        "Dec.",
        "May",
        "of",
        "二〇二三",
        "张",
        "２０２４",
        "last",
        "year",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=10).map("".join) | st.text(), st.none() | st.dates().map(str) | st.text(max_size=12))
def test_any_text_gives_ordered_spans_of_itself(text: str, as_of: str | None) -> None:
    last = 0
    for item in find_dates(text, as_of):
        assert last <= item.start < item.end <= len(text)
        assert text[item.start : item.end] == item.text
        last = item.end
