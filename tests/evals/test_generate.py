"""Generated cases: the same every time, from rows alone, and never counted as hand-written."""

from __future__ import annotations

from pathlib import Path

from evals.case import Case
from evals.generate import cases, facts, written
from knowledge.catalog import Catalog

SHEET = """# 摩尔线程 MTT S4000

| 指标 | 数值 | 条件 | 说法来源 | 发布者 | 日期 | 链接 |
| --- | --- | --- | --- | --- | --- | --- |
| 显存容量 | 48 GB |  | 媒体 | A |  | https://a |
| 显存带宽 | 768 GB/s |  | 媒体 | A |  | https://a |
| 功耗 | 450 W | 实测 | 媒体 | A |  | https://a |
| 互联带宽 | 240 GB/s |  | 媒体 | A |  | https://a |
| 互联带宽 | 768 GB/s |  | 媒体 | B |  | https://b |
| INT8算力 | 200 TOPS |  | 传闻 | C |  | https://c |
"""


def _sheet(folder: Path) -> Path:
    specs = folder / "specs"
    specs.mkdir()
    (specs / "s4000.md").write_text(SHEET, "utf-8")
    return specs


def test_conditions_and_rumours_keep_a_row_out(tmp_path: Path) -> None:
    found = {fact.attribute.id: fact.values for fact in facts(Catalog.load(), _sheet(tmp_path))}
    assert found == {
        "memory_capacity": (("48", "GB"),),
        "memory_bandwidth": (("768", "GB/s"),),
        "interconnect_bandwidth": (("240", "GB/s"), ("768", "GB/s")),
    }


def test_rows_that_differ_are_expected_as_a_conflict(tmp_path: Path) -> None:
    made = [Case.model_validate(case) for case in cases(Catalog.load(), _sheet(tmp_path))]
    disputed = next(case for case in made if case.id.startswith("gen-conflict"))
    assert disputed.status == ("conflicting",)
    assert [figure.value for figure in disputed.figures] == [240, 768]


def test_generated_cases_are_the_same_every_time_and_say_what_they_are(tmp_path: Path) -> None:
    specs = _sheet(tmp_path)
    made = list(cases(Catalog.load(), specs))
    assert written(made) == written(list(cases(Catalog.load(), specs)))
    assert {case["origin"] for case in made} == {"generated"}
    assert len({case["id"] for case in made}) == len(made)
