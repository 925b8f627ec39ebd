"""The store: documents, passages, figures and the lexical index, in one SQLite file; the one source of truth."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from knowledge.documents import Document, Passage
from knowledge.errors import BusyError, DocumentError, StoreError
from knowledge.figures import Figure
from knowledge.migrations import migrate
from knowledge.quantities import Quantity

# A product's id with the Han word before its code: ~霜刃k289.
_PREFIXED = re.compile(r"~[\u4e00-\u9fff]{2,3}([a-z0-9][a-z0-9+.]*)")
# How many documents of one band are looked at, and how many of all bands are compared, when a reprint is looked for.
BAND_READ, CANDIDATES = 64, 16
# How many earlier editions of a document are remembered.
EDITIONS = 5
_DOCUMENT = "id, origin, title, publisher, url, published, language, kind, claimed_by"
_FIGURE = [item.name for item in fields(Figure)]
_FIGURE_COLUMNS = ", ".join(f'"{name}"' for name in _FIGURE)
_DECIMALS = frozenset({"value", "base", "high", "high_base"})
_PASSAGE = 'id, document_id, start, "end", text, heading, header, is_table, page'


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document without its text."""

    id: str
    origin: str
    title: str
    publisher: str | None
    url: str | None
    published: str | None
    language: str
    kind: str
    claimed_by: str


