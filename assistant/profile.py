"""Profile: one screen about a company or a product, from catalogue, ledger and news."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.concepts import Concepts
from assistant.draft import Draft, Library
from assistant.excerpts import quoted
from assistant.ledger import Ledger, Strand
from assistant.periods import days
from assistant.question import Question, Subject
from assistant.timeline import Event, Timeline, line
from assistant.windows import is_sentence, told_by_another
from knowledge.catalog import Catalog
from knowledge.lexical import query_tokens
from knowledge.lexicon import load_lexicon
from knowledge.passages import sentences
from knowledge.sentence import Orders

PRODUCTS = 6
NEWS = 3
COMPANY_FIGURES = 8
PRODUCT_LINES = 14
VALUES = 3
READ = 60
# A sentence that says what something is begins with its name, brackets and an article apart.
FIRST = 4
# A product's columns; of the last group the first that is stated stands for its speed.
COLUMNS = ("launch_date", "memory_capacity", "memory_bandwidth", "tdp")
SPEED = ("fp16_tflops", "bf16_tflops", "int8_tops", "ai_tops", "fp8_tflops", "fp32_tflops")


class Profiles:
    """Writes profiles; each line says one thing once."""

    def __init__(
        self, catalog: Catalog, concepts: Concepts, ledger: Ledger, library: Library, timeline: Timeline
    ) -> None:
        self._catalog = catalog
        self._concepts = concepts
        self._ledger = ledger
        self._library = library
        self._timeline = timeline

    def answer(self, draft: Draft, question: Question) -> bool:
        """Adds a profile of each subject; False when the documents hold nothing about any of them."""
        made = False
        for subject in question.subjects[:3]:
            if subject.id in self._catalog.vendors:
                made |= self._company(draft, question, subject, alone=len(question.subjects) == 1)
            else:
                made |= self._product(draft, question, subject, alone=len(question.subjects) == 1)
        return made

    # --- companies --------------------------------------------------------------------------------------------------

    def _company(self, draft: Draft, question: Question, subject: Subject, alone: bool) -> bool:
        wording, held = draft.wording, self._ledger.profile(subject.id, question.as_of)
        before = len(draft.lines)
        name = wording.subject(subject.id, subject.name)
        who = self._who(draft, subject)
        dates = [
            self._stated(draft, attribute, held[attribute][:1])
            for attribute in ("founded", "ipo_date", "entity_list_date")
            if attribute in held
        ]
        figures = [
            self._stated(draft, strand.attribute, [strand]) for strand in _latest(held, self._ledger)[:COMPANY_FIGURES]
        ]
        rows = self._products(draft, subject) if alone else []
        news = self._news(draft, subject, NEWS) if alone else []
        if not (who or dates or figures or rows or news):
            return False
        draft.say("profile_title", subject=name)
        draft.lines += [*who, *dates, *figures]
        if rows:
            draft.say("profile_products", names=wording.join([row[0] for row in rows]))
            columns = [wording.attribute(name) for name in COLUMNS]
            draft.tabulate([wording.word("columns_product"), *columns, wording.word("columns_speed")], rows)
        if news:
            draft.say("profile_news")
            draft.lines += news
        return len(draft.lines) > before

    def _products(self, draft: Draft, subject: Subject) -> list[tuple[str, ...]]:
        """The company's products that most is stated of, the newest first."""
        found: list[tuple[int, str, str, dict[str, list[Strand]]]] = []
        for product in self._catalog.products.values():
            if product.vendor != subject.id or product.kind not in ("card", "die", "server", "cluster"):
                continue
            held = self._ledger.profile(product.id)
            stated = [name for name in (*COLUMNS, *SPEED) if name in held]
            if len(stated) >= 2:
                launched = held["launch_date"][0].lead.text if "launch_date" in held else ""
                found.append((len(stated), launched, product.id, held))
        kept = sorted(found, key=lambda item: (item[1][:4], item[0]), reverse=True)[:PRODUCTS]
        rows = []
        for _, _, identity, held in sorted(kept, key=lambda item: item[1], reverse=True):
            cells = [self._value(draft, held[name][0]) if name in held else "" for name in COLUMNS]
            speed = next((name for name in SPEED if name in held), None)
            shown = f"{draft.wording.attribute(speed)} {self._value(draft, held[speed][0])}" if speed else ""
            rows.append((draft.wording.subject(identity, identity), *cells, shown))
        return rows

    # --- products ---------------------------------------------------------------------------------------------------

    def _product(self, draft: Draft, question: Question, subject: Subject, alone: bool) -> bool:
        wording, held = draft.wording, self._ledger.profile(subject.id, question.as_of)
        who = self._who(draft, subject)
        news = self._news(draft, subject, NEWS - 1) if alone else []
        if not held and not who:
            return False
        draft.say("profile_title", subject=wording.subject(subject.id, subject.name))
        draft.lines += who
        shown = list(held.items())[:PRODUCT_LINES]
        draft.lines += [self._stated(draft, attribute, _distinct(found)) for attribute, found in shown]
        if len(held) > len(shown):
            rest = [wording.attribute(name) for name in list(held)[PRODUCT_LINES:]]
            draft.say("profile_more", attributes=wording.join(rest))
        if news:
            draft.say("profile_news")
            draft.lines += news
        return True

    # --- what both have ---------------------------------------------------------------------------------------------

    def _stated(self, draft: Draft, attribute: str, found: Sequence[Strand]) -> str:
        """One line: the attribute, then each of its values under its condition."""
        wording = draft.wording
        parts = []
        for strand in found[:VALUES]:
            text = self._value(draft, strand) + wording.qualifiers(strand)
            if text not in parts:
                parts.append(text)
        return wording.say("profile_line", label=wording.attribute(attribute), values=wording.word("sep").join(parts))

    def _value(self, draft: Draft, strand: Strand) -> str:
        wording = draft.wording
        if not strand.conflicting:
            return wording.value(strand.lead) + draft.figures(strand.sides[0][:1])
        draft.conflict(strand)
        values = " / ".join(wording.value(side[0]) + draft.figures(side[:1]) for side in strand.sides[:3])
        return values + wording.say("qualifier", text=wording.word("disputed"))

    def _who(self, draft: Draft, subject: Subject) -> list[str]:
        """The sentence that says what the subject is, if a document has one."""
        entry = self._catalog.vendors.get(subject.id) or self._catalog.products.get(subject.id)
        names = entry.names() if entry is not None else (subject.name,)
        words = [word for name in names[:4] for word in query_tokens(name, self._catalog)]
        found = self._library.lexical(list(dict.fromkeys(words)), READ)
        passages = self._library.passages([identity for identity, _ in found])
        infos = self._library.document_infos({passage.document_id for passage in passages.values()})
        best: tuple[tuple[bool, bool, bool, bool, int], str, int, int, str] | None = None
        for at, (identity, _) in enumerate(found):
            passage = passages[identity]
            if passage.table:
                continue
            orders = Orders(passage.text, load_lexicon())
            for start, end in sentences(passage.text):
                text = passage.text[start:end]
                if not is_sentence(text) or orders.within(start, end):
                    continue
                mentions = [mention for mention in self._catalog.mentions(text) if mention.entry.id == subject.id]
                first = mentions[0].start if mentions else text.find(subject.name)
                if first < 0 or (not mentions and entry is not None):
                    continue
                about = any(
                    mention.entry.id == subject.id
                    for mention in self._catalog.mentions(infos[passage.document_id].title)
                )
                # Best says what it is, in a document about it, and does not say first who says so.
                defines = self._concepts.defines(text)
                if not defines and not self._concepts.introduces(text):
                    continue
                rank = (not defines, not about, told_by_another(text), text[0] == "“", at)
                if first <= FIRST and (best is None or rank < best[0]):
                    best = (rank, passage.document_id, passage.start + start, passage.start + end, text)
        if best is None:
            return []
        _, document_id, begin, finish, text = best
        return [quoted(draft, text, draft.cite(document_id, begin, finish))]

    def _news(self, draft: Draft, subject: Subject, most: int) -> list[str]:
        """The latest events that sentences tell, the newest last."""
        told: list[Event] = [event for event in self._timeline.events([subject]) if event.strand is None]
        quoted_already = {(citation.document_id, citation.start) for citation in draft.citations}
        fresh = [event for event in told if (event.document_id, event.start) not in quoted_already]
        return [line(draft, event) for event in fresh[-most:]]


