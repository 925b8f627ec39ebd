"""Meter: what a language model was asked while a case ran, by LangChain's callbacks. Nothing is imported without one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from evals.metrics import Usage


class Meter:
    """Counts of one case so far."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.usage = Usage()

    def add(self, more: Usage) -> None:
        with self._lock:
            self.usage += more


def estimate(text: str) -> int:
    """About how many tokens a text has, for servers that report none of a stream: a Han character is about two thirds
    of one, four other characters are one (byte-pair vocabularies of Chinese models, within a fifth)."""
    han = len(re.findall(r"[\u3400-\u9fff]", text))
    return round(han * 2 / 3 + (len(text) - han) / 4)


@lru_cache(1)
def _hooked() -> tuple[ContextVar[Any], type]:
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.tracers.context import register_configure_hook

    class Handler(BaseCallbackHandler):
        def __init__(self, meter: Meter) -> None:
            self._meter, self._read = meter, dict[Any, int]()

        def on_chat_model_start(self, serialized: Any, messages: Any, *, run_id: Any, **_: Any) -> None:
            self._read[run_id] = sum(estimate(str(message.content)) for batch in messages for message in batch)

        def on_llm_end(self, response: Any, *, run_id: Any, **_: Any) -> None:
            tokens_in = tokens_out = guessed = 0
            for generations in response.generations:
                for generation in generations:
                    used = getattr(getattr(generation, "message", None), "usage_metadata", None) or {}
                    tokens_in += used.get("input_tokens", 0)
                    tokens_out += used.get("output_tokens", 0)
                    guessed += estimate(generation.text)
            read = self._read.pop(run_id, 0)
            if tokens_in:
                self._meter.add(Usage(1, 0, tokens_in, tokens_out))
            else:
                self._meter.add(Usage(1, 0, read, guessed, estimated=1))

        def on_llm_error(self, error: BaseException, **_: Any) -> None:
            self._meter.add(Usage(1, 1))

    variable: ContextVar[Any] = ContextVar("xinwen_evals_meter", default=None)
    register_configure_hook(variable, inheritable=True)
    return variable, Handler


@contextmanager
def metered(active: bool = True) -> Iterator[Meter]:
    """A meter of the model calls of this thread within the block; it stays at zero when not `active`."""
    meter = Meter()
    if not active:
        yield meter
        return
    variable, handler = _hooked()
    token = variable.set(handler(meter))
    try:
        yield meter
    finally:
        variable.reset(token)
