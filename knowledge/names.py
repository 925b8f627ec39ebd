"""Names that no catalogue lists: products by their model codes, vendors and clusters by how such names are formed."""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.catalog import fold_name
from knowledge.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class Subject:
    """What a figure is about: `id` from the catalogue, or "~" and the folded name when the catalogue does not list it."""

    id: str
    name: str
    kind: str
    vendor: str | None = None

    @property
    def is_company(self) -> bool:
        return self.kind == "vendor"


@dataclass(frozen=True, slots=True)
class FoundName:
    start: int
    end: int
    subject: Subject


# A model code: letters and digits in one word, at least one of each, such as X200, BW1000, S4000-Pro, MLU370-X8.
# (The lookbehind stands behind the first letter, so that the search can jump from capital to capital.)
_TAIL = (
    r"[ \-]?\d{1,5}[A-Za-z]{0,4}(?:-[A-Z0-9]{1,6})?"
    r"(?:[ \-](?:Pro|Max|Ultra|Plus|Duo|Lite|Mini|SE|Ti|XL|SXM|PCIe|OAM))*(?![A-Za-z0-9])"
)
# The third form is a word of several capitals with a number: OXBox-8, CloudRack384.
_CODE = (
    rf"[A-Z](?<![A-Za-z0-9.\-_/@#].)(?:[A-Z]{{0,5}}{_TAIL}|[A-Za-z]{{0,9}}[ \-]?[A-Z]{{1,6}}{_TAIL}"
    r"|[A-Za-z]{1,12}(?<=[A-Z])[a-z]{1,12}-?\d{1,4}[A-Za-z]{0,3}(?![A-Za-z0-9]))"
)
# 「X200」, or a Han name of two or three characters before a code or between quotes and before a product noun.
_HAN = r"[\u4e00-\u9fff]"
_QUOTED = rf"[“「『\"]({_HAN}{{2,6}}(?:[A-Za-z0-9\- ]{{0,12}})?)[”」』\"]"
# WAIC 2025, MDC 2025: a meeting and its year.
_EVENT = re.compile(r"[ \-](?:19|20)\d{2}$")


@dataclass(frozen=True, slots=True)
class _Patterns:
    """`ends` find the last words of names of vendors and clusters; the whole name is tried some characters before."""

    code: re.Pattern[str]
    quoted: re.Pattern[str]
    quoted_behind: re.Pattern[str]
    quoted_cluster: re.Pattern[str]
    company: re.Pattern[str]
    company_end: re.Pattern[str]
    company_en: re.Pattern[str]
    company_en_end: re.Pattern[str]
    cluster: re.Pattern[str]
    cluster_end: re.Pattern[str]


@functools.lru_cache(maxsize=1)
def _patterns(lexicon: Lexicon) -> _Patterns:
    def either(words: Sequence[str]) -> str:
        return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))

    suffixes, suffixes_en = either(lexicon.vendor_suffixes), either(lexicon.vendor_suffixes_en)
    clusters = either(lexicon.cluster_suffixes)
    return _Patterns(
        code=re.compile(_CODE),
        quoted=re.compile(rf"{_QUOTED}(?={_HAN}{{0,4}}(?:{either(lexicon.product_nouns)}))"),
        quoted_behind=re.compile(rf"(?P<noun>{either((*lexicon.product_nouns, *lexicon.cluster_suffixes))}){_QUOTED}"),
        quoted_cluster=re.compile(rf"{_QUOTED}(?={_HAN}{{0,4}}(?:{clusters}))"),
        company=re.compile(rf"{_HAN}{{2,4}}(?:{suffixes})(?={_HAN}|[\s，、（(|\d]|$)", re.M),
        company_end=re.compile(suffixes),
        company_en=re.compile(rf"\b(?:[A-Z][A-Za-z]+ ){{1,2}}(?:{suffixes_en})(?![A-Za-z])"),
        company_en_end=re.compile(suffixes_en),
        cluster=re.compile(rf"(?:{_HAN}|[A-Za-z0-9]){{2,10}}(?:{clusters})"),
        cluster_end=re.compile(clusters),
    )


_BOUNDARY = frozenset("\n，。；：、“”（）() \t\r\u3000\xa0|,.")


