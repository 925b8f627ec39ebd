"""Feedback and stored conversations over real HTTP: kept, bounded, and nobody else's."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.api.app import create_app
from assistant.core import Assistant
from assistant.records import NAME, Feedback, Records
from assistant.settings import load_settings

QUESTION = "MTT S4000 的显存带宽是多少？"


@pytest.fixture(scope="module")
def address(library_home: Path, serve: Callable[[object], Any]) -> Iterator[str]:
    settings = load_settings(home=library_home, api_keys=("ann", "bob"), admin_key="admin", max_history=3)
    with Assistant(settings) as assistant, serve(create_app(assistant, settings, chat=False)) as url:
        yield url


def client(address: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60)


@pytest.fixture(scope="module")
def ann(address: str) -> Iterator[httpx.Client]:
    with client(address, "ann") as opened:
        yield opened


@pytest.fixture(scope="module")
def bob(address: str) -> Iterator[httpx.Client]:
    with client(address, "bob") as opened:
        yield opened


def begin(who: httpx.Client) -> str:
    response = who.post("/v1/conversations")
    assert response.status_code == 201
    return str(response.json()["id"])


def ask(who: httpx.Client, question: str, conversation: str, **more: Any) -> httpx.Response:
    return who.post("/v1/ask", json={"question": question, "conversation_id": conversation}, **more)


def test_a_stored_conversation_carries_the_subject(ann: httpx.Client) -> None:
    conversation = begin(ann)
    first = ask(ann, QUESTION, conversation).json()
    second = ask(ann, "它的功耗呢？", conversation).json()
    assert "450" in second["text"]
    assert first["conversation_id"] == second["conversation_id"] == conversation
    turns = ann.get(f"/v1/conversations/{conversation}").json()["turns"]
    assert [(turn["id"], turn["question"]) for turn in turns] == [
        (first["id"], QUESTION),
        (second["id"], "它的功耗呢？"),
    ]


def test_a_streamed_answer_is_stored_too(ann: httpx.Client) -> None:
    conversation = begin(ann)
    assert '"conversation_id"' in ask(ann, QUESTION, conversation, headers={"Accept": "text/event-stream"}).text
    assert len(ann.get(f"/v1/conversations/{conversation}").json()["turns"]) == 1


def test_history_in_the_body_stores_nothing(ann: httpx.Client) -> None:
    answer = ann.post("/v1/ask", json={"question": "它的功耗呢？", "history": [QUESTION]}).json()
    assert "450" in answer["text"]
    assert answer["id"] is None
    assert answer["conversation_id"] is None


def test_nobody_elses_conversation_opens_and_it_looks_as_if_there_were_none(
    ann: httpx.Client, bob: httpx.Client
) -> None:
    conversation = begin(ann)
    answer = ask(ann, QUESTION, conversation).json()
    feedback = {"rating": "down", "conversation_id": conversation, "answer_id": answer["id"]}
    for mine, none in (
        (ask(bob, QUESTION, conversation), ask(bob, QUESTION, "x" * 32)),
        (bob.get(f"/v1/conversations/{conversation}"), bob.get("/v1/conversations/" + "x" * 32)),
        (bob.delete(f"/v1/conversations/{conversation}"), bob.delete("/v1/conversations/" + "x" * 32)),
        (
            bob.post("/v1/feedback", json=feedback),
            bob.post("/v1/feedback", json={**feedback, "conversation_id": "x" * 32}),
        ),
    ):
        assert mine.status_code == none.status_code == 404
        assert mine.json() == none.json()
    assert len(ann.get(f"/v1/conversations/{conversation}").json()["turns"]) == 1


def test_a_deleted_conversation_is_gone(ann: httpx.Client) -> None:
    conversation = begin(ann)
    ask(ann, QUESTION, conversation)
    assert ann.delete(f"/v1/conversations/{conversation}").status_code == 204
    assert ask(ann, QUESTION, conversation).status_code == 404


def test_a_conversation_keeps_its_latest_turns(ann: httpx.Client) -> None:
    conversation = begin(ann)
    for number in range(5):
        ask(ann, f"{QUESTION} {number}", conversation)
    turns = ann.get(f"/v1/conversations/{conversation}").json()["turns"]
    assert [turn["question"][-1] for turn in turns] == ["2", "3", "4"]


def test_history_and_a_conversation_together_are_refused(ann: httpx.Client) -> None:
    body = {"question": QUESTION, "conversation_id": begin(ann), "history": ["x"]}
    assert ann.post("/v1/ask", json=body).status_code == 422


def test_ids_are_long_random_and_stored_hashed(tmp_path: Path) -> None:
    records = Records(tmp_path)
    ids = {records.begin("a") for _ in range(50)}
    assert len(ids) == 50
    assert all(len(identity) == 32 for identity in ids)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    stored = (tmp_path / NAME).read_bytes()
    assert not any(identity.encode() in stored for identity in ids)
    assert os.stat(tmp_path / NAME).st_mode & 0o077 == 0


def test_an_unused_conversation_expires_and_a_used_one_stays(tmp_path: Path) -> None:
    now = [0.0]
    records = Records(tmp_path, days=1, clock=lambda: now[0])
    old, used = records.begin("a"), records.begin("a")
    now[0] = 80_000
    assert records.append(used, "a", "q", "t")
    now[0] = 90_000
    assert records.turns(old, "a") is None
    assert records.append(old, "a", "q", "t") is None
    assert records.turns(used, "a")
    records.begin("a")
    with sqlite3.connect(tmp_path / NAME) as connection:
        assert connection.execute("SELECT count(*) FROM conversations").fetchone()[0] == 2


def test_feedback_names_a_question_or_an_answer_and_is_kept(ann: httpx.Client, address: str) -> None:
    conversation = begin(ann)
    ask(ann, QUESTION, conversation)
    answer = ask(ann, "它的功耗呢？", conversation).json()
    by_id = {"rating": "down", "conversation_id": conversation, "answer_id": answer["id"], "correction": "功耗 400W"}
    assert ann.post("/v1/feedback", json=by_id).status_code == 201
    hostile = "<script>alert(1)</script>\x00'); DROP TABLE feedback; --"
    by_question = {"rating": "up", "question": QUESTION, "comment": hostile}
    assert ann.post("/v1/feedback", json=by_question).status_code == 201
    assert ann.get("/v1/feedback").status_code == 403
    with client(address, "admin") as admin:
        kept = admin.get("/v1/feedback").json()[-2:]
    assert kept[0]["question"] == "它的功耗呢？"
    assert kept[0]["history"] == [QUESTION]
    assert kept[0]["answer"] == answer["text"]
    assert kept[1]["comment"] == hostile.replace("\x00", "")


def test_feedback_changes_no_answer(ann: httpx.Client) -> None:
    before = ann.post("/v1/ask", json={"question": QUESTION}).json()["text"]
    lie = {"rating": "down", "question": QUESTION, "correction": "MTT S4000 的显存带宽是 999GB/s"}
    for _ in range(5):
        assert ann.post("/v1/feedback", json=lie).status_code == 201
    assert ann.post("/v1/ask", json={"question": QUESTION}).json()["text"] == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rating": "meh", "question": "x"},
        {"rating": "up"},
        {"rating": "up", "question": " "},
        {"rating": "up", "question": "x", "answer_id": "y"},
        {"rating": "up", "answer_id": "y"},
        {"rating": "up", "question": "x", "comment": "c" * 2001},
        {"rating": "up", "question": "x", "correction": "c" * 4001},
        {"rating": "up", "question": "x", "more": 1},
        {"rating": "up", "question": "x", "history": [1]},
    ],
)
def test_bad_feedback_is_a_problem(ann: httpx.Client, body: dict[str, Any]) -> None:
    response = ann.post("/v1/feedback", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


def test_feedback_and_requests_have_rates(library_home: Path, serve: Callable[[object], Any]) -> None:
    settings = load_settings(home=library_home, api_keys=("ann", "bob"), feedback_limit=2, rate_limit=5)
    body = {"rating": "up", "question": QUESTION}
    with Assistant(settings) as assistant, serve(create_app(assistant, settings, chat=False)) as url:
        with client(url, "ann") as ann, client(url, "bob") as bob:
            assert [ann.post("/v1/feedback", json=body).status_code for _ in range(3)] == [201, 201, 429]
            assert bob.post("/v1/feedback", json=body).status_code == 201
            ann.get("/v1/products")
            ann.get("/v1/products")
            limited = ann.get("/v1/products")
            assert limited.status_code == 429
            assert limited.headers["content-type"] == "application/problem+json"
            assert int(limited.headers["retry-after"]) >= 1
            assert bob.get("/v1/products").status_code == 200
        with client(url, "guessed") as guesser:
            codes = [guesser.get("/v1/products").status_code for _ in range(7)]
        assert codes == [401] * 5 + [429] * 2


def test_full_feedback_is_refused_not_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant import records as module

    monkeypatch.setattr(module, "MOST_FEEDBACK", 2)
    records = Records(tmp_path)
    first = records.add(Feedback("down", "q"))
    records.add(Feedback("up", "q"))
    with pytest.raises(module.RecordsFullError):
        records.add(Feedback("up", "q"))
    assert records.feedback()[0].id == first
    assert [line.rating for line in records.feedback("up")] == ["up"]


def test_a_backup_keeps_feedback_and_conversations(library_home: Path, tmp_path: Path) -> None:
    from knowledge.backup import back_up, restore

    home = tmp_path / "home"
    shutil.copytree(library_home, home)
    records = Records(home)
    conversation = records.begin("a")
    records.append(conversation, "a", "q", "t")
    given = records.add(Feedback("down", "q", correction="c"))
    back_up(home, tmp_path / "kept")
    records.add(Feedback("up", "later"))
    restore(home, tmp_path / "kept")
    restored = Records(home)
    assert restored.feedback()[-1].id == given
    assert [turn.question for turn in restored.turns(conversation, "a") or ()] == ["q"]
