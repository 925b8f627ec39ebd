"""Text from bytes whose encoding nobody declared: UTF-8, UTF-16, GB18030, Big5, or whatever fits best."""

from __future__ import annotations

import codecs

from knowledge.errors import DocumentError

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decode(data: bytes, name: str, declared: str | None = None) -> str:
    """The text of `data`. Raises DocumentError for bytes that are no text in any encoding we know.

    GB18030 decodes almost anything, so it is taken only when what comes out reads like Chinese.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\x00" in data[:8192] or _control_share(data[:8192]) > 0.05:
        raise DocumentError(f"{name} looks like a binary file, not text; convert it to text, Markdown or HTML first")
    for encoding in filter(None, (declared, "utf-8", "gb18030", "big5")):
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        if encoding in ("utf-8", declared) or _reads_like_chinese(text):
            return text
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None:
        raise DocumentError(f"{name} is in no encoding that we recognise; save it as UTF-8")
    return str(best)


def _control_share(data: bytes) -> float:
    return sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in data) / (len(data) or 1)


def _reads_like_chinese(text: str) -> bool:
    """Most of what is not ASCII is common Han or its punctuation; mojibake is full of rare characters."""
    foreign = [character for character in text[:20_000] if ord(character) > 127]
    common = sum(
        "\u4e00" <= character <= "\u9fa5"
        or character in "，。、；：？！“”‘’（）《》【】—…·　"
        or "\uff00" <= character <= "\uffef"
        for character in foreign
    )
    private = sum("\ue000" <= character <= "\uf8ff" or character == "\ufffd" for character in foreign)
    if not foreign or private:
        return not private
    level_one = sum(_level_one(character) for character in foreign)
    return common / len(foreign) > 0.9 and level_one / len(foreign) > 0.6


def _level_one(character: str) -> bool:
    """Whether a character is in GB 2312's first level (the 3,755 most used) or is punctuation."""
    try:
        encoded = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(encoded) == 2 and (0xB0 <= encoded[0] <= 0xD7 or encoded[0] <= 0xA9)
