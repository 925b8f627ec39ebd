"""Compose: a grounded answer without a language model — figures from the ledger, sentences from passages, both quoted."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answer import Answer
from assistant.comparing import compare, derive
from assistant.draft import Draft, Library
from assistant.excerpts import open_answer
from assistant.ledger import Ledger
from assistant.listing import list_products, makers
from assistant.lookup import look_up, profile, when
from assistant.question import Question, Subject
from assistant.ranking import rank
from assistant.refusal import clarify, refuse, refuse_unknown
from assistant.retrieval import Hit
from assistant.wording import Wording
from knowledge.catalog import Catalog, fold, fold_name
from knowledge.lexical import query_tokens
from knowledge.passages import sentences

# So many products that a vague name may mean are answered for, each; with more, it is asked which.
SHORT = 3


class Composer:
    """Answers questions from the ledger and from passages; which of the two, the question's intent decides."""

    def __init__(self, ledger: Ledger, library: Library, catalog: Catalog) -> None:
        self._ledger = ledger
        self._library = library
        self._catalog = catalog

    def draft(self, question: Question) -> Draft:
        return Draft(question, Wording(question.language, self._catalog), self._library)

    def from_ledger(self, question: Question) -> Answer | None:
        """The answer where figures or a refusal decide; None where passages have to be read."""
        draft = self.draft(question)
        ledger = self._ledger
        if question.intent in ("smalltalk", "out_of_scope", "empty"):
            refuse(draft, question)
            return draft.answer()
        if question.unknown_names and not question.subjects:
            refuse_unknown(draft, question, self._catalog, self._mentioned)
            return draft.answer()
        ambiguous = next((subject for subject in question.subjects if subject.ambiguous), None)
        if ambiguous is not None:
            if not self._each(draft, question, ambiguous):
                clarify(draft, ambiguous)
            return draft.answer()
        if question.unknown_names:
            refuse_unknown(draft, question, self._catalog, self._mentioned)
            draft.status = "partial"
        made = False
        if question.intent == "list" and question.subjects:
            made = list_products(draft, question, ledger, self._catalog)
        elif question.intent == "who" and not question.asked_attributes:
            made = makers(draft, question, self._catalog)
        elif question.intent in ("rank", "filter", "list", "count"):
            made = rank(draft, question, ledger)
        elif question.intent == "derive":
            made = derive(draft, question, ledger)
        elif question.intent == "compare" and len(question.subjects) > 1:
            made = compare(draft, question, ledger)
        elif question.intent == "when":
            made = when(draft, question, ledger) if question.subjects else look_up(draft, question, ledger)
        elif question.intent in ("lookup", "compare", "profile"):
            if question.asked_attributes:
                made = look_up(draft, question, ledger)
            elif question.intent == "profile":
                made = profile(draft, question, ledger)
        return draft.answer() if made else None

    def _each(self, draft: Draft, question: Question, vague: Subject) -> bool:
        """The answer for each product that a vague name may mean, where that is short; False where it is not."""
        if not question.asked_attributes or len(question.subjects) > 1:
            return False
        candidates = [
            Subject(id=identity, name=self._catalog.products[identity].zh, kind=self._catalog.products[identity].kind)
            for identity in vague.ambiguous
            if any(self._ledger.look_up(identity, name) for name in question.asked_attributes)
        ]
        if not 0 < len(candidates) <= SHORT or len(vague.ambiguous) > 2 * SHORT:
            return False
        draft.say("each", name=vague.name, count=len(candidates))
        return look_up(draft, question.model_copy(update={"subjects": tuple(candidates)}), self._ledger)

    def _mentioned(self, name: str) -> tuple[str, int, int, str] | None:
        """The first sentence of the best passage that holds `name` as a whole word."""
        found = self._library.lexical(query_tokens(name, self._catalog), 20)
        passages = self._library.passages([identity for identity, _ in found])
        wanted = fold_name(name)
        for identity, _ in found:
            passage = passages[identity]
            for start, end in sentences(passage.text):
                folded, offsets = fold(passage.text[start:end])
                at = folded.find(wanted)
                if at >= 0 and Catalog.whole(
                    passage.text, start + offsets[at], start + offsets[at + len(wanted) - 1] + 1
                ):
                    text = passage.text[start:end]
                    return passage.document_id, passage.start + start, passage.start + end, text.strip("# \n")
        return None

    def from_passages(self, question: Question, hits: Sequence[Hit]) -> Answer:
        """The answer in exact sentences of the best passages, or a refusal that says what is missing."""
        draft = self.draft(question)
        if not open_answer(draft, question, hits, self._catalog):
            refuse(draft, question, self._ledger)
        return draft.answer()
