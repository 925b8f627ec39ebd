"""Question: what was asked, understood: subjects, attributes, intent, times, conditions; prints as a sentence."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from knowledge.figures import Figure

Intent = Literal[
    "lookup",
    "compare",
    "rank",
    "filter",
    "list",
    "profile",
    "derive",
    "when",
    "who",
    "why",
    "how",
    "definition",
    "timeline",
    "open",
    "count",
    "smalltalk",
    "out_of_scope",
    "empty",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Subject(_Frozen):
    """A product, company or cluster asked about; `ambiguous` lists the catalogue ids that a vague name may mean."""

    id: str
    name: str
    kind: str = "card"
    ambiguous: tuple[str, ...] = ()


class Filter(_Frozen):
    """A condition on an attribute: `op` is >=, >, <=, <, = or "has"; `value` in the dimension's base unit."""

    attribute: str
    op: str
    value: str | None = None
    text: str = ""
    dimension: str = ""


class Premise(_Frozen):
    """A figure that the question takes for granted."""

    attribute: str
    text: str
    value: str
    unit: str
    dimension: str
    base: str
    subject: str | None = None

    def as_figure(self) -> Figure:
        """The premise in the form that figures are compared in."""
        return Figure(
            document_id="",
            subject=self.subject or "",
            subject_name="",
            subject_kind="",
            attribute=self.attribute,
            text=self.text,
            start=0,
            end=0,
            quote_start=0,
            quote_end=0,
            value=Decimal(self.value),
            unit=self.unit,
            dimension=self.dimension,
            base=Decimal(self.base),
            id="premise",
        )


class Assumption(_Frozen):
    """A name read in spite of a slip: `written` in the question, taken for `name`."""

    written: str
    name: str


class Question(_Frozen):
    """A question understood. `attributes` are named outright; each of `cues` is a vague word's possible attributes.

    `vendors` are the makers it is about, named or by their products; `since` and `until` the first and last day (ISO) of
    the documents it means, `sources` their kind, None for all; `dates` all dates it names, `topics` the dated events
    it speaks of without asking when, `topic` its words without names and dates. `speaks` tells that
    it has words of a language, not only names and codes. `said` is its text without the
    words that referred to something (第二个), `about` holds the words of the earlier questions that it
    leans on. `understood` says in the question's language what is looked up.
    """

    text: str
    language: Literal["zh", "en"] = "zh"
    subjects: tuple[Subject, ...] = ()
    attributes: tuple[str, ...] = ()
    cues: tuple[tuple[str, ...], ...] = ()
    intent: Intent = "open"
    rank_direction: Literal["highest", "lowest"] = "highest"
    rank_n: int | None = None
    filters: tuple[Filter, ...] = ()
    derive: Literal["ratio", "difference", "per_watt", "total"] | None = None
    count: int | None = None
    domestic_only: bool | None = None
    kind: str | None = None
    scope: str | None = None
    conditions: tuple[str, ...] = ()
    period: str | None = None
    periods: tuple[str, ...] = ()
    as_of: str | None = None
    vendors: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    sources: Literal["spec", "news", "filing"] | None = None
    unit: str | None = None
    table: bool = False
    brief: bool = False
    premise: tuple[Premise, ...] = ()
    unknown_names: tuple[str, ...] = ()
    unknown_attributes: tuple[str, ...] = ()
    inherited: tuple[str, ...] = ()
    assumed: tuple[Assumption, ...] = ()
    dates: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    topic: str = ""
    speaks: bool = True
    said: str = ""
    about: str = ""
    understood: str = ""

    @property
    def attribute_groups(self) -> tuple[tuple[str, ...], ...]:
        """Each asked attribute as a group of one, each vague word as the group of what it may mean."""
        return (*((name,) for name in self.attributes), *self.cues)

    @property
    def asked_attributes(self) -> tuple[str, ...]:
        """The attributes asked for, vague words by all that they may mean, each once."""
        return tuple(dict.fromkeys(name for group in self.attribute_groups for name in group))

    @property
    def words(self) -> str:
        """What to search for: the question's own words behind those of the questions that it leans on."""
        return f"{self.about} {self.said or self.text}".strip()

    def __str__(self) -> str:
        return self.understood or self.text
