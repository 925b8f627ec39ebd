"""Words for the lexical index: Chinese segmented with the catalogue's names as dictionary, product codes whole and split."""

from __future__ import annotations

import functools
import re
import unicodedata
from importlib import resources
from typing import TYPE_CHECKING

from knowledge.catalog import Catalog, normalise

if TYPE_CHECKING:
    from rjieba import Jieba

_HAN = r"\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Kana and Hangul: words run together or carry endings, so that only their pieces can be found again.
_SYLLABLES = r"\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
# Superscripts, fractions, circled digits: signs beside a word (mm²), no letters of it.
_SIGNS = r"²³¹¼-¾\u2070-\u209f\u2150-\u218f\u2460-\u24ff\u2776-\u2793\u3021-\u3029\u3192-\u319f\u3220-\u33ff"
_LETTERS = rf"[^\W_{_HAN}{_SYLLABLES}{_SIGNS}]+"
_WORD = re.compile(rf"(?P<code>{_LETTERS}(?:[.\-_+/]{_LETTERS})*)|(?P<han>[{_HAN}]+)|(?P<syllables>[{_SYLLABLES}]+)")
_PART = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")


@functools.lru_cache(maxsize=1)
def _stopwords() -> frozenset[str]:
    return frozenset((resources.files("knowledge") / "stopwords.txt").read_text("utf-8").split())


_SEGMENTERS: dict[int, tuple[Catalog, Jieba]] = {}


def _segmenter(catalog: Catalog) -> Jieba:
    """A segmenter that knows the catalogue's Chinese names; stock dictionaries cut 昇腾 in two."""
    known = _SEGMENTERS.get(id(catalog))
    if known is None or known[0] is not catalog:
        from rjieba import Jieba

        segmenter = Jieba()
        for group in (catalog.vendors, catalog.products, catalog.attributes):
            for entry in group.values():
                for name in entry.names():
                    for word in re.findall(r"[\u3400-\u9fff]{2,}", normalise(name)):
                        segmenter.add_word(word, 100_000, "nz")
        _SEGMENTERS.clear()
        known = _SEGMENTERS[id(catalog)] = (catalog, segmenter)
    return known[1]


def tokens(text: str, catalog: Catalog) -> list[str]:
    """The tokens of `text` in order: width, case and script folded; a product code both whole and in parts.

    MLU370-X8 gives mlu370x8, mlu370, x8; 320TFLOPS gives 320 and tflops, so that either finds it. Letters of any
    script count: accented words come with and without their accents, kana and Hangul in overlapping pairs.
    """
    segmenter = _segmenter(catalog)
    found: list[str] = []
    for match in _WORD.finditer(normalise(text)):
        word = match.group().casefold()
        if match.lastgroup == "han":
            found.extend(segmenter.cut_for_search(word))
        elif match.lastgroup == "syllables":
            found.extend(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif word.isascii():
            found.extend(_code(word))
        else:
            bare = "".join(
                letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter)
            )
            found.extend(dict.fromkeys([*_code(word), *_code(bare)]))
    return found


def _code(word: str) -> list[str]:
    parts = re.split(r"[\-_+/]", word)
    found = ["".join(parts).replace(".", "_")] if len(parts) > 1 else []
    for part in parts:
        if not part:
            continue
        found.append(part.replace(".", "_"))
        pieces = _PART.findall(part)
        if len(pieces) > 1:
            found.extend(piece.replace(".", "_") for piece in pieces if len(piece) > 1 or not piece.isalpha())
    return found


def query_tokens(text: str, catalog: Catalog) -> list[str]:
    """The tokens of a question without the words that every question has, each once."""
    stop = _stopwords()
    return list(dict.fromkeys(token for token in tokens(text, catalog) if token not in stop))
