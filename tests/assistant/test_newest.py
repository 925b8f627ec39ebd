"""The newest product is told by stated launches, plans apart, each with its source."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant import Assistant

TEXT = """MTT S4000 的发布时间为 2023年12月19日。

MTT S3000 的发布时间为 2022年11月3日。

MTT S80 的发布时间为 2022年8月1日。

MTT S5000 预计发布时间为 2027年3月1日。
"""


@pytest.fixture(scope="module")
def xinwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("newest")
    (folder / "launches.md").write_text(f"---\ntitle: 发布\npublished: 2025-01-01\n---\n{TEXT}", "utf-8")
    with Assistant.open(home=folder / "home") as opened:
        opened.ingest([folder / "launches.md"])
        yield opened


@pytest.mark.parametrize(
    ("question", "history"),
    [
        ("摩尔线程最新的显卡是什么", ()),
        ("newest Moore Threads card", ()),
        ("最新的是哪个", ("摩尔线程有哪些产品",)),
    ],
)
def test_the_newest_launch_comes_first_and_plans_stand_apart(
    xinwen: Assistant, question: str, history: tuple[str, ...]
) -> None:
    answer = xinwen.ask(question, history)
    assert answer.status == "answered"
    lines = answer.text.splitlines()
    assert lines[1].startswith("1. MTT S4000: 2023")
    assert lines[2].startswith("2. MTT S3000: 2022")
    assert all("S5000" not in line for line in lines if line[:1].isdigit())
    assert "S5000" in answer.text
    assert all(f"[{citation.marker}]" in answer.text for citation in answer.citations)


def test_news_is_no_product(xinwen: Assistant) -> None:
    assert xinwen.understand("摩尔线程最新消息").intent == "timeline"