@dataclass(frozen=True, slots=True)
class Edition:
    """An earlier edition of a document, replaced at the UTC time `replaced`; `said` lists (product, attribute, value) of
    the figures that its successor does not state."""

    document_id: str
    title: str
    published: str | None
    replaced: str
    said: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a store holds; `pending` passages wait for their vectors, `unowned` quantities found no subject."""

    documents: int
    passages: int
    figures: int
    pending: int
    unowned: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """All that one document brings into the store, in one transaction."""

    document: Document
    passages: Sequence[Passage]
    figures: Sequence[Figure]
    tokens: Sequence[str]
    unowned: Sequence[Quantity] = ()
    fingerprint: str = ""
    signature: bytes | None = None
    bands: Sequence[str] = ()
    article: str = ""


class Store:
    """Rows in, rows out. Each thread has its own connection; writers are kept apart by the home's lock."""

    def __init__(self, path: Path | str) -> None:
        self._path = str(path)
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._write = threading.RLock()
        self._wholes: tuple[int, dict[str, tuple[str, str]]] | None = None
        self._reprinted: tuple[int, dict[str, tuple[str, str, str]]] | None = None
        with self._explained():
            migrate(self._connection, self._path)

    @classmethod
    def open(cls, home: Path) -> Store:
        """The store in `home`, created or brought to the current schema. Raises StoreError for people."""
        return cls(home / "xinwen.db")

    # --- connections and transactions -------------------------------------------------------------------------------

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path, timeout=10, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            for pragma in (
                "journal_mode = WAL",
                "synchronous = NORMAL",
                "foreign_keys = ON",
                "cache_size = -16000",
                "temp_store = MEMORY",
            ):
                connection.execute(f"PRAGMA {pragma}")
            self._local.connection = connection
            with self._guard:
                self._connections.append(connection)
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """SQLite's errors in words that help."""
        try:
            yield
        except sqlite3.OperationalError as error:
            text = str(error)
            if "full" in text:
                raise StoreError(
                    f"the disk that holds {self._path} is full; free some space and run the command again: "
                    "what was already stored is kept"
                ) from error
            if "locked" in text or "busy" in text:
                raise BusyError(f"another process is writing to {self._path}; wait until it is done") from error
            if "readonly" in text or "unable to open" in text:
                raise StoreError(
                    f"{self._path} cannot be opened for writing ({text}); name another home with --home"
                ) from error
            raise StoreError(f"{self._path}: {text}") from error
        except (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError) as error:
            # What was to be stored is at fault, not the store.
            raise DocumentError(f"cannot be stored: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self._path} is damaged or not a store ({error}); move it away and run `xinwen sync`"
            ) from error

    @property
    def path(self) -> str:
        return self._path

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction; readers' caches go when it changed something."""
        with self._write, self._explained():
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            before = connection.total_changes
            try:
                yield connection
                # A transaction that changed nothing (an unknown id removed) leaves the readers' caches alone.
                if connection.total_changes > before:
                    connection.execute(
                        "INSERT INTO meta VALUES ('revision', '1') ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
                    )
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._explained():
            return self._connection.execute(sql, values).fetchall()

    # Tables with a module of their own (what the web said) share the connection and its guarantees.
    rows = _rows

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._guard:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    # --- writing ----------------------------------------------------------------------------------------------------

    def put(self, entries: Sequence[Entry]) -> list[Literal["added", "updated", "unchanged"]]:
        """Stores documents with their passages, figures and lexical entries in one transaction, replacing what the same
        origins held before; returns for each what happened. Passages wait, marked pending, for their vectors; those of a
        document that was only read again, their searchable words the same, keep the vectors they have.

        Raises DocumentError when an entry contradicts itself, StoreError when the store cannot be written; nothing of
        the call is stored then.
        """
        outcomes: list[Literal["added", "updated", "unchanged"]] = []
        with self.transaction() as connection:
            for entry in entries:
                outcomes.append(self._put(connection, entry))
        return outcomes

    def _put(self, connection: sqlite3.Connection, entry: Entry) -> Literal["added", "updated", "unchanged"]:
        document = entry.document
        document_id = document.id
        known = connection.execute("SELECT id FROM documents WHERE origin = ?", (document.origin,)).fetchone()
        if entry.fingerprint:
            connection.execute(
                "INSERT OR REPLACE INTO fingerprints VALUES (?, ?)", (document.origin, entry.fingerprint)
            )
        embedded: set[tuple[object, ...]] = set()
        if known is not None:
            if known[0] == document_id:
                embedded = set(
                    connection.execute(
                        "SELECT id, text, heading, header FROM passages WHERE document_id = ? AND pending = 0",
                        (document_id,),
                    )
                )
            else:
                self._note_edition(connection, known[0], entry)
            self._delete(connection, known[0])
        connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document_id,
                document.origin,
                document.title,
                document.publisher,
                document.url,
                document.published,
                document.language,
                document.kind,
                document.claimed_by,
                document.text,
                json.dumps(document.pages),
                entry.article or document_id,
                len(entry.unowned),
            ),
        )
        for passage, tokens in zip(entry.passages, entry.tokens, strict=True):
            heading = json.dumps(passage.heading, ensure_ascii=False)
            cursor = connection.execute(
                f"INSERT INTO passages ({_PASSAGE}, pending) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    passage.id,
                    document_id,
                    passage.start,
                    passage.end,
                    passage.text,
                    heading,
                    passage.header,
                    int(passage.table),
                    passage.page,
                    int((passage.id, passage.text, heading, passage.header) not in embedded),
                ),
            )
            connection.execute("INSERT INTO lexical (rowid, tokens) VALUES (?, ?)", (cursor.lastrowid, tokens))
            connection.execute("DELETE FROM obsolete WHERE passage_id = ?", (passage.id,))
        connection.executemany(
            f"INSERT INTO figures ({_FIGURE_COLUMNS}) VALUES ({', '.join('?' * len(_FIGURE))})",
            [_figure_row(figure) for figure in entry.figures],
        )
        connection.executemany(
            "INSERT INTO unowned VALUES (?, ?, ?, ?, ?)",
            [(document_id, item.start, item.end, item.text, item.dimension) for item in entry.unowned],
        )
        if entry.signature is not None:
            connection.execute("INSERT INTO signatures VALUES (?, ?)", (document_id, entry.signature))
            connection.executemany("INSERT INTO bands VALUES (?, ?)", [(band, document_id) for band in entry.bands])
        if known is None:
            return "added"
        return "unchanged" if known[0] == document_id else "updated"

    @staticmethod
    def _note_edition(connection: sqlite3.Connection, replaced: str, entry: Entry) -> None:
        """Keeps the figures that a document stated and its new edition does not."""
        now = {(figure.subject, figure.attribute, figure.text) for figure in entry.figures}
        rows = connection.execute(
            "SELECT subject, attribute, text, subject_name FROM figures WHERE document_id = ? ORDER BY rowid",
            (replaced,),
        )
        said = [
            {"product": name, "attribute": attribute, "value": text}
            for subject, attribute, text, name in rows
            if (subject, attribute, text) not in now
        ]
        if not said:
            return
        origin = entry.document.origin
        connection.execute(
            "INSERT INTO editions SELECT origin, id, title, published, datetime('now'), ? FROM documents WHERE id = ?",
            (json.dumps(said, ensure_ascii=False), replaced),
        )
        # A file that is saved all day does not fill the store.
        connection.execute(
            "DELETE FROM editions WHERE origin = ? AND rowid NOT IN "
            "(SELECT rowid FROM editions WHERE origin = ? ORDER BY rowid DESC LIMIT ?)",
            (origin, origin, EDITIONS),
        )

    @staticmethod
    def _delete(connection: sqlite3.Connection, document_id: str) -> None:
        connection.execute(
            "DELETE FROM lexical WHERE rowid IN (SELECT number FROM passages WHERE document_id = ?)", (document_id,)
        )
        # Pending ones too: a process killed between writing a vector and saying so has left one behind.
        connection.execute(
            "INSERT OR IGNORE INTO obsolete SELECT id FROM passages WHERE document_id = ?", (document_id,)
        )
        connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def remove(self, document_id: str) -> bool:
        """Removes a document with everything that came from it; False when there is none of that id."""
        with self.transaction() as connection:
            origin = connection.execute("SELECT origin FROM documents WHERE id = ?", (document_id,)).fetchone()
            if origin is None:
                return False
            self._delete(connection, document_id)
            connection.execute("DELETE FROM fingerprints WHERE origin = ?", origin)
            connection.execute("DELETE FROM editions WHERE origin = ?", origin)
        return True

    def touch(self, origin: str, fingerprint: str) -> None:
        """Notes that `origin` was read again and says the same."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO fingerprints VALUES (?, ?)", (origin, fingerprint))

    def mark_embedded(self, passage_ids: Sequence[str]) -> None:
        """Says that these passages have their vectors."""
        with self.transaction() as connection:
            connection.executemany(
                "UPDATE passages SET pending = 0 WHERE id = ?", [(passage_id,) for passage_id in passage_ids]
            )

    def mark_pending(self, passage_ids: Sequence[str]) -> None:
        """Says that the vectors of these passages have to be made again."""
        with self.transaction() as connection:
            connection.executemany(
                "UPDATE passages SET pending = 1 WHERE id = ?", [(passage_id,) for passage_id in passage_ids]
            )

    def mark_all_pending(self) -> None:
        """Says that every vector has to be made again. Obsolete ones stay noted until they are seen to be gone."""
        with self.transaction() as connection:
            connection.execute("UPDATE passages SET pending = 1")

    def forget_obsolete(self, passage_ids: Sequence[str]) -> None:
        """Says that the vectors of these replaced passages are gone."""
        with self.transaction() as connection:
            connection.executemany(
                "DELETE FROM obsolete WHERE passage_id = ?", [(passage_id,) for passage_id in passage_ids]
            )

    def set_meta(self, key: str, value: str) -> None:
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # --- reading ----------------------------------------------------------------------------------------------------

    def meta(self, key: str) -> str | None:
        rows = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    @property
    def revision(self) -> int:
        """A number that grows with every committed change, of this process or another."""
        return int(self.meta("revision") or 0)

    def fingerprint(self, origin: str) -> str | None:
        rows = self._rows("SELECT fingerprint FROM fingerprints WHERE origin = ?", (origin,))
        return str(rows[0][0]) if rows else None

    def document(self, document_id: str) -> Document | None:
        rows = self._rows(
            "SELECT origin, title, text, publisher, url, published, language, kind, claimed_by, pages FROM documents WHERE id = ?",
            (document_id,),
        )
        if not rows:
            return None
        *plain, pages = rows[0]
        origin, title, text, publisher, url, published, language, kind, claimed_by = plain
        return Document(
            origin,
            title,
            text,
            publisher,
            url,
            published,
            language,
            kind,
            claimed_by,
            pages=tuple((offset, label) for offset, label in json.loads(pages)),
        )

    def documents(self) -> list[DocumentInfo]:
        return [DocumentInfo(*row) for row in self._rows(f"SELECT {_DOCUMENT} FROM documents ORDER BY origin")]

    def document_infos(self, document_ids: Collection[str]) -> dict[str, DocumentInfo]:
        rows = self._in(f"SELECT {_DOCUMENT} FROM documents WHERE id IN", document_ids)
        return {row[0]: DocumentInfo(*row) for row in rows}

    def origins(self, prefix: str = "") -> dict[str, str]:
        """Origin → document id of the documents whose origin begins with `prefix`."""
        return dict(
            self._rows("SELECT origin, id FROM documents WHERE substr(origin, 1, ?) = ?", (len(prefix), prefix))
        )

    def passages(self, passage_ids: Collection[str]) -> dict[str, Passage]:
        return {row[0]: _passage(row) for row in self._in(f"SELECT {_PASSAGE} FROM passages WHERE id IN", passage_ids)}

    def passages_of(self, document_id: str) -> list[Passage]:
        return [
            _passage(row)
            for row in self._rows(
                f"SELECT {_PASSAGE} FROM passages WHERE document_id = ? ORDER BY start", (document_id,)
            )
        ]

    def figures(
        self,
        subjects: Collection[str] | None = None,
        attributes: Collection[str] | None = None,
        document_id: str | None = None,
    ) -> list[Figure]:
        """The figures of these subjects and attributes (None: of all), in the order they were stored.

        What several printings of one article say comes once, from the first of them; all that one document says comes
        when `document_id` asks for it.
        """
        where, values = [], []
        if subjects is not None and any(subject.startswith("~") for subject in subjects):
            bare = {whole: code for code, (whole, _) in self._whole_names().items()}
            subjects = [*subjects, *(bare[subject] for subject in subjects if subject in bare)]
        for column, wanted in (("subject", subjects), ("attribute", attributes)):
            if wanted is not None:
                where.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values += list(wanted)
        if document_id is not None:
            where.append("document_id = ?")
            values.append(document_id)
        clause = f" WHERE {' AND '.join(where)}" if where else ""
        found = [
            _figure(row) for row in self._rows(f"SELECT {_FIGURE_COLUMNS} FROM figures{clause} ORDER BY rowid", values)
        ]
        if any(figure.subject[0] == "~" for figure in found):
            # K289 is called by its whole name where only one 霜刃K289 is known.
            wholes = self._whole_names()
            found = [
                replace(figure, subject=whole[0], subject_name=whole[1])
                if (whole := wholes.get(figure.subject)) is not None
                else figure
                for figure in found
            ]
        return found if document_id is not None else self._of_first_printings(found)

    def _whole_names(self) -> dict[str, tuple[str, str]]:
        """The id of a bare code → id and name of the one product that documents call so with a Han word before it."""
        revision = self.revision
        if self._wholes is None or self._wholes[0] != revision:
            rows = self._rows("SELECT subject, max(subject_name) FROM figures WHERE subject LIKE '~%' GROUP BY subject")
            codes: dict[str, list[tuple[str, str]]] = {}
            for subject, name in rows:
                match = _PREFIXED.fullmatch(subject)
                if match is not None:
                    codes.setdefault(f"~{match.group(1)}", []).append((subject, name))
            bare = {subject for subject, _ in rows}
            wholes = {code: named[0] for code, named in codes.items() if code in bare and len(named) == 1}
            self._wholes = (revision, wholes)
        return self._wholes[1]

    def _of_first_printings(self, figures: list[Figure]) -> list[Figure]:
        """`figures` without those that a later printing repeats: a reprint is no second source, and its "today" is the
        first printing's day, not its own."""
        printings = self._printings()
        first: dict[tuple[str, str, str], tuple[str, str]] = {}
        for figure in figures:
            printing = printings.get(figure.document_id)
            if printing is not None:
                key = (printing[0], figure.subject, figure.attribute)
                first[key] = min(first.get(key, printing[1:]), printing[1:])
        if not first:
            return figures
        return [
            figure
            for figure in figures
            if (printing := printings.get(figure.document_id)) is None
            or first[printing[0], figure.subject, figure.attribute] == printing[1:]
        ]

    def _printings(self) -> dict[str, tuple[str, str, str]]:
        """Document id → (article, place among its printings, id) of the documents whose article was printed more than once."""
        revision = self.revision
        if self._reprinted is None or self._reprinted[0] != revision:
            rows = self._rows(
                "SELECT id, article, published, claimed_by FROM documents WHERE article IN "
                "(SELECT article FROM documents GROUP BY article HAVING count(*) > 1)"
            )
            # The maker's own release is the source of what others print; a printing without a date is not the first as
            # long as another has one.
            self._reprinted = (
                revision,
                {
                    document_id: (article, f"{int(claimed_by != 'vendor')} {published or '9999'}", document_id)
                    for document_id, article, published, claimed_by in rows
                },
            )
        return self._reprinted[1]

    def subjects_by_value(self, attribute: str, highest: bool = True) -> Iterator[tuple[str, float]]:
        """(subject, value in base units) of an attribute's figures, the highest (or lowest) first, a page at a time.

        A subject comes as often as it has figures; what is read grows with what is taken, not with the ledger.
        """
        at, page = 0, 64
        order = "DESC" if highest else "ASC"
        while True:
            rows = self._rows(
                "SELECT subject, CAST(base AS REAL) FROM figures WHERE attribute = ? AND CAST(base AS REAL) IS NOT NULL "
                f"ORDER BY CAST(base AS REAL) {order} LIMIT ? OFFSET ?",
                (attribute, page, at),
            )
            wholes = self._whole_names() if any(subject.startswith("~") for subject, _ in rows) else {}
            yield from ((wholes[subject][0] if subject in wholes else subject, base) for subject, base in rows)
            if len(rows) < page:
                return
            at, page = at + page, min(page * 4, 4096)

    def subjects(self) -> list[tuple[str, str, str, int]]:
        """(subject, name, kind, number of figures) of everything that figures are about."""
        # SQLite takes the other columns from the row that has the maximum: the fullest name.
        rows = self._rows(
            "SELECT subject, subject_name, subject_kind, count(*), max(length(subject_name)) FROM figures "
            "GROUP BY subject ORDER BY 4 DESC"
        )
        wholes = self._whole_names()
        return [(subject, name, kind, count) for subject, name, kind, count, _ in rows if subject not in wholes]

    def unowned(self, limit: int = 1000) -> list[tuple[str, str, str, str]]:
        """(origin, quantity, dimension, context) of quantities that found no owner."""
        return self._rows(
            'SELECT d.origin, u.text, u.dimension, substr(d.text, max(1, u.start - 24), u."end" - u.start + 50) FROM unowned u '
            "JOIN documents d ON d.id = u.document_id LIMIT ?",
            (limit,),
        )

    def lexical(self, words: Sequence[str], k: int) -> list[tuple[str, float]]:
        """(passage id, BM25 score, higher is better) of the best `k` passages that hold any of `words`."""
        clean = [word for word in (word.replace('"', "").replace("\0", "") for word in words) if word.strip()]
        if not clean:
            return []
        # Quoted, every token is a string to FTS5, never an operator.
        match = " OR ".join(f'"{word}"' for word in clean[:64])
        return [
            (row[0], -row[1])
            for row in self._rows(
                "SELECT p.id, f.score FROM (SELECT rowid, bm25(lexical) AS score FROM lexical WHERE lexical MATCH ? ORDER BY rank LIMIT ?) f "
                "JOIN passages p ON p.number = f.rowid ORDER BY f.score",
                (match, k),
            )
        ]

    def pending(self, limit: int) -> list[tuple[Passage, str]]:
        """Passages that wait for their vectors, with their document's title, oldest first."""
        rows = self._rows(
            f"SELECT {', '.join('p.' + name.strip() for name in _PASSAGE.split(','))}, d.title FROM passages p JOIN documents d ON d.id = p.document_id "
            "WHERE p.pending = 1 ORDER BY p.number LIMIT ?",
            (limit,),
        )
        return [(_passage(row[:-1]), row[-1]) for row in rows]

    def passage_ids(self) -> dict[str, bool]:
        """Every passage id, and whether the passage is said to have its vector."""
        return {row[0]: not row[1] for row in self._rows("SELECT id, pending FROM passages")}

    def obsolete(self) -> list[str]:
        """Ids of passages that are gone while the index may still hold their vectors."""
        return [row[0] for row in self._rows("SELECT passage_id FROM obsolete")]

    def counts(self) -> Counts:
        def one(sql: str) -> int:
            return int(self._rows(sql)[0][0] or 0)

        size = one("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return Counts(
            one("SELECT count(*) FROM documents"),
            one("SELECT count(*) FROM passages"),
            one("SELECT count(*) FROM figures"),
            one("SELECT count(*) FROM passages WHERE pending = 1"),
            one("SELECT sum(unowned) FROM documents"),
            size,
        )

    def candidates(self, bands: Sequence[str], without: str = "") -> list[tuple[str, str, bytes]]:
        """(document id, article, signature) of documents that share bands, those that share most first: possible reprints.

        Of a band that many documents share (a form filled in daily) only the latest are looked at, so that the work a
        document costs does not grow with the store. `without` names a document to leave out.
        """
        shared: Counter[str] = Counter()
        for band in bands:
            rows = self._rows(
                "SELECT document_id FROM bands WHERE band = ? ORDER BY rowid DESC LIMIT ?", (band, BAND_READ)
            )
            shared.update(row[0] for row in rows)
        del shared[without]
        likely = dict(shared.most_common(CANDIDATES))
        found = self._in(
            "SELECT d.id, d.article, s.signature FROM documents d JOIN signatures s ON s.document_id = d.id WHERE d.id IN",
            likely,
        )
        return sorted(((row[0], row[1], row[2]) for row in found), key=lambda row: -likely[row[0]])

    def article_of(self, document_ids: Collection[str]) -> dict[str, str]:
        """Document id → the article it is a printing of; reprints share one."""
        return dict(self._in("SELECT id, article FROM documents WHERE id IN", document_ids))

    def editions(self, origin: str) -> list[Edition]:
        """What the document of `origin` said before it was replaced by one that says something else, latest first."""
        rows = self._rows(
            "SELECT document_id, title, published, replaced, said FROM editions WHERE origin = ? ORDER BY rowid DESC",
            (origin,),
        )
        return [
            Edition(document_id, title, published, replaced, tuple(json.loads(said)))
            for document_id, title, published, replaced, said in rows
        ]

    def reprints(self, document_id: str) -> list[DocumentInfo]:
        """The other printings of the same article, oldest first."""
        return [
            DocumentInfo(*row)
            for row in self._rows(
                f"SELECT {_DOCUMENT} FROM documents WHERE article = (SELECT article FROM documents WHERE id = ?) AND id <> ? ORDER BY published",
                (document_id, document_id),
            )
        ]

    def reprint_publishers(self, document_id: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(info.publisher or info.origin for info in self.reprints(document_id)))

    def _in(self, sql: str, values: Collection[str]) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        wanted = list(values)
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            found += self._rows(f"{sql} ({', '.join('?' * len(part))})", part)
        return found


def _figure_row(figure: Figure) -> list[object]:
    row: list[object] = []
    for name in _FIGURE:
        value = getattr(figure, name)
        if name == "conditions":
            value = " ".join(value)
        elif name in _DECIMALS and value is not None:
            value = str(value)
        row.append(value)
    return row


def _figure(row: tuple[Any, ...]) -> Figure:
    values = dict(zip(_FIGURE, row, strict=True))
    values["conditions"] = tuple(values["conditions"].split())
    values["corrects"] = bool(values["corrects"])
    for name in _DECIMALS:
        if values[name] is not None:
            values[name] = Decimal(values[name])
    return Figure(**values)


def _passage(row: tuple[Any, ...]) -> Passage:
    identity, document_id, start, end, text, heading, header, is_table, page = row
    return Passage(document_id, start, end, text, tuple(json.loads(heading)), header, bool(is_table), page, identity)
