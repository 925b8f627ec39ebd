"""Newest: products by their launch, newest first; what is only planned is said apart."""

from __future__ import annotations

from assistant.draft import Draft
from assistant.ledger import Ledger, Strand
from assistant.periods import days
from assistant.phrases import load_phrases
from assistant.question import Question
from assistant.ranking import value_shown
from knowledge.catalog import Catalog, normalise
from knowledge.dates import find_dates

SHOWN = 5
PLANS = 4
LAUNCH = "launch_date"


def asks_newest(question: Question) -> bool:
    """Whether a list is asked for by age (最新的芯片, the newest card)."""
    return question.intent == "list" and load_phrases().says("newest", normalise(question.text)) is not None


def newest(question: Question, ledger: Ledger, catalog: Catalog) -> tuple[list[Strand], list[Strand]]:
    """The launches that documents state, latest first, and those that are planned, of the asked makers (or of all)."""
    makers = {subject.id for subject in question.subjects if subject.kind == "vendor"}
    kinds = _kinds(question)
    launched: list[tuple[str, Strand]] = []
    planned: list[tuple[str, Strand]] = []
    for product in catalog.products.values():
        vendor = catalog.vendors[product.vendor]
        if product.kind not in kinds or (makers and vendor.id not in makers):
            continue
        if not makers and question.domestic_only is not None and vendor.domestic is not question.domestic_only:
            continue
        strand = ledger.main(product.id, LAUNCH, as_of=question.as_of)
        found = launched
        if strand is None:
            strand = next(iter(ledger.look_up(product.id, LAUNCH, as_of=question.as_of)), None)
            found = planned
        day = _day(strand) if strand is not None else None
        if strand is None or day is None or strand.lead.status == "rumour" or strand.lead.claimed_by == "rumour":
            continue
        found.append((day, strand))
    # Of a year alone its first day counts: nothing says that it was later than a day of that year that is known.
    ordered = [sorted(found, key=lambda item: item[0], reverse=True) for found in (launched, planned)]
    return [strand for _, strand in ordered[0]], [strand for _, strand in ordered[1]]


def _kinds(question: Question) -> set[str]:
    """The kinds of product asked for: a card is a card, a chip may come on one; any where none is said."""
    said, plain = load_phrases().kinds, normalise(question.text)
    if question.kind:
        return {question.kind}
    if said["card"].search(plain):
        return {"card"}
    return {"card", "die"} if said["die"].search(plain) or not question.subjects else {*said}


def _day(strand: Strand) -> str | None:
    found = find_dates(strand.lead.text)
    stretch = days(found[0].iso if found else strand.lead.text)
    return stretch[0] if stretch is not None else None


def say_newest(draft: Draft, question: Question, ledger: Ledger, catalog: Catalog) -> bool:
    """The latest launches with their sources, then plans; False when the documents date no launch."""
    launched, planned = newest(question, ledger, catalog)
    if not launched:
        return False
    wording = draft.wording
    names = [wording.subject(item.id, item.name) for item in question.subjects]
    scope = wording.join(names) if names else wording.word("domestic" if question.domestic_only else "all")
    draft.say("newest_title", subject=scope)
    rows = []
    for place, strand in enumerate(launched[: question.rank_n or SHOWN], 1):
        rows.append((str(place), wording.subject(strand.subject, strand.subject_name), value_shown(draft, strand)))
        draft.lines.append(f"{place}. {rows[-1][1]}: {rows[-1][2]}")
    draft.tabulate(("#", wording.word("columns_product"), wording.attribute(LAUNCH)), rows)
    if planned and not question.as_of:
        parts = [
            f"{wording.subject(item.subject, item.subject_name)} {value_shown(draft, item)}" for item in planned[:PLANS]
        ]
        draft.say("rank_planned", values=wording.word("sep").join(parts))
    draft.suggestions += [row[1] for row in rows[:3]]
    return True
