"""Backup and restore: a home as one file, made and put back while others read it; all of it or nothing.

The vectors are left out: another process may own their index, no snapshot of it fits one of the store, and they can be
made again from the passages. A restored passage keeps the vector that the home already has for the same words; the
others wait, marked pending, and are found by figures and words meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.errors import BusyError, StoreError
from knowledge.home import prepare, writing
from knowledge.migrations import STEPS, migrate

FORMAT = 1
STORE = "xinwen.db"
MANIFEST = "manifest.json"
# Derived, or of one process only: nothing of it goes into a backup or comes out of one.
_LEFT_OUT = ("vectors", "write.pid")
# Seconds to wait for those who write to the store.
PATIENCE = 30.0
_CHUNK = 1 << 20


class Part(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What a backup says of itself. `made` is an ISO time in UTC, `schema_version` the store's."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: int
    made: str
    schema_version: int
    documents: int
    passages: int
    figures: int
    files: dict[str, Part]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup holds, or what was restored; `pending` passages wait for their vectors."""

    path: str
    bytes: int
    documents: int
    passages: int
    figures: int
    pending: int
    made: str


def back_up(home: Path, target: Path) -> Kept:
    """Writes the home's store and files to `target`, as they are at one moment, whoever reads or writes meanwhile.

    A backup of that name is replaced once the new one is whole. Raises StoreError, leaving what was there.
    """
    target = target.expanduser().absolute()
    if target.is_dir():
        raise StoreError(f"{target} is a folder; name a file in it, as {target / 'xinwen.backup'}")
    if home.resolve() in target.resolve().parents:
        raise StoreError(f"{target} lies in the home that it is to keep safe; name a file outside {home}")
    if target.exists() and not _is_backup(target):
        raise StoreError(f"{target} exists and is no backup; name another file")
    if not (home / STORE).is_file():
        raise StoreError(f"there is nothing to back up in {home}; `xinwen status` shows which home is used")
    if not target.parent.is_dir():
        raise StoreError(f"there is no folder {target.parent}; make it first")
    with _told(f"the backup {target} cannot be written", "nothing of it is left"), _workshop(target.parent) as folder:
        copy = folder / STORE
        counts, version = _copy(home / STORE, copy)
        archive = folder / "backup"
        files: dict[str, Part] = {}
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as packed:
            files[STORE] = _pack(packed, copy, STORE)
            for path in _files(home):
                name = path.relative_to(home).as_posix()
                files[name] = _pack(packed, path, name)
            manifest = Manifest(
                format=FORMAT,
                made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                schema_version=version,
                documents=counts[0],
                passages=counts[1],
                figures=counts[2],
                files=files,
            )
            packed.writestr(MANIFEST, manifest.model_dump_json(indent=1))
        archive.chmod(0o600)
        size = archive.stat().st_size
        with archive.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(archive, target)
        _settle(target.parent)
    return Kept(str(target), size, *counts, pending=counts[1], made=manifest.made)


def restore(home: Path, source: Path) -> Kept:
    """Puts a backup in place of what `home` holds, in one transaction that other processes see at once.

    Everything is unpacked and checked before: version, sizes, hashes, schema, integrity. Raises StoreError, BusyError
    when another process is writing; the home is then as it was.
    """
    source = source.expanduser().absolute()
    prepare(home)
    failing = f"{source} cannot be restored"
    with writing(home, timeout=PATIENCE), _told(failing, f"{home} is as it was"), _workshop(home) as folder:
        manifest = _unpack(source, home, folder)
        staged = folder / STORE
        _check_store(staged, manifest, source)
        live = home / STORE
        usable = live.is_file() and _usable(live)
        pending = _reconcile(staged, live if usable else None)
        _move_in(staged, live, usable)
        for name in sorted(manifest.files.keys() - {STORE}):
            place = home / name
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(folder / name, place)
        _settle(home)
    return Kept(
        str(home),
        sum(part.size for part in manifest.files.values()),
        manifest.documents,
        manifest.passages,
        manifest.figures,
        pending,
        manifest.made,
    )


