"""The chain: understand → look up or retrieve → compose or generate → verify, as LangChain Runnables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from assistant.answer import Answer
from assistant.compose import Composer
from assistant.question import Question
from assistant.retrieval import Hit
from assistant.stopping import check, watching

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable


@dataclass(frozen=True, slots=True)
class State:
    """What travels between the steps: the question, the evidence, and the answer once there is one."""

    text: str
    history: tuple[str, ...] = ()
    question: Question | None = None
    hits: tuple[Hit, ...] = ()
    answer: Answer | None = None
    timings: Mapping[str, float] = field(default_factory=dict)


Understand = Callable[[str, Sequence[str]], Question]
Retrieve = Callable[[Question], Sequence[Hit]]
Generate = Callable[[Question, Answer, Sequence[Hit]], "Answer | None"]


class Steps:
    """The steps of the chain as plain functions over State; `runnable()` joins them with LangChain's `|`."""

    def __init__(
        self, understand: Understand, retrieve: Retrieve, composer: Composer, generate: Generate | None = None
    ) -> None:
        self._understand = understand
        self._retrieve = retrieve
        self._composer = composer
        self._generate = generate

    def understand(self, state: State) -> State:
        """Words and conversation → Question."""
        with _Clock(state, "understand") as clock:
            question = self._understand(state.text, state.history)
        return clock.done(question=question)

    def ledger(self, state: State) -> State:
        """Question → the ledger's answer, where figures decide."""
        assert state.question is not None
        with _Clock(state, "ledger") as clock:
            answer = self._composer.from_ledger(state.question)
        return clock.done(answer=answer)

    def retrieve(self, state: State) -> State:
        """Question → passages, unless the ledger has answered already."""
        if state.answer is not None or state.question is None:
            return state
        with _Clock(state, "retrieve") as clock:
            hits = tuple(self._retrieve(state.question))
        return clock.done(hits=hits)

    def compose(self, state: State) -> State:
        """Passages → an answer in exact sentences, unless there is one."""
        if state.answer is not None or state.question is None:
            return state
        with _Clock(state, "compose") as clock:
            answer = self._composer.from_passages(state.question, state.hits)
        return clock.done(answer=answer)

    def generate(self, state: State) -> State:
        """The grounded answer reworded by a language model and verified; unchanged without a model."""
        if self._generate is None or state.answer is None or state.question is None:
            return state
        with _Clock(state, "generate") as clock:
            evidence = [hit for hit in state.hits if not hit.outside]
            answer = self._generate(state.question, state.answer, evidence) or state.answer
        return clock.done(answer=answer)

    def run(self, text: str, history: Sequence[str] = (), stopped: Callable[[], bool] | None = None) -> Answer:
        """One answer; the same steps as `runnable()`, without importing LangChain.

        Raises StoppedError before the next step or model's word once `stopped()`: nobody waits for it any more.
        """
        state = State(text, tuple(history))
        with watching(stopped):
            for step in (self.understand, self.ledger, self.retrieve, self.compose, self.generate):
                check()
                state = step(state)
        return finished(state)

    def runnable(self) -> Runnable[State, Answer]:
        """The chain as a LangChain Runnable from State to Answer: batch, stream and trace it like any other."""
        from langchain_core.runnables import RunnableLambda

        return (
            RunnableLambda(self.understand)
            | RunnableLambda(self.ledger)
            | RunnableLambda(self.retrieve)
            | RunnableLambda(self.compose)
            | RunnableLambda(self.generate)
            | RunnableLambda(finished)
        ).with_config(run_name="xinwen")


def finished(state: State) -> Answer:
    """The state's answer with its timings in milliseconds and what the question was understood to ask."""
    assert state.answer is not None
    timings = {name: round(value, 2) for name, value in state.timings.items()}
    timings["total"] = round(sum(state.timings.values()), 2)
    understood = state.question.understood if state.question is not None else ""
    return state.answer.model_copy(update={"timings_ms": timings, "understood": understood or None})


class _Clock:
    def __init__(self, state: State, step: str) -> None:
        self._state, self._step = state, step

    def __enter__(self) -> _Clock:
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self._took = (time.perf_counter() - self._start) * 1000

    def done(self, **changes: object) -> State:
        return replace(self._state, timings={**self._state.timings, self._step: self._took}, **changes)  # type: ignore[arg-type]


def deltas(text: str) -> Iterator[str]:
    """An answer's text in pieces for streaming; a marker such as [12] is never split."""
    piece = ""
    for character in text:
        piece += character
        if (len(piece) >= 12 and character not in "0123456789[" and "[" not in piece[-4:]) or character in "。\n":
            yield piece
            piece = ""
    if piece:
        yield piece
