"""Text from bytes whose encoding nobody declared, or declared wrongly: UTF-8, UTF-16, GB18030, Big5, or whatever fits best."""

from __future__ import annotations

import codecs
from functools import lru_cache

from knowledge.errors import DocumentError

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# The lead bytes of the characters used most, in each of the Chinese encodings.
_LEVEL_ONE = {"gb18030": ("gb2312", 0xB0, 0xD7, 0xA1, 0xA9), "big5hkscs": ("big5", 0xA4, 0xC6, 0xA1, 0xA3)}
# The names under which pages declare a part of what they use.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "big5": "big5hkscs"}
# Declared where nobody knew better.
UNTOLD = {"iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii", "windows-1252"}
# One character in so many may be damaged: an advertisement in another encoding spoils no page.
_DAMAGED = 500


def decode(data: bytes, name: str, declared: str | None = None) -> str:
    """The text of `data`. Raises DocumentError for bytes that are no text in any encoding we know.

    What is valid UTF-8 is UTF-8, whatever was declared: text of another encoding hardly ever is. GB18030 and Big5 decode
    almost anything, so that the one whose outcome reads more like Chinese is taken, the declared one at an advantage.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\x00" in data[:8192] or _control_share(data[:8192]) > 0.05:
        raise DocumentError(f"{name} looks like a binary file, not text; convert it to text, Markdown or HTML first")
    text = _decoded(data, "utf-8", damaged=False)
    if text is not None:
        return text
    declared = (declared or "").lower()
    declared = _WIDER.get(declared, declared)
    for damaged in (False, True):
        if declared and declared not in UNTOLD and declared not in _LEVEL_ONE:
            text = _decoded(data, declared, damaged)
            if text is not None:
                return text
        found = []
        for encoding in _LEVEL_ONE:
            text = _decoded(data, encoding, damaged)
            if text is not None and _reads_like_chinese(text):
                found.append((_commonness(text, encoding) + 0.1 * (encoding == declared), text))
        if found and max(found)[0] > 0.6:
            return max(found)[1]
    text = _decoded(data, "utf-8", damaged=True)
    if text is not None:
        return text
    if declared in UNTOLD:
        return data.decode("cp1252", "replace")
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None:
        raise DocumentError(f"{name} is in no encoding that we recognise; save it as UTF-8")
    return str(best)


def _decoded(data: bytes, encoding: str, damaged: bool) -> str | None:
    """The text in that encoding, None where it does not fit; with `damaged`, a few characters need not."""
    try:
        if not damaged:
            return data.decode(encoding)
        text = data.decode(encoding, "replace")
    except (UnicodeError, LookupError):
        return None
    return text if text.count("\ufffd") <= max(3, len(text) // _DAMAGED) else None


def _control_share(data: bytes) -> float:
    return sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in data) / (len(data) or 1)


def _foreign(text: str) -> list[str]:
    return [character for character in text[:20_000] if ord(character) > 127 and character != "\ufffd"]


def _reads_like_chinese(text: str) -> bool:
    """Most of what is not ASCII is Han or its punctuation."""
    foreign = _foreign(text)
    common = sum(
        "\u4e00" <= character <= "\u9fa5"
        or character in "，。、；：？！“”‘’（）《》【】—…·　"
        or "\uff00" <= character <= "\uffef"
        for character in foreign
    )
    private = any("\ue000" <= character <= "\uf8ff" for character in foreign)
    return not private and (not foreign or common / len(foreign) > 0.9)


def _commonness(text: str, encoding: str) -> float:
    """The share of what is not ASCII that is punctuation or of the first level of the encoding, the characters used most;
    mojibake is full of rare ones."""
    foreign = _foreign(text)
    return sum(_level_one(character, encoding) for character in foreign) / len(foreign) if foreign else 1.0


@lru_cache(maxsize=20_000)
def _level_one(character: str, encoding: str) -> bool:
    codec, first, last, low, high = _LEVEL_ONE[encoding]
    try:
        encoded = character.encode(codec)
    except UnicodeEncodeError:
        return False
    return len(encoded) == 2 and (first <= encoded[0] <= last or low <= encoded[0] <= high)
