"""Runner: cases asked of a target and graded; what was answered before comes from the cache."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from evals.cache import Cache, Entry
from evals.case import Case
from evals.citing import Entails, citing
from evals.grade import Texts, grade
from evals.meter import metered
from evals.metrics import Graded
from evals.targets import CannotHoldError, Library, Server, Target, TargetError, UnreachableError, code_version
from knowledge.errors import XinwenError

__all__ = ["Cache", "Library", "Server", "Target", "TargetError", "UnreachableError", "code_version", "run"]


def run(
    cases: Sequence[Case],
    target: Target,
    cache: Cache,
    jobs: int = 1,
    *,
    resume: str = "",
    entails: Entails | None = None,
) -> Iterator[Graded]:
    """Each case graded, in order. An error of one case is its result; a target that cannot be reached at all raises
    UnreachableError. `resume` names a run whose answers are taken up although the target has no version."""
    version = target.version or resume
    # A few more than are asked at once wait in line, not all of them: answers of a long run are not piled up.
    with ThreadPoolExecutor(max(1, jobs), thread_name_prefix="case") as pool:
        ahead: list[Future[Graded]] = []
        rest = iter(cases)
        try:
            while True:
                while len(ahead) < 2 * jobs and (case := next(rest, None)) is not None:
                    ahead.append(pool.submit(_one, case, target, cache, version, entails))
                if not ahead:
                    return
                wait(ahead[:1], return_when=FIRST_COMPLETED)
                yield ahead.pop(0).result()
        finally:
            pool.shutdown(cancel_futures=True)


def _one(case: Case, target: Target, cache: Cache, version: str, entails: Entails | None) -> Graded:
    started = time.perf_counter()
    try:
        key = _key(case, version)
        known = cache.get(key) if key else None
        if known is not None:
            texts: Texts = known.texts.get if known.texts else target.text
            return _graded(case, known, texts, entails, cached=True)
        if case.documents:
            with target.alone(case.documents) as own:
                entry = _asked(case, own)
                entry = Entry(entry.answer, entry.seconds, entry.usage, _texts(entry, own))
                _keep(cache, key, entry)
                return _graded(case, entry, own.text, entails)
        entry = _asked(case, target)
        _keep(cache, key, entry)
        return _graded(case, entry, target.text, entails)
    except UnreachableError:
        raise
    except CannotHoldError as error:
        return Graded(case, None, (), 0.0, skipped=str(error))
    except XinwenError as error:
        return Graded(case, None, (), time.perf_counter() - started, str(error))
    except Exception as error:
        # One case must not end a run of hundreds; what went wrong is its result.
        return Graded(case, None, (), time.perf_counter() - started, f"{type(error).__name__}: {error}")


def _key(case: Case, version: str) -> str:
    asked = case.model_dump_json(include={"question", "history", "documents"})
    return hashlib.sha256(f"{version} {asked}".encode()).hexdigest() if version else ""


def _keep(cache: Cache, key: str, entry: Entry) -> None:
    # Where the model failed, the answer is what stands in for it: the next run asks again.
    if not entry.usage.failed:
        cache.put(key, entry)


def _asked(case: Case, target: Target) -> Entry:
    started = time.perf_counter()
    with metered(target.model) as meter:
        answer = target.ask(case.question, case.history)
    return Entry(answer, time.perf_counter() - started, meter.usage)


def _texts(entry: Entry, target: Target) -> dict[str, str]:
    found = {citation.document_id: target.text(citation.document_id) for citation in entry.answer.citations}
    return {name: text for name, text in found.items() if text is not None}


def _graded(case: Case, entry: Entry, texts: Texts, entails: Entails | None, cached: bool = False) -> Graded:
    asked = "\n".join(case.history)
    return Graded(
        case,
        entry.answer,
        tuple(grade(case, entry.answer, texts)),
        entry.seconds,
        citing=citing(entry.answer, texts, asked, entails),
        usage=entry.usage,
        cached=cached,
    )
