"""Words for the lexical index: Chinese segmented with the catalogue's names as dictionary, product codes whole and split."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import TYPE_CHECKING

from knowledge.catalog import Catalog, normalise

if TYPE_CHECKING:
    from rjieba import Jieba

_WORD = re.compile(r"[0-9a-z]+(?:[.\-_+/][0-9a-z]+)*|[\u3400-\u9fff]+")
_PART = re.compile(r"[a-z]+|\d+(?:\.\d+)?")


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

    MLU370-X8 gives mlu370x8, mlu370, x8; 320TFLOPS gives 320 and tflops, so that either finds it.
    """
    segmenter = _segmenter(catalog)
    found: list[str] = []
    for match in _WORD.finditer(normalise(text)):
        word = match.group()
        if word[0] >= "\u3400":
            found.extend(segmenter.cut_for_search(word))
        else:
            found.extend(_code(word))
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
