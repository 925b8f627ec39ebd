"""Look-up: one or several attributes of one or several subjects, and dates."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.draft import Draft
from assistant.ledger import Ledger, Strand, agree
from assistant.question import Question, Subject

# 2026-01-02
_DAY = 10


def look_up(draft: Draft, question: Question, ledger: Ledger) -> bool:
    """Answers each asked attribute of each subject; returns False when there is no subject to look up.

    What is not stated is said to be missing, with what the documents hold nearby; a neighbour's number is never given.
    """
    if not question.subjects:
        if not question.asked_attributes:
            return False
        draft.status = "clarify"
        names = [draft.wording.attribute(name) for name in question.asked_attributes]
        # A vague word may mean a dozen attributes; listing them all would not help anybody choose.
        label = draft.wording.join(names) if len(names) <= 3 else draft.wording.word("this_figure")
        draft.say("clarify_subject", attribute=label)
        draft.suggestions += [f"{draft.wording.examples[0]}"]
        return True
    found = missing = 0
    for subject in question.subjects:
        for group in question.attribute_groups:
            stated = _one(draft, question, ledger, subject, group)
            found, missing = found + stated, missing + (not stated)
        if question.unknown_attributes:
            draft.say(
                "unknown_attribute",
                subject=name_of(draft, subject),
                words=draft.wording.join(list(question.unknown_attributes)),
            )
            missing += 1
    if question.table and draft.rows:
        columns = ("columns_product", "columns_attribute", "columns_value", "columns_condition", "columns_source")
        draft.tabulate([draft.wording.word(key) for key in columns], draft.rows)
    if not found:
        draft.status = "refused"
    elif missing and draft.status == "answered":
        draft.status = "partial"
    return True


def name_of(draft: Draft, subject: Subject) -> str:
    return draft.wording.subject(subject.id, subject.name)


def _one(draft: Draft, question: Question, ledger: Ledger, subject: Subject, group: Sequence[str]) -> bool:
    """States the attributes of `group` (alternatives that one vague word may mean) that the documents hold."""
    if len(group) > 1:
        held = [name for name in group if ledger.look_up(subject.id, name)]
        if not held:
            # A vague word (算力) of a subject that has nothing it could mean.
            label = draft.wording.word("this_figure")
            draft.say("missing_attribute", subject=name_of(draft, subject), attribute=label)
            _nearby(draft, ledger, subject, None)
            return False
        group = held
    stated = False
    group = [self_or_opposite(ledger, question, subject, name) for name in group]
    for attribute in group:
        found = ledger.look_up(
            subject.id,
            attribute,
            conditions=question.conditions,
            scope=question.scope,
            periods=question.periods or ((question.period,) if question.period else ()),
            as_of=question.as_of,
        )
        if found:
            state(draft, question, subject, attribute, found)
            stated = True
        else:
            _missing(draft, question, ledger, subject, attribute)
    return stated


def self_or_opposite(ledger: Ledger, question: Question, subject: Subject, attribute: str) -> str:
    """A loss that documents state as a negative profit is answered by that profit, called so."""
    support = ledger.support_of(attribute)
    if support and not ledger.look_up(subject.id, attribute) and ledger.look_up(subject.id, support):
        # Of a precision that a card lacks there is no throughput; that it lacks it is the answer.
        return support
    opposite = ledger.attribute(attribute).negative_of
    if opposite is None or ledger.look_up(subject.id, attribute, periods=question.periods, as_of=question.as_of):
        return attribute
    return (
        opposite if ledger.look_up(subject.id, opposite, periods=question.periods, as_of=question.as_of) else attribute
    )


def state(draft: Draft, question: Question, subject: Subject, attribute: str, found: Sequence[Strand]) -> None:
    """Says the value (or the values, each under its condition) of one attribute, conflicts with both sides."""
    wording = draft.wording
    _check_premise(draft, question, subject, attribute, found)
    for strand in found:
        if strand.superseded:
            draft.history.append(strand)
    conflicting = [strand for strand in found if strand.conflicting]
    scoped = len({strand.scope for strand in found}) > 1
    settled = _distinct([strand for strand in found if not strand.conflicting])
    for strand in conflicting:
        draft.lines.append(draft.conflict(strand))
    name = name_of(draft, subject)
    if question.table:
        draft.rows += [(name, *_cells(draft, attribute, strand)) for strand in (*conflicting, *settled[:8])]
    if not settled:
        return
    first, *others = settled[:8]
    values = wording.value(first.lead) + draft.converted(first.lead)
    if not others:
        draft.say(
            "value",
            subject=name,
            attribute=wording.attribute(attribute),
            value=values,
            qualifiers=wording.qualifiers(first, scoped=scoped),
            marks=draft.figures(first.sides[0]),
        )
        return
    parts = [
        wording.say(
            "values_more",
            value=wording.value(strand.lead) + draft.converted(strand.lead),
            qualifiers=wording.qualifiers(strand, scoped=scoped),
            marks=draft.figures(strand.sides[0]),
        ).rstrip()
        for strand in (first, *others)
    ]
    draft.say(
        "value",
        subject=name,
        attribute=wording.attribute(attribute),
        value=wording.word("sep").join(parts),
        qualifiers="",
        marks="",
    )


def _distinct(found: Sequence[Strand]) -> list[Strand]:
    """Without those that only repeat one before them: planned and then delivered, said again on another day."""
    kept: list[Strand] = []
    for strand in sorted(found, key=lambda strand: strand.lead.bound == "about"):
        if not any(_repeats(strand, other) for other in kept):
            kept.append(strand)
    return kept


def _repeats(strand: Strand, other: Strand) -> bool:
    if (strand.conditions, strand.scope, strand.edition) != (other.conditions, other.scope, other.edition):
        return False
    # A day that one source gives and another does not is no other period.
    periods = {strand.period, other.period}
    same = len(periods) == 1 or (None in periods and all(period is None or len(period) == _DAY for period in periods))
    lead, known = strand.lead, other.lead
    return same and (lead.bound == known.bound or "about" in (lead.bound, known.bound)) and agree(known, lead)


def _cells(draft: Draft, attribute: str, strand: Strand) -> tuple[str, ...]:
    """A strand as cells: attribute, every side's value with its marker, condition, publishers."""
    wording = draft.wording
    sides = [side[0] for side in strand.sides[:4]]
    value = " / ".join(wording.value(figure) + draft.converted(figure) + draft.figures([figure]) for figure in sides)
    if strand.conflicting:
        value += wording.say("qualifier", text=wording.word("disputed"))
    publishers = dict.fromkeys(figure.publisher for figure in sides if figure.publisher)
    return wording.attribute(attribute), value, wording.qualifiers(strand).strip(" （）()"), " / ".join(publishers)


