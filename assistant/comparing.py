"""Comparing: products side by side, and values derived from two figures with the working shown."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from assistant.draft import Draft
from assistant.ledger import Ledger, Strand, spread
from assistant.lookup import look_up, name_of, name_variants
from assistant.question import Question, Subject
from assistant.wording import plain

# The attributes shown when a comparison names none, in the order analysts read a data sheet.
USUAL = (
    "process_node",
    "fp32_tflops",
    "tf32_tflops",
    "bf16_tflops",
    "fp16_tflops",
    "fp8_tflops",
    "int8_tops",
    "memory_capacity",
    "memory_type",
    "memory_bandwidth",
    "interconnect_bandwidth",
    "tdp",
    "transistor_count",
    "cluster_size",
    "cluster_compute",
    "revenue",
    "net_profit",
    "net_loss",
    "shipments",
    "price",
    "launch_date",
)


# What already is many cards: nothing of it is multiplied by a number of cards.
_WHOLES = ("cluster", "vendor")


def compare(draft: Draft, question: Question, ledger: Ledger) -> bool:
    """Two to six products side by side; a cell the documents do not fill says so, and unlike is not compared."""
    wording = draft.wording
    subjects = question.subjects[:6]
    asked = list(question.asked_attributes)
    names = asked or [name for name in USUAL if sum(bool(ledger.look_up(subject.id, name)) for subject in subjects) > 0]
    if not names:
        return False
    draft.say("compare_title")
    rows, filled = [], 0
    missing: list[tuple[Subject, str]] = []
    for attribute in names:
        leads = [_lead(question, ledger, subject, attribute) for subject in subjects]
        cells = [_cell(draft, subject, strand) for subject, strand in zip(subjects, leads, strict=True)]
        filled += sum(strand is not None for strand in leads)
        missing += [(subject, attribute) for subject, strand in zip(subjects, leads, strict=True) if strand is None]
        if any(leads) or asked:
            rows.append((wording.attribute(attribute), *cells))
            draft.lines.append(
                "- "
                + wording.say(
                    "under_condition",
                    label=wording.attribute(attribute),
                    marks="",
                    value=wording.word("sep").join(
                        f"{name_of(draft, subject)} {cell}" for subject, cell in zip(subjects, cells, strict=True)
                    ),
                ).strip()
            )
        if len(subjects) == 2 and leads[0] is not None and leads[1] is not None and asked:
            _verdict(draft, attribute, subjects, leads[0], leads[1])
    if not filled:
        draft.lines.clear()
        return look_up(draft, question, ledger)
    draft.tabulate((wording.word("columns_attribute"), *(name_of(draft, subject) for subject in subjects)), rows)
    for subject, attribute in missing[:3] if asked else ():
        name_variants(draft, ledger, subject, attribute)
    if (
        any(wording.word("missing_cell") in cell for row in rows for cell in row)
        and asked
        and draft.status == "answered"
    ):
        draft.status = "partial"
    return True


def _periods(question: Question, ledger: Ledger, attribute: str) -> tuple[str, ...]:
    """The periods asked, of an attribute that has any."""
    return question.periods if attribute in ledger.periodic else ()


def _lead(question: Question, ledger: Ledger, subject: Subject, attribute: str) -> Strand | None:
    """The strand that stands for `subject` under the conditions, the day and the periods asked."""
    return ledger.main(
        subject.id,
        attribute,
        conditions=question.conditions,
        as_of=question.as_of,
        periods=_periods(question, ledger, attribute),
    )


def _cell(draft: Draft, subject: Subject, strand: Strand | None) -> str:
    wording = draft.wording
    if strand is None:
        return wording.word("missing_cell")
    if strand.conflicting:
        draft.conflict(strand)
        shown = " / ".join(
            wording.value(side[0]) + draft.converted(side[0]) + draft.figures(side[:1]) for side in strand.sides[:4]
        )
        return shown + wording.say("qualifier", text=wording.word("disputed"))
    shown = wording.value(strand.lead) + draft.converted(strand.lead) + wording.qualifiers(strand)
    return shown + draft.figures(strand.sides[0][:1])


def comparable(a: Strand, b: Strand) -> bool:
    """Same dimension, same separating conditions (dense counts as the data sheet's default), same scope."""

    def basis(strand: Strand) -> frozenset[str]:
        return frozenset(strand.conditions) - {"dense"}

    return (
        a.lead.dimension == b.lead.dimension
        and basis(a) == basis(b)
        and (a.scope == b.scope or None in (a.scope, b.scope))
        and a.period == b.period
        and a.lead.base is not None
        and b.lead.base is not None
    )


def _verdict(draft: Draft, attribute: str, subjects: Sequence[Subject], a: Strand, b: Strand) -> None:
    wording = draft.wording
    label = wording.attribute(attribute)
    if a.lead.base is None or b.lead.base is None:
        return
    if not comparable(a, b):
        draft.say("incomparable", attribute=label, a=_basis(draft, a), b=_basis(draft, b))
        return
    low_a, high_a = spread(a)
    low_b, high_b = spread(b)
    if high_a < low_b or high_b < low_a:
        first, second = (a, b) if low_a > high_b else (b, a)
        order = (subjects[0], subjects[1]) if first is a else (subjects[1], subjects[0])
        direction = wording.word("higher")
    elif low_a == high_a == low_b == high_b:
        first, second, order, direction = a, b, (subjects[0], subjects[1]), wording.word("equal")
    else:
        draft.say("overlapping", attribute=label)
        return
    draft.say(
        "compare_more",
        attribute=label,
        first=name_of(draft, order[0]),
        second=name_of(draft, order[1]),
        direction=direction,
        first_value=wording.value(first.lead) + draft.figures(first.sides[0][:1]),
        second_value=wording.value(second.lead) + draft.figures(second.sides[0][:1]),
    )


def _basis(draft: Draft, strand: Strand) -> str:
    wording = draft.wording
    parts = [wording.value(strand.lead), *(wording.condition(condition) for condition in strand.conditions)]
    if strand.scope:
        parts.append(wording.scope(strand.scope))
    return wording.word("list_sep").join(parts) + draft.figures(strand.sides[0][:1])


def derive(draft: Draft, question: Question, ledger: Ledger) -> bool:
    """A ratio, a difference, a value per watt or a total, each operand cited and the working shown."""
    operation = question.derive
    attributes = question.asked_attributes
    if operation is None or not question.subjects or not attributes:
        return False
    if operation in ("ratio", "difference") and len(question.subjects) >= 2:
        return _pair(draft, question, ledger, operation, attributes)
    if operation == "per_watt":
        return _per_watt(draft, question, ledger, attributes)
    if operation == "total" and question.count and question.subjects[0].kind not in _WHOLES:
        return _total(draft, question, ledger, attributes)
    # The total of a cluster is what its documents say it is, not a product.
    return look_up(draft, question.model_copy(update={"intent": "lookup"}), ledger) if operation == "total" else False


def _pair(draft: Draft, question: Question, ledger: Ledger, operation: str, attributes: Sequence[str]) -> bool:
    wording = draft.wording
    first, second = question.subjects[:2]
    for attribute in attributes:
        a, b = (_lead(question, ledger, subject, attribute) for subject in (first, second))
        if a is None or b is None or a.lead.base is None or b.lead.base is None:
            return look_up(draft, question.model_copy(update={"intent": "lookup"}), ledger)
        label = wording.attribute(attribute)
        if not comparable(a, b):
            draft.say("incomparable", attribute=label, a=_basis(draft, a), b=_basis(draft, b))
            continue
        marks = draft.figures(a.sides[0][:1]) + draft.figures(b.sides[0][:1])
        shared = {
            "attribute": label,
            "a": name_of(draft, first),
            "b": name_of(draft, second),
            "av": wording.value(a.lead),
            "bv": wording.value(b.lead),
            "marks": marks,
        }
        if operation == "ratio" and b.lead.base:
            draft.say("ratio", result=plain(_rounded(a.lead.base / b.lead.base)), **shared)
        else:
            scale = (a.lead.base / a.lead.value) if a.lead.value else Decimal(1)
            draft.say(
                "difference", result=f"{plain(_rounded((a.lead.base - b.lead.base) / scale))} {a.lead.unit}", **shared
            )
        _show_conflicts(draft, (a, b))
    return True


def _per_watt(draft: Draft, question: Question, ledger: Ledger, attributes: Sequence[str]) -> bool:
    wording = draft.wording
    wanted = [name for name in attributes if name != "tdp"]
    for subject in question.subjects:
        power = ledger.main(subject.id, "tdp", as_of=question.as_of)
        for attribute in wanted:
            value = ledger.main(
                subject.id,
                attribute,
                conditions=question.conditions,
                as_of=question.as_of,
                periods=_periods(question, ledger, attribute),
            )
            if value is None or power is None or not power.lead.base or value.lead.value is None:
                asked = question.model_copy(
                    update={"attributes": (attribute, "tdp"), "cues": (), "intent": "lookup", "subjects": (subject,)}
                )
                return look_up(draft, asked, ledger)
            if value.scope != power.scope and None not in (value.scope, power.scope):
                draft.say(
                    "incomparable",
                    attribute=wording.attribute(attribute),
                    a=_basis(draft, value),
                    b=_basis(draft, power),
                )
                continue
            marks = draft.figures(value.sides[0][:1]) + draft.figures(power.sides[0][:1])
            draft.say(
                "per_watt",
                subject=name_of(draft, subject),
                attribute=wording.attribute(attribute),
                av=wording.value(value.lead),
                bv=wording.value(power.lead),
                result=plain(_rounded(value.lead.value / power.lead.base)),
                unit=value.lead.unit,
                marks=marks,
            )
            _show_conflicts(draft, (value, power))
    return bool(draft.lines)


def _total(draft: Draft, question: Question, ledger: Ledger, attributes: Sequence[str]) -> bool:
    wording = draft.wording
    subject = question.subjects[0]
    for attribute in attributes:
        value = ledger.main(
            subject.id,
            attribute,
            conditions=question.conditions,
            as_of=question.as_of,
            periods=_periods(question, ledger, attribute),
        )
        if value is None or value.lead.value is None:
            return look_up(draft, question.model_copy(update={"intent": "lookup"}), ledger)
        total = value.lead.value * Decimal(str(question.count))
        draft.say(
            "total",
            count=plain(Decimal(str(question.count))),
            subject=name_of(draft, subject),
            attribute=wording.attribute(attribute),
            av=wording.value(value.lead),
            result=f"{plain(total)} {value.lead.unit}",
            marks=draft.figures(value.sides[0][:1]),
        )
        _show_conflicts(draft, (value,))
    return True


def _show_conflicts(draft: Draft, operands: Sequence[Strand]) -> None:
    for strand in operands:
        if strand.conflicting:
            draft.lines.append(draft.conflict(strand))


def _rounded(value: Decimal) -> Decimal:
    """Four significant digits: a quotient of two data-sheet figures is no more exact than they are."""
    if not value:
        return value
    return round(value, 3 - value.adjusted()) if value.adjusted() < 3 else Decimal(round(value))
