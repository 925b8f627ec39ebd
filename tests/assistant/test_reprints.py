"""Reprints and corrections, from files to the answer: counted once, cited once, and the later word wins."""

from __future__ import annotations

import json
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
        f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\npublisher: {publisher}\npublished: {published}\n{address}---\n{body}\n",
        "utf-8",
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


def test_the_makers_own_release_is_cited_before_an_earlier_printing(
    home: Path, syndicated: Path, tmp_path: Path
) -> None:
    release = write(tmp_path / "maker", "r.md", "天罡 T900 发布", "天罡科技", "2025-03-02", BODY)
    release.write_text(release.read_text("utf-8").replace("published:", "claimed_by: vendor\npublished:"), "utf-8")
    with Assistant.open(home=home) as xinwen:
        xinwen.ingest([syndicated, release], embed=False)
        (citation,) = xinwen.ask("天罡 T900 的显存带宽是多少？").citations
        assert citation.publisher == "天罡科技"
        assert set(citation.also) == set(SITES)


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


# --- corrections ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("更正：天罡 T900 的显存容量", "本报此前报道天罡 T900 的显存容量为 96GB 有误，天罡 T900 的显存容量应为 64GB。"),
        ("天罡 T900 发布（修订版）", "天罡 T900 的显存容量为 64GB。"),
        ("【勘误】关于天罡 T900", "天罡 T900 的显存容量为 64GB。"),
        ("Correction: Tiangang T900", "天罡 T900 的显存容量为 64GB。"),
        ("关于天罡 T900 的报道", "更正：天罡 T900 的显存容量为 64GB。"),
    ],
)
@pytest.mark.parametrize("day", ["2025-03-01", "2025-03-09"])
def test_a_correction_wins_over_what_it_corrects_and_both_are_seen(
    home: Path, syndicated: Path, tmp_path: Path, title: str, body: str, day: str
) -> None:
    # The first printing of the article is of 2025-03-01: a correction of the same day is one too.
    write(tmp_path / "later", "c.md", title, SITES[-1], day, body)
    with Assistant.open(home=home) as xinwen:
        xinwen.ingest([tmp_path / "later", syndicated], embed=False)
        answer = xinwen.ask("天罡 T900 的显存容量是多少？")
        assert answer.status == "answered"
        first, _, history = answer.text.partition("\n")
        assert "64 GB" in first
        assert "96 GB" not in first
        assert "96 GB" in history
        assert {citation.published for citation in answer.citations} == {day, "2025-03-01"}


@pytest.mark.parametrize(
    "title", ["天罡 T900 修订版架构的评测", "算力法修订，天罡 T900 受益", "Revised Tiangang T900 tested"]
)
def test_a_text_that_only_mentions_a_revision_corrects_nothing(
    home: Path, syndicated: Path, tmp_path: Path, title: str
) -> None:
    write(tmp_path / "later", "c.md", title, SITES[-1], "2025-03-01", "天罡 T900 的显存容量为 64GB。")
    with Assistant.open(home=home) as xinwen:
        xinwen.ingest([tmp_path / "later", syndicated], embed=False)
        assert xinwen.ask("天罡 T900 的显存容量是多少？").status == "conflicting"


def test_anothers_correction_is_shown_beside_what_it_contradicts(home: Path, syndicated: Path, tmp_path: Path) -> None:
    write(tmp_path / "later", "c.md", "更正：天罡 T900", "别家报纸", "2025-04-01", "天罡 T900 的显存容量应为 64GB。")
    with Assistant.open(home=home) as xinwen:
        xinwen.ingest([tmp_path / "later", syndicated], embed=False)
        assert xinwen.ask("天罡 T900 的显存容量是多少？").status == "conflicting"


def test_a_page_that_changed_its_figure_has_one_and_remembers_the_other(home: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "page", "a.md", "天罡 T900 发布", "甲报", "2025-03-01", BODY)
    with Assistant.open(home=home) as xinwen:
        xinwen.ingest([path], embed=False)
        for edition in range(8):
            write(
                tmp_path / "page",
                "a.md",
                "天罡 T900 发布",
                "甲报",
                "2025-03-01",
                BODY.replace("96GB", f"{64 - edition}GB"),
            )
            assert len(xinwen.ingest([path], embed=False).updated) == 1
        answer = xinwen.ask("天罡 T900 的显存容量是多少？")
        assert answer.status == "answered"
        assert "57 GB" in answer.text
        origin = xinwen.documents()[0].origin
        editions = xinwen.store.editions(origin)
        # The latest few, newest first, each with what it said and its successor does not.
        assert [[item["value"] for item in edition.said] for edition in editions] == [
            [f"{58 + at}GB"] for at in range(len(editions))
        ]
        assert len(editions) == 5
        # A change of words that leaves the figures is none.
        write(tmp_path / "page", "a.md", "天罡 T900 发布", "甲报", "2025-03-01", BODY.replace("96GB", "57GB") + "完。")
        xinwen.ingest([path], embed=False)
        assert len(xinwen.store.editions(origin)) == 5
        assert xinwen.store.editions(origin) == editions
        xinwen.remove(xinwen.documents()[0].id)
        assert xinwen.store.editions(origin) == []
