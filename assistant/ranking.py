"""Ranking: the most, the least, and those that meet conditions."""

from __future__ import annotations

from decimal import Decimal

from assistant.draft import Draft
from assistant.ledger import Ledger, Strand
from assistant.question import Filter, Question
from assistant.wording import Wording

SHOWN = 10
# Of planned products as many are named beside a ranking.
PLANS = 4


def rank(draft: Draft, question: Question, ledger: Ledger) -> bool:
    """A table of products by an attribute, or of those that pass all filters; False when the question names neither.

    Products whose leading figure is a rumour or a plan are not ranked; those of plans are named behind the list. A
    disputed figure is marked.
    """
    wording = draft.wording
    columns = _columns(question)
    if not columns:
        return False
    domestic, highest = question.domestic_only, question.rank_direction != "lowest"
    main, *others = columns
    found = _found(question, ledger)
    condition = _described(wording, question)
    if not found:
        draft.status = "refused"
        if question.filters:
            draft.say("filter_none", condition=condition)
        else:
            draft.say("rank_none", attribute=wording.attribute(main))
        return True
    shown = found[: question.rank_n or SHOWN]
    if question.filters and question.intent != "rank":
        draft.say("filter_title", count=len(found), condition=condition)
    else:
        draft.say(
            "rank_title",
            attribute=wording.attribute(main),
            order=wording.word("desc" if highest else "asc"),
            scope=wording.word("domestic" if domestic else "all"),
        )
    rows = []
    for place, strand in enumerate(shown, 1):
        more = [ledger.main(strand.subject, name, as_of=question.as_of) for name in others]
        rows.append(
            (
                str(place),
                wording.subject(strand.subject, strand.subject_name),
                value_shown(draft, strand),
                *(value_shown(draft, extra) if extra is not None else wording.word("missing_cell") for extra in more),
            )
        )
    draft.tabulate(("#", wording.word("columns_product"), *(wording.attribute(name) for name in (main, *others))), rows)
    draft.lines += [f"{row[0]}. {row[1]}: {wording.word('comma').join(row[2:])}" for row in rows]
    _say_planned(draft, question, ledger, shown[-1])
    return True


def _say_planned(draft: Draft, question: Question, ledger: Ledger, last: Strand) -> None:
    """Names what would stand in the list if it were more than a plan."""
    if question.as_of or question.conditions:
        return
    planned = ledger.planned(
        _columns(question)[0],
        kinds=_kinds(question),
        domestic=question.domestic_only,
        vendors=_vendors(question),
        highest=question.rank_direction != "lowest",
        least=last.lead.base,
    )
    passing = [
        strand for strand in planned if all(_passes(strand, item, ledger, question) for item in question.filters)
    ]
    if passing:
        wording = draft.wording
        parts = [
            f"{wording.subject(each.subject, each.subject_name)} {_sides(draft, each)}" for each in passing[:PLANS]
        ]
        draft.say("rank_planned", values=wording.word("sep").join(parts))


def placed(question: Question, ledger: Ledger) -> list[Strand]:
    """What the answer to a ranking or selection shows, in its order; [] for a question that names nothing to rank by."""
    return _found(question, ledger)[: question.rank_n or SHOWN] if _columns(question) else []


def _columns(question: Question) -> list[str]:
    """The attribute that decides, and those shown beside it."""
    filtered = [item.attribute for item in question.filters]
    return list(dict.fromkeys([*(question.asked_attributes or filtered), *filtered]))


def _kinds(question: Question) -> set[str]:
    if _columns(question)[0].startswith("cluster"):
        return {"cluster", "topic"}
    return {question.kind} if question.kind else {"card", "die"}


def _vendors(question: Question) -> set[str]:
    return {subject.id for subject in question.subjects if subject.kind == "vendor"}


def _found(question: Question, ledger: Ledger) -> list[Strand]:
    main = _columns(question)[0]
    found = ledger.rank(
        main,
        kinds=_kinds(question),
        domestic=question.domestic_only,
        vendors=_vendors(question),
        highest=question.rank_direction != "lowest",
        conditions=question.conditions,
        as_of=question.as_of,
        most=None if question.filters else question.rank_n or SHOWN,
    )
    for item in question.filters:
        found = [strand for strand in found if _passes(strand, item, ledger, question)]
    return found


def _sides(draft: Draft, strand: Strand) -> str:
    """Every side of a disputed plan, the value of any other."""
    if not strand.conflicting:
        return value_shown(draft, strand)
    draft.conflict(strand)
    values = " / ".join(draft.wording.value(side[0]) + draft.figures(side[:1]) for side in strand.sides[:4])
    return (
        values + draft.wording.qualifiers(strand) + draft.wording.say("qualifier", text=draft.wording.word("disputed"))
    )


def value_shown(draft: Draft, strand: Strand) -> str:
    """The value of a ranked strand with its qualifiers and markers; a disputed one says so."""
    words = draft.wording.value(strand.lead) + draft.wording.qualifiers(strand)
    if strand.conflicting:
        draft.conflict(strand)
        words += draft.wording.say("qualifier", text=draft.wording.word("disputed"))
    return words + draft.figures(strand.sides[0][:1])


def _passes(strand: Strand, item: Filter, ledger: Ledger, question: Question) -> bool:
    own = (
        strand
        if strand.attribute == item.attribute
        else ledger.main(strand.subject, item.attribute, as_of=question.as_of)
    )
    if own is None or own.lead.status == "rumour":
        return False
    if item.op == "has":
        return True
    if own.lead.base is None or item.value is None or own.lead.dimension != item.dimension:
        return False
    # A disputed figure passes only when its leading side does; it is marked as disputed where it is shown.
    value, bound = own.lead.base, Decimal(item.value)
    return {">=": value >= bound, ">": value > bound, "<=": value <= bound, "<": value < bound, "=": value == bound}[
        item.op
    ]


def _described(wording: Wording, question: Question) -> str:
    parts = [
        wording.attribute(item.attribute) + ("" if item.op == "has" else f" {item.op} {item.text}")
        for item in question.filters
    ]
    if question.domestic_only:
        parts.append(wording.word("domestic"))
    return wording.join(parts)
