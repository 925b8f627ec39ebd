"""Watching: folders whose documents follow what happens to their files."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from knowledge.errors import SettingsError
from knowledge.store import Store

# Milliseconds in which changes are gathered: a copy of many files, or an editor's save in three steps, is one change.
GATHER = 800
# Milliseconds after which a quiet watch asks whether it should stop.
LISTEN = 500
# Seconds between two readings of everything.
RESCAN = 600.0


def watched(folders: Sequence[str | Path], home: Path) -> list[Path]:
    """The folders, resolved. Raises SettingsError for one that is none, or that would watch the home's own writes."""
    roots: list[Path] = []
    for folder in folders:
        root = Path(folder).expanduser().resolve()
        if not root.is_dir():
            raise SettingsError(f"{folder} is no folder that can be watched")
        inside = home.resolve()
        if root == inside or root in inside.parents or inside in root.parents:
            raise SettingsError(f"{folder} and the home {home} lie in each other; watch a folder apart from it")
        roots.append(root)
    return roots


def gone(store: Store, roots: Sequence[Path]) -> list[str]:
    """The ids of documents that came from files of `roots` which are there no more.

    A root that is itself not there (a share that lost its connection) has lost no file.
    """
    found: list[str] = []
    for root in roots:
        if not root.is_dir():
            continue
        for origin, document_id in store.origins(f"{root}{os.sep}").items():
            if not os.path.lexists(origin) and root.is_dir():
                found.append(document_id)
    return found


def changes(roots: Sequence[Path], stop: threading.Event) -> Iterator[list[Path]]:
    """What was added, changed or removed under `roots`, gathered, until `stop` is set.

    The roots themselves come first, once the watch stands, so that nothing falls between a first reading and it; and
    again every `RESCAN` seconds: of what another machine does to a share, nobody is told.
    """
    from watchfiles import watch

    looked = float("-inf")
    for batch in watch(
        *roots,
        debounce=GATHER,
        stop_event=stop,
        rust_timeout=LISTEN,
        yield_on_timeout=True,
        watch_filter=lambda change, path: not _hidden(Path(path), roots),
        ignore_permission_denied=True,
    ):
        if time.monotonic() - looked > RESCAN:
            looked = time.monotonic()
            yield list(roots)
        if batch:
            yield sorted({Path(path) for _, path in batch})


def _hidden(path: Path, roots: Sequence[Path]) -> bool:
    """Whether a part of the path below its root begins with a dot: editors' and systems' own files."""
    return any(
        part.startswith(".") for root in roots if path.is_relative_to(root) for part in path.relative_to(root).parts
    )


def readable(paths: Sequence[Path], supported: Callable[[Path], bool]) -> list[Path]:
    """Of changed paths those that are there and may be documents: folders, and files of a supported kind."""
    return [path for path in paths if path.is_dir() or (path.is_file() and supported(path))]