# --- making one -----------------------------------------------------------------------------------------------------


def _copy(store: Path, copy: Path) -> tuple[tuple[int, int, int], int]:
    """A consistent copy of a store in use, without a claim to vectors; its counts and its schema's version."""
    with (
        closing(sqlite3.connect(f"file:{quote(str(store))}?mode=ro", uri=True, timeout=PATIENCE)) as source,
        closing(sqlite3.connect(copy, isolation_level=None)) as target,
    ):
        # In one step: in steps, every write of somebody else would make it begin again.
        source.backup(target, progress=_patiently(store), sleep=0.05)
        target.execute("PRAGMA journal_mode = DELETE")
        problem = _problem(target)
        if problem:
            raise StoreError(f"the store {store} is damaged ({problem}) and was not backed up; run `xinwen doctor`")
        target.execute("BEGIN")
        target.execute("UPDATE passages SET pending = 1 WHERE pending = 0")
        target.execute("DELETE FROM obsolete")
        target.execute("COMMIT")
        version = int(target.execute("PRAGMA user_version").fetchone()[0])
        return _counts(target), version


def _files(home: Path) -> Iterator[Path]:
    """The home's other files: uploads, feedback, whatever comes; no links, nothing derived or hidden."""
    for folder, inner, names in os.walk(home):
        top = Path(folder) == home
        inner[:] = sorted(name for name in inner if not name.startswith(".") and not (top and name in _LEFT_OUT))
        for name in sorted(names):
            path = Path(folder) / name
            if top and (name in _LEFT_OUT or name.startswith(STORE)):
                continue
            if not name.startswith(".") and path.suffix != ".lock" and stat.S_ISREG(path.lstat().st_mode):
                yield path


def _pack(packed: zipfile.ZipFile, path: Path, name: str) -> Part:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, packed.open(zipfile.ZipInfo(name), "w", force_zip64=True) as target:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return Part(size=size, sha256=digest.hexdigest())


# --- reading one ----------------------------------------------------------------------------------------------------


def _manifest(packed: zipfile.ZipFile, source: Path) -> Manifest:
    try:
        info = packed.getinfo(MANIFEST)
        if info.file_size > 50 * _CHUNK:
            raise StoreError(f"{source} is no backup of xinwen: its list of files is absurdly long")
        raw = json.loads(packed.read(info))
        if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
            raise StoreError(f"{source} was made by a newer release (format {raw['format']}); upgrade xinwen")
        return Manifest.model_validate(raw)
    except (KeyError, ValueError, RecursionError) as error:
        reason = f"{error.error_count()} fields are wrong" if isinstance(error, ValidationError) else str(error)
        raise StoreError(f"{source} is no backup of xinwen, or a damaged one ({reason})") from error