def _ending(
    text: str, ends: re.Pattern[str], whole: re.Pattern[str], longest: int, boundary: frozenset[str] | None
) -> Iterator[tuple[int, int]]:
    """The spans where `whole` matches up to one of `ends`, begun at most `longest` characters before it."""
    covered = 0
    for end in ends.finditer(text):
        for start in range(max(covered, end.start() - longest), end.start() - 1):
            if boundary is not None and start and text[start - 1] not in boundary:
                continue
            match = whole.match(text, start)
            if match is not None and match.end() >= end.end():
                yield match.span()
                covered = match.end()
                break


def find_names(text: str, taken: Sequence[tuple[int, int]], lexicon: Lexicon) -> list[FoundName]:
    """Products, vendors and clusters named in `text` outside the spans in `taken` (catalogue names, quantities).

    One product has one id however it is written, in any case or spacing. The Han word before a code is a part of it:
    霜刃K289 and 归墟K289 are two products; the bare K289 is the one that the same text calls so.
    """
    patterns = _patterns(lexicon)
    occupied = _Occupied(taken)
    found: list[FoundName] = []
    codes: list[tuple[int, int, str, str]] = []
    for match in patterns.code.finditer(text):
        start, end = match.span()
        word, space, _ = match.group().partition(" ")
        if space and word.lower() in lexicon.function_words:
            start += len(word) + 1
        written = text[start:end]
        architecture = text[end : end + 18].lstrip().lower().startswith(lexicon.architectures) and text[
            max(0, start - 8) : start
        ].rstrip().lower().endswith(lexicon.before_architecture)
        if architecture or occupied.overlaps(start, end):
            continue
        short = _is_short(written)
        if short or _is_model(written, lexicon):
            prefix = _han_prefix(text, start, lexicon)
            # A maker's own name is no part of its product's: 景嘉微JM11.
            if prefix and occupied.overlaps(start - len(prefix), start):
                prefix = ""
            # 风隼V2 and 星槎N3 are products; V2 and N3 alone are a version and a process.
            named = prefix and not any(word in prefix for word in lexicon.not_code_lead)
            if not short or named or _is_model(written, lexicon):
                codes.append((start, end, written, prefix))
    keys = _keys(codes, text)
    prefixes: dict[str, set[str]] = {}
    for _, _, written, prefix in codes:
        if prefix:
            prefixes.setdefault(keys[written], set()).add(prefix)
    machines = {keys[written] for start, end, written, _ in codes if _is_machine(text, start, end, lexicon)}
    for start, end, written, prefix in codes:
        # A short code is told apart by its name alone: 风隼V2 is not 玄武V2.
        key = keys[written]
        known = prefixes.get(key, set())
        full = prefix or (next(iter(known)) if len(known) == 1 and _is_model(written, lexicon) else "")
        separator = " " if full and text[start - 1 : start] == " " and prefix else ""
        subject = Subject(
            f"~{fold_name(full)}{key}", f"{full}{separator}{written}".strip(), "server" if key in machines else "card"
        )
        found.append(FoundName(start - len(prefix) - (1 if prefix and text[start - 1] == " " else 0), end, subject))
        occupied.add(start, end)
    for start, end, kind in _formed(text, patterns, lexicon):
        name = text[start:end]
        if occupied.overlaps(start, end) or _generic(name, kind, lexicon):
            continue
        found.append(FoundName(start, end, Subject(f"~{fold_name(name)}", name, kind)))
        occupied.add(start, end)
    for start, end, subject in _short_forms(text, [item.subject for item in found], lexicon):
        if not occupied.overlaps(start, end):
            found.append(FoundName(start, end, subject))
            occupied.add(start, end)
    return found


def _short_forms(text: str, subjects: Sequence[Subject], lexicon: Lexicon) -> Iterator[tuple[int, int, Subject]]:
    """青穹 for 青穹科技, Corvus for Corvus Systems, where the same text has the long form."""
    companies = {subject.id: subject for subject in subjects if subject.is_company}
    stems: dict[str, Subject] = {}
    for company in companies.values():
        stem = short_name(company.name, lexicon)
        if stem and stem in stems:
            return  # Two companies of one short name: whose it is, nobody knows.
        if stem:
            stems[stem] = company
    for stem, company in stems.items():
        for match in re.finditer(rf"\b{re.escape(stem)}\b" if stem.isascii() else re.escape(stem), text):
            yield *match.span(), company


