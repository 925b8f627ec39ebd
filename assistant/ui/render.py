"""Render: answers as HTML in which nothing from a document can be anything but text."""

from __future__ import annotations

import functools
import re
from html import escape
from typing import TYPE_CHECKING, Any

from assistant.answer import Answer, Citation

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

LABELS: dict[str, dict[str, str]] = {
    "zh": {
        "answered": "已回答",
        "partial": "部分回答",
        "conflicting": "来源不一",
        "refused": "资料未载",
        "clarify": "请明确",
        "sources": "出处",
        "page": "第 {} 页",
        "slide": "幻灯片 {}",
        "sheet": "工作表 {}",
        "also": "又见",
        "try": "可以问",
        "error": "出错了",
    },
    "en": {
        "answered": "Answered",
        "partial": "Partly answered",
        "conflicting": "Sources disagree",
        "refused": "Not in the documents",
        "clarify": "Please specify",
        "sources": "Sources",
        "page": "p. {}",
        "slide": "slide {}",
        "sheet": "sheet {}",
        "also": "also in",
        "try": "Try",
        "error": "Error",
    },
}
_AFTER_LIST = re.compile(r"^([-*] .*)\n(?![-*] |\s|$)", re.M)
_MARKER = re.compile(r"\[(\d{1,3})\]")


@functools.lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # No raw HTML, and no links or images: an address in a document must not be loaded or dressed up as ours.
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    return parser.disable(["image", "link", "autolink", "reference", "html_block", "html_inline", "code", "lheading"])


def text_html(text: str, turn: int, numbers: frozenset[int] = frozenset()) -> str:
    """Markdown as HTML, each marker among `numbers` a link to its citation in the same turn."""
    # A line right behind a list is a paragraph of its own; Markdown would take it into the last item.
    return _linked(str(_markdown().render(_AFTER_LIST.sub(r"\1\n\n", text))), turn, numbers)


def _linked(html: str, turn: int, numbers: frozenset[int]) -> str:
    def link(match: re.Match[str]) -> str:
        number = int(match.group(1))
        return f'<a class="xw-mark" href="#cite-{turn}-{number}">{number}</a>' if number in numbers else match.group()

    return _MARKER.sub(link, html)


def question_html(question: str) -> str:
    return f'<div class="xw-question">{escape(question)}</div>'


def partial_html(text: str, turn: int) -> str:
    """An answer still streaming in."""
    return f'<div class="xw-answer xw-open">{text_html(text, turn)}</div>'


def error_html(message: str, language: str) -> str:
    return f'<div class="xw-answer"><span class="xw-badge xw-refused">{LABELS[language]["error"]}</span><p>{escape(message)}</p></div>'


def answer_html(answer: Answer, turn: int) -> str:
    """The whole answer: badge, text, table, sources with their quotes, suggestions."""
    labels = LABELS[answer.language]
    numbers = frozenset(citation.marker for citation in answer.citations)
    parts = [
        f'<span class="xw-badge xw-{answer.status}" data-status="{answer.status}">{labels[answer.status]}</span>',
        f'<span class="xw-understood">{escape(answer.understood)}</span>' if answer.understood else "",
        text_html(answer.text, turn, numbers),
    ]
    if answer.table is not None:
        head = "".join(f"<th>{escape(column)}</th>" for column in answer.table.columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{_linked(escape(cell), turn, numbers)}</td>' for cell in row)}</tr>"
            for row in answer.table.rows
        )
        parts.append(f'<div class="xw-scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>')
    if answer.citations:
        # A long list of sources would push the next question off the page; a marker's link unfolds it.
        unfolded = " open" if len(answer.citations) <= 4 else ""
        items = "".join(_citation(citation, turn, labels) for citation in answer.citations)
        parts.append(
            f'<details class="xw-sources"{unfolded}><summary>{labels["sources"]} ({len(answer.citations)})</summary><ol>{items}</ol></details>'
        )
    if answer.suggestions:
        # The page asks what is written on the one that is pressed.
        choices = "".join(
            f'<button type="button" class="xw-choice">{escape(text)}</button>' for text in answer.suggestions
        )
        parts.append(f'<div class="xw-try"><span>{labels["try"]}</span>{choices}</div>')
    return f'<div class="xw-answer">{"".join(parts)}</div>'


def _place(label: str, labels: dict[str, str]) -> str:
    """A page's number, or a loader's "slide 4" and "sheet 规格", in the words of the language."""
    kind, _, name = label.partition(" ")
    if label.isdigit():
        return labels["page"].format(label)
    return labels[kind].format(name) if kind in ("slide", "sheet") else label


def readable(quote: str) -> str:
    """A quote as it is shown: of a table's row the cells that say something, without the bars around them."""
    lines = []
    for line in quote.splitlines():
        stripped = line.strip()
        if len(stripped) > 1 and stripped[0] == stripped[-1] == "|":
            line = " ｜ ".join(cell.strip() for cell in stripped[1:-1].split("|") if cell.strip())
        lines.append(line)
    return "\n".join(lines)


def _citation(citation: Citation, turn: int, labels: dict[str, str]) -> str:
    about: list[Any] = [
        citation.publisher,
        citation.published,
        _place(str(citation.page), labels) if citation.page else None,
    ]
    title = escape(citation.title)
    # Only the web's own schemes become links: a document may claim javascript: as its address.
    if citation.url and re.match(r"https?://", citation.url):
        title = f'<a href="{escape(citation.url)}" target="_blank" rel="noopener noreferrer nofollow">{title}</a>'
    line = "".join(f" · {escape(str(part))}" for part in about if part)
    also = f'<div class="xw-also">{labels["also"]}: {escape(", ".join(citation.also))}</div>' if citation.also else ""
    return (
        f'<li id="cite-{turn}-{citation.marker}" value="{citation.marker}"><div class="xw-source">{title}{line}</div>'
        f"<blockquote>{escape(readable(citation.quote))}</blockquote>{also}</li>"
    )
