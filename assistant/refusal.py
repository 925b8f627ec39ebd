"""Refusing well: what is missing, what the documents hold nearby, and what can be asked."""

from __future__ import annotations

from collections.abc import Callable

from rapidfuzz import fuzz, process

from assistant.draft import Draft
from assistant.ledger import Ledger
from assistant.question import Question, Subject
from knowledge.catalog import Catalog, fold_name

# Where a document mentions a name: document id, start, end and text of the sentence; None where none does.
Mentioned = Callable[[str], tuple[str, int, int, str] | None]

# Candidates that a question asked back shows; how many more there are is said.
OFFERED = 8


def refuse(draft: Draft, question: Question, ledger: Ledger | None = None) -> None:
    """Says that the documents do not answer, and what they hold about the subjects instead."""
    draft.status = "refused"
    wording = draft.wording
    if question.intent in ("smalltalk", "out_of_scope", "empty"):
        draft.say("smalltalk" if question.intent == "smalltalk" else "out_of_scope", example=wording.example)
        draft.suggestions += list(wording.examples)
        return
    if question.unknown_attributes and question.subjects:
        subject = question.subjects[0]
        words = draft.wording.join(list(question.unknown_attributes))
        draft.say("unknown_attribute", subject=wording.subject(subject.id, subject.name), words=words)
    else:
        draft.say("refuse")
    for subject in question.subjects[:2] if ledger is not None else ():
        held = ledger.attributes_of(subject.id) if ledger is not None else []
        if held:
            name = wording.subject(subject.id, subject.name)
            draft.say("nearby", subject=name, attributes=wording.join([wording.attribute(item) for item in held[:8]]))
            draft.suggestions += [f"{name} {wording.attribute(item)}" for item in held[:3]]


def refuse_unknown(draft: Draft, question: Question, catalog: Catalog, mentioned: Mentioned) -> None:
    """Names that no document mentions are not answered with those of a sibling; the nearest names are offered.

    A name that stands in a document without a figure of its own is quoted from there.
    """
    draft.status = "refused"
    unknown_names = []
    for name in question.unknown_names:
        place = mentioned(name)
        if place is None:
            unknown_names.append(name)
            continue
        document_id, start, end, quote = place
        draft.say("only_mentioned", name=name, quote=quote, marks=draft.cite(document_id, start, end))
    if not unknown_names:
        return
    draft.say("unknown_name", names=draft.wording.join(unknown_names))
    names = list(dict.fromkeys(product.name(draft.wording.language) for product in catalog.products.values()))
    near: list[str] = []
    for unknown in unknown_names:
        near += [
            name
            for name, score, _ in process.extract(
                fold_name(unknown), names, scorer=fuzz.ratio, limit=3, processor=fold_name
            )
            if score >= 70
        ]
    if near:
        draft.say("similar", names=draft.wording.join(list(dict.fromkeys(near))))
        draft.suggestions += list(dict.fromkeys(near))[:3]


def clarify(draft: Draft, subject: Subject) -> None:
    """Asks which of several products a name means, with the candidates as choices."""
    draft.status = "clarify"
    names = [draft.wording.subject(candidate, candidate) for candidate in subject.ambiguous]
    shown = draft.wording.join(names[:OFFERED])
    if len(names) > OFFERED:
        shown = draft.wording.say("and_more", names=shown, count=len(names) - OFFERED)
    draft.say("clarify", name=subject.name, names=shown)
    draft.suggestions += names[:OFFERED]
