"""Timeline: what happened to a company or a product, one line an event, in order of date."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.concepts import Concepts
from assistant.draft import Draft, Library
from assistant.excerpts import quoted
from assistant.ledger import Ledger, Strand
from assistant.periods import days, within
from assistant.question import Question, Subject
from assistant.wants import Traits, Wishes, share
from assistant.windows import is_sentence, told_by_another
from knowledge.catalog import Catalog
from knowledge.dates import find_dates
from knowledge.lexical import query_tokens
from knowledge.lexicon import load_lexicon
from knowledge.passages import sentences
from knowledge.sentence import Orders

MOST = 12
RECENT = 6
# An event tells of what is asked (壁仞的上市历程) when its sentence has this share of it.
TELLS = 0.75
READ = 240
PER_DOCUMENT = 2
# Two events of the same days whose sentences share this much of the shorter one's words are one event.
SAME_EVENT = 0.4


@dataclass(frozen=True, slots=True)
class Event:
    """Something dated: a sentence of a document, or (with `strand`) a date of the ledger."""

    iso: str
    document_id: str
    start: int
    end: int
    text: str
    traits: Traits
    subject: str = ""
    strand: Strand | None = None

    @property
    def first_day(self) -> str:
        found = days(self.iso)
        return found[0] if found else self.iso


class Timeline:
    """Finds dated events in passages and in the ledger."""

    def __init__(self, catalog: Catalog, concepts: Concepts, wishes: Wishes, ledger: Ledger, library: Library) -> None:
        self._catalog = catalog
        self._concepts = concepts
        self._wishes = wishes
        self._ledger = ledger
        self._library = library
        self._attribution = [re.compile(rule) for rule in load_lexicon().attribution]

    def answer(self, draft: Draft, question: Question) -> bool:
        """Adds the events of the subjects in the asked time; where there are none, says when there are some.

        False when the documents date nothing about the subjects.
        """
        if not question.subjects:
            return False
        wants = tuple(want for want in self._wishes.of(question) if want.weight >= 1)
        events = [event for event in self.events(question.subjects) if not wants or share(wants, event.traits) >= TELLS]
        if question.as_of:
            events = [event for event in events if event.first_day[: len(question.as_of)] <= question.as_of]
        if not events:
            return False
        asked = list(question.dates) if not question.as_of else []
        chosen = [event for event in events if not asked or any(within(event.iso, stretch) for stretch in asked)]
        if not chosen:
            names = draft.wording.join([draft.wording.subject(item.id, item.name) for item in question.subjects])
            draft.status = "refused"
            draft.say(
                "timeline_none",
                subject=names,
                period=draft.wording.join(asked),
                first=events[0].iso,
                last=events[-1].iso,
            )
            return True
        most = RECENT if not asked and self._concepts.asks("recent", question.text) else MOST
        shown = _most_telling(chosen) if asked else chosen[-most:]
        title = "timeline_title" if len(shown) == len(chosen) else "timeline_some"
        draft.say(title, count=len(chosen), shown=len(shown))
        for event in shown:
            draft.lines.append(line(draft, event))
        return True

    def events(self, subjects: Sequence[Subject]) -> list[Event]:
        """Everything dated about `subjects` and the products of those that are companies, in order, each told once."""
        told = self._told(subjects)
        dated = [event for event in self._dated(subjects) if not any(_covers(other, event) for other in told)]
        return sorted([*told, *dated], key=lambda event: (event.first_day, event.document_id, event.start))

    def _family(self, subjects: Sequence[Subject]) -> dict[str, str]:
        """Ids and names of the subjects and of the products of those that are companies."""
        family = {subject.id: subject.name for subject in subjects}
        for product in self._catalog.products.values():
            if product.vendor in family:
                family[product.id] = product.zh
        return family

    def _told(self, subjects: Sequence[Subject]) -> list[Event]:
        """Sentences that begin with a date, or tell one of somebody, and name a subject."""
        family = self._family(subjects)
        words = [
            word for subject in subjects for name in self._names(subject) for word in query_tokens(name, self._catalog)
        ]
        products = [word for name in list(family.values())[:40] for word in query_tokens(name, self._catalog)]
        found = self._library.lexical(list(dict.fromkeys([*words, *products])), READ)
        passages = self._library.passages([identity for identity, _ in found])
        infos = self._library.document_infos({passage.document_id for passage in passages.values()})
        articles = self._library.article_of(infos)
        events: list[Event] = []
        printed: dict[str, str] = {}
        taken: dict[str, int] = {}
        for identity, _ in found:
            passage = passages[identity]
            if passage.table or taken.get(passage.document_id, 0) >= PER_DOCUMENT:
                continue
            info = infos[passage.document_id]
            article = articles.get(info.id, info.id)
            if printed.setdefault(article, info.id) != info.id:
                continue
            orders = Orders(passage.text, load_lexicon())
            for start, end in sentences(passage.text):
                text = passage.text[start:end]
                if not is_sentence(text) or orders.within(start, end) or not self._names_one(text, family, subjects):
                    continue
                iso = self._when(text, info.published, info.kind)
                if iso is None:
                    continue
                event = Event(iso, info.id, passage.start + start, passage.start + end, text, self._wishes.traits(text))
                if any(_same(event, other) for other in events):
                    continue
                events.append(event)
                taken[info.id] = taken.get(info.id, 0) + 1
                if taken[info.id] >= PER_DOCUMENT:
                    break
        return events

    def _names(self, subject: Subject) -> tuple[str, ...]:
        entry = self._catalog.vendors.get(subject.id) or self._catalog.products.get(subject.id)
        return entry.names()[:4] if entry is not None else (subject.name,)

    def _names_one(self, text: str, family: Collection[str], subjects: Sequence[Subject]) -> bool:
        if any(mention.entry.id in family for mention in self._catalog.mentions(text)):
            return True
        return any(subject.id.startswith("~") and subject.name.casefold() in text.casefold() for subject in subjects)

    def _when(self, text: str, published: str | None, kind: str) -> str | None:
        """The day or month that a sentence tells of; None for one that only says when somebody said it, or a year."""
        if kind == "spec" and told_by_another(text):
            # A data sheet's prose is its table in sentences; what is dated there is who says so.
            return None
        start = max((match.end() for rule in self._attribution if (match := rule.match(text))), default=0)
        dates = [date for date in find_dates(text, published) if date.start >= start and len(date.iso) >= 6]
        if not dates:
            dates = [date for date in find_dates(text, published) if len(date.iso) >= 7 and kind != "spec"]
        for date in dates:
            if re.fullmatch(r"\d{4}-\d\d(-\d\d)?", date.iso):
                return date.iso
        return dates[0].iso if dates and dates[0].start - start <= 12 else None

    def _dated(self, subjects: Sequence[Subject]) -> list[Event]:
        """The ledger's dates: launches, listings, foundings."""
        events: list[Event] = []
        for identity in self._family(subjects):
            for strand in self._ledger.dates(identity):
                found = find_dates(strand.lead.text)
                iso = found[0].iso if found else strand.lead.text
                if days(iso) is None:
                    continue
                lead = strand.lead
                if lead.status == "rumour" or lead.claimed_by == "rumour":
                    continue
                traits = self._wishes.traits(self._catalog.attributes[strand.attribute].zh)
                events.append(
                    Event(iso, lead.document_id, lead.quote_start, lead.quote_end, lead.text, traits, identity, strand)
                )
        return events


