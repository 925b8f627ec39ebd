"""Lexicon: the words that qualify a figure (conditions, hedges, comparisons) and the headers of tables, as data."""

from __future__ import annotations

import functools
import re
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from knowledge.catalog import fold_name


class Lexicon(BaseModel):
    """See `lexicon.yaml`, whose comments say what each list is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conditions: dict[str, tuple[str, ...]]
    scopes: dict[str, tuple[str, ...]]
    status: dict[str, tuple[str, ...]]
    negation: tuple[str, ...]
    corrections: tuple[str, ...]
    retraction: tuple[str, ...]
    combining: tuple[str, ...]
    correcting: tuple[str, ...]
    comparison: tuple[str, ...]
    weak_comparison: tuple[str, ...]
    likeness: tuple[str, ...]
    starting: tuple[str, ...]
    leading: tuple[str, ...]
    hypothetical: tuple[str, ...]
    multiplies: tuple[str, ...]
    ellipsis: tuple[str, ...]
    change: tuple[str, ...]
    excess: tuple[str, ...]
    than_times: tuple[str, ...]
    compared_times: tuple[str, ...]
    reporting: tuple[str, ...]
    until: tuple[str, ...]
    level: tuple[str, ...]
    respectively: tuple[str, ...]
    each: tuple[str, ...]
    joiners: tuple[str, ...]
    not_products: tuple[str, ...]
    not_product_prefixes: tuple[str, ...]
    name_before: tuple[str, ...]
    name_stop: tuple[str, ...]
    not_code_lead: tuple[str, ...]
    not_name_start: tuple[str, ...]
    cluster_adjectives: tuple[str, ...]
    before_cluster: tuple[str, ...]
    before_architecture: tuple[str, ...]
    architectures: tuple[str, ...]
    corrected: tuple[str, ...]
    product_nouns: tuple[str, ...]
    server_nouns: tuple[str, ...]
    function_words: tuple[str, ...]
    vendor_suffixes: tuple[str, ...]
    vendor_suffixes_en: tuple[str, ...]
    cluster_suffixes: tuple[str, ...]
    back_references: tuple[str, ...]
    company_references: tuple[str, ...]
    generic_subjects: tuple[str, ...]
    latter: tuple[str, ...]
    former: tuple[str, ...]
    portions: tuple[str, ...]
    memory_types: str
    editions: str
    headers: dict[str, tuple[str, ...]]
    claimants: dict[str, tuple[str, ...]]
    instructions: tuple[str, ...]
    bandwidth_topics: str
    leading_condition: str
    supporting: tuple[str, ...]
    clause_breaks: str
    attribution: tuple[str, ...]
    list_of: tuple[str, ...]
    missing: tuple[str, ...]

    def __hash__(self) -> int:
        return id(self)

    @functools.cached_property
    def header_roles(self) -> dict[str, tuple[str, ...]]:
        """Folded header text → the roles it may play, the likeliest first."""
        roles: dict[str, tuple[str, ...]] = {}
        for role, words in self.headers.items():
            for word in words:
                key = fold_name(word)
                roles[key] = (*roles.get(key, ()), role)
        return roles

    @functools.cached_property
    def edition(self) -> re.Pattern[str]:
        """Finds the parts of a note that name a version or a configuration."""
        return re.compile(self.editions)

    @functools.cached_property
    def correction(self) -> re.Pattern[str]:
        """Finds, in a title or a first line, the word by which a text says that it corrects an earlier one."""
        words = "|".join(map(re.escape, sorted(self.corrections, key=len, reverse=True)))
        return re.compile(rf"(?:^[#*\s]*|[【\[（(])\s*(?:{words})\s*(?:[:：】\]）)—]|$)", re.IGNORECASE)

    @functools.cached_property
    def claimant_of(self) -> dict[str, str]:
        return {fold_name(word): claimant for claimant, words in self.claimants.items() for word in words}

    @functools.cached_property
    def missing_values(self) -> frozenset[str]:
        return frozenset(word.casefold() for word in self.missing)


@functools.lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """The shipped lexicon, read once."""
    text = (resources.files("knowledge") / "lexicon.yaml").read_text("utf-8")
    return Lexicon.model_validate(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
