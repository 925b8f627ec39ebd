"""A run of the evals: what it asks, keeps, resumes, skips and says of targets that misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assistant import Assistant
from assistant.answer import Answer
from evals import cli
from evals.cache import Cache, Entry
from evals.case import Case, InlineDocument
from evals.metrics import Usage
from evals.runner import Library, TargetError, UnreachableError, run
from evals.targets import CannotHoldError


def case(name: str = "a", question: str = "MTT S4000 的显存带宽是多少？", **more: object) -> Case:
    return Case.model_validate({"id": name, "question": question, "status": ["answered"], "tags": ["x"], **more})


class Counting:
    """A target that counts what it is asked and fails where it is told to."""

    model = False

    def __init__(self, version: str = "1", fail: Callable[[str], Exception | None] = lambda question: None) -> None:
        self.version, self.asked, self._fail = version, list[str](), fail

    def ask(self, question: str, history: Sequence[str]) -> Answer:
        self.asked.append(question)
        error = self._fail(question)
        if error is not None:
            raise error
        return Answer(question=question, language="zh", status="refused", text="没有。")

    def text(self, document_id: str) -> str | None:
        return None

    def alone(self, documents: Sequence[InlineDocument]) -> object:
        raise CannotHoldError("no library of its own")


def test_what_was_answered_is_not_asked_again_until_the_target_changes(tmp_path: Path) -> None:
    cases = [case(str(at), f"q{at}") for at in range(5)]
    first = Counting()
    list(run(cases, first, Cache(tmp_path / "c")))  # type: ignore[arg-type]
    again = Counting()
    runs = list(run(cases, again, Cache(tmp_path / "c")))  # type: ignore[arg-type]
    assert (len(first.asked), again.asked) == (5, [])
    assert all(each.cached for each in runs)
    changed = Counting("2")
    list(run(cases, changed, Cache(tmp_path / "c")))  # type: ignore[arg-type]
    assert len(changed.asked) == 5


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    cases = [case(str(at), f"q{at}") for at in range(6)]
    stopped = Counting(fail=lambda question: UnreachableError("gone") if question == "q3" else None)
    with pytest.raises(UnreachableError):
        list(run(cases, stopped, Cache(tmp_path / "c")))  # type: ignore[arg-type]
    # A line that the interruption cut in two is passed over, and what comes after it is whole.
    with (tmp_path / "c").open("ab") as file:
        file.write(b'{"key": "cut')
    resumed = Counting()
    runs = list(run(cases, resumed, Cache(tmp_path / "c")))  # type: ignore[arg-type]
    assert set(resumed.asked) <= {"q3", "q4", "q5"}
    assert [each.case.id for each in runs] == [each.id for each in cases]
    last = Counting()
    list(run(cases, last, Cache(tmp_path / "c")))  # type: ignore[arg-type]
    assert last.asked == []


def test_one_cache_serves_threads_and_other_runs_at_the_same_time(tmp_path: Path) -> None:
    said = Answer(question="q", language="zh", status="refused", text="。" * 3000)

    def write(number: int) -> None:
        own = Cache(tmp_path / "c")
        for at in range(25):
            own.put(f"{number}-{at}", Entry(said, 0.1, Usage(1, 0, 2, 3)))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    read = Cache(tmp_path / "c")
    assert all(
        read.get(f"{number}-{at}") == Entry(said, 0.1, Usage(1, 0, 2, 3)) for number in range(6) for at in range(25)
    )


def test_an_error_of_one_case_is_its_result_and_the_rest_goes_on() -> None:
    def fail(question: str) -> Exception | None:
        return {"q1": TargetError("too slow"), "q2": ZeroDivisionError("odd")}.get(question)

    runs = list(run([case(str(at), f"q{at}") for at in range(4)], Counting(fail=fail), Cache(None), jobs=2))  # type: ignore[arg-type]
    assert [each.error for each in runs] == ["", "too slow", "ZeroDivisionError: odd", ""]


def test_a_case_with_a_document_that_is_not_read_fails_alone(library_home: Path) -> None:
    bad = case("bad", documents=[{"name": "a.json", "text": "{"}])
    good = case("good", documents=[{"name": "a.md", "text": "# 测试\n\nMTT S4000 的显存带宽为 333 GB/s。\n"}])
    with Assistant.open(home=library_home) as xinwen:
        runs = list(run([bad, good], Library(xinwen), Cache(None)))
    assert "was not read" in runs[0].error
    assert runs[1].held
    assert runs[1].answer is not None
    assert [figure.value for figure in runs[1].answer.figures] == [333]


def test_cases_with_documents_of_their_own_are_cached_with_them(library_home: Path, tmp_path: Path) -> None:
    own = case(documents=[{"name": "a.md", "text": "# 测试\n\nMTT S4000 的显存带宽为 333 GB/s。\n"}])
    with Assistant.open(home=library_home) as xinwen:
        first, second = (next(iter(run([own], Library(xinwen), Cache(tmp_path / "c")))) for _ in range(2))
    assert (first.cached, second.cached) == (False, True)
    assert first.held
    assert second.held


@contextmanager
def server(reply: Callable[[str], tuple[int, str] | None]) -> Iterator[str]:
    """A server whose POST /v1/ask answers what `reply` says, or nothing for a long while."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            self._send(200, '{"status": "ok"}') if self.path == "/health/live" else self._send(404, "{}")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told = reply(body["question"])
            if told is None:
                time.sleep(1.5)
                told = (200, "{}")
            self._send(*told)

        def _send(self, status: int, text: str) -> None:
            try:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())
            except OSError:
                pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_port}"
    finally:
        made.shutdown()
        made.server_close()


