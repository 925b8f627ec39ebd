"""Generate: cases made from the rows of the shipped specification sheets, by template, in both languages.

Expectations come from the rows as they are written, read by a reader of their own: neither the extractor nor the ledger
has a say in them. `python -m evals.generate` writes cases/answers/generated.yaml; `--check` says whether it is current.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

from evals.case import FOLDER, Case
from knowledge.catalog import Attribute, Catalog, Product

TARGET = FOLDER / "generated.yaml"
_VALUE = re.compile(r"(\d+(?:\.\d+)?) (GB/s|TB/s|GB|TB|TFLOPS|PFLOPS|TOPS|W|kW|nm)")
_THOUSAND = frozenset({"TB", "TB/s", "PFLOPS", "kW"})
# Conditions that leave a row comparable with one that has none; every other keeps its row out of these cases.
_PLAIN = re.compile(r"(?:峰值|理论峰值|单卡|(?:HBM|GDDR|LPDDR|DDR)\d?[A-Za-z]?)?")
# Two values that differ by less may be one value rounded; those that differ by more are a conflict.
_ROUNDED, _APART = Decimal("0.002"), Decimal("0.06")
_ASKED_IN_VAIN = ("die_area", "fp64_tflops", "fp8_tflops", "price", "transistor_count", "tdp", "memory_bandwidth")

ZH = (
    "{p}的{a}是多少？",
    "{p} {a}",
    "查一下{p}的{a}",
    "想知道{p}的{a}，请给出处",
    "{p}的{a}？",
    "请问 {p} 的 {a} 是多少",
)
EN = ("What is the {a} of the {p}?", "{p} {a}?", "Tell me the {a} of the {p}", "{a} of the {p}, with a source please")
COMPARE = (
    ("对比{p}和{q}的{a}", "zh"),
    ("{p}与{q}的{a}哪个更高？", "zh"),
    ("Compare the {a} of the {p} and the {q}", "en"),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """What the rows of one product and attribute say: each distinct value once, as (number, unit) of its row."""

    product: Product
    attribute: Attribute
    values: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        return f"{self.product.id}-{self.attribute.id}".replace("_", "-")


def base(value: tuple[str, str]) -> Decimal:
    """The value in the smaller of its two usual units: 1.6 TB/s is 1600."""
    return Decimal(value[0]) * (1000 if value[1] in _THOUSAND else 1)


def facts(catalog: Catalog, folder: Path) -> Iterator[Fact]:
    """The facts of every sheet under `folder` all of whose rows are plain numbers with a unit, in a fixed order."""
    names = sorted(((product.zh, product) for product in catalog.products.values()), key=lambda item: -len(item[0]))
    labels = {attribute.zh: attribute for attribute in catalog.attributes.values()}
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text("utf-8")
        heading = next((line[2:].strip() for line in text.splitlines() if line.startswith("# ")), "")
        product = next((product for name, product in names if heading.endswith(name)), None)
        if product is None:
            continue
        rows: dict[str, list[list[str]]] = {}
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            if line.startswith("| ") and len(cells) >= 5:
                rows.setdefault(cells[0], []).append(cells)
        for label, found in rows.items():
            values = _plain(found)
            if label in labels and values:
                yield Fact(product, labels[label], values)


def _plain(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """The distinct values of `rows`; () when one of them has a condition, is a rumour or is no number with a unit."""
    values: list[tuple[str, str]] = []
    for _, value, condition, claimed, *_ in rows:
        match = _VALUE.fullmatch(value)
        if match is None or not _PLAIN.fullmatch(condition) or claimed == "传闻":
            return ()
        written = (match.group(1), match.group(2))
        if not any(abs(base(written) - base(other)) <= base(other) * _ROUNDED for other in values):
            values.append(written)
    return tuple(values)


def cases(catalog: Catalog, folder: Path) -> Iterator[dict[str, Any]]:
    """All generated cases, the same ones every time."""
    known = list(facts(catalog, folder))
    single = [fact for fact in known if len(fact.values) == 1]
    for fact in known:
        apart = all(
            abs(base(one) - base(other)) > max(base(one), base(other)) * _APART for one, other in pairwise(fact.values)
        )
        if len(fact.values) <= 2 and apart:
            yield from _looked_up(fact)
    for fact in single:
        yield from _worked_out(fact)
        yield from _wrongly_supposed(fact)
    by_attribute: dict[str, list[Fact]] = {}
    for fact in single:
        if fact.product.kind == "card":
            by_attribute.setdefault(fact.attribute.id, []).append(fact)
    for group in by_attribute.values():
        for one, other in pairwise(sorted(group, key=lambda fact: _draw(fact.key, 1 << 30))):
            if abs(base(one.values[0]) - base(other.values[0])) > base(one.values[0]) * _APART:
                yield _compared(one, other)
    yield from _asked_in_vain(catalog, folder)


def _draw(key: str, among: int) -> int:
    """A number below `among` that only `key` decides."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:12], 16) % among


def _figure(fact: Fact, value: tuple[str, str], language: str) -> dict[str, Any]:
    number = float(value[0])
    return {
        "product": fact.product.name(language),
        "attribute": fact.attribute.id,
        "value": int(number) if number.is_integer() else number,
        "unit": value[1],
        "tolerance": 0.003,
    }


def _case(
    key: str, question: str, language: str, status: list[str], kind: str, vendor: str, **more: Any
) -> dict[str, Any]:
    return {
        "id": f"gen-{key}",
        "question": question,
        "language": language,
        "status": status,
        **more,
        "tags": ["generated", kind, language, f"vendor-{vendor}"],
        "origin": "generated",
    }


