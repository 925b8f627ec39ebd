"""Exact words: the parts of a sentence that its source must have letter for letter, and its words of meaning."""

from __future__ import annotations

import re

from assistant.markers import normalise_markers, without_markers
from knowledge.catalog import normalise

_CODE = re.compile(r"https?://[^\s)\]，。]+|(?:[a-z][a-z+/]*[-_ ]?)?\d+(?:\.\d+)*[a-z]*(?:[-_]\d+[a-z]*)*")


def code_words(text: str) -> set[str]:
    """The words with digits in them, without blanks and hyphens: pcie5.0, fp16, hbm2e."""
    text = without_markers(normalise_markers(text))
    text = re.sub(r"(?m)^\s*\d{1,2}[.、)]\s", " ", normalise(text))
    return {re.sub(r"[-_ ]", "", match.group()) for match in _CODE.finditer(text)}


# What every text of this field says without its source saying so.
_COMMON = frozenset(["AI", "GPU", "NPU", "CPU", "GPGPU", "IT", "US"])


def proper_words(text: str) -> list[str]:
    """Acronyms (HBM, OAM) and Chinese names of people and places: what must be in the source letter for letter."""
    import rjieba

    found = [word for word in re.findall(r"(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])", text) if word not in _COMMON]
    if re.search(r"[\u4e00-\u9fff]", text):
        found += [word for word, tag in rjieba.tag(text) if tag in ("nr", "ns", "nt") and len(word) > 1]
    return found


def content_words(text: str) -> set[str]:
    """Pairs of Han characters and Latin words of meaning, for telling whether two texts speak of the same things."""
    plain = normalise(without_markers(text))
    han = re.sub(r"[的了和与在是为及等其该这那也都而并或]", " ", plain)
    pairs = {han[at : at + 2] for at in range(len(han) - 1) if re.fullmatch(r"[\u4e00-\u9fff]{2}", han[at : at + 2])}
    return pairs | set(re.findall(r"[a-z][a-z0-9\-]{3,}", plain))