def cases_file(folder: Path, *cases: Case) -> str:
    path = folder / "cases.yaml"
    path.write_text(json.dumps([each.model_dump(mode="json") for each in cases], ensure_ascii=False), "utf-8")
    return str(path)


REFUSED = Answer(question="q", language="zh", status="refused", text="没有。").model_dump_json()


def test_a_server_that_is_slow_or_talks_nonsense_fails_that_case_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"slow": None, "nonsense": (200, "<html>hello</html>"), "broken": (500, "oh"), "good": (200, REFUSED)}
    path = cases_file(tmp_path, *(case(name, name).model_copy(update={"status": ("refused",)}) for name in told))
    with server(lambda question: told[question]) as url:
        assert cli.main(["--against", url, "--cases", path, "--timeout", "0.5", "--no-cache"]) == 1
    out = capsys.readouterr().out
    assert "1 of 4 hand cases as expected" in out
    assert "slow slow: " in out
    assert "did not answer in time" in out
    assert "did not give an answer but '<html>hello</html>'" in out
    assert "answered 500" in out


def test_an_interrupted_run_against_a_server_resumes_only_when_asked_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def reply(question: str) -> tuple[int, str]:
        asked.append(question)
        return 200, REFUSED

    path = cases_file(
        tmp_path, *(case(str(at), f"q{at}").model_copy(update={"status": ("refused",)}) for at in range(3))
    )
    with server(reply) as url:
        arguments = ["--against", url, "--cases", path, "--cache", str(tmp_path / "c"), "--resume"]
        assert cli.main(arguments) == 0
        assert cli.main(arguments) == 0
        assert len(asked) == 3
        assert cli.main(arguments[:-1]) == 0
    assert len(asked) == 6


def test_a_server_without_libraries_of_its_own_skips_those_cases_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = case("own", documents=[{"name": "a.md", "text": "# a\n\nMTT S4000 的显存带宽为 333 GB/s。\n"}])
    path = cases_file(tmp_path, case("plain", "q").model_copy(update={"status": ("refused",)}), own)
    with server(lambda question: (200, REFUSED)) as url:
        assert cli.main(["--against", url, "--cases", path, "--report", str(tmp_path / "r"), "--no-cache"]) == 0
    out = capsys.readouterr().out
    assert "1 skipped" in out
    assert "(own)" in out
    assert 'skipped="1"' in (tmp_path / "r" / "junit.xml").read_text("utf-8")


def test_an_address_that_is_no_server_of_ours_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Other(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>a wiki</html>")

    made = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    assert cli.main(["--against", f"http://127.0.0.1:{made.server_port}"]) == 2
    assert "is this the address of 芯问?" in capsys.readouterr().err
    made.shutdown()
    made.server_close()


def test_a_deployed_api_is_held_to_the_same_cases(
    library_home: Path, serve: Callable[[object], object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from assistant.api.app import create_app

    wanted = {"product": "MTT S4000", "attribute": "memory_bandwidth", "value": 768, "unit": "GB/s"}
    path = cases_file(tmp_path, case(figures=[wanted]))
    with Assistant.open(home=library_home) as xinwen, serve(create_app(xinwen, xinwen.settings, chat=False)) as url:  # type: ignore[attr-defined]
        assert cli.main(["--against", url, "--cases", path, "--jobs", "2", "--no-cache"]) == 0, capsys.readouterr().out


@pytest.mark.model
def test_a_model_words_the_answers_and_its_tokens_are_counted(
    library_home: Path,
    model_server: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XINWEN_MODEL_BASE_URL", model_server)
    monkeypatch.setenv("XINWEN_MAX_TOKENS", "16")
    own = case("own", documents=[{"name": "a.md", "text": "# a\n\nMTT S4000 的显存带宽为 333 GB/s。\n"}])
    path = cases_file(tmp_path, case(), own)
    arguments = [
        "--cases",
        path,
        "--home",
        str(library_home),
        "--model",
        "openai:local",
        "--no-cache",
        "--price-in",
        "1000",
    ]
    cli.main(arguments)
    out = capsys.readouterr().out
    calls = int(out.split("model: ")[1].split(" calls")[0])
    assert calls >= 2, "the case with documents of its own must be worded by the model too"
    assert "0 failed" in out
    assert " cost 0.0000" not in out
    assert int(out.split(" failed, ")[1].split(" tokens in")[0]) > 50


def test_a_model_that_never_answers_is_no_measurement_of_it(
    library_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINWEN_MODEL_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("XINWEN_RETRIES", "0")
    path = cases_file(tmp_path, case())
    arguments = ["--cases", path, "--home", str(library_home), "--model", "openai:gone", "--cache", str(tmp_path / "c")]
    assert cli.main(arguments) == 2
    assert "failed all of its" in capsys.readouterr().err
    # What stood in for the model is not kept as the model's.
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--update-baseline"], "--baseline FILE"),
        (["--against", "http://127.0.0.1:9", "--suite", "extraction"], "can only run here"),
        (["--against", "http://127.0.0.1:9", "--model", "openai:x"], "a model of its own"),
        (["--suite", "nonsense"], "invalid choice"),
        (["--jobs", "0"], "at least 1"),
    ],
)
def test_misuse_is_said_with_code_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(arguments)
    assert raised.value.code == 2
    assert said in capsys.readouterr().err


def test_a_tag_or_id_that_nothing_has_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--suite", "answers", "--case", "no-such-case"]) == 2
    assert "no case has such a tag or id" in capsys.readouterr().err
