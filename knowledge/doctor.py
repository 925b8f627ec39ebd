"""Doctor: whether a home's parts agree with each other, and what mends them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.catalog import Catalog
from knowledge.errors import XinwenError
from knowledge.repairs import drop_orphans, forget_fingerprints, rebuild_lexical, reindex
from knowledge.store import Store

if TYPE_CHECKING:
    from knowledge.sync import Sync
    from knowledge.vectors import Vectors

# Names shown of what is wrong; the count tells how many there are.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: `check` says with what, `examples` names a few; `remedy` what to do when `repaired` is False."""

    check: str
    problem: str
    count: int
    examples: tuple[str, ...] = ()
    repaired: bool = False
    remedy: str = "run `xinwen doctor --repair`"


@dataclass(frozen=True, slots=True)
class Health:
    """The findings, and what could not be looked at with the reason."""

    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        """Whether nothing is wrong, or nothing any more."""
        return all(finding.repaired for finding in self.findings)


def examine(store: Store, sync: Sync, catalog: Catalog, vectors: Vectors | None, repair: bool = False) -> Health:
    """Looks the store and the vectors over; with `repair` mends what can be mended, re-reading documents from their
    files or, where those are gone, from the text that the store holds. The caller holds the write lock to repair."""
    found: list[Finding] = []
    with closing(_reader(store)) as connection:
        found += _file(connection, store, repair)
        if any(not finding.repaired and finding.check == "file" for finding in found):
            # In a damaged file every other check would only find the damage again.
            return Health(tuple(found), ("the rest: the store's file is damaged",))
        found += _orphans(connection, store, repair)
        found += _lexical(connection, store, catalog, repair)
        found += _documents(connection, store, sync, repair)
        found += _stale(connection, store, sync, repair)
    if vectors is None:
        return Health(
            tuple(found), ("vectors: another process uses their index (a server?); stop it to have them checked",)
        )
    return Health((*found, *_vectors(store, vectors, repair)))


def _reader(store: Store) -> sqlite3.Connection:
    return sqlite3.connect(store.path, timeout=10, isolation_level=None)


def _mended(finding: Finding, repair: bool, mend: Callable[[], object]) -> Finding:
    """The finding, mended when asked for; what stands in the way of mending becomes its remedy."""
    from dataclasses import replace

    if not repair:
        return finding
    try:
        mend()
    except XinwenError as error:
        return replace(finding, remedy=f"could not be repaired: {error}")
    return replace(finding, repaired=True, remedy="")


def _finding(check: str, problem: str, names: list[str]) -> Finding:
    return Finding(check, problem, len(names), tuple(names[:SHOWN]))


def _file(connection: sqlite3.Connection, store: Store, repair: bool) -> Iterator[Finding]:
    messages = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
    # The lexical index is looked at by itself, below.
    messages = [text for text in messages if text != "ok" and "fts5" not in text.casefold()]
    if not messages:
        return
    finding = Finding(
        "file",
        "the store's file is damaged",
        len(messages),
        tuple(" ".join(text.split())[:160] for text in messages[:SHOWN]),
        remedy="restore a backup with `xinwen restore FILE`, or move xinwen.db away and ingest the documents again",
    )
    if all("index" in text and "fts" not in text for text in messages):
        yield _mended(finding, repair, lambda: reindex(store))
    else:
        yield finding


def _orphans(connection: sqlite3.Connection, store: Store, repair: bool) -> Iterator[Finding]:
    rows = [str(row[0]) for row in connection.execute("PRAGMA foreign_key_check")]
    if rows:
        yield _mended(
            _finding("orphans", "rows belong to documents that are not there", rows),
            repair,
            lambda: drop_orphans(store),
        )
    noted = [
        str(row[0])
        for row in connection.execute(
            "SELECT origin FROM fingerprints WHERE origin NOT IN (SELECT origin FROM documents) ORDER BY origin"
        )
    ]
    if noted:
        finding = _finding("orphans", "origins are noted as read while their documents are not there", noted)
        yield _mended(finding, repair, lambda: forget_fingerprints(store, noted))