def short_name(name: str, lexicon: Lexicon) -> str:
    """What a company is called for short: its name without 科技, Systems …; "" when the rest is an ordinary word."""
    if name.isascii():
        words = name.split(" ")
        while len(words) > 1 and words[-1] in lexicon.vendor_suffixes_en:
            words.pop()
        stem = " ".join(words)
        return stem if stem != name and stem.lower() not in lexicon.function_words and len(stem) > 3 else ""
    stem = next((name.removesuffix(end) for end in _by_length(lexicon) if name.endswith(end)), "")
    return stem if len(stem) >= 2 and _coined(stem) else ""


@functools.lru_cache(maxsize=1)
def _clusters(lexicon: Lexicon) -> tuple[str, ...]:
    return tuple(sorted(lexicon.cluster_suffixes, key=len, reverse=True))


@functools.lru_cache(maxsize=1)
def _grammatical(lexicon: Lexicon) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, lexicon.before_cluster)))


@functools.lru_cache(maxsize=1)
def _by_length(lexicon: Lexicon) -> tuple[str, ...]:
    return tuple(sorted(lexicon.vendor_suffixes, key=len, reverse=True))


@functools.lru_cache(maxsize=4096)
def _coined(word: str) -> bool:
    """Whether the dictionary has no such word: 青穹, unlike 中国, 未来, 智慧."""
    import rjieba

    # Without guessing, what the dictionary does not hold falls apart into characters.
    return len(rjieba.cut(word, False)) > 1


def _is_machine(text: str, start: int, end: int, lexicon: Lexicon) -> bool:
    """服务器 OXBox-8, the OXBox-8 server: the word beside the name says that it is a whole machine."""
    before, after = text[max(0, start - 12) : start].rstrip().lower(), text[end : end + 12].lstrip().lower()
    return before.endswith(lexicon.server_nouns) or after.startswith(lexicon.server_nouns)


def _keys(codes: Sequence[tuple[int, int, str, str]], text: str) -> dict[str, str]:
    """What each code as written is called by: "Tianmu T80" is the T80 where the same text calls it that as well.

    Only when one word alone stands before that code: Alpha X200 and Beta X200 are two products.
    """
    keys = {written: fold_name(written) for _, _, written, _ in codes}
    leads: dict[str, set[str]] = {}
    for written in keys:
        word, space, code = written.partition(" ")
        if space and word[1:].islower() and code in keys:
            leads.setdefault(code, set()).add(word)
    for code, words in leads.items():
        if len(words) == 1:
            keys[f"{next(iter(words))} {code}"] = keys[code]
    return keys


def _formed(text: str, patterns: _Patterns, lexicon: Lexicon) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of what reads like a name by the words around or in it; a quoted name wherever it recurs."""
    quoted = [(*match.span(1), "cluster") for match in patterns.quoted_cluster.finditer(text)]
    quoted += [(*match.span(1), "card") for match in patterns.quoted.finditer(text)]
    for match in patterns.quoted_behind.finditer(text):
        quoted.append((*match.span(2), "cluster" if match.group("noun") in lexicon.cluster_suffixes else "card"))
    yield from quoted
    for start, end, kind in {text[start:end]: (start, end, kind) for start, end, kind in quoted}.values():
        name = text[start:end]
        at = text.find(name, end)
        while at >= 0:
            yield at, at + len(name), kind
            at = text.find(name, at + len(name))
    for start, end in _ending(text, patterns.cluster_end, patterns.cluster, 10, _BOUNDARY | {"的"}):
        # 建成了玄武万卡集群: the name begins behind the last word of grammar.
        stem = next(end - len(suffix) for suffix in _clusters(lexicon) if text.endswith(suffix, start, end))
        last = [match.end() for match in _grammatical(lexicon).finditer(text, start, stem)]
        first = last[-1] if last else start
        if stem - first >= 2:
            yield first, end, "cluster"
    for start, end in _ending(text, patterns.company_end, patterns.company, 4, _BOUNDARY):
        yield start, end, "vendor"
    for start, end in _ending(text, patterns.company_en_end, patterns.company_en, 40, None):
        yield start, end, "vendor"


class _Occupied:
    """Spans that are already something else; overlap is asked in logarithmic time."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._spans = sorted(spans)
        self._added: list[tuple[int, int]] = []

    def overlaps(self, start: int, end: int) -> bool:
        at = bisect_right(self._spans, (end, -1))
        near = self._spans[max(0, at - 4) : at]
        return any(first < end and start < last for first, last in near) or any(
            first < end and start < last for first, last in self._added[-200:]
        )

    def add(self, start: int, end: int) -> None:
        self._added.append((start, end))


