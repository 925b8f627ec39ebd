"""Understanding at size: 200 products and 5,000 aliases, the hand-written utterances, by the processor's clock."""

from __future__ import annotations

import time

from assistant.names import NameIndex
from evals.understanding import SPLITS, cases, reader
from knowledge.catalog import Catalog, CatalogFile, Product

PRODUCTS, ALIASES = 200, 5_000


def enlarged(catalog: Catalog) -> Catalog:
    """`catalog` with invented products and aliases until it has 200 products and 5,000 names."""
    products = list(catalog.products.values())
    vendor = next(iter(catalog.vendors))
    for at in range(len(products), PRODUCTS):
        products.append(Product(id=f"invented-{at}", vendor=vendor, zh=f"天枢QZ{at}0", en=f"Tianshu QZ{at}0"))
    entries = (*products, *catalog.vendors.values(), *catalog.attributes.values())
    missing = max(0, ALIASES - sum(len(entry.names()) for entry in entries))
    share = missing // len(products) + 1
    products = [
        product.model_copy(
            update={"aliases": (*product.aliases, *(f"QX{at}{chr(65 + n % 26)}{n}K" for n in range(share)))}
        )
        for at, product in enumerate(products, 1_000)
    ]
    return Catalog(
        CatalogFile(
            vendors=tuple(catalog.vendors.values()),
            products=tuple(products),
            attributes=tuple(catalog.attributes.values()),
        )
    )


def p95_ms() -> float:
    """The 95th percentile of the time that understanding an utterance with its history takes, in milliseconds."""
    catalog = enlarged(Catalog.load())
    found = [case for split in SPLITS for case in cases(split)]
    times = []
    # Two readers, each text new to it: a first question of a process pays for loading dictionaries, no later one does.
    for warm in (True, False):
        understand, listing = reader(catalog, NameIndex(catalog))
        for case in found:
            listing.now = case.get("listed", ())
            start = time.process_time()
            understand(case["q"], tuple(case.get("h", ())))
            if not warm:
                times.append((time.process_time() - start) * 1000)
    return sorted(times)[int(0.95 * len(times))]