def _lexical(connection: sqlite3.Connection, store: Store, catalog: Catalog, repair: bool) -> Iterator[Finding]:
    problem, wrong = "", 0
    try:
        missing = connection.execute(
            "SELECT count(*) FROM passages WHERE number NOT IN (SELECT rowid FROM lexical)"
        ).fetchone()[0]
        strays = connection.execute(
            "SELECT count(*) FROM lexical WHERE rowid NOT IN (SELECT number FROM passages)"
        ).fetchone()[0]
        wrong = missing + strays
        if wrong:
            problem = f"the keyword index lacks {missing} passages and holds {strays} that are gone"
        connection.execute("INSERT INTO lexical (lexical) VALUES ('integrity-check')")
    except sqlite3.DatabaseError as error:
        problem, wrong = f"the keyword index is damaged ({error})", max(1, wrong)
    if problem:
        yield _mended(
            Finding("keywords", problem, wrong),
            repair,
            lambda: rebuild_lexical(store, catalog),
        )


def _documents(connection: sqlite3.Connection, store: Store, sync: Sync, repair: bool) -> Iterator[Finding]:
    """Every document is what its id says, and every passage and figure stands in its text where it says it does."""
    altered: list[str] = []
    misplaced: list[str] = []
    empty: list[str] = []
    for document_id, origin in connection.execute("SELECT id, origin FROM documents ORDER BY origin").fetchall():
        try:
            document = store.document(document_id)
        except (ValueError, TypeError):
            altered.append(origin)
            continue
        if document is None or document.id != document_id:
            altered.append(origin)
            continue
        text, passages = document.text, 0
        good = True
        for start, end, written in connection.execute(
            'SELECT start, "end", text FROM passages WHERE document_id = ?', (document_id,)
        ):
            passages += 1
            good &= text[start:end] == written
        for start, end, quote_start, quote_end in connection.execute(
            'SELECT start, "end", quote_start, quote_end FROM figures WHERE document_id = ?', (document_id,)
        ):
            good &= 0 <= quote_start < quote_end <= len(text) and 0 <= start <= end <= len(text)
        if not good:
            misplaced.append(origin)
        elif not passages:
            empty.append(origin)
    for problem, origins in (
        ("documents are not what they were when they were stored", altered),
        ("passages or figures do not stand in the text where they say", misplaced),
        ("documents have no passages", empty),
    ):
        if origins:
            finding = _finding("documents", problem, origins)
            yield _mended(finding, repair, lambda origins=origins: sync.read_again(origins))  # type: ignore[misc]


def _stale(connection: sqlite3.Connection, store: Store, sync: Sync, repair: bool) -> Iterator[Finding]:
    stale = [
        origin
        for origin, fingerprint in connection.execute("SELECT origin, fingerprint FROM fingerprints ORDER BY origin")
        if not fingerprint.startswith(f"{sync.version}:")
    ]
    if stale:
        finding = _finding("rules", "documents were read by the rules of an older release", stale)
        yield _mended(finding, repair, lambda: sync.read_again(stale))


def _vectors(store: Store, vectors: Vectors, repair: bool) -> Iterator[Finding]:
    # The index first: a writer stores a passage before its vector.
    held = vectors.ids()
    passages = store.passage_ids()
    lost = sorted(identity for identity, embedded in passages.items() if embedded and identity not in held)
    strays = sorted(held - passages.keys() - set(store.obsolete()))
    if lost:
        finding = _finding("vectors", "passages are said to have vectors that are not there", lost)
        yield _mended(finding, repair, lambda: store.mark_pending(lost))
    if strays:
        finding = _finding("vectors", "vectors belong to passages that are not there", strays)
        yield _mended(finding, repair, lambda: vectors.delete(strays))
