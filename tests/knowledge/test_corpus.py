"""The shipped documents: their headers, their tables, and that every number of a sheet is in the research."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from knowledge.catalog import Catalog
from knowledge.documents import FrontMatter
from knowledge.tables import find_tables

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "knowledge" / "corpus"
SPECS = sorted(CORPUS.glob("specs/*/*.md"))
NEWS = sorted(CORPUS.glob("news/*/*.md"))
RESEARCH = ROOT.parent / "shared" / "research"

COLUMNS = {
    "zh": ("指标", "数值", "条件", "说法来源", "发布者", "日期", "链接"),
    "en": ("Attribute", "Value", "Condition", "Claimed by", "Publisher", "Date", "Link"),
}
CLAIMANTS = {
    "厂商",
    "媒体",
    "分析机构",
    "第三方测试",
    "传闻",
    "vendor",
    "press",
    "analyst",
    "third party test",
    "rumour",
}
# A sheet about several things at once has no product of its own.
ABOUT_SEVERAL = {"moore-threads/cluster-projects.md"}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def read(path: Path) -> tuple[FrontMatter, str]:
    """The validated header and the body of a document file."""
    _, header, body = path.read_text("utf-8").split("---\n", 2)
    return FrontMatter.model_validate(yaml.safe_load(header)), body


def rows(path: Path) -> Iterator[dict[str, str]]:
    for table in find_tables(read(path)[1]):
        for row in table.rows:
            yield dict(zip((cell.text for cell in table.header), (cell.text for cell in row), strict=True))


def name(path: Path) -> str:
    return str(path.relative_to(CORPUS))


def test_the_corpus_is_large_enough() -> None:
    assert len(SPECS) >= 45
    assert len(NEWS) >= 32


def test_some_documents_are_english() -> None:
    english = [path for path in SPECS + NEWS if read(path)[0].language == "en"]
    assert len(english) >= 6


@pytest.mark.parametrize("path", SPECS + NEWS, ids=name)
def test_front_matter_is_valid_and_tells_the_kind(path: Path) -> None:
    header, body = read(path)
    assert header.kind == ("spec" if path in SPECS else "news")
    assert header.language in ("zh", "en")
    assert header.publisher
    assert body.strip()


@pytest.mark.parametrize("path", NEWS, ids=name)
def test_news_names_its_source_and_stands_under_its_year(path: Path) -> None:
    header, body = read(path)
    assert header.url is not None
    assert re.match(r"\d{4}(-\d{2}){0,2}-[a-z0-9-]+\.md$", path.name)
    assert path.name.startswith(path.parent.name)
    assert 2 <= len(re.findall(r"[。！？]|\.(?:\s|$)", body)) <= 10


@pytest.mark.parametrize("path", NEWS, ids=name)
def test_news_names_somebody_the_catalogue_knows(path: Path, catalog: Catalog) -> None:
    header, body = read(path)
    assert catalog.mentions(header.title + "\n" + body)


@pytest.mark.parametrize("path", SPECS, ids=name)
def test_a_sheets_subject_is_in_the_catalogue(path: Path, catalog: Catalog) -> None:
    vendor, product = path.parent.name, path.stem
    assert vendor in catalog.vendors
    if name(path).removeprefix("specs/") in ABOUT_SEVERAL:
        return
    if product == "company":
        return
    assert product in catalog.products
    assert catalog.products[product].vendor == vendor
    header, _ = read(path)
    entry = catalog.products[product]
    assert any(mention.entry == entry for mention in catalog.mentions(header.title)), header.title


@pytest.mark.parametrize("path", SPECS, ids=name)
def test_table_rows_are_whole(path: Path) -> None:
    header, body = read(path)
    wanted = COLUMNS[header.language or "zh"]
    width = None
    for line in body.splitlines():
        if not line.startswith("|"):
            width = None
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if width is None:
            width = len(cells)
            assert tuple(cells[-len(wanted) :]) == wanted
        assert len(cells) == width, line
    for row in rows(path):
        assert all(row[wanted[column]] for column in (0, 1, 4)), row
        assert row[wanted[3]] in CLAIMANTS, row
        assert row[wanted[5]] == "" or re.fullmatch(r"\d{4}(-\d{2}){0,2}", row[wanted[5]]), row
        address = urlsplit(row[wanted[6]])
        assert address.scheme in ("http", "https"), row
        assert address.netloc, row


# Names with digits are no values; 万 and "billion" are magnitudes that the research writes out.
_NUMBER = re.compile(r"(?<![A-Za-z\d.])(\d+(?:\.\d+)?)(万)?(?=( billion)?)")


def numbers(text: str) -> set[Decimal]:
    """The numbers of a value cell, magnitudes multiplied out."""
    found = set()
    for digits, myriad, billion in _NUMBER.findall(text):
        value = Decimal(digits)
        found.add((value * 10 if billion else value * 10_000 if myriad else value).normalize())
    return found


def address(fact: dict[str, str]) -> str:
    """A fact's source as the documents write it: an address holds no white space."""
    return " ".join(fact["source_url"].split()).replace(" ", "%20")


