"""Console: answers, passages and progress for people at a terminal, and plain text for pipes."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from assistant.answer import Answer

Progress = Callable[[str, int, int], None]


def printable(text: str) -> str:
    """`text` without the control characters by which a document could drive the terminal."""
    return "".join(
        character for character in text if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
    )


def answer_text(answer: Answer) -> str:
    """The answer, its table and its sources as plain text."""
    from assistant.wording import also_in

    parts = [answer.text]
    if answer.table is not None:
        parts.append(table_text(answer.table.columns, answer.table.rows))
    if answer.citations:
        lines = []
        for citation in answer.citations:
            about = [
                citation.publisher,
                citation.published,
                citation.url,
                (f"p. {citation.page}" if str(citation.page).isdigit() else str(citation.page))
                if citation.page
                else None,
            ]
            lines.append(f"[{citation.marker}] {citation.title}" + "".join(f" · {part}" for part in about if part))
            if citation.also:
                lines.append("    " + also_in(answer.language, citation.also))
            lines += [f"    > {line}" for line in citation.quote.strip().splitlines()]
        parts.append("\n".join(lines))
    if answer.suggestions:
        parts.append("\n".join(f"→ {suggestion}" for suggestion in answer.suggestions))
    return printable("\n\n".join(parts))


def table_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns lined up by the width that a terminal gives Han and Latin characters."""
    grid = [list(map(_cell, row)) for row in (columns, *rows)]
    widths = [max((_width(row[at]) for row in grid if at < len(row)), default=0) for at in range(len(columns))]
    lines = [
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in grid
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)


def _cell(text: object) -> str:
    return printable(str(text)).replace("\n", " ")


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def plain(value: Any) -> Any:
    """`value` as JSON types: pydantic models, dataclasses, decimals, paths and enums included."""
    import dataclasses
    from decimal import Decimal
    from pathlib import Path

    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value) if isinstance(value, Path) else value


def hit_line(hit: Any) -> dict[str, Any]:
    """A search hit flat: the passage's text and span, its document, and the scores."""
    passage, info = hit.passage, hit.document
    return {
        "passage_id": passage.id,
        "document_id": passage.document_id,
        "title": info.title,
        "publisher": info.publisher,
        "url": info.url,
        "published": info.published,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "page": passage.page,
        "score": hit.score,
        "lexical": hit.lexical,
        "dense": hit.dense,
    }


def note(text: str) -> None:
    """A line on stderr."""
    print(printable(text), file=sys.stderr, flush=True)


class Interrupt:
    """Remembers that a person pressed Ctrl-C.

    An exception raised while foreign code calls back into Python is swallowed there, and the work would go on for
    minutes; so long work asks at every step.
    """

    wanted = False

    @classmethod
    def signalled(cls, *_: object) -> None:
        """The signal handler."""
        cls.wanted = True
        raise KeyboardInterrupt

    @classmethod
    def check(cls) -> None:
        """Raises KeyboardInterrupt when one was asked for and got lost."""
        if cls.wanted:
            raise KeyboardInterrupt


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """A callback (label, done, total): bars at a terminal, a line now and then elsewhere; on stderr always."""
    if quiet:
        yield lambda label, done, total: None
        return
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(label: str, done: int, total: int) -> None:
            Interrupt.check()
            if label not in tasks:
                tasks[label] = bars.add_task(printable(label), total=total)
            bars.update(tasks[label], completed=done, total=total)

        yield show


def _lines(every: float = 2.0) -> Progress:
    shown: dict[str, float] = {}

    def show(label: str, done: int, total: int) -> None:
        Interrupt.check()
        now = time.monotonic()
        if now - shown.get(label, now - every) >= every or label not in shown or done >= total:
            shown[label] = now
            note(f"{label}: {done}/{total}")

    return show