@functools.lru_cache(maxsize=1)
def _ordinary(lexicon: Lexicon) -> frozenset[str]:
    return frozenset(fold_name(word) for word in lexicon.not_products)


@functools.lru_cache(maxsize=1)
def _prefixes(lexicon: Lexicon) -> frozenset[str]:
    return frozenset(prefix.upper() for prefix in lexicon.not_product_prefixes)


@functools.lru_cache(maxsize=20_000)
def _is_model(written: str, lexicon: Lexicon) -> bool:
    """Whether a code is formed as models are, and is no ordinary word of the field (FP16, PCIe 5, HBM3)."""
    ordinary = _ordinary(lexicon)
    key = fold_name(written)
    letters = re.match(r"[a-z+]*", key)
    lead = re.match(r"[A-Za-z+\-/]*[A-Za-z+]", written)
    if key in ordinary or letters is None or lead is None or _EVENT.search(written):
        return False
    digits = re.search(r"\d+", key)
    if digits is None or (len(digits.group()) < 2 and len(key) < 3 and not key[0].isalpha()):
        return False
    words = {fold_name(part).upper() for part in re.split(r"[ \-]", written)} | {letters.group().upper()}
    if words & _prefixes(lexicon):
        return False
    return not any(fold_name(part) in ordinary for part in re.split(r" ", written))


def _is_short(written: str) -> bool:
    """One letter and one digit: X1, V3."""
    return len(written) == 2 and written[0].isalpha() and written[1].isdigit()


def _han_prefix(text: str, start: int, lexicon: Lexicon) -> str:
    """The two or three Han characters that belong to the name before a code (天罡 in 新款GPU天罡G2), or ""."""
    at = start - 1 if start and text[start - 1] == " " else start
    run = re.search(rf"{_HAN}*$", text[max(0, at - 8) : at])
    han = run.group() if run else ""
    boundary = at - len(han) == 0 or not re.match(_HAN, text[at - len(han) - 1])
    for size in (2, 3):
        prefix = han[-size:]
        before = han[:-size]
        if len(prefix) < size or any(stop in prefix or prefix in stop for stop in lexicon.name_stop):
            continue
        if prefix[0] in lexicon.name_before or prefix[-1] in lexicon.name_before:
            continue
        if ((not before and boundary) or any(before.endswith(word) for word in lexicon.name_before)) and _noun(prefix):
            return prefix
    return ""


# Parts of speech (of jieba's tag set) that no product is named by: verbs, adverbs, prepositions, pronouns, numerals …
_NO_NOUN = ("v", "d", "p", "c", "u", "r", "m", "q", "f", "t", "a", "b")


@functools.lru_cache(maxsize=8192)
def _noun(word: str) -> bool:
    """Whether `word` may be a name: 天罡 in 天罡G2, not 透露 in 没有透露G2."""
    import rjieba

    return not any(tag.startswith(_NO_NOUN) for _, tag in rjieba.tag(word))


def _generic(name: str, kind: str, lexicon: Lexicon) -> bool:
    """本公司, 全国首个千卡集群 and the like describe; they do not name."""
    if kind == "vendor":
        stem = name
        for suffix in lexicon.vendor_suffixes:
            stem = stem.removesuffix(suffix)
        return len(stem) < 2 or any(stop in stem for stop in lexicon.name_stop) or stem[0] in lexicon.not_name_start
    if kind == "cluster":
        stem = name
        for suffix in sorted(lexicon.cluster_suffixes, key=len, reverse=True):
            stem = stem.removesuffix(suffix)
        for word in lexicon.cluster_adjectives:
            stem = stem.replace(word, "")
        return len(stem) < 2 or stem[0] in lexicon.not_name_start or stem.isdigit()
    return False
