"""Listing: the products of a company or family, and who makes a product; each line with where it stands."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.draft import Draft
from assistant.ledger import Ledger, Strand
from assistant.question import Question, Subject
from knowledge.catalog import Catalog, Product, fold_name
from knowledge.lexical import query_tokens
from knowledge.passages import sentences

# Products that a list shows; how many more there are is said.
MOST = 20
_KINDS = ("die", "card", "server", "cluster")
# What tells most about a product in a line of a list, first of these that the documents state.
_TELLING = ("launch_date", "int8_tops", "fp16_tflops", "memory_capacity", "process_node", "cluster_size", "tdp")


def products(question: Question, ledger: Ledger, catalog: Catalog) -> list[Strand]:
    """For each product of the asked companies or families that the documents give a figure of: its most telling one."""
    found = []
    for product in catalog.products.values():
        if product.kind not in _KINDS or (question.kind and product.kind != question.kind):
            continue
        if any(_belongs(product, subject, catalog) for subject in question.subjects):
            strand = next(
                filter(None, (ledger.main(product.id, name, as_of=question.as_of) for name in _TELLING)), None
            )
            if strand is not None:
                found.append(strand)
    return found


def _belongs(product: Product, subject: Subject, catalog: Catalog) -> bool:
    if subject.kind == "vendor":
        return product.vendor == subject.id
    family = catalog.products.get(subject.id)
    if family is None or family.kind not in ("topic", "architecture") or family.vendor != product.vendor:
        return False
    names = [fold_name(name) for name in (family.zh, family.en)]
    return product.id != family.id and fold_name(product.zh).startswith(tuple(names))


def list_products(draft: Draft, question: Question, ledger: Ledger, catalog: Catalog) -> bool:
    """A table of the products, each with one figure and its source; False when there are none to list."""
    found = products(question, ledger, catalog)
    if not found:
        return False
    wording = draft.wording
    names = wording.join([wording.subject(subject.id, subject.name) for subject in question.subjects])
    draft.say("list_title", subject=names, count=len(found))
    rows = []
    for strand in found[:MOST]:
        value = wording.value(strand.lead) + wording.qualifiers(strand)
        name = wording.subject(strand.subject, strand.subject_name)
        rows.append((name, wording.attribute(strand.attribute), value + draft.figures(strand.sides[0][:1])))
        draft.lines.append(f"- {name}: {rows[-1][1]} {rows[-1][2]}")
        if strand.conflicting:
            draft.conflict(strand)
    if len(found) > MOST:
        draft.say("list_more", count=len(found) - MOST)
    draft.tabulate([wording.word(key) for key in ("columns_product", "columns_attribute", "columns_value")], rows)
    draft.suggestions += [row[0] for row in rows[:3]]
    return True


def makers(draft: Draft, question: Question, catalog: Catalog) -> bool:
    """Who makes each product asked about, by a sentence that names both; False when no document has one."""
    wording, made = draft.wording, False
    for subject in question.subjects:
        product = catalog.products.get(subject.id)
        place = _together(draft, product, catalog) if product is not None else None
        if product is None or place is None:
            continue
        document_id, start, end, quote = place
        maker = catalog.vendors[product.vendor].name(wording.language)
        mark = draft.cite(document_id, start, end)
        draft.say("maker", subject=product.name(wording.language), maker=maker, quote=quote, marks=mark)
        made = True
    return made


def _together(draft: Draft, product: Product, catalog: Catalog) -> tuple[str, int, int, str] | None:
    """The first sentence of the best passages that names a product and its maker: document, start, end, text."""
    vendor = catalog.vendors[product.vendor]
    library = draft.library
    words: Sequence[str] = query_tokens(f"{product.zh} {vendor.zh} {product.en} {vendor.en}", catalog)
    found = library.lexical(words, 200)
    passages = library.passages([identity for identity, _ in found])
    for identity, _ in found:
        passage = passages[identity]
        for start, end in sentences(passage.text):
            text = passage.text[start:end].strip()
            named = {mention.entry.id for mention in catalog.mentions(text)}
            if {product.id, vendor.id} <= named and "|" not in text and not text.startswith("#"):
                at = passage.text.index(text, start)
                return passage.document_id, passage.start + at, passage.start + at + len(text), text
    return None