def _latest(held: dict[str, list[Strand]], ledger: Ledger) -> list[Strand]:
    """Of each attribute of a company the strand of the latest time that is no forecast; of profit and loss the later."""
    latest: dict[str, Strand] = {}
    for attribute, found in held.items():
        if attribute not in ledger.periodic and attribute not in ("ipo_price", "ipo_proceeds"):
            continue
        stated = [strand for strand in found if strand.lead.status not in ("forecast", "rumour")]
        if stated:
            latest[attribute] = max(stated, key=_time)
    for attribute in list(latest):
        opposite = ledger.attribute(attribute).negative_of
        if opposite in latest:
            older = min((attribute, opposite), key=lambda name: _time(latest[name]))
            del latest[older]
    return list(latest.values())


def _time(strand: Strand) -> tuple[str, str]:
    """What "latest" means: the end of the period, and of two that end together the longer."""
    found = days(strand.period or strand.dated or "")
    if found is None:
        return "", ""
    return found[1], "".join(chr(0x7F - ord(character)) for character in found[0])


def _distinct(found: Sequence[Strand]) -> list[Strand]:
    """Strands that say different values, a stated one before a forecast."""
    kept: dict[str, Strand] = {}
    for strand in found:
        kept.setdefault(f"{strand.lead.text}{strand.conditions}{strand.edition}", strand)
    return list(kept.values())