def _looked_up(fact: Fact) -> Iterator[dict[str, Any]]:
    # Articles may say something else than the sheet's rows, which agree; rows that do not are always a conflict.
    status = ["answered", "conflicting"] if len(fact.values) == 1 else ["conflicting"]
    kind = "lookup" if len(fact.values) == 1 else "conflict"
    for language, templates in (("zh", ZH), ("en", EN)):
        template = templates[_draw(fact.key + language, len(templates))]
        asked = template.format(p=fact.product.name(language), a=fact.attribute.name(language))
        yield _case(
            f"{kind}-{fact.key}-{language}",
            asked[:1].upper() + asked[1:],
            language,
            status,
            kind,
            fact.product.vendor,
            figures=[_figure(fact, value, language) for value in fact.values],
        )


def _worked_out(fact: Fact) -> Iterator[dict[str, Any]]:
    """Totals of several cards, values in another unit: the result is worked out here, from the row."""
    number, unit = fact.values[0]
    name, status = fact.product.zh, ["answered", "conflicting"]
    shared = {"figures": [_figure(fact, fact.values[0], "zh")]}
    if fact.attribute.id == "memory_capacity" and fact.product.kind == "card":
        count = (4, 8, 16)[_draw(fact.key, 3)]
        total = f"{_written(count * Decimal(number))} {unit}"
        question = f"{count} 张{name}的显存一共多少"
        yield _case(
            f"total-{fact.key}",
            question,
            "zh",
            status,
            "derive",
            fact.product.vendor,
            strings={"all": [total]},
            **shared,
        )
    if fact.attribute.id == "memory_bandwidth" and unit in ("GB/s", "TB/s"):
        other = "TB/s" if unit == "GB/s" else "GB/s"
        value = Decimal(number) / 1000 if unit == "GB/s" else Decimal(number) * 1000
        question = f"{name}的显存带宽是多少 {other}"
        wanted = {"any": sorted({f"{_written(value)} {other}", f"{value.normalize():f} {other}"})}
        yield _case(
            f"unit-{fact.key}", question, "zh", status, "unit-conversion", fact.product.vendor, strings=wanted, **shared
        )


def _written(value: Decimal) -> str:
    return f"{int(value):,}" if value == int(value) and value >= 10_000 else f"{value.normalize():f}"


def _wrongly_supposed(fact: Fact) -> Iterator[dict[str, Any]]:
    number, unit = fact.values[0]
    if fact.attribute.id != "memory_capacity" or unit != "GB" or "." in number:
        return
    supposed = f"{int(number) * 2 + 16}GB"
    question = f"{fact.product.zh}的{supposed}显存够用吗"
    yield _case(
        f"premise-{fact.key}",
        question,
        "zh",
        ["answered", "conflicting"],
        "false-premise",
        fact.product.vendor,
        figures=[_figure(fact, fact.values[0], "zh")],
        strings={"all": [supposed, "不符"]},
    )


def _compared(one: Fact, other: Fact) -> dict[str, Any]:
    key = f"compare-{one.key}-{other.product.id}"
    template, language = COMPARE[_draw(key, len(COMPARE))]
    question = template.format(
        p=one.product.name(language), q=other.product.name(language), a=one.attribute.name(language)
    )
    figures = [_figure(fact, fact.values[0], language) for fact in (one, other)]
    return _case(key, question, language, ["answered", "conflicting"], "compare", one.product.vendor, figures=figures)


def _asked_in_vain(catalog: Catalog, folder: Path) -> Iterator[dict[str, Any]]:
    """Attributes of cards that no document of the corpus names beside the card: asked for, they are refused."""
    texts = [path.read_text("utf-8") for path in sorted(folder.parent.rglob("*.md"))]
    for product in sorted(catalog.products.values(), key=lambda product: product.id):
        if product.kind != "card" or not catalog.vendors[product.vendor].domestic:
            continue
        about = "\n".join(text for text in texts if any(name in text for name in product.names()))
        name = _ASKED_IN_VAIN[_draw(product.id, len(_ASKED_IN_VAIN))]
        attribute = catalog.attributes[name]
        if not about or any(word.casefold() in about.casefold() for word in (*attribute.names(), *attribute.cues)):
            continue
        question = ZH[_draw(product.id + name, len(ZH))].format(p=product.zh, a=attribute.zh)
        key = f"refusal-{product.id}-{name}".replace("_", "-")
        yield _case(key, question, "zh", ["refused"], "refusal", product.vendor)


def written(made: Sequence[dict[str, Any]]) -> str:
    """The cases as the YAML file, a line each (JSON is YAML)."""
    head = (
        "# yaml-language-server: $schema=../schema.json\n"
        "# Made by `python -m evals.generate` from the rows of the shipped sheets; do not edit by hand.\n\n"
    )
    return head + "".join(f"- {json.dumps(case, ensure_ascii=False)}\n" for case in made)


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the file, or with --check compares with it; returns 1 when it is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether generated.yaml is current")
    options = parser.parse_args(arguments)
    made = list(cases(Catalog.load(), Path(str(resources.files("knowledge"))) / "corpus" / "specs"))
    for case in made:
        Case.model_validate(case)
    text = written(made)
    if options.check:
        current = TARGET.exists() and TARGET.read_text("utf-8") == text
        print(f"{len(made)} cases; {TARGET.name} is {'' if current else 'not '}current")
        return 0 if current else 1
    TARGET.write_text(text, "utf-8")
    print(f"{len(made)} cases written to {TARGET.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
