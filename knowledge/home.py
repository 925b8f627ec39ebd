"""The data directory of an installation, and the lock that lets one process write to it at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from knowledge.errors import BusyError, StoreError


def prepare(home: Path) -> Path:
    """`home`, created if needed. Raises StoreError when it is not a directory that can be written to."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"the data directory {home} cannot be written to ({error.strerror or error}); "
            "name another with --home or XINWEN_HOME, or mend its permissions"
        ) from error
    return home


@contextmanager
def writing(home: Path, timeout: float = 0.0) -> Iterator[None]:
    """Holds the home's write lock. Raises BusyError, naming the process, when another one holds it."""
    from filelock import FileLock, Timeout

    path = home / "write.lock"
    note = home / "write.pid"
    lock = FileLock(str(path), timeout=timeout)
    try:
        lock.acquire()
    except Timeout as error:
        try:
            owner = note.read_text().strip() or "unknown"
        except OSError:
            owner = "unknown"
        raise BusyError(
            f"another process (pid {owner}) is writing to {home}; wait until it is done, or use another --home"
        ) from error
    except OSError as error:
        raise StoreError(f"the data directory {home} cannot be locked ({error.strerror or error})") from error
    try:
        # The note only makes the message better: a full disk must fail where something is lost, and say what.
        with suppress(OSError):
            note.write_text(str(os.getpid()))
        yield
    finally:
        lock.release()
