"""Sentence: a Question said back in its own language (查: MTT S4000 · 显存带宽), so that a misreading is seen at once."""

from __future__ import annotations

from assistant.question import Question
from assistant.wording import Wording
from knowledge.catalog import Catalog

# Names and attributes said before the rest is only counted.
_MOST = 6


def sentence(question: Question, catalog: Catalog) -> str:
    """One line without figures of documents; "" where nothing was asked that could be looked up."""
    if question.intent in ("smalltalk", "out_of_scope", "empty"):
        return ""
    wording = Wording(question.language, catalog)
    parts = [_subjects(question, wording), _attributes(question, wording), _conditions(question, wording)]
    parts += [_several(question, wording), _times(question, wording), _form(question, wording)]
    said = " · ".join(part for part in parts if part)
    # An open question that names nothing is its own best description.
    line = wording.say("understood", parts=said or question.text.strip()[:80])
    return line + "".join(
        wording.say("assumed", written=item.written, name=item.name) for item in dict.fromkeys(question.assumed)
    )


def _some(parts: list[str], wording: Wording) -> str:
    kept = list(dict.fromkeys(parts))
    shown = wording.join(kept[:_MOST])
    return shown if len(kept) <= _MOST else wording.say("and_more", names=shown, count=len(kept) - _MOST)


def _subjects(question: Question, wording: Wording) -> str:
    names = [
        subject.name + "?" if subject.ambiguous else wording.subject(subject.id, subject.name)
        for subject in question.subjects
    ]
    return _some([*names, *question.unknown_names], wording)


def _attributes(question: Question, wording: Wording) -> str:
    filtered = {item.attribute for item in question.filters}
    groups = [group for group in question.attribute_groups if not set(group) & filtered]
    # A vague word (算力) is said by the first two of what it may mean.
    said = [
        "/".join(wording.attribute(name) for name in group[:2]) + ("…" if len(group) > 2 else "") for group in groups
    ]
    return _some([*said, *question.unknown_attributes], wording)


def _conditions(question: Question, wording: Wording) -> str:
    parts = [
        wording.attribute(item.attribute) + (f" {item.op} {item.text}" if item.op != "has" else "")
        for item in question.filters
    ]
    parts += [wording.condition(condition) for condition in question.conditions]
    parts += [wording.scope(question.scope)] if question.scope else []
    return wording.join(parts)


def _several(question: Question, wording: Wording) -> str:
    parts = []
    if question.intent == "rank":
        parts.append(wording.word("desc" if question.rank_direction == "highest" else "asc"))
        parts += [wording.say("first_n", count=question.rank_n)] if question.rank_n else []
    if question.intent in ("rank", "filter"):
        parts.append(wording.word("domestic" if question.domestic_only else "all"))
    elif question.derive or question.intent not in ("lookup", "open"):
        parts.append(wording.wanted(question.derive or question.intent))
    if question.count is not None and question.derive:
        parts.append(f"× {question.count}")
    return wording.word("comma").join(parts)


def _times(question: Question, wording: Wording) -> str:
    if question.as_of:
        return wording.say("asked_as_of", as_of=question.as_of)
    if question.periods or question.period:
        return wording.join(list(question.periods or (question.period or "",)))
    if question.since and question.until:
        return wording.join(list(question.dates)) or f"{question.since} – {question.until}"
    return f"{question.since} –" if question.since else ""


def _form(question: Question, wording: Wording) -> str:
    parts = [question.unit] if question.unit else []
    parts += [wording.word("as_table")] if question.table else []
    parts += [wording.word("in_brief")] if question.brief else []
    return wording.join(parts)
