"""Time, editions and currencies: what is history, what is another version, what is a conflict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant

DOCUMENTS = {
    "first.md": """---
title: QV500 发布
publisher: 芯潮观察
published: 2024-03-01
---
QV500 的功耗为 300W。QV500 的显存容量为 48GB。QV500 的价格为 3万元。
""",
    "later.md": """---
title: QV500 规格更新
publisher: 芯潮观察
published: 2025-02-01
---
QV500 的功耗为 350W。QV500 的显存容量为 48GB。
""",
    "other.md": """---
title: QV500 table
publisher: Chip Ledger
published: 2025-03-01
---
| Parameter | Value | Note |
|---|---|---|
| Memory bandwidth | 1.2 TB/s |  |
| Memory bandwidth | 0.8 TB/s | PCIe版 |
| Price | US$4,200 |  |
| Launch date | 2024-03 |  |

QV500 was launched in 2024.
""",
    "company.md": """---
title: 澄原科技
publisher: 财经日报
published: 2024-06-01
---
澄原科技的员工人数为300人。
""",
    "company2.md": """---
title: 澄原科技
publisher: 公司观察
published: 2025-06-01
---
澄原科技的员工人数为500人。
""",
}


@pytest.fixture(scope="module")
def xinwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("documents")
    for name, text in DOCUMENTS.items():
        Path(folder, name).write_text(text, "utf-8")
    with Assistant.open(tmp_path_factory.mktemp("home")) as opened:
        report = opened.ingest([folder], embed=False)
        assert not report.failed
        yield opened


def test_what_a_publisher_said_before_is_history_and_no_conflict(xinwen: Assistant) -> None:
    answer = xinwen.ask("QV500 的功耗是多少？")
    assert answer.status == "answered"
    now, before = answer.text.splitlines()
    assert "350 W" in now
    assert "300 W" in before
    assert "2024-03-01" in before
    assert {figure.value for figure in answer.figures} == {350, 300}


def test_as_of_an_earlier_day_the_earlier_claim_stands(xinwen: Assistant) -> None:
    answer = xinwen.ask("截至 2024 年 12 月，QV500 的功耗是多少？")
    assert "300 W" in answer.text
    assert "350" not in answer.text


def test_an_english_question_gets_the_history_in_english(xinwen: Assistant) -> None:
    assert "Earlier claims: 300 W" in xinwen.ask("What is the TDP of the QV500?").text


def test_another_edition_is_shown_as_one(xinwen: Assistant) -> None:
    answer = xinwen.ask("QV500 的显存带宽")
    assert answer.status == "answered"
    assert "1.2 TB/s" in answer.text
    assert "0.8 TB/s（PCIe版）" in answer.text


def test_two_currencies_are_no_conflict(xinwen: Assistant) -> None:
    answer = xinwen.ask("QV500 的价格")
    assert answer.status == "answered"
    assert "3万元" in answer.text
    assert "4,200" in answer.text


def test_a_year_and_a_month_of_it_agree(xinwen: Assistant) -> None:
    assert xinwen.ask("QV500 什么时候发布").status == "answered"


def test_a_count_of_another_day_is_no_conflict_and_the_newest_comes_first(xinwen: Assistant) -> None:
    answer = xinwen.ask("澄原科技有多少员工")
    assert answer.status == "answered"
    assert answer.text.index("500") < answer.text.index("300")
    assert "2025-06-01" in answer.text
