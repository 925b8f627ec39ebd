"""References: "the second one", 前者, "the other one", 它们: which of the things named or listed before are meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from assistant.phrases import Phrases
from assistant.question import Question, Subject
from knowledge.catalog import Catalog, fold_name, normalise

# What the answer to a question listed, in its order (a ranking has no subjects of its own).
Listed = Callable[[Question], Sequence[Subject]]
# A letter or two and a digit or two, or one letter at the beginning: what is left of a code that was said before.
_TAIL = re.compile(r"(?<![a-z0-9])([a-z]{1,2}-?\d{1,2})(?![a-z0-9])")
_LETTER = re.compile(r"(?:那么?|and |what about |how about )?(?:the )?([a-z]{1,2})(?=[\u4e00-\u9fff?？]|$)")
_PART = re.compile(r"(?:那么?)?([\u4e00-\u9fff]{2,5}?)(?:的|那个|版)?(?:呢)?[?？]?")
_PLACES = ("other", "former", "latter", "last", "first_n", "ordinal")


class References:
    """Resolves references against the earlier questions of a conversation, each already resolved, oldest first."""

    def __init__(self, phrases: Phrases, catalog: Catalog, listed: Listed) -> None:
        self._phrases = phrases
        self._catalog = catalog
        self._listed = listed
        self._by_name = {fold_name(name): product for product in catalog.products.values() for name in product.names()}

    def meant(self, plain: str, earlier: Sequence[Question]) -> tuple[Subject, ...]:
        """The subjects that `plain` (normalised) refers to by place or as a group; () when it does not, or to nothing."""
        group = next((group for group in _PLACES if self._phrases.says(group, plain)), None)
        if group is not None:
            choices = next(self._lists(earlier), ()) or self.recent(earlier)
            now = {subject.id for subject in earlier[-1].subjects} if earlier else set()
            return self._placed(group, plain, choices, now)
        if self._phrases.says("together", plain):
            if earlier and len(earlier[-1].subjects) > 1:
                return earlier[-1].subjects
            recent = self.recent(earlier)
            return recent or tuple(next(self._lists(earlier), ()))
        return ()

    def _placed(self, group: str, plain: str, choices: Sequence[Subject], now: set[str]) -> tuple[Subject, ...]:
        if not choices:
            return ()
        if group == "other":
            # "The other one" of a pair leaves out what was just talked about.
            left = [subject for subject in choices if subject.id not in now]
            return tuple(left) if len(left) == 1 else ()
        if group == "former":
            return tuple(choices[:1])
        if group in ("latter", "last"):
            return tuple(choices[-1:])
        numbers = [self._phrases.number(match) for match in self._phrases.all(group, plain)]
        if any(number is None or not 0 < number <= len(choices) for number in numbers):
            return ()
        if group == "first_n":
            return tuple(choices[: numbers[0]])
        return tuple(choices[number - 1] for number in dict.fromkeys(numbers) if number is not None)

    def recent(self, earlier: Sequence[Question]) -> tuple[Subject, ...]:
        """The last two things that questions in a row were about one at a time, oldest first; () when there was one."""
        found: dict[str, Subject] = {}
        for question in reversed(earlier):
            if len(question.subjects) != 1 or question.subjects[0].ambiguous:
                break
            found.setdefault(question.subjects[0].id, question.subjects[0])
            if len(found) == 2:
                return tuple(reversed(found.values()))
        return ()

    def by_tail(self, plain: str, earlier: Sequence[Question]) -> tuple[Subject, ...]:
        """The product whose code ends as written, in the place of the one before: X8 after MLU370-X4, C after 910B."""
        kin = self._kin(plain, earlier[-1].subjects) if earlier else ()
        if kin:
            return kin
        letter = _LETTER.match(plain)
        tails = [fold_name(word) for word in ([letter.group(1)] if letter else _TAIL.findall(plain))]
        if len(tails) != 1 or not earlier:
            return ()
        tail, before = tails[0], earlier[-1]
        offered = [choice for subject in before.subjects if subject.ambiguous for choice in self.candidates(subject)]
        fitting = [choice for choice in offered if fold_name(choice.name).endswith(tail)]
        if len(fitting) == 1:
            return tuple(fitting)
        for name in (*before.unknown_names, *(subject.name for subject in before.subjects)):
            product = self._by_name.get(fold_name(name)[: -len(tail)] + tail)
            if product is not None and fold_name(name) != fold_name(product.zh):
                return (Subject(id=product.id, name=product.zh, kind=product.kind),)
        return ()

    def _kin(self, plain: str, subjects: Sequence[Subject]) -> tuple[Subject, ...]:
        """The one sibling whose name holds the few Han characters that a question consists of (万卡 after 夸娥千卡集群)."""
        match = _PART.fullmatch(plain)
        if match is None or len(subjects) != 1 or subjects[0].id not in self._catalog.products:
            return ()
        own = self._catalog.products[subjects[0].id]
        found = [
            product
            for product in self._catalog.products.values()
            if product.vendor == own.vendor
            and product.kind == own.kind
            and product.id != own.id
            and match.group(1) in product.zh
            and product.zh[:2] == own.zh[:2]
        ]
        return (
            tuple(Subject(id=product.id, name=product.zh, kind=product.kind) for product in found)
            if len(found) == 1
            else ()
        )

    def company(self, subject: Subject) -> Subject:
        """The company behind a product, as a subject; a company is its own."""
        vendor = self._catalog.vendors.get(self.maker(subject))
        return subject if vendor is None else Subject(id=vendor.id, name=vendor.zh, kind="vendor")

    def of_companies_only(self, attributes: Sequence[str]) -> bool:
        """Whether companies alone have all of `attributes` (营收, 股价): asked of a product, its maker is meant."""
        return bool(attributes) and all(set(self._catalog.attributes[name].of) == {"vendor"} for name in attributes)

    def of_products_only(self, attributes: Sequence[str]) -> bool:
        """Whether products alone have all of `attributes`."""
        return bool(attributes) and all(set(self._catalog.attributes[name].of) == {"product"} for name in attributes)

    def choices(self, earlier: Sequence[Question]) -> Sequence[Subject]:
        """The latest several things that were named or listed; () when there were none."""
        return next(self._lists(earlier), ())

    def periodic(self, attributes: Sequence[str]) -> bool:
        """Whether one of `attributes` has figures of a stretch of time."""
        return any(self._catalog.attributes[name].periodic for name in attributes)

    def places(self, plain: str) -> bool:
        """Whether `plain` speaks of a place in a list."""
        return any(self._phrases.says(group, plain) for group in _PLACES)

    def without(self, text: str) -> str:
        """`text` with blanks for the words that refer to something said before."""
        for group in (*_PLACES, "together", "pronoun", "its_maker"):
            for match in self._phrases.all(group, normalise(text)):
                text = text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
        return " ".join(text.split())

    def refers(self, plain: str) -> bool:
        """Whether `plain` speaks of a place in a list or of a group."""
        return self.places(plain) or self._phrases.says("together", plain) is not None

    def _lists(self, earlier: Sequence[Question]) -> Iterator[Sequence[Subject]]:
        """What earlier questions named or their answers listed, where that is several things; the latest first."""
        for question in reversed(earlier):
            if question.intent in ("rank", "filter", "list"):
                listed = self._listed(question)
                if listed:
                    yield listed
                continue
            vague = next((subject for subject in question.subjects if subject.ambiguous), None)
            if vague is not None:
                yield self.candidates(vague)
            elif len(question.subjects) > 1:
                yield question.subjects

    def listed(self, question: Question) -> Sequence[Subject]:
        """What the answer to `question` listed, in its order."""
        return self._listed(question)

    def maker(self, subject: Subject) -> str:
        """The id of the company that makes `subject`; its own when it is one, or when nobody is known to."""
        product = self._catalog.products.get(subject.id)
        return product.vendor if product is not None else subject.id

    def candidates(self, vague: Subject) -> tuple[Subject, ...]:
        """The products that a vague name may mean, in the order in which they were offered."""
        products = [self._catalog.products[identity] for identity in vague.ambiguous]
        return tuple(Subject(id=product.id, name=product.zh, kind=product.kind) for product in products)


def han_or_words(text: str) -> int:
    """How much `text` says: Han characters, and two for each Latin word or number."""
    return len(re.findall(r"[\u4e00-\u9fff]", text)) + 2 * len(re.findall(r"[a-zA-Z0-9]+", text))
