"""Progress: how far a run is and when it will end, on stderr: a bar for people, a line now and then for a CI's log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

EVERY = 10.0
"""Seconds between two lines of a log."""


def shown(name: str) -> Any:
    """A function that passes items on and shows their progress under `name`."""

    def show(items: Iterable[Any], total: int) -> Iterable[Any]:
        return _bar(name, items, total) if sys.stderr.isatty() else _lines(name, items, total)

    return show


def _bar(name: str, items: Iterable[Any], total: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(items, total, description=name)


def _lines(name: str, items: Iterable[Any], total: int) -> Iterator[Any]:
    began = told = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - told >= EVERY and done < total:
            told = now
            print(f"{name}: {done} of {total}, about {eta(now - began, done, total)} left", file=sys.stderr, flush=True)


def eta(elapsed: float, done: int, total: int) -> str:
    """The time that the rest will take at the pace so far."""
    seconds = round(elapsed / done * (total - done)) if done else 0
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
