"""The shipped documents checked one by one: header, names, addresses, and that every figure has a source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from evals.corpus.facts import day
from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.errors import XinwenError
from knowledge.figures import Figure, extract
from knowledge.loaders import load
from knowledge.tables import find_tables

# Sheets about a company are called so; their figures are the vendor's.
COMPANY = "company"
_PRODUCT_KINDS = ("card", "die", "server", "cluster", "memory", "software", "architecture")
_FILE = re.compile(r"(?P<date>(?P<year>\d{4})(?:-\d{2}){0,2})-[a-z0-9]+(?:-[a-z0-9]+)*\.md")
_HOST = re.compile(r"(?=.{4,253}$)(?:[\w-]{1,63}\.)+[\w-]{2,}")
_ADDRESS = re.compile(r"\S+://\S*|(?<![\w.])www\.\S+")


@dataclass(frozen=True, slots=True)
class Shipped:
    """A document file of the corpus (`name` is its path inside), what it says and the figures it states."""

    name: str
    document: Document
    figures: tuple[Figure, ...]

    @property
    def folder(self) -> str:
        return self.name.split("/")[1]

    @property
    def stem(self) -> str:
        return Path(self.name).stem


def folder() -> Path:
    """Where the shipped documents are."""
    return Path(str(resources.files("knowledge"))) / "corpus"


def read(catalog: Catalog, root: Path | None = None) -> tuple[list[Shipped], list[str]]:
    """The documents below `root` (the shipped ones), and what is wrong with those that cannot be read."""
    root = root or folder()
    found, wrong = [], []
    for path in sorted(root.rglob("*.md")):
        name = path.relative_to(root).as_posix()
        try:
            document = load(path, f"corpus:{name}")
        except XinwenError as error:
            wrong.append(f"{name}: {error}")
            continue
        found.append(Shipped(name, document, extract(document, catalog).figures))
    return found, wrong


def faults(shipped: Shipped, catalog: Catalog) -> Iterator[str]:
    """What is wrong with one document, a sentence each."""
    for fault in (
        *_header(shipped),
        *(_of_news(shipped) if shipped.document.kind == "news" else _of_sheet(shipped, catalog)),
        *_names(shipped, catalog),
        *_addresses(shipped),
        *_sources(shipped),
    ):
        yield f"{shipped.name}: {fault}"


def _header(shipped: Shipped) -> Iterator[str]:
    document = shipped.document
    if not document.publisher:
        yield "its header names no publisher"
    if document.kind != ("news" if shipped.name.startswith("news/") else "spec"):
        yield f"a {document.kind} does not belong below {shipped.name.split('/')[0]}/"
    heading = document.text.lstrip().split("\n", 1)[0]
    if not heading.startswith("# "):
        yield "its text does not begin with a heading"


def _of_news(shipped: Shipped) -> Iterator[str]:
    file = _FILE.fullmatch(Path(shipped.name).name)
    if file is None:
        yield "its file is not called <date>-<slug>.md"
        return
    if file["year"] != shipped.folder:
        yield f"it stands below {shipped.folder}, not {file['year']}"
    if not _calendar(file["date"]):
        yield f"no calendar has the date {file['date']}"
    if not shipped.document.url:
        yield "its header has no url"
    if file["year"] not in shipped.document.text:
        yield f"its text never says that it is about {file['year']}"


def _calendar(text: str) -> bool:
    try:
        date(*map(int, [*text.split("-"), "1", "1"][:3]))
    except ValueError:
        return False
    return True


def _of_sheet(shipped: Shipped, catalog: Catalog) -> Iterator[str]:
    vendor, product = shipped.folder, shipped.stem
    if vendor not in catalog.vendors:
        yield f"the vendor {vendor!r} is not in the catalogue"
    if product in catalog.products:
        entry = catalog.products[product]
        if entry.vendor != vendor:
            yield f"{product} is made by {entry.vendor}, not {vendor}"
        if not any(mention.entry == entry for mention in catalog.mentions(shipped.document.title)):
            yield f"its title does not name {entry.zh} or {entry.en}"
    elif product != COMPANY and find_tables(shipped.document.text):
        yield f"the product {product!r} is not in the catalogue"


def _names(shipped: Shipped, catalog: Catalog) -> Iterator[str]:
    """A figure of something that the catalogue does not know as a product, though it is one."""
    for figure in shipped.figures:
        if figure.subject.startswith("~") and figure.subject_kind in _PRODUCT_KINDS:
            yield f"{figure.subject_name!r} has a figure ({figure.attribute} {figure.text}) and is not in the catalogue"


def _addresses(shipped: Shipped) -> Iterator[str]:
    text = shipped.document.text
    if shipped.document.url and not _well_formed(shipped.document.url):
        yield f"its url {shipped.document.url!r} is not well formed"
    cells = set()
    for table in find_tables(text):
        links = [at for at, cell in enumerate(table.header) if cell.text in ("链接", "Link")]
        for row in table.rows:
            for at in links:
                cells.add(row[at].text)
                if not _well_formed(row[at].text):
                    yield f"the link {row[at].text!r} is not well formed"
    for match in _ADDRESS.finditer(text):
        said = match.group().rstrip("|")
        if said not in cells and not _well_formed(said.rstrip("，。；、）).,;")):
            yield f"the address {said!r} is not well formed"


def _well_formed(url: str) -> bool:
    """http or https, a host with a dot, no white space, nothing but an address."""
    if re.search(r"[\s|<>\"`{}\\^]", url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and bool(_HOST.fullmatch(host)) and port != 0 and not parts.username


def _sources(shipped: Shipped) -> Iterator[str]:
    """Every figure has a publisher or an address; a sheet's own words state nothing that none of its rows states."""
    document = shipped.document
    sheet = document.kind == "spec"
    rows = [figure for figure in shipped.figures if figure.url]
    for figure in shipped.figures:
        said = f"{figure.subject} {figure.attribute} {figure.text}"
        if not figure.publisher and not figure.url:
            yield f"{said} has no source"
        elif sheet and figure.publisher == document.publisher and not figure.url:
            yield f"{said} is in the sheet's own words: name its source"
        elif sheet and not figure.url and not any(_repeats(figure, row) for row in rows):
            yield f"{said} ({figure.publisher}) stands in none of its rows"


def _repeats(figure: Figure, row: Figure) -> bool:
    if figure.attribute == "memory_type" and figure.subject == row.subject and figure.text in row.note:
        # 64 GB | HBM2E: the row says the type as a condition of the capacity.
        return True
    if (figure.subject, figure.attribute) != (row.subject, row.attribute):
        return False
    if figure.base is not None:
        return figure.base == row.base and (figure.high_base or figure.base) == (row.high_base or row.base)
    if figure.dimension == "date":
        return day(figure.text) == day(row.text)
    return figure.text in row.text or row.text in figure.text
