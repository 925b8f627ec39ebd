"""Records: what people leave behind in a home, their feedback and stored conversations, in a file of their own.

They are kept apart from the store: the store can be rebuilt from documents and is locked while documents are read,
while this file cannot be rebuilt, takes a line at any time, and is never a source of anything an answer says.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.errors import StoreError, XinwenError

Rating = Literal["up", "down"]
NAME = "records.sqlite"
# Feedback beyond this is refused, not rotated: a flood must not push out what honest people wrote.
MOST_FEEDBACK = 20_000
MOST_CONVERSATIONS = 10_000


class RecordsFullError(XinwenError):
    """No more feedback is taken; a person has to look at what there is."""

    code = "busy"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person said of an answer. All of it is unverified text; `at` is in seconds since 1970."""

    rating: Rating
    question: str
    history: tuple[str, ...] = ()
    answer: str = ""
    comment: str = ""
    correction: str = ""
    door: str = "api"
    answer_id: str | None = None
    id: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a stored conversation with what was answered."""

    id: str
    question: str
    answer: str
    at: float


def _first(connection: sqlite3.Connection) -> None:
    for statement in (
        """CREATE TABLE feedback (
            id TEXT PRIMARY KEY, at REAL NOT NULL, door TEXT NOT NULL, rating TEXT NOT NULL CHECK (rating IN ('up', 'down')),
            question TEXT NOT NULL, history TEXT NOT NULL, answer TEXT NOT NULL, comment TEXT NOT NULL, correction TEXT NOT NULL,
            answer_id TEXT)""",
        "CREATE INDEX feedback_at ON feedback (at)",
        # Ids are kept hashed: a copy of this file opens nobody's conversation.
        "CREATE TABLE conversations (hash TEXT PRIMARY KEY, owner TEXT NOT NULL, used REAL NOT NULL) WITHOUT ROWID",
        "CREATE INDEX conversations_used ON conversations (used)",
        """CREATE TABLE turns (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, conversation TEXT NOT NULL REFERENCES conversations (hash)
            ON DELETE CASCADE, question TEXT NOT NULL, answer TEXT NOT NULL, at REAL NOT NULL)""",
        "CREATE INDEX turns_conversation ON turns (conversation, number)",
    ):
        connection.execute(statement)


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first,)


class Records:
    """The file `records.sqlite` of a home; safe from any thread and process. Times are seconds since 1970."""

    def __init__(
        self, home: Path, *, days: float = 30, turns: int = 20, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = home / NAME
        self._lasting, self._turns, self._clock = days * 86_400, max(1, turns), clock
        self._ready = False

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self._path.exists():
                # People's questions are nobody else's on the machine.
                os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))
            with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as connection:
                connection.execute("PRAGMA foreign_keys = ON")
                if not self._ready:
                    self._migrate(connection)
                    self._ready = True
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self._path} cannot be used ({error}); mend or move it away") from error

    def _migrate(self, connection: sqlite3.Connection) -> None:
        # Without a log beside it, the file is whole between two writes: a backup copies it as it is.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(STEPS):
            connection.execute("ROLLBACK")
            raise StoreError(f"{self._path.name} was written by a newer release; upgrade xinwen")
        for step in STEPS[version:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")

    # --- feedback ---------------------------------------------------------------------------------------------------

    def add(self, feedback: Feedback) -> str:
        """Keeps `feedback` and returns its new id. Raises RecordsFullError when there is too much of it."""
        identity = secrets.token_hex(8)
        with self._open() as connection:
            if connection.execute("SELECT count(*) FROM feedback").fetchone()[0] >= MOST_FEEDBACK:
                raise RecordsFullError("there is more feedback than is kept; the people who run this have to read it")
            connection.execute(
                "INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    identity,
                    self._clock(),
                    feedback.door,
                    feedback.rating,
                    feedback.question,
                    json.dumps(feedback.history, ensure_ascii=False),
                    feedback.answer,
                    feedback.comment,
                    feedback.correction,
                    feedback.answer_id,
                ),
            )
        return identity

    def feedback(self, rating: Rating | None = None, limit: int = -1, offset: int = 0) -> list[Feedback]:
        """Feedback, oldest first; of one rating, or all."""
        if not self._path.exists():
            return []
        with self._open() as connection:
            rows = connection.execute(
                """SELECT rating, question, history, answer, comment, correction, door, answer_id, id, at FROM feedback
                WHERE ?1 IS NULL OR rating = ?1 ORDER BY at, id LIMIT ?2 OFFSET ?3""",
                (rating, limit, offset),
            ).fetchall()
        return [Feedback(row[0], row[1], tuple(json.loads(row[2])), *row[3:]) for row in rows]

    # --- conversations ----------------------------------------------------------------------------------------------

    def begin(self, owner: str) -> str:
        """A new conversation of `owner`; its id has 192 random bits, so that none is found by guessing."""
        identity, now = secrets.token_urlsafe(24), self._clock()
        with self._open() as connection:
            connection.execute("DELETE FROM conversations WHERE used < ?", (now - self._lasting,))
            connection.execute(
                """DELETE FROM conversations WHERE hash IN
                (SELECT hash FROM conversations ORDER BY used DESC LIMIT -1 OFFSET ?)""",
                (MOST_CONVERSATIONS - 1,),
            )
            connection.execute("INSERT INTO conversations VALUES (?, ?, ?)", (_hash(identity), owner, now))
        return identity

    def turns(self, conversation: str, owner: str) -> list[Turn] | None:
        """The conversation's turns, oldest first; None when `owner` has no such conversation, or it has expired."""
        with self._open() as connection:
            if not self._holds(connection, conversation, owner):
                return None
            rows = connection.execute(
                "SELECT id, question, answer, at FROM turns WHERE conversation = ? ORDER BY number",
                (_hash(conversation),),
            ).fetchall()
        return [Turn(*row) for row in rows]

    def append(self, conversation: str, owner: str, question: str, answer: str) -> str | None:
        """Adds a turn, lets go of the oldest beyond the bound, and returns the answer's id; None as in `turns`."""
        identity, now = secrets.token_urlsafe(16), self._clock()
        with self._open() as connection:
            if not self._holds(connection, conversation, owner):
                return None
            key = _hash(conversation)
            connection.execute(
                "INSERT INTO turns (id, conversation, question, answer, at) VALUES (?, ?, ?, ?, ?)",
                (identity, key, question, answer, now),
            )
            connection.execute(
                """DELETE FROM turns WHERE conversation = ?1 AND number NOT IN
                (SELECT number FROM turns WHERE conversation = ?1 ORDER BY number DESC LIMIT ?2)""",
                (key, self._turns),
            )
            connection.execute("UPDATE conversations SET used = ? WHERE hash = ?", (now, key))
        return identity

    def end(self, conversation: str, owner: str) -> bool:
        """Deletes a conversation with all its turns; False when `owner` has no such conversation."""
        with self._open() as connection:
            if not self._holds(connection, conversation, owner):
                return False
            connection.execute("DELETE FROM conversations WHERE hash = ?", (_hash(conversation),))
        return True

    def _holds(self, connection: sqlite3.Connection, conversation: str, owner: str) -> bool:
        row = connection.execute(
            "SELECT owner, used FROM conversations WHERE hash = ?", (_hash(conversation),)
        ).fetchone()
        return row is not None and row[0] == owner and row[1] >= self._clock() - self._lasting


def earlier(turns: Sequence[Turn], answer_id: str) -> tuple[Turn, tuple[str, ...]] | None:
    """The turn with that answer's id and the questions before it; None when it is not among `turns`."""
    for at, turn in enumerate(turns):
        if turn.id == answer_id:
            return turn, tuple(before.question for before in turns[:at])
    return None


def _hash(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
