"""The shipped corpus has no fault that its checker knows, and the checker finds each of them where it is put."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from evals.corpus import copies, documents, facts, names
from evals.corpus.__main__ import RESEARCH, main, run
from evals.corpus.documents import Shipped
from evals.corpus.facts import Fact, Unheld
from knowledge.catalog import Catalog
from knowledge.figures import Figure


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


@pytest.fixture(scope="module")
def shipped(catalog: Catalog) -> list[Shipped]:
    return documents.read(catalog)[0]


def test_nothing_is_wrong_with_the_shipped_corpus() -> None:
    found, summary = run(research=RESEARCH if RESEARCH.is_dir() else None)
    assert not found, "\n".join(found)
    assert "nothing is wrong" in summary


def test_the_corpus_covers_the_field(shipped: list[Shipped], catalog: Catalog) -> None:
    news = [each for each in shipped if each.document.kind == "news"]
    products = {figure.subject for each in shipped for figure in each.figures if figure.subject in catalog.products}
    makers = {catalog.products[product].vendor for product in products}
    assert len(news) >= 140
    assert len(products) >= 140
    assert sum(catalog.vendors[maker].domestic for maker in makers) >= 20
    assert {"nvidia", "amd"} <= makers


# --- documents -------------------------------------------------------------------------------------------------------

HEADER = "---\ntitle: {title}\npublisher: 甲报\nurl: https://example.com/a\npublished: 2025-03-04\nlanguage: zh\nkind: {kind}\n---\n"
NEWS = HEADER.format(title="MTT S4000发布", kind="news") + "# MTT S4000发布\n\n2025年3月4日，MTT S4000的功耗为450 W。\n"
SHEET = HEADER.format(title="MTT S4000数据", kind="spec").replace("url: https://example.com/a\n", "") + (
    "# MTT S4000\n\n据乙报，MTT S4000的功耗为450 W。\n\n| 指标 | 数值 | 发布者 | 链接 |\n| --- | --- | --- | --- |\n"
    "| 功耗 | 450 W | 乙报 | https://example.com/b |\n"
)


def faults(text: str, name: str, catalog: Catalog, root: Path) -> list[str]:
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    found, wrong = documents.read(catalog, root)
    return [*wrong, *(fault for each in found for fault in documents.faults(each, catalog))]


@pytest.mark.parametrize(
    ("name", "text"), [("news/2025/2025-03-04-s4000.md", NEWS), ("specs/moore-threads/mtt-s4000.md", SHEET)]
)
def test_a_good_document_has_no_fault(name: str, text: str, catalog: Catalog, tmp_path: Path) -> None:
    assert faults(text, name, catalog, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("publisher: 甲报\n", "", "names no publisher"),
        ("published: 2025-03-04", "published: 2025-02-30", "front matter"),
        ("published: 2025-03-04", "published: 4.3.2025", "published must be"),
        ("title: MTT S4000发布\n", "", "title"),
        ("url: https://example.com/a\n", "", "has no url"),
        ("url: https://example.com/a", "url: https://example", "not well formed"),
        ("kind: news", "kind: spec", "does not belong"),
        ("# MTT S4000发布\n\n", "", "does not begin with a heading"),
        ("2025年3月4日，", "", "never says"),
        ("450 W。", "450 W，见http://exa mple.com。", "not well formed"),
        ("MTT S4000的功耗", "天罡T900的功耗", "not in the catalogue"),
    ],
)
def test_a_fault_of_a_news_item_is_named(old: str, new: str, said: str, catalog: Catalog, tmp_path: Path) -> None:
    assert old in NEWS
    found = faults(NEWS.replace(old, new), "news/2025/2025-03-04-s4000.md", catalog, tmp_path)
    assert any(said in fault for fault in found), found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("news/2024/2025-03-04-s4000.md", "stands below 2024"),
        ("news/2025/2025-02-30-s4000.md", "no calendar"),
        ("news/2025/s4000.md", "not called"),
    ],
)
def test_a_news_items_place_tells_its_date(name: str, said: str, catalog: Catalog, tmp_path: Path) -> None:
    assert any(said in fault for fault in faults(NEWS, name, catalog, tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://example.com/b", "example.com/b", "not well formed"),
        ("https://example.com/b", "https://example.com/b c", "not well formed"),
        ("https://example.com/b", "ftp://example.com/b", "not well formed"),
        ("据乙报，", "", "in the sheet's own words"),
        ("据乙报，MTT S4000的功耗为450 W", "据乙报，MTT S4000的功耗为350 W", "none of its rows"),
        ("title: MTT S4000数据", "title: 数据", "does not name"),
    ],
)
def test_a_fault_of_a_sheet_is_named(old: str, new: str, said: str, catalog: Catalog, tmp_path: Path) -> None:
    assert old in SHEET
    found = faults(SHEET.replace(old, new), "specs/moore-threads/mtt-s4000.md", catalog, tmp_path)
    assert any(said in fault for fault in found), found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("specs/nobody/mtt-s4000.md", "vendor 'nobody'"),
        ("specs/huawei/mtt-s4000.md", "made by moore-threads"),
        ("specs/moore-threads/mtt-s9000.md", "product 'mtt-s9000'"),
    ],
)
def test_a_sheet_stands_below_its_maker(name: str, said: str, catalog: Catalog, tmp_path: Path) -> None:
    assert any(said in fault for fault in faults(SHEET, name, catalog, tmp_path))


def test_the_command_fails_on_a_faulty_folder_and_names_the_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "news" / "2025").mkdir(parents=True)
    (tmp_path / "news" / "2025" / "2025-03-04-s4000.md").write_text(NEWS.replace("publisher: 甲报\n", ""), "utf-8")
    assert main(["--root", str(tmp_path)]) == 1
    assert "2025-03-04-s4000.md: its header names no publisher" in capsys.readouterr().out


# --- names -----------------------------------------------------------------------------------------------------------

CATALOGUE = """
vendors:
  - {id: acme, zh: 甲厂, en: Acme}
  - {id: other, zh: 乙厂, en: Other}
