"""Compose: a grounded answer without a language model — figures from the ledger, sentences from passages, both quoted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.answer import Answer
from assistant.comparing import compare, derive
from assistant.concepts import load_concepts
from assistant.draft import Draft, Library
from assistant.excerpts import Excerpts
from assistant.ledger import Ledger
from assistant.listing import list_products, makers
from assistant.lookup import look_up, when
from assistant.newest import asks_newest, say_newest
from assistant.profile import Profiles
from assistant.question import Question, Subject
from assistant.ranking import rank
from assistant.refusal import Nearest, clarify, refuse, refuse_outside, refuse_unknown
from assistant.retrieval import Hit
from assistant.timeline import Timeline
from assistant.wants import Wishes
from assistant.wording import Wording
from knowledge.catalog import Catalog, fold, fold_name
from knowledge.dates import find_dates
from knowledge.lexical import query_tokens
from knowledge.passages import sentences

# So many products that a vague name may mean are answered for, each; with more, it is asked which.
SHORT = 3

# A sentence that has this share of what is asked reports it, whatever it leaves out.
REPORTED = 0.75


class Composer:
    """Answers questions from the ledger and from passages; which of the two, the question's intent decides."""

    def __init__(self, ledger: Ledger, library: Library, catalog: Catalog) -> None:
        self._ledger = ledger
        self._library = library
        self._catalog = catalog
        concepts = load_concepts()
        self._wishes = Wishes(catalog, concepts)
        self._excerpts = Excerpts(catalog, concepts)
        self._timeline = Timeline(catalog, concepts, self._wishes, ledger, library)
        self._profiles = Profiles(catalog, concepts, ledger, library, self._timeline)

    def draft(self, question: Question) -> Draft:
        return Draft(question, Wording(question.language, self._catalog), self._library)

    def from_ledger(self, question: Question) -> Answer | None:
        """The answer where figures or a refusal decide; None where passages have to be read."""
        return self._from_ledger(question, self._sentences_may_tell)

    def _from_ledger(self, question: Question, leave: Callable[[Draft, Question], bool]) -> Answer | None:
        if "attributes" in question.inherited and self._excerpts.aspect(question) == "definition":
            # 什么是夸娥 after a question about FP8 asks what it is.
            question = question.model_copy(update={"attributes": (), "cues": (), "intent": "definition"})
        draft = self.draft(question)
        ledger = self._ledger
        if question.intent in ("smalltalk", "empty") or (
            question.intent == "out_of_scope" and not self._excerpts.may_explain(question)
        ):
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
        if asks_newest(question) and say_newest(draft, question, ledger, self._catalog):
            made = True
        elif question.intent == "list" and question.subjects:
            made = list_products(draft, question, ledger, self._catalog)
        elif question.intent == "who" and not question.asked_attributes and self._excerpts.asks_maker(question):
            made = makers(draft, question, self._catalog)
        elif question.intent in ("rank", "filter", "list", "count"):
            made = rank(draft, question, ledger)
        elif question.intent == "derive":
            made = derive(draft, question, ledger)
        elif question.intent == "compare" and len(question.subjects) > 1:
            # 海光和曙光的换股比例 reads like a comparison; only sentences can tell.
            if not question.asked_attributes and self._wishes.of(question) and leave(draft, question):
                return None
            made = compare(draft, question, ledger)
        elif question.intent == "when":
            made = when(draft, question, ledger) if question.subjects else look_up(draft, question, ledger)
        elif question.intent == "timeline":
            made = self._timeline.answer(draft, question)
        elif question.intent in ("lookup", "compare", "profile") and question.asked_attributes:
            made = look_up(draft, question, ledger)
        elif question.intent in ("lookup", "compare", "profile", "open", "definition") and self._asks_nothing_else(
            question
        ):
            # A name and a time ask what happened then.
            timed = question.intent != "definition" and bool(find_dates(question.text))
            made = (timed and self._timeline.answer(draft, question)) or self._profiles.answer(draft, question)
        if made and leave(draft, question):
            return None
        return draft.answer() if made else None

    def _sentences_may_tell(self, draft: Draft, question: Question) -> bool:
        """Whether the ledger has not answered and the question asks for more than an attribute (谁中标金额最大)."""
        return (draft.status in ("refused", "clarify") or not draft.lines) and self._excerpts.asks_beyond(question)

    def _asks_nothing_else(self, question: Question) -> bool:
        """Whether a question names somebody and wants nothing in particular: 介绍一下壁仞, 什么是夸娥."""
        return bool(question.subjects) and not question.unknown_attributes and not self._wishes.of(question)

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
        hits, outside = [hit for hit in hits if not hit.outside], [hit for hit in hits if hit.outside]
        articles = self._library.article_of({hit.document.id for hit in hits})
        if not self._excerpts.answer(draft, question, hits, articles):
            near = self._excerpts.nearest(question, hits)
            beyond = self._excerpts.nearest(question, outside, anytime=True) if near is None and outside else None
            if beyond is not None:
                refuse_outside(draft, question, (beyond.document_id, beyond.start, beyond.end, beyond.text))
                return draft.answer()
            if question.subjects:
                # A comparison is better than no answer; what the ledger says is missing is the better refusal.
                from_ledger = self._from_ledger(question, lambda *_: False)
                if from_ledger is not None and (near is None or from_ledger.status != "refused"):
                    return from_ledger
            place = (near.document_id, near.start, near.end, near.text) if near is not None else None
            reported = near is not None and near.own_share >= REPORTED
            missing = self._excerpts.missing(question, hits, self._ledger)
            refuse(draft, question, self._ledger, Nearest(tuple(missing), place, reported))
        return draft.answer()
