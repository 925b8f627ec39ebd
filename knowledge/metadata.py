"""What a plain article says of itself: title, publisher, date, language; and where its boilerplate begins."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from knowledge.dates import find_dates
from knowledge.documents import PARTIAL_DATE, Language


@dataclass(frozen=True, slots=True)
class Described:
    """A plain article: its text without byline and boilerplate, and what the byline said (None where it said nothing)."""

    title: str
    text: str
    publisher: str | None = None
    published: str | None = None


@functools.lru_cache(maxsize=1)
def _patterns() -> dict[str, Any]:
    raw = yaml.safe_load((resources.files("knowledge") / "boilerplate.yaml").read_text("utf-8"))
    return {
        "tail": re.compile("|".join(raw["tail"]), re.I),
        "lone": re.compile("|".join(raw["lone"]), re.I),
        "published": re.compile(raw["published"], re.I),
        "author": re.compile(raw["author"], re.I),
    }


def language_of(text: str) -> Language:
    """ "zh" when Han characters are more than a twentieth of the letters, else "en"."""
    sample = text[:20_000]
    han = sum("\u4e00" <= character <= "\u9fff" for character in sample)
    latin = sum(character.isascii() and character.isalpha() for character in sample)
    # A Han character says about as much as five letters.
    return "zh" if han * 5 > latin else "en"


def describe(text: str, fallback_title: str) -> Described:
    """Title (the first line), publisher and date (from the line or two below it), and the text between byline and boilerplate."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    patterns = _patterns()
    at = next((index for index, line in enumerate(lines) if line.strip()), None)
    if at is None:
        return Described(fallback_title, "")
    title = lines[at].strip().lstrip("# ").strip()
    if len(title) > 120:
        return Described(fallback_title, "\n".join(_body(lines[at:], patterns)))
    publisher = published = None
    body = at + 1
    seen = 0
    for index in range(at + 1, min(len(lines), at + 8)):
        line = lines[index].strip()
        if not line:
            continue
        seen += 1
        found_publisher, found_date = _byline(line, patterns["published"], patterns["author"])
        if found_publisher is None and found_date is None:
            break
        publisher, published = publisher or found_publisher, published or found_date
        body = index + 1
        if seen == 3:
            break
    publisher = publisher or _author_card(lines)
    return Described(
        title, "\n".join([title, "", *_body(lines[body:], patterns, publisher)]).strip() + "\n", publisher, published
    )


def _byline(line: str, lead: re.Pattern[str], author: re.Pattern[str]) -> tuple[str | None, str | None]:
    """(publisher, date) of a byline such as "记客科技世界 2024-03-08 09:29:32" or "By A. Writer | Reuters | March 8, 2024"."""
    if len(line) > 80:
        return None, None
    dates = [date for date in find_dates(line) if PARTIAL_DATE.match(date.iso)]
    marked = lead.match(line)
    if not marked and not any(len(date.iso) == 10 for date in dates):
        # "2024年3月量产" is the article's first sentence: only a full date stands alone in a byline.
        return None, None
    if line.endswith(("。", "！", "？", ".")) and not marked:
        return None, None
    rest = line
    for date in reversed(dates):
        rest = rest[: date.start] + "\n" + rest[date.end :]
    rest = re.sub(r"\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AP]M)?|[Ll]ast updated|更新", "\n", rest)
    parts = [
        lead.sub("", part).strip(" |·-–—/,，、:：()（）\t")
        for part in re.split(r"[\n|｜]| {2,}|\t|\u3000+|\s(?=来源|发布|作者|编辑|Source|By\b)", rest)
    ]
    if not marked and any(re.search(r"[，,。！？；;：:]|\d", part) for part in parts):
        return None, None
    parts = [
        part for part in parts if 1 < len(part) <= 30 and not re.search(r"[。！？]", part) and not author.match(part)
    ]
    # "By A. Writer | Reuters": who published comes after who wrote.
    publisher = parts[-1] if parts else None
    return publisher, dates[0].iso if dates else None


def _author_card(lines: list[str]) -> str | None:
    """The name above an author card's 简介 line at the end of a page."""
    for index in range(len(lines) - 1, max(0, len(lines) - 12), -1):
        if re.match(r"^(简介|作者简介)\s*[:：]", lines[index].strip()):
            above = next((line.strip() for line in reversed(lines[:index]) if line.strip()), "")
            return above if 1 < len(above) <= 30 else None
    return None


def _body(lines: list[str], patterns: dict[str, Any], publisher: str | None = None) -> list[str]:
    kept: list[str] = []
    length = sum(len(line) for line in lines) or 1
    passed = 0
    for line in lines:
        passed += len(line)
        bare = line.strip()
        # A tail line in the first part of a text is part of the article.
        if bare and len(bare) < 60 and patterns["tail"].match(bare) and passed / length > 0.6:
            break
        if bare and len(bare) < 60 and patterns["lone"].match(bare):
            continue
        kept.append(line.rstrip())
    while kept and (not kept[-1].strip() or kept[-1].strip() == publisher):
        kept.pop()
    return kept


def clean_lines(text: str) -> str:
    """`text` without the lines that belong to a page rather than to its article."""
    return "\n".join(_body(text.split("\n"), _patterns()))