products:
  - {id: x1, vendor: acme, zh: 甲厂X100, en: Acme X100}
  - {id: y1, vendor: other, zh: 天罡, en: Y1}
attributes:
  - {id: tdp, zh: 功耗, en: power, dimension: power, unit: W}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("zh: 天罡", "zh: X100", "without its maker, 'x100'"),
        ("zh: 天罡", "zh: 乙厂", "names other and y1"),
        ("en: Y1", "en: Power", "names tdp and y1"),
        ("unit: W", "unit: GB", "is not one of power"),
        (", unit: W", "", "no unit"),
        ("en: Y1", "en: Y1, aliases: [罡]", "too short"),
    ],
)
def test_a_name_that_misleads_is_named(old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "SHARED", Path("/dev/null"))
    assert list(names.faults(Catalog.parse(CATALOGUE))) == []
    assert any(said in fault for fault in names.faults(Catalog.parse(CATALOGUE.replace(old, new))))


def test_a_shared_name_means_what_is_written_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shared = tmp_path / "shared.yaml"
    monkeypatch.setattr(names, "SHARED", shared)
    text = CATALOGUE.replace("zh: 天罡", "zh: X100")
    shared.write_text("- {name: X100, means: y1, because: so}\n", "utf-8")
    assert list(names.faults(Catalog.parse(text))) == []
    shared.write_text("- {name: X100, means: x1, because: so}\n", "utf-8")
    assert any("does not mean x1" in fault for fault in names.faults(Catalog.parse(text)))


# --- copies ----------------------------------------------------------------------------------------------------------


def with_text(each: Shipped, text: str, name: str = "news/2025/x.md") -> Shipped:
    return Shipped(name, dataclasses.replace(each.document, text=text), ())


def test_a_sentence_taken_over_is_a_copy_and_one_of_ones_own_is_none(shipped: list[Shipped]) -> None:
    note = "甲厂在三月宣布天罡T900开始量产，首批交付给三家云服务商，年内计划出货十万张。"
    taken = "甲厂在三月宣布天罡T900开始量产,首批交付给三家云服务商,年内计划出货10万张。"
    own = "三月起，天罡T900由甲厂批量生产。三家云厂商先拿到货，全年的目标是十万张。"
    assert len(list(copies.of_notes([with_text(shipped[0], taken)], [note]))) == 1
    assert list(copies.of_notes([with_text(shipped[0], own)], [note])) == []