def _check_premise(draft: Draft, question: Question, subject: Subject, attribute: str, found: Sequence[Strand]) -> None:
    """Corrects a figure that the question takes for granted and no source states."""
    for premise in question.premise:
        if premise.attribute != attribute or (premise.subject is not None and premise.subject != subject.id):
            continue
        known = [figure for strand in found for side in strand.sides for figure in side]
        if any(
            figure.base is not None and premise.as_figure().base is not None and agree(figure, premise.as_figure())
            for figure in known
        ):
            continue
        if any(figure.value is None and premise.text.casefold() in figure.text.casefold() for figure in known):
            continue
        lead = found[0].lead
        draft.say(
            "premise_wrong",
            stated=premise.text,
            subject=name_of(draft, subject),
            attribute=draft.wording.attribute(attribute),
            value=draft.wording.value(lead) + draft.figures([lead]),
        )


def _missing(draft: Draft, question: Question, ledger: Ledger, subject: Subject, attribute: str) -> None:
    wording, name = draft.wording, name_of(draft, subject)
    label = wording.attribute(attribute)
    held = ledger.look_up(subject.id, attribute)
    if held and question.as_of:
        draft.say("refuse_asof", as_of=question.as_of, subject=name, attribute=label)
    elif held and question.period:
        draft.say("refuse_period", subject=name, attribute=label, period=", ".join(question.periods) or question.period)
    elif held and (question.conditions or question.scope):
        asked = [wording.condition(condition) for condition in question.conditions] + (
            [wording.scope(question.scope)] if question.scope else []
        )
        draft.say("refuse_condition", subject=name, attribute=label, condition=wording.join(asked))
    else:
        draft.say("missing_attribute", subject=name, attribute=label)
    if held:
        parts = [
            f"{wording.value(strand.lead)}{wording.qualifiers(strand)}{draft.figures(strand.sides[0])}"
            for strand in held[:4]
        ]
        draft.say("other_condition", values=wording.word("sep").join(parts))
        return
    if not name_variants(draft, ledger, subject, attribute):
        _nearby(draft, ledger, subject, attribute)


