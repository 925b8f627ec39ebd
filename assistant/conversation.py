"""Conversation: what a question leaves out, taken from the questions before it; a new topic is left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from assistant.intents import derivation
from assistant.phrases import Phrases
from assistant.question import Intent, Question, Subject
from assistant.references import References, han_or_words
from knowledge.catalog import normalise

# A question about something new says at least this much besides names, attributes and fillers (see `han_or_words`).
_OWN_TOPIC = 5
_NO_TURN = ("smalltalk", "empty")
# So many products stand side by side in one comparison.
_FEW = 6


class Conversation:
    """The questions of one conversation as they were understood, oldest first; `resolve` adds the next one."""

    def __init__(
        self,
        phrases: Phrases,
        references: References,
        read: Callable[[str], tuple[Question, str]],
        language: Literal["zh", "en"] | None = None,
    ) -> None:
        self._phrases = phrases
        self._references = references
        self._read = read
        self._turns: list[Question] = []
        self._language = language

    def resolve(self, question: Question, rest: str) -> Question:
        """`question` with what it leaves out filled in; `rest` is what it says besides names, attributes and fillers."""
        plain = normalise(question.text).strip()
        named_form = self._says("english", plain) or self._says("chinese", plain)
        if not question.speaks and not named_form and self._language is not None:
            # Names and codes alone are of no language: the answer keeps to the one of the conversation.
            question = question.model_copy(update={"language": self._language})
        elif question.intent != "empty":
            self._language = question.language
        if question.intent in _NO_TURN:
            # A greeting between two questions does not change what "it" is.
            return question
        before = self._turns[-1] if self._turns else None
        gone, added = self._phrases.says("remove", plain), self._phrases.says("add", plain)
        if gone is not None and added is not None and gone.start() < added.start() and before is not None:
            # "去掉 H200 加上 B200" is two edits, one after the other.
            self.resolve(*self._read(plain[: added.start()]))
            said, rest = self._read(plain[added.start() :])
            question = said.model_copy(update={"text": question.text, "language": question.language})
            plain, before = normalise(said.text).strip(), self._turns[-1]
        company = self._phrases.says("its_maker", plain)
        if company is not None and before is not None and before.subjects and not question.subjects:
            # "它家什么时候上市" is read with the company's name in the place of the pronoun.
            name = self._references.company(before.subjects[0]).name
            said, rest = self._read(f"{plain[: company.start()]}{name} {plain[company.end() :]}")
            question = said.model_copy(update={"text": question.text, "language": question.language})
            plain = normalise(said.text).strip()
        if question.intent == "rank" and self._of_the_first(plain):
            # "前两个的功耗" after a ranking asks of those two; "功耗前两个" ranks.
            question = question.model_copy(update={"intent": "lookup", "rank_n": None, "domestic_only": None})
        if question.intent == "rank" and self._says("among", plain) and before is not None:
            # "其中功耗最低的" of a few is seen in their comparison.
            pool = before.subjects if len(before.subjects) > 1 else self._references.choices(self._turns)
            if 1 < len(pool) <= _FEW:
                question = question.model_copy(update={"intent": "compare", "subjects": tuple(pool)})
        resolved = question
        again = self._phrases.says("question_n", plain)
        if again is not None and self._turns:
            at = self._phrases.number(again)
            said = self._turns[-1] if at is None else self._turns[min(at, len(self._turns)) - 1]
            resolved = said.model_copy(update={"text": question.text, "about": said.words, "inherited": ("subjects",)})
        elif before is not None and self._leans(question, plain, rest, before):
            resolved = self._merged(question, plain, rest, before)
        # What is out of scope is no topic to come back to.
        if resolved.intent != "out_of_scope":
            self._turns.append(resolved)
        return resolved

    def _says(self, group: str, plain: str) -> bool:
        return self._phrases.says(group, plain) is not None

    def _of_the_first(self, plain: str) -> bool:
        at = self._phrases.says("first_n", plain)
        alone = at is not None and at.start() <= 2 and not self._says("superlative", plain)
        return alone and bool(self._references.meant(plain, self._turns))

    # --- whether ----------------------------------------------------------------------------------------------------

    def _leans(self, question: Question, plain: str, rest: str, before: Question) -> bool:
        """Whether a question cannot be understood alone."""
        says = self._says
        compares = says("compare_with", plain)
        if question.unknown_names:
            return compares or (not question.asked_attributes and says("follow_up", plain))
        if self._edits(question, plain) or (question.count is not None and before.derive == "total"):
            return True
        several = before.intent in ("rank", "filter")
        if question.intent in ("rank", "filter"):
            return several and (says("among", plain) or (not question.attributes and not question.filters))
        own = han_or_words(rest) >= _OWN_TOPIC
        points = says("pronoun", plain) or self._references.refers(plain)
        if question.subjects:
            if self._foreign(question, before):
                return True
            if question.asked_attributes:
                return compares and len(question.subjects) == 1 and question.intent not in ("why", "how", "when")
            if compares or self._replies(question, before):
                return True
            if question.intent in ("profile", "open", "out_of_scope", "who") or points:
                # "那 S80 呢" asks the same of another; a bare name does so too, after a question that asked something.
                bare = han_or_words(rest) == 0 and not says("profile", plain)
                asks = bool(before.asked_attributes or several)
                return (says("follow_up", plain) and not own) or (bare and asks and len(question.subjects) == 1)
            return False
        if says("domestic", plain) and not points and not several:
            return False
        if points or self._references.by_tail(plain, self._turns):
            return True
        if own or (question.topics and question.intent == "open"):
            return False
        return (
            self._form_named(question, plain)
            or bool(question.asked_attributes)
            or bool(question.filters)
            # A question of nothing but fillers ("有哪些产品", "which is higher") says itself that it goes on.
            or not han_or_words(rest)
            or self._asks(plain) is not None
            or any(says(group, plain) for group in ("follow_up", "again", "more", "aspects"))
            or question.intent in ("why", "how", "when", "who", "timeline", "list")
            or (several and (question.rank_n is not None or says("including", plain)))
        )

    def _foreign(self, question: Question, before: Question) -> bool:
        """Whether a company is named beside what only products have, after products: "对标哪款英伟达" is said of those."""
        companies = bool(question.subjects) and all(subject.kind == "vendor" for subject in question.subjects)
        of_products = self._references.of_products_only(question.asked_attributes)
        products = any(subject.kind != "vendor" for subject in before.subjects)
        return companies and of_products and products and question.intent in ("lookup", "when")

    def _edits(self, question: Question, plain: str) -> bool:
        named = bool(question.subjects or question.asked_attributes)
        return named and any(self._says(group, plain) for group in ("remove", "replace", "add"))

    def _replies(self, question: Question, before: Question) -> bool:
        """Whether a question answers what was asked back: which of several products, or whose figure."""
        if len(question.subjects) != 1 or question.asked_attributes:
            return False
        meant = question.subjects[0].id
        return any(meant in subject.ambiguous for subject in before.subjects) or (
            not before.subjects and bool(before.asked_attributes) and before.intent == "lookup"
        )

    # --- what -------------------------------------------------------------------------------------------------------

    def _merged(self, question: Question, plain: str, rest: str, before: Question) -> Question:
        changes: dict[str, object] = {}
        subjects, own = self._subjects(question, plain, before)
        attributes, cues, own_attributes = self._attributes(question, plain, before)
        changes |= {"subjects": subjects, "attributes": attributes, "cues": cues}
        inherited = (("subjects",) if not own else ()) + (("attributes",) if not own_attributes else ())
        changes |= {"inherited": inherited, "said": self._references.without(question.text) or question.text}
        if not question.vendors or not own:
            changes["vendors"] = before.vendors if subjects == before.subjects else ()
        asked = (*attributes, *(name for group in cues for name in group))
        self._times(question, before, changes, periodic=self._references.periodic(asked))
        self._form(question, plain, before, changes)
        changes["derive"] = derivation(self._phrases, plain, subjects)
        same = before.derive is not None and len(subjects) == len(before.subjects)
        if changes["derive"] is None and same and not self._says("compare", plain):
            # "功耗呢" after a sum or a difference asks for the same of another figure.
            changes |= {"derive": before.derive, "count": question.count or before.count}
        for name in ("conditions", "scope", "kind"):
            if not getattr(question, name) and "attributes" in inherited:
                changes[name] = getattr(before, name)
        merged = question.model_copy(update=changes)
        merged = merged.model_copy(update={"intent": self._intent(merged, question, plain, before)})
        if merged.intent in ("rank", "filter"):
            merged = self._several(merged, question, plain, before)
        alone = han_or_words(rest) > 1 and not self._says("aspects", plain)
        if merged.intent in ("open", "why", "how", "when", "timeline", "definition") and not alone:
            # The topic is that of the questions before, without their names and dates: those are the merged question's.
            merged = merged.model_copy(update={"about": f"{before.about} {before.topic}".strip()[-200:]})
        return merged

    def _subjects(self, question: Question, plain: str, before: Question) -> tuple[tuple[Subject, ...], bool]:
        """The subjects meant, and whether all of them are the question's own."""
        says, own = self._says, question.subjects
        if not own and question.intent in ("rank", "filter"):
            return before.subjects if before.intent in ("rank", "filter") else (), False
        if question.unknown_names and not own and not says("compare_with", plain):
            return (), True
        if self._foreign(question, before):
            return before.subjects, False
        if own and says("remove", plain):
            gone = {subject.id for subject in own}
            kept = tuple(subject for subject in before.subjects if subject.id not in gone)
            return (kept or before.subjects), False
        if own and says("replace", plain):
            return self._replaced(own, before), False
        if own and says("add", plain):
            return _once((*before.subjects, *own)), False
        if own and any(own[0].id in subject.ambiguous for subject in before.subjects) and len(own) == 1:
            return tuple(own[0] if own[0].id in subject.ambiguous else subject for subject in before.subjects), False
        if own and says("compare_with", plain):
            pair = before.subjects if len(before.subjects) == 1 else before.subjects[:1]
            return _once((*pair, *own)), False
        if own and before.intent in ("rank", "filter") and says("including", plain):
            return before.subjects, False
        if own:
            return own, True
        if self._asks(plain) == "list" and before.subjects:
            return _once([self._references.company(subject) for subject in before.subjects]), False
        meant = self._references.meant(plain, self._turns) or self._references.by_tail(plain, self._turns)
        if meant or self._references.places(plain):
            # A place in a list that is not there is asked back, never answered with something else.
            return meant, False
        if len(before.subjects) == 1 and not question.asked_attributes and says("compare", plain):
            # "哪个更高" after one thing and then another asks of both.
            return self._references.recent(self._turns) or before.subjects, False
        listed = not before.subjects and before.intent in ("rank", "filter", "list") and not question.filters
        if listed and says("pronoun", plain) and question.asked_attributes:
            # "它的功耗" after a ranking is said of what it put first.
            return tuple(self._references.listed(before)[:1]), False
        companies = self._references.of_companies_only(question.asked_attributes)
        if companies and any(subject.kind != "vendor" for subject in before.subjects):
            # "股价呢" after a card asks of its maker.
            return _once([self._references.company(subject) for subject in before.subjects]), False
        return before.subjects, False

    def _replaced(self, own: Sequence[Subject], before: Question) -> tuple[Subject, ...]:
        """把 A 换成 B; with B alone it takes the place of its nearest kin, or of the last one."""
        held = list(before.subjects)
        if len(own) > 1 and not {subject.id for subject in own} & {subject.id for subject in held}:
            return tuple(own)
        ids = [subject.id for subject in held]
        if len(own) >= 2 and own[0].id in ids:
            held[ids.index(own[0].id)] = own[1]
            return _once(held)
        if len(held) <= 1:
            return tuple(own)
        maker = self._references.maker(own[0])
        kin = [at for at, subject in enumerate(held) if self._references.maker(subject) == maker]
        held[kin[-1] if kin else -1] = own[0]
        return _once(held)

    def _attributes(
        self, question: Question, plain: str, before: Question
    ) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], bool]:
        """The attributes and vague words asked for, and whether they are the question's own."""
        says, asked = self._says, question.asked_attributes
        if asked and says("remove", plain):
            gone = set(asked)
            kept = tuple(name for name in before.attributes if name not in gone)
            groups = tuple(group for group in before.cues if not set(group) & gone)
            return (kept, groups, False) if kept or groups else (before.attributes, before.cues, False)
        if asked and says("add", plain) and not question.subjects:
            if not before.asked_attributes and before.intent in ("compare", "profile"):
                # The whole table was shown already; what is added to it is asked for by itself.
                return question.attributes, question.cues, True
            return (
                tuple(dict.fromkeys((*before.attributes, *question.attributes))),
                tuple(dict.fromkeys((*before.cues, *question.cues))),
                False,
            )
        if asked:
            return question.attributes, question.cues, True
        if question.topics or self._asks(plain) or any(says(group, plain) for group in ("else", "aspects")):
            return (), (), True
        placed = self._references.refers(plain) and not says("together", plain)
        if says("compare", plain) and placed and before.intent in ("rank", "filter", "lookup"):
            # "对比前两个" of a ranking wants the whole table.
            return (), (), True
        if says("more", plain) and before.intent in ("lookup", "derive", "when", "compare"):
            return (), (), False
        return before.attributes, before.cues, False

    def _asks(self, plain: str) -> Intent | None:
        """What a question of fillers asks for by itself, beside what was asked before."""
        if self._says("list", plain):
            return "list"
        if self._says("who", plain):
            return "who"
        return "timeline" if self._says("timeline", plain) else None

    def _times(self, question: Question, before: Question, changes: dict[str, object], periodic: bool) -> None:
        """A time of its own replaces the one before; a figure of a period keeps the period."""
        own = question.as_of or question.periods or question.since or question.until
        if not own:
            changes |= {
                name: getattr(before, name)
                for name in ("period", "periods", "as_of", "since", "until", "sources", "dates")
            }
        dates = question.dates if own else before.dates
        if periodic and dates and not (question.periods or question.as_of or (not own and before.as_of)):
            # "2023 年呢" names a period only beside what was asked before.
            changes |= {"periods": dates, "period": dates[0], "since": None, "until": None}

    def _form(self, question: Question, plain: str, before: Question, changes: dict[str, object]) -> None:
        if question.unit is None and before.unit and not question.asked_attributes:
            changes["unit"] = before.unit
        if self._says("again", plain):
            changes["table"] = before.table

    def _only_form(self, question: Question, plain: str) -> bool:
        asks = question.subjects or question.asked_attributes
        return self._form_named(question, plain) and not asks

    def _form_named(self, question: Question, plain: str) -> bool:
        """Whether a unit, a table, one line or a language is asked for."""
        language = self._says("english", plain) or self._says("chinese", plain)
        return bool(question.unit or question.table or question.brief or language)

    def _several(self, merged: Question, question: Question, plain: str, before: Question) -> Question:
        """A ranking or selection refined: more places, other conditions, other vendors."""
        changes: dict[str, object] = {}
        if question.rank_n is None and question.intent != "rank":
            changes["rank_n"] = before.rank_n
        if not self._says("rank", plain) or question.intent != "rank":
            changes["rank_direction"] = before.rank_direction
        if self._says("including", plain):
            changes |= {"domestic_only": None}
        elif not self._says("domestic", plain):
            changes["domestic_only"] = before.domestic_only if question.domestic_only else question.domestic_only
        if not question.filters:
            changes["filters"] = before.filters
        elif self._says("among", plain):
            changes["filters"] = tuple(dict.fromkeys((*before.filters, *question.filters)))
        return merged.model_copy(update=changes)

    def _intent(self, merged: Question, question: Question, plain: str, before: Question) -> Intent:
        subjects, asked = merged.subjects, bool(merged.asked_attributes)
        says = self._says
        if question.intent in ("rank", "filter"):
            return question.intent
        if before.intent in ("rank", "filter") and subjects == before.subjects:
            return before.intent
        if question.intent in ("why", "how", "when", "timeline", "list", "who"):
            return question.intent
        if not question.asked_attributes and not question.subjects and (asks := self._asks(plain)):
            return asks
        if not asked and (says("else", plain) or says("aspects", plain)):
            return "open"
        if says("more", plain):
            keep = before.intent in ("why", "how", "open", "timeline", "definition", "list", "who")
            return before.intent if keep else ("compare" if len(subjects) > 1 else "profile")
        if says("again", plain) or self._only_form(question, plain):
            return before.intent
        if merged.derive is not None and subjects and asked:
            return "derive"
        if len(subjects) >= 2:
            return "compare" if asked or before.intent in ("compare", "profile", "lookup", "rank") else before.intent
        if asked and subjects:
            same_time = before.intent == "when" and not question.asked_attributes
            return "when" if same_time else "lookup"
        if not asked and subjects and question.intent in ("open", "out_of_scope", "lookup", "compare", "profile"):
            single = before.intent in ("compare", "rank", "filter", "lookup") or (
                before.intent == "definition" and subjects[0].kind in ("die", "card", "server", "cluster", "vendor")
            )
            return "profile" if single else before.intent
        return question.intent if question.intent not in ("open", "out_of_scope") else before.intent


def _once(subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    return tuple({subject.id: subject for subject in subjects}.values())