def test_two_documents_that_say_one_thing_are_found_and_two_forms_filled_in_are_not(shipped: list[Shipped]) -> None:
    one = with_text(shipped[0], "据甲报，天罡T900的功耗为450 W，显存容量为48 GB，显存带宽为768 GB/s。", "a.md")
    same = with_text(shipped[0], "据甲报，天罡T900的功耗是450 W，显存容量为48 GB，显存带宽为768 GB/s。", "b.md")
    other = with_text(shipped[0], "据甲报，天罡T800的功耗为350 W，显存容量为32 GB，显存带宽为512 GB/s。", "c.md")
    assert len(list(copies.of_each_other([one, same]))) == 1
    assert list(copies.of_each_other([one, other])) == []


# --- facts -----------------------------------------------------------------------------------------------------------

FACT = Fact("f1", "mtt-s4000", "tdp", "450", "W", "", "https://example.com/b")


@pytest.fixture
def figure(catalog: Catalog, tmp_path: Path) -> Figure:
    path = tmp_path / "specs" / "moore-threads" / "mtt-s4000.md"
    path.parent.mkdir(parents=True)
    path.write_text(SHEET, "utf-8")
    return next(figure for figure in documents.read(catalog, tmp_path)[0][0].figures if figure.url)


def test_a_fact_in_the_ledger_is_held(figure: Figure) -> None:
    check = facts.check([FACT], [figure], {})
    assert (check.held, check.missing, check.stale, check.passed) == (1, (), (), True)


@pytest.mark.parametrize(
    "change",
    [
        {"value": "451"},
        {"value": "45"},
        {"unit": "kW"},
        {"unit": "GB"},
        {"value": "400-450"},
        {"product": "mtt-s3000"},
        {"attribute": "memory_capacity"},
        {"url": "https://example.com/c"},
    ],
)
def test_a_fact_that_differs_in_anything_is_missing(change: dict[str, str], figure: Figure) -> None:
    check = facts.check([dataclasses.replace(FACT, **change)], [figure], {})
    assert check.held == 0
    assert len(check.missing) == 1
    assert not check.passed


def test_the_same_in_another_unit_is_held(figure: Figure) -> None:
    assert facts.check([dataclasses.replace(FACT, value="0.45", unit="kW")], [figure], {}).held == 1


def test_an_excuse_excuses_what_it_says_and_nothing_else(figure: Figure) -> None:
    fact = dataclasses.replace(FACT, value="460")
    excuse = Unheld(id="f1", value="460 W", ledger=("450 W",), reason="the source is doubted")
    excused = facts.check([fact], [figure], {"f1": excuse})
    assert (excused.missing, excused.stale) == ((), ())
    for changed in (excuse.model_copy(update={"value": "470 W"}), excuse.model_copy(update={"ledger": ("440 W",)})):
        assert facts.check([fact], [figure], {"f1": changed}).stale
    assert facts.check([fact], [], {"f1": excuse}).stale
    assert facts.check([FACT], [figure], {"f1": excuse}).stale
    assert facts.check([FACT], [figure], {"f2": excuse.model_copy(update={"id": "f2"})}).stale


def test_too_many_excuses_fail(figure: Figure) -> None:
    some = [dataclasses.replace(FACT, id=f"f{at}", value="460") for at in range(2, 5)]
    excuses = {f.id: Unheld(id=f.id, value="460 W", ledger=("450 W",), reason="the source is doubted") for f in some}
    check = facts.check([*some, FACT], [figure], excuses)
    assert not check.missing
    assert not check.stale
    assert not check.passed


def test_research_and_expected_facts_are_compared_both_ways(tmp_path: Path) -> None:
    entry = {"id": "f1", "value": "450", "unit": "W", "condition": None, "source_url": FACT.url}
    research = tmp_path / "facts_a.jsonl"
    research.write_text(json.dumps(entry) + "\n", "utf-8")
    assert list(facts.disagreements([FACT], tmp_path)) == []
    assert any(
        "not as researched" in said for said in facts.disagreements([dataclasses.replace(FACT, value="451")], tmp_path)
    )
    assert any("not among" in said for said in facts.disagreements([], tmp_path))
    assert any(
        "no research file" in said for said in facts.disagreements([FACT, dataclasses.replace(FACT, id="f2")], tmp_path)
    )


@pytest.mark.parametrize("line", ["{", '{"url": "x"}', '{"url": "x", "facts": [["only", "two"]]}'])
def test_a_broken_line_of_facts_is_named(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.jsonl"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(facts.XinwenError, match="line 1"):
        facts.load_facts(path)
