"""Stated: the quantities of a question as conditions to meet (显存 ≥ 64GB) or as figures taken for granted."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.asked import Asked
from assistant.phrases import Phrases
from assistant.question import Filter, Premise, Subject
from knowledge.attribution import fits
from knowledge.catalog import Catalog
from knowledge.quantities import Quantity

_COMPUTE = {"flops", "ops"}
# What a quantity without an attribute beside it can only be about.
_BY_DIMENSION = {"memory": "memory_capacity", "power": "tdp", "length": "process_node", "bandwidth": "memory_bandwidth"}
# Quantities that no figure of a chip is corrected by: they count, scale or order.
_NO_PREMISE = ("count", "multiple", "percent", "duration", "rank", "percent_points")


def filters_in(
    catalog: Catalog,
    phrases: Phrases,
    plain: str,
    quantities: Sequence[Quantity],
    asked: Asked,
    subjects: Sequence[Subject],
) -> tuple[Filter, ...]:
    """The conditions that a question for several products sets; () in a question about named ones."""
    several, ranked = bool(phrases.says("filter", plain)), bool(phrases.says("rank", plain))
    if not (several or ranked) and any(subject.kind != "vendor" for subject in subjects):
        return ()
    found: list[Filter] = []
    for quantity in quantities:
        operator = phrases.operator(plain, quantity.start, quantity.end)
        attribute = _attribute(catalog, asked, quantity) or _BY_DIMENSION.get(quantity.dimension)
        if operator is None and several and quantity.dimension == "length":
            operator = "="
        if operator is None or attribute is None:
            continue
        found.append(
            Filter(
                attribute=attribute,
                op=operator,
                value=str(quantity.base),
                text=quantity.text,
                dimension=quantity.dimension,
            )
        )
    constrained = {item.attribute for item in found}
    if several and not ranked and phrases.says("has", plain):
        found += [Filter(attribute=name, op="has") for name in asked.attributes if name not in constrained]
    return tuple(found)


def _attribute(catalog: Catalog, asked: Asked, quantity: Quantity) -> str | None:
    return next((name for name in asked.any if fits(catalog.attributes[name], quantity)), None)


def premises_in(
    catalog: Catalog, quantities: Sequence[Quantity], asked: Asked, subjects: Sequence[Subject]
) -> tuple[tuple[Premise, ...], tuple[str, ...]]:
    """Figures that the question states as known, and the attributes they imply where it names none."""
    found: list[Premise] = []
    implied: list[str] = []
    for quantity in quantities if subjects else ():
        if quantity.dimension in _NO_PREMISE:
            continue
        attribute = _attribute(catalog, asked, quantity)
        if attribute is None and not asked.any:
            attribute = _BY_DIMENSION.get(quantity.dimension)
            implied += [attribute] if attribute else []
        if attribute is None:
            continue
        compute = catalog.attributes[attribute].dimension
        found.append(
            Premise(
                attribute=attribute,
                text=quantity.text,
                value=str(quantity.value),
                unit=quantity.unit,
                dimension=compute if quantity.dimension in _COMPUTE and compute in _COMPUTE else quantity.dimension,
                base=str(quantity.base),
                subject=subjects[0].id if len(subjects) == 1 else None,
            )
        )
    return tuple(found), tuple(implied)
