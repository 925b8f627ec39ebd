"""Refusing well: what is missing, what the documents hold nearby, and what can be asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from assistant.draft import Draft
from assistant.excerpts import quoted
from assistant.ledger import Ledger
from assistant.question import Question, Subject
from knowledge.catalog import Catalog, fold_name

# Where a document mentions a name: document id, start, end and text of the sentence; None where none does.
Mentioned = Callable[[str], tuple[str, int, int, str] | None]

# Candidates that a question asked back shows; how many more there are is said.
OFFERED = 8


@dataclass(frozen=True, slots=True)
class Nearest:
    """What comes closest to an answer that is not there: words no sentence has, and the sentence that has most."""

    missing: tuple[str, ...] = ()
    place: tuple[str, int, int, str] | None = None
    reported: bool = False


def refuse(draft: Draft, question: Question, ledger: Ledger | None = None, nearest: Nearest | None = None) -> None:
    """Says that the documents do not answer, what is missing, and what they hold about the subjects instead."""
    draft.status = "refused"
    wording, nearest = draft.wording, nearest or Nearest()
    if question.intent in ("smalltalk", "out_of_scope", "empty"):
        draft.say("smalltalk" if question.intent == "smalltalk" else "out_of_scope", example=wording.example)
        draft.suggestions += list(wording.examples)
        return
    words = list(question.unknown_attributes or nearest.missing)
    subjects = [wording.subject(subject.id, subject.name) for subject in question.subjects]
    if words and subjects:
        draft.say("unknown_attribute", subject=wording.join(subjects), words=wording.join(words))
    elif words:
        draft.say("unknown_words", words=wording.join(words))
    elif question.intent == "why" and nearest.reported:
        draft.say("refuse_reason")
    else:
        draft.say("refuse")
    if nearest.place is not None:
        document_id, start, end, quote = nearest.place
        draft.say("nearest", quote=quoted(draft, quote, draft.cite(document_id, start, end)))
    if ledger is None:
        return
    dates = list(question.dates)
    for subject in question.subjects[:2]:
        held = ledger.attributes_of(subject.id)
        if not held:
            continue
        name = wording.subject(subject.id, subject.name)
        stated = [item for item in question.asked_attributes if item in held]
        if stated:
            values = [_values(draft, ledger, subject, item, dates) for item in stated[:2]]
            draft.say("other_condition", values=wording.word("sep").join(values))
        elif nearest.place is None:
            draft.say("nearby", subject=name, attributes=wording.join([wording.attribute(item) for item in held[:8]]))
        draft.suggestions += [f"{name} {wording.attribute(item)}" for item in (stated or held)[:3]]


def refuse_outside(draft: Draft, question: Question, place: tuple[str, int, int, str]) -> None:
    """Says that nothing of the asked time or kind of source answers, and quotes what comes nearest elsewhere."""
    draft.status = "refused"
    wording = draft.wording
    bounds = [wording.word(f"source_{question.sources}")] if question.sources else []
    if question.as_of:
        bounds.append(wording.say("until", date=question.as_of))
    elif question.since and not question.until:
        bounds.append(wording.say("since", date=question.since))
    else:
        bounds += question.dates or [f"{question.since} – {question.until}"] if question.since else []
    document_id, start, end, quote = place
    draft.say("refuse_outside", bounds=wording.join(bounds))
    document = draft.library.document(document_id)
    date = (document.published if document is not None else None) or wording.word("undated")
    draft.say("nearest_outside", date=date, quote=quoted(draft, quote, draft.cite(document_id, start, end)))


def _values(draft: Draft, ledger: Ledger, subject: Subject, attribute: str, dates: Sequence[str]) -> str:
    """The figures of the asked attribute, those of the asked time first."""
    wording = draft.wording
    found = ledger.look_up(subject.id, attribute)
    timely = [strand for strand in found if strand.period in dates] or found
    parts = [
        wording.value(strand.lead) + wording.qualifiers(strand) + draft.figures(strand.sides[0][:1])
        for strand in timely[:2]
    ]
    label = f"{wording.subject(subject.id, subject.name)} {wording.attribute(attribute)}"
    return f"{label} {wording.word('comma').join(parts)}"


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
