"""Reprints and corrections, from files to the answer: counted once, cited once, and the later word wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.core import Assistant

BODY = (
    "国产芯片厂商天罡科技今日发布新一代加速卡天罡 T900。据介绍，天罡 T900 的显存容量为 96GB，显存带宽为 1.6TB/s，功耗为 350W。"
    "公司表示，这款产品面向大模型的训练与推理，已经与多家服务器厂商完成适配，首批客户包括两家云厂商和一家运营商。"
    "业内人士认为，产能仍然是决定其市场份额的关键因素，软件生态的完善也还需要时间。"
)
SITES = ("东方芯闻", "算力周刊", "半导体纪事", "芯片观察", "硅谷对照")


def write(folder: Path, name: str, title: str, publisher: str, published: str, body: str, url: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    address = f"url: {url}\n" if url else ""
    path = folder / name
    path.write_text(
        f"---\ntitle: {title}\npublisher: {publisher}\npublished: {published}\n{address}---\n{body}\n", "utf-8"
    )
    return path


@pytest.fixture
def syndicated(tmp_path: Path) -> Path:
    folder = tmp_path / "sites"
    for at, site in enumerate(SITES):
        tail = f"\n\n（编辑 {site}）" if at % 2 else ""
        write(folder, f"{at}.md", "天罡 T900 发布", site, f"2025-03-0{5 - at}", BODY + tail)
    return folder


def test_an_article_of_five_sites_is_one_source(home: Path, syndicated: Path) -> None:
    with Assistant.open(home=home) as xinwen:
        assert len(xinwen.ingest([syndicated], embed=False).added) == 5
        answer = xinwen.ask("天罡 T900 的显存带宽是多少？")
        assert len(answer.citations) == 1
        # The first printing is cited, whatever the order of reading; the others are named beside it.
        assert answer.citations[0].publisher == SITES[-1]
        assert set(answer.citations[0].also) == set(SITES[:-1])
        assert len(xinwen.figures("天罡 T900", "memory_bandwidth")) == 1


def test_a_relative_day_is_the_first_printings_day(home: Path, syndicated: Path) -> None:
    with Assistant.open(home=home) as xinwen:
        xinwen.ingest([syndicated], embed=False)
        answer = xinwen.ask("天罡 T900 什么时候发布的？")
        assert answer.status == "answered"
        assert "2025-03-01" in answer.text
        assert "2025-03-05" not in answer.text


def test_many_printings_do_not_outvote_a_source(home: Path, syndicated: Path, tmp_path: Path) -> None:
    rival = write(tmp_path / "rival", "r.md", "评测", "独立评测", "2025-04-01", "天罡 T900 的显存容量为 64GB。")
    with Assistant.open(home=home) as xinwen:
        xinwen.ingest([syndicated, rival], embed=False)
        answer = xinwen.ask("天罡 T900 的显存容量？")
        assert answer.status == "conflicting"
        assert len(answer.conflicts) == 1
        assert len(answer.conflicts[0].figures) == 2
        assert len(answer.citations) == 2


def test_when_the_first_printing_is_removed_the_next_one_speaks(home: Path, syndicated: Path) -> None:
    with Assistant.open(home=home) as xinwen:
        xinwen.ingest([syndicated], embed=False)
        for publisher in (SITES[4], SITES[3]):
            cited = xinwen.ask("天罡 T900 的显存带宽是多少？").citations[0]
            assert cited.publisher == publisher
            assert xinwen.remove(cited.document_id)
        assert xinwen.ask("天罡 T900 的显存带宽是多少？").citations[0].publisher == SITES[2]