def research_numbers() -> dict[str, set[Decimal]]:
    """Per source address the numbers of its facts."""
    known: dict[str, set[Decimal]] = {}
    for path in sorted(RESEARCH.glob("facts_*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            fact = json.loads(line)
            text = f"{fact['value']} {fact['unit']}"
            found = {Decimal(match).normalize() for match in re.findall(r"\d+(?:\.\d+)?", text)}
            # "8 百万美元" is written 800万美元, a bare half-year or quarter by its name.
            found |= {value * 1_000_000 for value in set(found) if "百万" in text}
            found |= {value * 10_000 for value in set(found) if "万" in text}
            known.setdefault(address(fact), set()).update(value.normalize() for value in found)
    return known


@pytest.mark.skipif(not RESEARCH.is_dir(), reason="the research files are not beside this checkout")
def test_every_number_of_a_sheet_is_in_the_research() -> None:
    known = research_numbers()
    strangers = []
    for path in SPECS:
        header, _ = read(path)
        columns = COLUMNS[header.language or "zh"]
        for row in rows(path):
            extra = numbers(row[columns[1]]) - known.get(row[columns[6]], set())
            if extra:
                strangers.append((name(path), row[columns[1]], extra))
    assert not strangers


@pytest.mark.skipif(not RESEARCH.is_dir(), reason="the research files are not beside this checkout")
def test_every_fact_of_a_sheets_product_has_its_row() -> None:
    addresses = {row[COLUMNS[read(path)[0].language or "zh"][6]] for path in SPECS for row in rows(path)}
    facts = [
        json.loads(line) for path in RESEARCH.glob("facts_*.jsonl") for line in path.read_text("utf-8").splitlines()
    ]
    missing = {fact["source_url"] for fact in facts if address(fact) not in addresses}
    assert len(missing) <= 0.03 * len({fact["source_url"] for fact in facts})


@pytest.mark.skipif(not RESEARCH.is_dir(), reason="the research files are not beside this checkout")
def test_no_prose_is_copied_from_the_notes() -> None:
    """No run of 24 characters of our prose stands in a note of the research, nor in the sample articles."""
    notes = []
    for path in sorted(RESEARCH.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            entry = json.loads(line)
            notes += [str(entry.get(key) or "") for key in ("note_zh", "summary_zh", "headline_zh")]
    notes += [path.read_text("utf-8", errors="ignore") for path in (RESEARCH.parent / "samples").glob("*.txt")]
    size = 24
    runs = {text[at : at + size] for text in map(_plain, notes) for at in range(len(text) - size + 1)}
    copied = []
    for path in SPECS + NEWS:
        prose = _plain("\n".join(line for line in read(path)[1].splitlines() if not line.startswith(("|", "#"))))
        hits = [prose[at : at + size] for at in range(len(prose) - size + 1) if prose[at : at + size] in runs]
        if hits:
            copied.append((name(path), hits[0], len(hits)))
    assert not copied


def _plain(text: str) -> str:
    return re.sub(r"[\s，。、；：“”,.;:()（）]", "", text)