def line(draft: Draft, event: Event) -> str:
    """One event worded: its date, then its sentence or what the ledger dates."""
    wording = draft.wording
    if event.strand is None:
        marks = draft.cite(event.document_id, event.start, event.end)
        return wording.say("event", date=event.iso, text=quoted(draft, event.text, marks))
    strand = event.strand
    text = wording.say(
        "event_dated",
        subject=wording.subject(strand.subject, strand.subject_name),
        attribute=wording.attribute(strand.attribute),
    )
    if strand.lead.status in ("forecast", "rumour"):
        text += wording.say("qualifier", text=wording.word(strand.lead.status))
    others = [f"{wording.value(side[0])}{draft.figure(side[0])[1]}" for side in strand.sides[1:3]]
    marks = draft.figures(strand.sides[0])
    if others:
        text += wording.say("qualifier", text=wording.say("event_disputed", values=wording.word("sep").join(others)))
    return wording.say("event", date=event.iso, text=text + marks)


def _most_telling(events: Sequence[Event]) -> list[Event]:
    """At most `MOST` events, sentences before dates of the ledger, in order of date."""
    kept = sorted(events, key=lambda event: event.strand is not None)[:MOST]
    return sorted(kept, key=lambda event: (event.first_day, event.document_id, event.start))


def _near(a: str, b: str) -> bool:
    return within(a, b) or within(b, a)


def _same(a: Event, b: Event) -> bool:
    shorter = min(len(a.traits.tokens), len(b.traits.tokens))
    return bool(shorter) and _near(a.iso, b.iso) and len(a.traits.tokens & b.traits.tokens) / shorter > SAME_EVENT


def _covers(told: Event, dated: Event) -> bool:
    """Whether a sentence tells what the ledger dates: the same time, the same thing, the same kind of event."""
    assert dated.strand is not None
    return (
        _near(told.iso, dated.iso)
        and bool(told.traits.concepts & dated.traits.concepts)
        and dated.strand.subject_name.replace(" ", "").casefold() in told.text.replace(" ", "").casefold()
    )


__all__ = ["Event", "Timeline", "line"]
