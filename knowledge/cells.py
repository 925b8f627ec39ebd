"""Cells: the figures that tables state, whichever way the table is turned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from knowledge.annotate import Annotator
from knowledge.attribution import fits
from knowledge.catalog import Attribute, fold_name
from knowledge.conditions import OPPOSED
from knowledge.items import Item, Spans
from knowledge.names import Subject
from knowledge.quantities import Quantity, find_quantities, parse_unit
from knowledge.tables import Cell, TableBlock

_ORIGINS = frozenset({"condition", "date", "period", "url", "claimed_by", "publisher"})
_LINK = re.compile(r"https?://[^\s)|]+")
_LINKED = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class CellStatement:
    """A table cell that states a figure: where it stands, what it is of, and what its row says of its origin."""

    subject: Subject
    attribute: str
    cell: Cell
    quantity: Quantity | None
    quote: tuple[int, int]
    conditions: tuple[str, ...]
    scope: str | None
    period: str | None
    status: str
    claimed_by: str | None = None
    publisher: str | None = None
    as_of: str | None = None
    url: str | None = None
    note: str = ""


class TableReader:
    """Reads the tables of one document; `spans` holds the document's annotation."""

    def __init__(self, annotator: Annotator, spans: Spans) -> None:
        self._annotator = annotator
        self._lexicon = annotator.lexicon
        self._attributes = annotator.catalog.attributes
        self._spans = spans
        self.owned: set[int] = set()
        self._headed: Subject | None = None
        self._columns: tuple[Sequence[tuple[str, ...]], list[tuple[int, str]]] = ((), [])

    def read(
        self, table: TableBlock, product: Subject | None, company: Subject | None, headed: Subject | None = None
    ) -> Iterator[CellStatement]:
        """The statements of `table`; `product` and `company` are what the heading or title above it is about.

        `headed` is the company that the headings are about when they name no product: what may be said of a company is
        said of it, whatever product the sentences between named.
        """
        self._headed = headed
        caption = [item.value for item in self._annotator.caption(table.caption)]
        captioned = {subject.id: subject for subject in caption if not subject.is_company}
        if len(captioned) == 1:
            product = next(iter(captioned.values()))
        roles = [self._roles(cell) for cell in table.header]
        attributes = [self._attribute(cell) for cell in table.header]
        subjects = [self._subject(cell) for cell in table.header]
        if sum(subject is not None for subject in subjects[1:]) >= 1 and not any(attributes[1:]):
            yield from self._by_column(table, subjects)
        elif "value" in [role for found in roles for role in found] or self._keyed(table, roles, attributes):
            yield from self._by_key(table, roles, product, company)
        elif sum(attribute is not None for attribute in attributes) >= 1:
            yield from self._by_row(table, roles, attributes, product, company)

    # --- what a header cell is --------------------------------------------------------------------------------------

    def _roles(self, cell: Cell) -> tuple[str, ...]:
        bare = re.split(r"[（(\[]", cell.text)[0]
        return self._lexicon.header_roles.get(fold_name(bare.strip()), ())

    def _attribute(self, cell: Cell) -> Attribute | None:
        """The one attribute that a header or key cell names; a vague word counts when its unit settles it."""
        strong = [item for item in self._spans.between(cell.start, cell.end) if item.kind == "attribute"]
        if strong:
            longest = max(strong, key=lambda item: item.end - item.start)
            names = [name for item in strong for name in item.value]
            precise = [name for name in names if name not in ("ai_tops", "cluster_compute")]
            distinct = list(dict.fromkeys(precise or names))
            if len(distinct) > 1 and self._same_family(distinct):
                return None
            return self._attributes[distinct[0] if len(distinct) == 1 else longest.value[0]]
        cues = list(
            dict.fromkeys(
                name for item in self._spans.between(cell.start, cell.end) if item.kind == "cue" for name in item.value
            )
        )
        unit = self._unit(cell)
        if unit is not None:
            cues = [
                name
                for name in cues
                if self._attributes[name].dimension in (unit[1], "ops" if unit[1] == "flops" else unit[1])
            ]
        if len(cues) == 1:
            return self._attributes[cues[0]]
        for preferred in ("memory_bandwidth", "ai_tops"):
            if preferred in cues:
                return self._attributes[preferred]
        return None

    def _same_family(self, names: Sequence[str]) -> bool:
        """FP16/BF16 in one key cell names two attributes: whose value it is, the cell does not say."""
        return all(self._attributes[name].dimension in ("flops", "ops") for name in names)

    def _several(self, cell: Cell) -> list[Attribute]:
        """FP16/BF16 as a key: both attributes have the value."""
        one = self._attribute(cell)
        if one is not None:
            return [one]
        names = [
            name
            for item in self._spans.between(cell.start, cell.end)
            if item.kind == "attribute"
            for name in item.value
        ]
        return [self._attributes[name] for name in dict.fromkeys(names)] if self._same_family(names) else []

    def _unit(self, cell: Cell) -> tuple[str, str] | None:
        match = re.search(r"[（(\[]([^）)\]]{1,16})[）)\]]\s*$", cell.text) or re.search(
            r"[/／,，]\s*([A-Za-z%²·/⁻¹]{1,10}|[\u4e00-\u9fff]{1,3})\s*$", cell.text
        )
        return parse_unit(match.group(1)) if match else None

    def _subject(self, cell: Cell) -> Subject | None:
        subjects = [item.value for item in self._spans.between(cell.start, cell.end) if item.kind == "subject"]
        products = {subject.id: subject for subject in subjects if not subject.is_company}
        if len(products) == 1:
            return next(iter(products.values()))
        if not products and len({subject.id for subject in subjects}) == 1 and len(cell.text) <= 30:
            return subjects[0]  # type: ignore[no-any-return]
        return None

    def _named(self, cell: Cell) -> Subject | None:
        """The subject of a product cell: a known name, a model code, or simply what the cell says."""
        known = self._subject(cell)
        if known is not None:
            return known
        several = [item for item in self._spans.between(cell.start, cell.end) if item.kind == "subject"]
        text = cell.text.strip("*` ")
        if text.upper().startswith(self._lexicon.not_product_prefixes) and any(letter.isdigit() for letter in text):
            # GLM-130B is a model that runs on chips.
            return None
        if several or not text or len(text) > 40 or text.casefold() in self._lexicon.missing_values:
            return None
        if find_quantities(text) and not re.search(r"[A-Za-z\u4e00-\u9fff]{2}", text):
            return None
        return Subject(f"~{fold_name(text)}", text, "card")

    def _keyed(
        self, table: TableBlock, roles: Sequence[tuple[str, ...]], attributes: Sequence[Attribute | None]
    ) -> bool:
        """A key–value table without the word for value: its first column holds attribute names."""
        if len(table.header) < 2 or any(attributes[1:]):
            return False
        if "attribute" in roles[0] and len(table.header) >= 2:
            return True
        keys = sum(bool(self._several(row[0])) for row in table.rows if row)
        return keys >= max(2, len(table.rows) // 2)

    # --- the three ways a table is turned ---------------------------------------------------------------------------

    def _by_key(
        self, table: TableBlock, roles: Sequence[tuple[str, ...]], product: Subject | None, company: Subject | None
    ) -> Iterator[CellStatement]:
        key = self._column(roles, "attribute", 0) or 0
        timed = [at for at, cell in enumerate(table.header) if at != key and self._dated(cell)]
        if timed and "value" not in [role for found in roles for role in found]:
            # | 指标 | 2023年 | 2024年 |: every column of values has its own period.
            for index, row in enumerate(table.rows):
                for attribute in self._several(row[key]):
                    owner = self._owner(attribute, product, company)
                    if owner is None or not attribute.periodic:
                        continue
                    for column in timed:
                        yield from self._cell(
                            table, index, row, roles, owner, attribute, row[column], row[key], table.header[column]
                        )
            return
        value = self._column(roles, "value", None, exclude=(key,))
        named = self._column(roles, "product", None, exclude=(key, value))
        if value is None:
            value = 1 if key == 0 else 0
        own = self._attribute(table.header[key]) if not roles[key] else None
        if own is not None and len(table.header) == 2:
            # A two-column table without a header of its own: its first row is a statement too.
            pass
        for index, row in enumerate(table.rows):
            subject = self._named(row[named]) if named is not None else None
            for attribute in self._several(row[key]):
                owner = subject or self._owner(attribute, product, company)
                if owner is not None:
                    yield from self._cell(table, index, row, roles, owner, attribute, row[value], row[key])

    def _by_row(
        self,
        table: TableBlock,
        roles: Sequence[tuple[str, ...]],
        attributes: Sequence[Attribute | None],
        product: Subject | None,
        company: Subject | None,
    ) -> Iterator[CellStatement]:
        named = self._column(roles, "product", None)
        maker = self._column(roles, "vendor", None, exclude=(named,))
        if named is None and maker is not None:
            named = maker
        if named is None and attributes[0] is None and not self._periods(table):
            named = 0
        for index, row in enumerate(table.rows):
            subject = self._named(row[named]) if named is not None else None
            for column, attribute in enumerate(attributes):
                if attribute is None or column == named:
                    continue
                owner = subject if named is not None else self._owner(attribute, product, company)
                if owner is not None:
                    lead = row[0] if named is None else None
                    yield from self._cell(
                        table, index, row, roles, owner, attribute, row[column], table.header[column], lead
                    )

    def _periods(self, table: TableBlock) -> bool:
        """Whether the first column holds years or quarters: the rows are periods of one company."""
        return bool(table.rows) and all(self._dated(row[0]) for row in table.rows)

    def _dated(self, cell: Cell) -> bool:
        return any(item.kind == "date" for item in self._spans.between(cell.start, cell.end))

    def _by_column(self, table: TableBlock, subjects: Sequence[Subject | None]) -> Iterator[CellStatement]:
        roles: list[tuple[str, ...]] = [
            self._roles(cell) if subjects[at] is None else () for at, cell in enumerate(table.header)
        ]
        key = self._column(roles, "attribute", 0) or 0
        for index, row in enumerate(table.rows):
            for attribute in self._several(row[key]):
                for column, subject in enumerate(subjects):
                    if subject is not None and column != key:
                        yield from self._cell(table, index, row, roles, subject, attribute, row[column], row[key])

    @staticmethod
    def _column(
        roles: Sequence[tuple[str, ...]], role: str, default: int | None, exclude: tuple[int | None, ...] = ()
    ) -> int | None:
        for at, found in enumerate(roles):
            if role in found and at not in exclude:
                return at
        return default

    def _owner(self, attribute: Attribute, product: Subject | None, company: Subject | None) -> Subject | None:
        if attribute.of == ("vendor",):
            return company
        if self._headed is not None and "vendor" in attribute.of:
            return self._headed
        return product or (company if "vendor" in attribute.of else None)

    # --- one cell ---------------------------------------------------------------------------------------------------

    def _cell(
        self,
        table: TableBlock,
        index: int,
        row: Sequence[Cell],
        roles: Sequence[tuple[str, ...]],
        subject: Subject,
        attribute: Attribute,
        cell: Cell,
        key: Cell,
        timed: Cell | None = None,
    ) -> Iterator[CellStatement]:
        """`timed` is the cell that says when, where neither the value's own nor its key does."""
        text = cell.text.strip()
        if text.casefold() in self._lexicon.missing_values or fold_name(text) in self._lexicon.missing_values:
            return
        here = self._spans.between(cell.start, cell.end)
        if any(item.kind == "negation" for item in here) and attribute.dimension not in ("text",):
            return
        origin = self._origin(row, roles)
        around = [*here, *self._spans.between(key.start, key.end), *origin.items]
        if timed is not None:
            around += self._spans.between(timed.start, timed.end)
        precise = [name for item in here if item.kind == "attribute" for name in item.value]
        if attribute.id == "ai_tops" and len(precise) == 1:
            # 峰值算力 | 1 PFLOPS（FP8）: the cell says which.
            attribute = self._attributes[precise[0]]
        shared: dict[str, Any] = {
            "subject": subject,
            "attribute": attribute.id,
            "quote": table.row_spans[index],
            "conditions": tuple(sorted({item.value for item in around if item.kind == "conditions"})),
            "scope": next((item.value for item in around if item.kind == "scopes"), None),
            "period": (origin.period or self._period(around)) if attribute.periodic else None,
            "status": self._status(here, origin),
            "claimed_by": origin.claimed_by,
            "publisher": origin.publisher,
            "as_of": origin.date,
            "url": origin.url,
            "note": origin.note,
        }
        if attribute.dimension == "text":
            yield CellStatement(cell=cell, quantity=None, **shared)
        elif attribute.dimension == "date":
            dates = [item for item in here if item.kind == "date"]
            if len(dates) == 1:
                yield CellStatement(
                    cell=Cell(dates[0].start, dates[0].end, dates[0].value.text),
                    quantity=None,
                    **{**shared, "note": shared["note"]},
                )
        else:
            both = self._opposed(key)
            if both:
                # INT8 稠密/稀疏 | 800/1600: one value for each; a single one does not say for which.
                pieces = self._pieces(cell, key, attribute) if len(both) == 2 else []
                for condition, quantity in zip(both, pieces, strict=False) if len(pieces) == 2 else ():
                    self.owned.add(quantity.start)
                    conditions = tuple(sorted({*shared["conditions"]} - {*both} | {condition}))
                    yield CellStatement(cell=cell, quantity=quantity, **{**shared, "conditions": conditions})
                return
            for quantity in self._quantities(cell, key, attribute, row, roles):
                self.owned.add(quantity.start)
                yield CellStatement(cell=cell, quantity=quantity, **shared)

    def _opposed(self, key: Cell) -> list[str]:
        """The conditions that a key or header names although they exclude each other, in order; [] when it does not."""
        named = [item.value for item in self._spans.between(key.start, key.end) if item.kind == "conditions"]
        return next((both for pair in OPPOSED if len({*(both := [v for v in named if v in pair])}) > 1), [])

    def _pieces(self, cell: Cell, key: Cell, attribute: Attribute) -> list[Quantity]:
        """The two values of 410/820 or 410 TFLOPS / 820 TFLOPS; [] when the cell does not hold just two that fit."""
        stated = self._unit(key)
        pieces: list[Quantity] = []
        at = cell.start
        for piece in re.split(r"[/／]", cell.text):
            start = at + len(piece) - len(piece.lstrip())
            at += len(piece) + 1
            text = piece.strip()
            found = find_quantities(text)
            if len(found) == 1 and found[0].dimension == "plain" and found[0].text == text and stated is not None:
                found = [replace(whole, end=len(text), text=text) for whole in find_quantities(f"{text} {stated[0]}")]
            if len(found) != 1 or not fits(attribute, found[0]):
                return []
            whole = found[0]
            pieces.append(replace(whole, start=start + whole.start, end=start + whole.end))
        return pieces if len(pieces) == 2 else []

    def _quantities(
        self, cell: Cell, key: Cell, attribute: Attribute, row: Sequence[Cell], roles: Sequence[tuple[str, ...]]
    ) -> list[Quantity]:
        """The cell's quantities that fit; a bare number takes the unit of its header, its key or the unit column."""
        found = [item.value for item in self._spans.between(cell.start, cell.end) if item.kind == "quantity"]
        unit_column = self._column(roles, "unit", None)
        stated = (
            parse_unit(row[unit_column].text.strip())
            if unit_column is not None and row[unit_column].text.strip()
            else None
        )
        stated = stated or self._unit(key)
        plain = [quantity for quantity in found if quantity.dimension == "plain"]
        fitting = [quantity for quantity in found if fits(attribute, quantity)]
        if fitting:
            # Two different kinds of unit for one value contradict each other; which is meant is not sure.
            alternatives = len({(quantity.base, quantity.high_base) for quantity in fitting})
            separated = re.search(r"[/、,，;；或]|\bor\b", cell.text)
            return fitting if alternatives == 1 or separated else []
        if plain and stated is not None and len(plain) == 1 and len(found) == 1:
            shift = plain[0].start - cell.start
            rebuilt = find_quantities(f"{plain[0].text}{'' if stated[0] in '%' else ' '}{stated[0]}")
            if len(rebuilt) == 1 and fits(attribute, rebuilt[0]):
                whole = rebuilt[0]
                return [
                    Quantity(
                        cell.start + shift,
                        plain[0].end,
                        plain[0].text,
                        whole.value,
                        whole.unit,
                        whole.dimension,
                        whole.base,
                        plain[0].bound,
                        whole.high,
                        whole.high_base,
                        whole.counter,
                    )
                ]
        if (
            plain
            and len(found) == 1
            and attribute.dimension in ("count",)
            and not re.search(r"[A-Za-z\u4e00-\u9fff]", cell.text)
        ):
            return plain
        return []

    def _period(self, items: Sequence[Item]) -> str | None:
        return next((str(item.value.iso) for item in items if item.kind == "date"), None)

    def _status(self, here: Sequence[Item], origin: _Origin) -> str:
        marks = {item.value for item in [*here, *origin.items] if item.kind == "status"}
        if "rumour" in marks or origin.claimed_by == "rumour":
            return "rumour"
        return "forecast" if "forecast" in marks else "stated"

    def _origin(self, row: Sequence[Cell], roles: Sequence[tuple[str, ...]]) -> _Origin:
        """What the row's own columns say of who claims it, when and under which condition."""
        if self._columns[0] is not roles:
            # The same for every row of a table.
            told = [(at, role) for at, found in enumerate(roles) for role in found if role in _ORIGINS]
            self._columns = (roles, told)
        cells: dict[str, Cell] = {}
        for at, role in self._columns[1]:
            if role not in cells and at < len(row) and row[at].text:
                cells[role] = row[at]
        note = cells.get("condition")
        condition = self._spans.between(note.start, note.end) if note else []
        when = cells.get("date")
        date = (
            next(
                (str(item.value.iso) for item in self._spans.between(when.start, when.end) if item.kind == "date"), None
            )
            if when
            else None
        )
        period_cell = cells.get("period")
        period = self._period(
            [*(self._spans.between(period_cell.start, period_cell.end) if period_cell else []), *condition]
        )
        link = cells.get("url")
        url = _LINK.search(link.text) if link else None
        claimant = cells.get("claimed_by")
        publisher = cells.get("publisher")
        named = _LINKED.sub(r"\1", publisher.text).strip() if publisher else None
        return _Origin(
            claimed_by=self._lexicon.claimant_of.get(fold_name(claimant.text)) if claimant else None,
            publisher=named,
            date=date,
            url=url.group() if url else None,
            note=note.text.strip() if note else "",
            period=period,
            items=tuple(condition),
        )


@dataclass(frozen=True, slots=True)
class _Origin:
    claimed_by: str | None
    publisher: str | None
    date: str | None
    url: str | None
    note: str
    period: str | None
    items: tuple[Item, ...]