def name_variants(draft: Draft, ledger: Ledger, subject: Subject, attribute: str) -> bool:
    """The H100 has no figure of its own, the H100 SXM has: said, and never given for the other. False without any."""
    wording = draft.wording
    variants = ledger.variants(subject.id, attribute)
    if not variants:
        return False
    names = [wording.subject(strand.subject, strand.subject_name) for strand in variants]
    parts = [
        f"{name} {wording.value(strand.lead)}{wording.qualifiers(strand)}{draft.figures(strand.sides[0][:1])}"
        for name, strand in zip(names[:5], variants, strict=False)
    ]
    draft.say("variants", values=wording.word("sep").join(parts))
    draft.suggestions += [f"{name} {wording.attribute(attribute)}" for name in names[:3]]
    return True


def _nearby(draft: Draft, ledger: Ledger, subject: Subject, attribute: str | None) -> None:
    """What the documents do state about `subject`, attributes of the same kind as the one asked for first."""
    wording, name = draft.wording, name_of(draft, subject)
    stated = ledger.attributes_of(subject.id)
    dimension = ledger.attribute(attribute).dimension if attribute is not None else None
    near = [held for held in stated if ledger.attribute(held).dimension == dimension] or stated
    if near:
        draft.say("nearby", subject=name, attributes=wording.join([wording.attribute(held) for held in near[:8]]))
        draft.suggestions += [f"{name} {wording.attribute(held)}" for held in near[:3]]
    else:
        draft.say("missing_all", subject=name)


def _dates_of(ledger: Ledger, subject: Subject, asked: Sequence[str]) -> list[str]:
    """The asked dates as this subject has them: a product's 上市 is its launch, a company's is its listing."""
    if subject.kind != "vendor":
        return list(asked)
    names: list[str] = []
    for name in asked:
        attribute = ledger.attribute(name)
        if "vendor" in attribute.of:
            names.append(name)
            continue
        names += [
            other.id
            for other in ledger.attributes
            if other.dimension == "date"
            and "vendor" in other.of
            and any(cue in own for cue in attribute.cues for own in other.names())
        ]
    return list(dict.fromkeys(names))


def when(draft: Draft, question: Question, ledger: Ledger) -> bool:
    """Dates of subjects from the ledger; False when the question is about an event that only passages tell."""
    asked = [
        name for group in question.attribute_groups for name in group if ledger.attribute(name).dimension == "date"
    ]
    made = False
    for subject in question.subjects:
        for attribute in _dates_of(ledger, subject, asked):
            found = ledger.look_up(subject.id, attribute, as_of=question.as_of)
            if found:
                state(draft, question, subject, attribute, found)
                made = True
    attributes = tuple(name for name in question.attributes if name not in asked)
    cues = tuple(group for group in question.cues if not set(group) & set(asked))
    others = [*attributes, *(name for group in cues for name in group)]
    if not made and asked:
        # The other half may be answered although nobody says when.
        made = any(ledger.look_up(subject.id, name) for subject in question.subjects for name in others)
        for subject in question.subjects if made else ():
            for attribute in _dates_of(ledger, subject, asked)[:1]:
                _missing(draft, question, ledger, subject, attribute)
            draft.status = "partial"
    if made and others:
        # 什么时候上市，带宽多少: the other half of the question.
        status = draft.status
        look_up(draft, question.model_copy(update={"attributes": attributes, "cues": cues, "intent": "lookup"}), ledger)
        draft.status = (
            "partial" if draft.status == "refused" else draft.status if draft.status != "answered" else status
        )
    return made
