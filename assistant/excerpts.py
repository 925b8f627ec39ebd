"""Excerpts: exact sentences from the best passages that answer an open question, in order, each cited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.draft import Draft
from assistant.question import Question
from assistant.retrieval import Hit
from knowledge.catalog import Catalog, fold
from knowledge.dates import find_dates
from knowledge.lexical import query_tokens
from knowledge.passages import sentences

# At least this share of what the question asks, besides its names, has to stand in the chosen sentences: below it
# the passages are about something else. Measured on evals/cases (see `python -m evals.refusal`).
COVERED = 0.5
MOST = 4


@dataclass(frozen=True, slots=True)
class _Sentence:
    hit: Hit
    start: int
    end: int
    tokens: frozenset[str]
    score: float


def open_answer(draft: Draft, question: Question, hits: Sequence[Hit], catalog: Catalog) -> bool:
    """Adds up to four quoted sentences to `draft`; False when nothing in `hits` answers the question."""
    asked = set(query_tokens(question.words, catalog))
    names = {token for subject in question.subjects for token in query_tokens(subject.name, catalog)}
    wanted = asked - names
    subjects = {subject.id for subject in question.subjects}
    candidates = [
        sentence
        for hit in hits[:6]
        for sentence in _sentences(
            hit, wanted, subjects, catalog, question.intent == "when", [subject.name for subject in question.subjects]
        )
    ]
    if subjects:
        candidates = [sentence for sentence in candidates if sentence.score > 0]
    candidates.sort(key=lambda sentence: -sentence.score)
    # A row of a table answers an open question only when it has every word asked for.
    chosen, covered = _choose([sentence for sentence in candidates if not sentence.hit.passage.table], wanted)
    share = COVERED
    if not chosen or len(covered) < COVERED * len(wanted):
        chosen, covered = _choose(candidates, wanted)
        share = COVERED if not any(sentence.hit.passage.table for sentence in chosen) else 1.0
    if not chosen or (wanted and len(covered) < share * len(wanted)) or (not wanted and not subjects):
        return False
    if question.intent == "timeline":
        chosen.sort(key=lambda sentence: sentence.hit.document.published or "")
    else:
        order = {sentence.hit.passage.document_id: at for at, sentence in reversed(list(enumerate(chosen)))}
        chosen.sort(key=lambda sentence: (order[sentence.hit.passage.document_id], sentence.start))
    for sentence in chosen:
        document = sentence.hit.document
        marks = draft.cite(document.id, sentence.start, sentence.end)
        quote = sentence.hit.passage.text[
            sentence.start - sentence.hit.passage.start : sentence.end - sentence.hit.passage.start
        ].strip()
        date = draft.wording.say("dated", date=document.published) if document.published else ""
        lead = draft.wording.say("according", publisher=document.publisher or document.title, date=date)
        draft.lines.append(lead + draft.wording.say("quoted", quote=quote, marks=marks))
    return True


def _choose(candidates: Sequence[_Sentence], wanted: set[str]) -> tuple[list[_Sentence], set[str]]:
    """The sentences that together say most of what is wanted, each adding something, and what they cover."""
    chosen: list[_Sentence] = []
    covered: set[str] = set()
    for sentence in candidates:
        if len(chosen) >= MOST:
            break
        if any(_same(sentence, other) for other in chosen) or (wanted and not sentence.tokens & wanted):
            continue
        gain = (sentence.tokens & wanted) - covered
        if chosen and not gain and len(chosen) >= 2:
            continue
        chosen.append(sentence)
        covered |= sentence.tokens & wanted
    return chosen, covered


def _sentences(
    hit: Hit, wanted: set[str], subjects: set[str], catalog: Catalog, dated: bool, names: Sequence[str]
) -> list[_Sentence]:
    passage = hit.passage
    own = [subject.removeprefix("~") for subject in subjects if subject.startswith("~")]
    about = {mention.entry.id for mention in catalog.mentions("\n".join((hit.document.title, *passage.heading)))}
    found = []
    for start, end in sentences(passage.text):
        text = passage.text[start:end]
        if (
            len(text.strip()) < 8
            or text.lstrip().startswith("#")
            or (passage.table and start == 0)
            or set(text) <= set("|-: \n")
        ):
            continue
        if dated and not find_dates(text, hit.document.published):
            continue
        tokens = frozenset(query_tokens(text, catalog))
        mentioned = about | {mention.entry.id for mention in catalog.mentions(text)}
        relevance = len(tokens & wanted) / (len(wanted) or 1)
        named = any(name in text for name in names)
        if own and not named:
            folded = fold(text)[0]
            named = any(key in folded for key in own)
        related = bool(mentioned & subjects) or named if subjects else True
        score = (relevance + 0.3 * hit.score) * (1.0 if related else 0.0)
        found.append(_Sentence(hit, passage.start + start, passage.start + end, tokens, score))
    return found


def _same(a: _Sentence, b: _Sentence) -> bool:
    union = len(a.tokens | b.tokens)
    return bool(union) and len(a.tokens & b.tokens) / union > 0.7
