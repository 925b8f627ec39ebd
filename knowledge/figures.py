"""Figures: what a document says a product's attribute is, with unit, condition, claimant and the exact span."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from knowledge.annotate import annotator
from knowledge.catalog import Attribute, Catalog
from knowledge.cells import CellStatement, TableReader
from knowledge.documents import Document
from knowledge.items import Item, Spans
from knowledge.lexicon import load_lexicon
from knowledge.passages import is_heading, sentences
from knowledge.quantities import Bound, Quantity
from knowledge.statements import Context, Reader, Statement
from knowledge.tables import TableBlock, find_tables


@dataclass(frozen=True, slots=True)
class Figure:
    """One statement: `subject`'s `attribute` is `value` `unit` under `conditions`, says `publisher` as of `as_of`.

    `subject` is a catalogue id, or the name as written when the catalogue does not list it (`subject_name` shows it).
    `value` is None for attributes whose value is words (memory type, foundry) or a date; `text` is the value as
    written in every case. `[start, end)` is the value's span and `[quote_start, quote_end)` the sentence or table row
    that states it, both in the document's text. `base` is `value` in the dimension's base unit. `period` is the time
    a figure is about (2024, 2025H1), `as_of` the date of who claims it. `status` is "stated", "forecast" or "rumour".
    `corrects` tells that the document says of itself that it corrects an earlier one (更正：…).
    """

    document_id: str
    subject: str
    subject_name: str
    subject_kind: str
    attribute: str
    text: str
    start: int
    end: int
    quote_start: int
    quote_end: int
    value: Decimal | None = None
    unit: str = ""
    dimension: str = "text"
    base: Decimal | None = None
    high: Decimal | None = None
    high_base: Decimal | None = None
    bound: Bound = "exact"
    conditions: tuple[str, ...] = ()
    scope: str | None = None
    period: str | None = None
    status: str = "stated"
    claimed_by: str = "press"
    publisher: str | None = None
    url: str | None = None
    as_of: str | None = None
    note: str = ""
    corrects: bool = False
    id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.id:
            key = f"{self.document_id}\x1f{self.subject}\x1f{self.attribute}\x1f{self.start}\x1f{self.end}"
            object.__setattr__(self, "id", hashlib.sha256(key.encode()).hexdigest()[:16])


@dataclass(frozen=True, slots=True)
class Extraction:
    """What `extract` found: the figures, and the quantities with a unit that found no owner."""

    figures: tuple[Figure, ...]
    unowned: tuple[Quantity, ...]


# The widest values that anything in this field has, in base units; beyond them a number is a slip of the pen.
# Cards reach some 10^16 operations a second and clusters 10^21; memory of a cluster is below an exabyte.
PLAUSIBLE = {
    "flops": (1e6, 1e24),
    "ops": (1e6, 1e24),
    "compute_bare": (1e6, 1e24),
    "bandwidth": (1e3, 1e18),
    "bitrate": (1e3, 1e18),
    "memory": (1, 1e18),
    "length": (1e-10, 10),
    "area": (1e-12, 1e5),
    "power": (1e-4, 1e10),
    "frequency": (1, 1e13),
    "bus_width": (1, 1e6),
    "money": (-1e15, 1e15),
    "count": (0, 1e15),
    "percent": (-1e4, 1e4),
    "duration": (1e-9, 1e10),
}
_COUNTLESS = frozenset({"plain", "rank", "multiple", "count", "duration", "percent"})


def extract(document: Document, catalog: Catalog) -> Extraction:
    """The figures that `document` states, each once, in the order of the text.

    A quantity becomes a figure only when its subject and its attribute are both sure; one that is not sure is counted
    among the unowned instead. Linear in the length of the text.
    """
    text, document_id = document.text, document.id
    annotate = annotator(catalog)
    items = annotate.annotate(text, document.published)
    spans = Spans(items)
    tables = find_tables(text)
    reader = Reader(annotate, text, items, document.title)
    cells = TableReader(annotate, spans)
    figures: dict[str, Figure] = {}
    context = reader.start()
    above = reader.start()
    for block in _blocks(text, tables):
        if isinstance(block, TableBlock):
            headed = above.company if above.product is None else None
            for cell in cells.read(block, above.product or context.product, above.company or context.company, headed):
                if reader.ordered_row(cell.cell.start):
                    continue
                _add(figures, _of_cell(document, document_id, catalog, cell), catalog, document)
            continue
        start, end = block
        if text[start] == "#" or is_heading(text, start, end):
            context = reader.heading(start, end, context)
            above = reader.heading(start, end, Context(above.product, above.company))
            continue
        for statement in reader.sentence(start, end, context):
            _add(figures, _of_statement(document, document_id, catalog, statement), catalog, document)
    if _corrects(document):
        figures = {key: replace(figure, corrects=True) for key, figure in figures.items()}
    owned = reader.owned | cells.owned
    unowned = tuple(
        item.value
        for item in items
        if item.kind == "quantity" and item.start not in owned and item.value.dimension not in _COUNTLESS
    )
    return Extraction(tuple(figures.values()), unowned)


def _add(figures: dict[str, Figure], figure: Figure | None, catalog: Catalog, document: Document) -> None:
    if figure is not None:
        if figure.status == "stated" and _announced(figure, catalog, document.published):
            figure = replace(figure, status="forecast")
        figures.setdefault(figure.id, figure)


def _announced(figure: Figure, catalog: Catalog, published: str | None) -> bool:
    """Whether the figure was claimed before its product was due: then it tells a plan, whatever its tense.

    One without a date is as old as its document; one without either is not known to be of the finished product.
    """
    product = catalog.products.get(figure.subject)
    if product is None or product.due is None:
        return False
    said = figure.as_of or published
    return said is None or said[:7] < product.due


def _blocks(text: str, tables: list[TableBlock]) -> Iterator[TableBlock | tuple[int, int]]:
    """Tables and the sentences between them, in order."""
    at = 0
    for table in tables:
        yield from sentences(text, at, table.start)
        yield table
        at = table.end
    yield from sentences(text, at, len(text))


def _of_statement(document: Document, document_id: str, catalog: Catalog, statement: Statement) -> Figure | None:
    item: Item = statement.item
    attribute = catalog.attributes[statement.attribute]
    common = _common(document, document_id, statement, statement.quote)
    if statement.note:
        common["note"] = statement.note
    if statement.publisher:
        common |= {"publisher": statement.publisher, "as_of": statement.as_of, "url": None}
    if item.kind == "date":
        return _figure(common, text=item.value.iso, start=item.start, end=item.end, dimension="date")
    if item.kind == "memory_type":
        return _figure(common, text=item.value, start=item.start, end=item.end)
    return _quantity_figure(common, attribute, item.value)


def _of_cell(document: Document, document_id: str, catalog: Catalog, cell: CellStatement) -> Figure | None:
    attribute = catalog.attributes[cell.attribute]
    common = _common(document, document_id, cell, cell.quote) | {"note": cell.note}
    # A row that names its own source is as old as that source, and claimed by whom the row says.
    if cell.publisher or cell.url:
        common |= {"publisher": cell.publisher, "url": cell.url, "as_of": cell.as_of}
    elif cell.as_of:
        common["as_of"] = cell.as_of
    if cell.claimed_by:
        common["claimed_by"] = cell.claimed_by
    if cell.quantity is not None:
        return _quantity_figure(common, attribute, cell.quantity)
    dimension = attribute.dimension
    text = cell.cell.text
    return _figure(common, text=text.strip(), start=cell.cell.start, end=cell.cell.end, dimension=dimension)


def _corrects(document: Document) -> bool:
    """Whether the title or the first line says that this text corrects an earlier one."""
    first = document.text.lstrip().partition("\n")[0][:200]
    found = load_lexicon().correction
    return bool(found.search(document.title) or found.match(first))


def _common(
    document: Document, document_id: str, statement: Statement | CellStatement, quote: tuple[int, int]
) -> dict[str, object]:
    subject = statement.subject
    # A chip may be one die or several: its figures are a die's only where the text says so.
    scope = statement.scope or (subject.kind if subject.kind in ("card", "server", "cluster") else None)
    status = "rumour" if document.claimed_by == "rumour" and statement.status == "stated" else statement.status
    return {
        "document_id": document_id,
        "subject": subject.id,
        "subject_name": subject.name,
        "subject_kind": subject.kind,
        "attribute": statement.attribute,
        "quote_start": quote[0],
        "quote_end": quote[1],
        "conditions": statement.conditions,
        "scope": scope,
        "period": statement.period,
        "status": status,
        "claimed_by": document.claimed_by,
        "publisher": document.publisher,
        "url": document.url,
        "as_of": document.published,
    }


def _quantity_figure(common: dict[str, object], attribute: Attribute, quantity: Quantity) -> Figure | None:
    low, high = PLAUSIBLE.get(quantity.dimension, (-1e30, 1e30))
    low = attribute.least if attribute.least is not None else low
    if not low <= quantity.base <= high or (quantity.high_base is not None and quantity.high_base < quantity.base):
        return None
    unit, dimension, note = quantity.unit, quantity.dimension, str(common.get("note", ""))
    if dimension == "compute_bare" and (attribute.dimension == "flops" or attribute.integer):
        # 256T of FP16 are trillions of what FP16 is counted in.
        dimension = attribute.dimension
        unit = f"{unit}{attribute.dimension.upper()}"
        note = f"{note}; {quantity.text}".strip("; ")
    if attribute.integer and dimension == "flops":
        # Integer operations are not floating-point ones: the text's FLOPS are OPS, and the figure says so.
        unit, dimension = unit.replace("FLOPS", "OPS"), "ops"
        note = f"{note}; {quantity.text}".strip("; ")
    if attribute.dimension == "money_per_share" and dimension == "money":
        unit, dimension = f"{unit}/股", "money_per_share"
    if attribute.dimension == "count" and dimension == "plain":
        # 770亿 are what the attribute counts; of 384 Ascend chips the text says no unit.
        unit, dimension = ("" if quantity.text[-1:].isdigit() else attribute.unit), "count"
    return _figure(
        common | {"note": note},
        text=quantity.text,
        start=quantity.start,
        end=quantity.end,
        value=quantity.value,
        unit=unit,
        dimension=dimension,
        base=quantity.base,
        high=quantity.high,
        high_base=quantity.high_base,
        bound=quantity.bound,
    )


def _figure(common: dict[str, object], **values: object) -> Figure:
    return Figure(**(common | values))  # type: ignore[arg-type]
