"""The catalogue checked: names that mean two things, attributes without a unit, products without a vendor's market."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import yaml

from knowledge.catalog import Catalog, fold_name
from knowledge.units import parse_unit

# The unit of these is words, a calendar date or nothing.
_UNITLESS = frozenset({"text", "date", "plain", "rank", "multiple", "count"})
_MEASURED_IN = {"money_per_share": ("money",), "compute_bare": ("compute_bare", "flops")}
_SHORTEST = 2
# Names that two products have once their makers are left out: what each means, and why.
SHARED = Path(__file__).parent / "shared_names.yaml"


def faults(catalog: Catalog) -> Iterator[str]:
    """What is wrong with the catalogue, a sentence each."""
    yield from _clashes(catalog)
    yield from _without_their_maker(catalog)
    for attribute in catalog.attributes.values():
        if attribute.dimension in _UNITLESS:
            continue
        if not attribute.unit:
            yield f"the attribute {attribute.id} has no unit to compare in"
            continue
        unit = parse_unit(attribute.unit.removesuffix("/股"))
        if unit is None or unit[1] not in _MEASURED_IN.get(attribute.dimension, (attribute.dimension,)):
            yield f"the unit {attribute.unit!r} of {attribute.id} is not one of {attribute.dimension}"
    for entry in (*catalog.vendors.values(), *catalog.products.values(), *catalog.attributes.values()):
        for alias in entry.aliases:
            if len(fold_name(alias)) < _SHORTEST:
                yield f"the alias {alias!r} of {entry.id} is too short to mean anything"


def _clashes(catalog: Catalog) -> Iterator[str]:
    """One folded name for a vendor, a product and an attribute at once."""
    owners: dict[str, set[str]] = defaultdict(set)
    for entry in (*catalog.vendors.values(), *catalog.products.values(), *catalog.attributes.values()):
        for name in entry.names():
            owners[fold_name(name)].add(entry.id)
    for name, ids in owners.items():
        if len(ids) > 1:
            yield f"{name!r} names {' and '.join(sorted(ids))}: give one of them another name"


def _without_their_maker(catalog: Catalog) -> Iterator[str]:
    """People leave the maker out; a name that then is another product's whole name must not be in use twice."""
    makers = {
        id: sorted(map(fold_name, vendor.names()), key=len, reverse=True) for id, vendor in catalog.vendors.items()
    }
    bare: dict[str, set[str]] = defaultdict(set)
    for product in catalog.products.values():
        for name in product.names():
            bare[_bare(fold_name(name), makers[product.vendor])].add(product.id)
    means = {fold_name(entry["name"]): entry["means"] for entry in yaml.safe_load(SHARED.read_text("utf-8")) or []}
    for name, ids in bare.items():
        if len(ids) > 1 and name not in means:
            yield f"without its maker, {name!r} names {' and '.join(sorted(ids))}: say in {SHARED.name} which it means"
    for name, meant in means.items():
        if [mention.entry.id for mention in catalog.mentions(name)] != [meant]:
            yield f"{name!r} does not mean {meant}, as {SHARED.name} says"


def _bare(name: str, makers: list[str]) -> str:
    for maker in makers:
        if name.startswith(maker) and len(name) > len(maker):
            return name[len(maker) :]
    return name
