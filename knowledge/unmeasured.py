"""Numbers that measure nothing: dates, clock times, addresses, versions, list numbers and citation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ADDRESS = re.compile(r"https?://[^\s)\]，。]+")
# Tried at a number's first digit. "2024.8 TFLOPS" is a quantity and "2024.8" a month: what follows decides.
_DATED = re.compile(
    r"(?:19|20)\d{2}\s?年(?:\s?\d{1,2}\s?月)?(?:\s?\d{1,2}\s?[日号])?"
    r"|(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01])(?![\d.])|(?![\d.])(?!\s?(?:[KMGTPEZkm]?i?(?:(?i:FLOP|OPS)|B/s|B\b|bps|b/s|b\b|Hz|Wh?\b)|nm\b|mm|cm|μm|um\b|bit|ms\b|tokens|images|fps|x\b|[%％亿万元倍瓦纳毫张颗块卡片台个])))"
    r"|\d{1,2}\s?月\s?\d{1,2}\s?[日号]|\d{1,2}:\d{2}(?::\d{2})?(?!\d)|\d+(?:\.\d+){2,}|\d+\^\d+"
)
_MONTH = re.compile(r"\d{1,2}\s?月(?!\d)")
_MARK = re.compile(r"\d{1,3}(?:[,，]\s?\d{1,3})*\]|\d{1,3}】")
_LIST_NUMBER = re.compile(r"\d{1,2}[.、)]\s")
_SECTION = re.compile(r"\d+(?:\.\d+)*")
_VERSION = re.compile(r"\d+(?:\.\d+)*(?![\d%])(?:\s?x\s?\d{1,2}\b)?")
_AMOUNT = re.compile(r"\d+(?:\.\d+)*\s?(?:[KMGTP]i?[Bb](?:it)?(?:/s|ps)?|[KMGTPE]?(?i:FLOPS?|OPS)|k?W)(?![A-Za-z0-9])")
# The words whose number is a version, a generation or a place in a document.
_VERSIONED = re.compile(
    r"(?i:(?<![A-Za-z])(?:PCI[- ]?e|PCI Express|CUDA|USB|HDMI|DP|DirectX|OpenGL|Vulkan|OpenCL|version|ver\.|v|Gen|Wi-?Fi|Bluetooth|MUSA|CANN|ROCm|GPT|Claude|Llama|Qwen|DeepSeek|Gemini|Windows|Ubuntu|Python|PyTorch|TensorFlow|Linux|Kimi|GLM|Sora|Section|Chapter|Figure|Fig\.|Table|Gen\.|NVLink|DDR|HBM|GDDR)[- ]?\s?v?)$"
)
_REACH = 16


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """The spans of web addresses, whose digits are none of our business."""
    if "://" in text:
        for match in _ADDRESS.finditer(text):
            yield match.span()


def unmeasured_end(plain: str, start: int) -> int | None:
    """The end of what stands at `start`, a number's first digit, when it measures nothing; None when it may."""
    before = plain[start - 1 : start] if start else "\n"
    dated = _DATED.match(plain, start)
    if dated is not None:
        return dated.end()
    if before != "个":
        month = _MONTH.match(plain, start)
        if month is not None:
            return month.end()
    if before == "第":
        return _SECTION.match(plain, start).end()  # type: ignore[union-attr]
    if before in "[【,， ":
        opened = plain.rfind("[" if before != "【" else "【", max(0, start - _REACH), start)
        if opened >= 0 and not plain[opened + 1 : start].strip("0123456789,， "):
            mark = _MARK.match(plain, start)
            if mark is not None:
                return mark.end()
    if before in "\n \t\u3000":
        line = plain[plain.rfind("\n", 0, start) + 1 : start]
        lead = line.strip(" \t\u3000")
        found = None
        if not lead:
            found = _LIST_NUMBER.match(plain, start)
        elif len(lead) <= 6 and not lead.strip("#"):
            found = _SECTION.match(plain, start)
        if found is not None:
            return found.end()
    if before in " -vV\u00a0\u3000" and _is_version(plain, start):
        version = _VERSION.match(plain, start)
        # NVLink 900GB/s and HBM 96GB name what the amount is of.
        if version is not None and not _AMOUNT.match(plain, start):
            return version.end()
    return None


def _is_version(plain: str, start: int) -> bool:
    head = plain[max(0, start - _REACH) : start]
    last = head.rstrip(" -\u00a0\u3000")[-1:]
    return last.isascii() and (last.isalpha() or last == ".") and _VERSIONED.search(head) is not None