def _is_backup(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed:
            _manifest(packed, path)
    except (OSError, zipfile.BadZipFile, NotImplementedError, StoreError):
        return False
    return True


def _unpack(source: Path, home: Path, folder: Path) -> Manifest:
    """The backup's files in `folder`, each of the size and hash that its manifest promises."""
    try:
        with zipfile.ZipFile(source) as packed:
            manifest = _manifest(packed, source)
            if manifest.schema_version > len(STEPS):
                raise StoreError(
                    f"{source} was made by a newer release (schema {manifest.schema_version}, this one knows {len(STEPS)}); upgrade xinwen"
                )
            names = [info.filename for info in packed.infolist()]
            for info in packed.infolist():
                _check_name(info, source)
            if sorted(names) != sorted([*manifest.files, MANIFEST]) or STORE not in manifest.files:
                raise StoreError(f"{source} is damaged: what it holds is not what it lists")
            # Twice: once unpacked, once in the store's own transaction.
            need = 2 * sum(part.size for part in manifest.files.values())
            free = shutil.disk_usage(home).free
            if need > free:
                raise StoreError(
                    f"{source} needs {need // 1_000_000 + 1} MB of disk while it is restored and {home} has "
                    f"{free // 1_000_000} MB; free some space; the home is as it was"
                )
            for name, part in manifest.files.items():
                _extract(packed, name, part, folder / name, source)
            return manifest
    except FileNotFoundError as error:
        raise StoreError(f"there is no backup {source}") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise StoreError(
            f"{source} is no backup of xinwen, or a damaged one ({error}); the home is as it was"
        ) from error


def _check_name(info: zipfile.ZipInfo, source: Path) -> None:
    """Refuses a name that could lead out of the home, or to a file that no backup holds."""
    name = info.filename
    path = PurePosixPath(name)
    mode = info.external_attr >> 16
    wrong = (
        path.is_absolute()
        or name != path.as_posix()
        or any(part == ".." or part.startswith(".") for part in path.parts)
        or any(sign in name for sign in "\\:\0")
        or any(ord(sign) < 32 for sign in name)
        or (stat.S_IFMT(mode) not in (0, stat.S_IFREG))
        or path.parts[0] in _LEFT_OUT
        or path.suffix == ".lock"
        or (name != STORE and path.parts[0].startswith(STORE))
    )
    if wrong:
        raise StoreError(f"{source} is not restored: it holds the file {name[:120]!r}, which no backup of xinwen would")


def _extract(packed: zipfile.ZipFile, name: str, part: Part, place: Path, source: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with packed.open(name) as inner, place.open("xb") as target:
        # No further than was promised: a small archive may unpack to a full disk.
        while chunk := inner.read(min(_CHUNK, part.size - size + 1)):
            size += len(chunk)
            if size > part.size:
                break
            digest.update(chunk)
            target.write(chunk)
    if size != part.size or digest.hexdigest() != part.sha256:
        raise StoreError(f"{source} is damaged: {name} is not what it was when it was backed up; the home is as it was")


def _check_store(staged: Path, manifest: Manifest, source: Path) -> None:
    """Checks the unpacked store inside, and brings its schema to this release's."""
    with closing(sqlite3.connect(staged, isolation_level=None)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        try:
            if connection.execute("PRAGMA user_version").fetchone()[0] != manifest.schema_version:
                raise StoreError(f"{source} is damaged: its store is of another version than it says")
            problem = _problem(connection)
            if problem:
                raise StoreError(f"the store in {source} is damaged ({problem}); the home is as it was")
            migrate(connection, str(source))
        except sqlite3.DatabaseError as error:
            raise StoreError(f"the store in {source} cannot be used ({error}); the home is as it was") from error
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
            migrate(fresh, "memory")
            # A trigger or a view that is none of ours would run with our rights.
            if _schema(connection) != _schema(fresh):
                raise StoreError(f"the store in {source} has a schema that is not ours; the home is as it was")
        if _counts(connection) != (manifest.documents, manifest.passages, manifest.figures):
            raise StoreError(f"{source} is damaged: its store holds another number of documents than it says")


def _reconcile(staged: Path, live: Path | None) -> int:
    """Tells the staged store which vectors the home has: kept where the words are the same, noted to go where not.

    Returns how many passages wait for a vector.
    """
    with closing(sqlite3.connect(staged, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("UPDATE passages SET pending = 1 WHERE pending = 0")
        revision = "SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM {}meta WHERE key = 'revision'"
        highest = connection.execute(revision.format("")).fetchone()[0]
        connection.execute("COMMIT")
        if live is not None:
            connection.execute("ATTACH ? AS live", (str(live),))
            connection.execute("BEGIN")
            connection.execute(
                "UPDATE passages SET pending = 0 WHERE EXISTS (SELECT 1 FROM live.passages l WHERE l.id = passages.id "
                "AND l.pending = 0 AND l.text = passages.text AND l.heading = passages.heading AND l.header = passages.header)"
            )
            connection.execute(
                "INSERT OR IGNORE INTO obsolete SELECT id FROM live.passages WHERE id NOT IN (SELECT id FROM passages)"
            )
            connection.execute(
                "INSERT OR IGNORE INTO obsolete SELECT passage_id FROM live.obsolete WHERE passage_id NOT IN (SELECT id FROM passages)"
            )
            highest = max(highest, connection.execute(revision.format("live.")).fetchone()[0])
            connection.execute("COMMIT")
            connection.execute("DETACH live")
        # A revision that no reader has seen: what they remember of the old store is forgotten.
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('revision', ?)", (str(highest + 1),))
        return int(connection.execute("SELECT count(*) FROM passages WHERE pending = 1").fetchone()[0])


def _move_in(staged: Path, live: Path, usable: bool) -> None:
    """The staged store in place of the live one: by one transaction of SQLite's where others may have it open."""
    if usable:
        with (
            closing(sqlite3.connect(staged)) as source,
            closing(sqlite3.connect(live, timeout=PATIENCE)) as target,
        ):
            source.backup(target, progress=_patiently(live), sleep=0.05)
        return
    # What was there is no store; it is moved aside, not thrown away.
    for path in sorted(live.parent.glob(f"{STORE}*")):
        if path.name in (STORE, f"{STORE}-wal", f"{STORE}-shm"):
            os.replace(path, path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}"))
    os.replace(staged, live)


def _patiently(store: Path) -> Callable[[int, int, int], None]:
    """Ends a copy that waits for others longer than patience lasts; left alone, it would wait for ever."""
    start = time.monotonic()

    def step(code: int, remaining: int, total: int) -> None:
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() - start > PATIENCE:
            raise BusyError(f"another process is writing to {store}; wait until it is done")

    return step


def _usable(store: Path) -> bool:
    """Whether `store` is one that a restore can write into and take revisions and vectors over from."""
    try:
        with closing(sqlite3.connect(store, timeout=PATIENCE, isolation_level=None)) as connection:
            migrate(connection, str(store))
            return _problem(connection) == ""
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise BusyError(f"another process is writing to {store}; wait until it is done") from error
        return False
    except (sqlite3.DatabaseError, StoreError):
        return False


def _problem(connection: sqlite3.Connection) -> str:
    """What is wrong with a store inside; "" when nothing is."""
    found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if found != "ok":
        return " ".join(found.split())[:200]
    row = connection.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of {row[0]} belongs to nothing" if row else ""


def _counts(connection: sqlite3.Connection) -> tuple[int, int, int]:
    documents, passages, figures = (
        int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        for table in ("documents", "passages", "figures")
    )
    return documents, passages, figures


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master")
    return {(kind, name, " ".join(sql.split())) for kind, name, sql in rows if not name.startswith("sqlite_")}


# --- places and words -----------------------------------------------------------------------------------------------


@contextmanager
def _workshop(parent: Path) -> Iterator[Path]:
    """A folder beside the goal, gone afterwards; those that killed processes left behind are cleared first."""
    from filelock import FileLock, Timeout

    prefix = ".xinwen-unfinished-"
    for left in parent.glob(f"{prefix}*"):
        try:
            with FileLock(str(left / "alive.lock"), timeout=0):
                shutil.rmtree(left, ignore_errors=True)
        except (Timeout, OSError):
            continue
    with (
        tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as folder,
        FileLock(str(Path(folder) / "alive.lock"), timeout=0),
    ):
        yield Path(folder)


def _settle(folder: Path) -> None:
    """Makes the folder's new names survive a power cut, where the platform can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _told(failing: str, kept: str) -> Iterator[None]:
    """The disk's and SQLite's errors in words that say what failed and what is still there."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        hint = "free some space and run the command again" if "full" in reason or "space" in reason else ""
        if "locked" in reason or "busy" in reason:
            raise BusyError(f"{failing}: another process is writing; wait until it is done ({kept})") from error
        raise StoreError("; ".join(filter(None, (f"{failing} ({reason})", kept, hint)))) from error


__all__ = ["Kept", "Manifest", "back_up", "restore"]
