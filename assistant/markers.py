"""Markers: the [n] by which a sentence names what it rests on, in finished text and in text still streaming in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MARKER = re.compile(r"\[(\d{1,3})\]")
# What models write instead of [1][2]: 【1】, ［1］, [1, 2], [1、2], [1-3], [^1], [来源1], [doc 1].
_WRITTEN = re.compile(
    r"[\[［【]\s*\^?(?:(?:来源|资料|文档|引用|source|doc|document|passage)\s*)?"
    r"(\d{1,3}(?:\s*[,，、;；\-–~]\s*\^?\d{1,3})*)(?:†[^\]】\n]{0,40})?\s*[\]］】]",
    re.I,
)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")
_OPEN = "[［【"
_CLOSE = "]］】"
_WAITING = re.compile(r"[。！？.!?]?[ \t]*$")
# Longer than any marker: an open bracket that is not closed by then is just text.
_LONGEST = 24


def normalise_markers(text: str) -> str:
    """`text` with every spelling of a marker as [n], and no blank between a full stop and the marker behind it."""
    text = _WRITTEN.sub(lambda match: _spell(match.group(1)), text)
    return re.sub(r"(?<=[。！？.!?])[ \t]+(?=\[\d{1,3}\])", "", text)


def _spell(numbers: str) -> str:
    found: list[int] = []
    for part in re.split(r"\s*[,，、;；]\s*", numbers.translate(_FULL_WIDTH)):
        ends = [int(end.lstrip("^")) for end in re.split(r"\s*[\-–~]\s*", part)]
        # [1-3] is 1, 2 and 3; a longer run is not something a reader could check.
        found += range(ends[0], ends[-1] + 1) if ends[0] <= ends[-1] <= ends[0] + 9 else ends
    return "".join(f"[{number}]" for number in dict.fromkeys(found))


def markers(text: str) -> list[int]:
    """The numbers of the markers in `text`, each once, in order."""
    return list(dict.fromkeys(int(number) for number in MARKER.findall(normalise_markers(text))))


def without_markers(text: str) -> str:
    """`text` with each [n] blanked, character for character: offsets stay valid."""
    return MARKER.sub(lambda match: " " * len(match.group()), text)


class CitationStream:
    """Passes streamed text on with its markers whole and normalised: a marker cut over deltas is held until it ends."""

    def __init__(self) -> None:
        self._held = ""
        self.seen: list[int] = []

    def feed(self, delta: str) -> str:
        """What can be passed on now that `delta` has come; may be empty."""
        text = self._held + delta
        at = max(text.rfind(mark) for mark in _OPEN)
        closed = at >= 0 and any(mark in text[at:] for mark in _CLOSE)
        cut = at if at >= 0 and not closed and len(text) - at <= _LONGEST else len(text)
        # A full stop and blanks at the end wait too: a marker may follow, and then stands right behind the stop.
        cut = _WAITING.search(text[:cut]).start()  # type: ignore[union-attr]
        self._held = text[cut:]
        return self._pass(text[:cut])

    def close(self) -> str:
        """What was still held when the stream ended."""
        rest, self._held = self._held, ""
        return self._pass(rest)

    def _pass(self, text: str) -> str:
        text = normalise_markers(text)
        self.seen += [number for number in markers(text) if number not in self.seen]
        return text

    def over(self, deltas: Iterable[str]) -> Iterator[str]:
        """The deltas of a whole stream, passed on."""
        for delta in deltas:
            if ready := self.feed(delta):
                yield ready
        if rest := self.close():
            yield rest
