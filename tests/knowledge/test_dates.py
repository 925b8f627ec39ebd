"""Dates keep the precision of the text; relative ones need the document's date."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.dates import find_dates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023年10月17日", ["2023-10-17"]),
        ("到2030年中国的自给率", ["2030"]),
        ("2026年中，", ["2026Q2-Q3"]),
        ("2023年10月", ["2023-10"]),
        ("去年年底", ["2023Q4"]),
        ("今年3月", ["2024-03"]),
        ("上月", ["2024-02"]),
        ("Q3 2024", ["2024Q3"]),
        ("H1 2025", ["2025H1"]),
        ("2025年上半年", ["2025H1"]),
        ("2025年前三季度", ["2025Q1-Q3"]),
        ("2024年第三季度", ["2024Q3"]),
        ("Dec. 19, 2023", ["2023-12-19"]),
        ("19 December 2023", ["2023-12-19"]),
        ("December 2023", ["2023-12"]),
        ("2024-03-08 09:29:32", ["2024-03-08"]),
        ("3年半前", ["2020"]),
        ("5月", ["2023-05"]),
        ("FY2024", ["2024"]),
        ("昨日", ["2024-03-07"]),
        ("2000张", []),
        ("RTX 2080", []),
        ("2023-13-45", []),
    ],
)
def test_a_date_is_resolved_with_its_precision(text: str, expected: list[str]) -> None:
    assert [date.iso for date in find_dates(text, "2024-03-08")] == expected


@pytest.mark.parametrize("text", ["去年年底", "今年3月", "上月", "5月", "昨日"])
def test_a_relative_date_without_a_document_date_is_none(text: str) -> None:
    assert find_dates(text, None) == []


@given(st.text(max_size=120), st.sampled_from([None, "2024", "2024-03", "2024-03-08"]))
def test_any_text_can_be_read_and_spans_are_exact(text: str, as_of: str | None) -> None:
    last = 0
    for date in find_dates(text, as_of):
        assert text[date.start : date.end] == date.text
        assert date.start >= last
        last = date.end


def test_the_same_year_is_that_of_the_date_before_it() -> None:
    text = "天垓100在2021年3月31日发布，同年9月量产。"
    assert [mention.iso for mention in find_dates(text, "2026-01-08")] == ["2021-03-31", "2021-09"]
    assert find_dates("同年9月量产。", "2026-01-08") == []
