"""Rates: how often one caller may come, as a token bucket in memory; each process counts for itself."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from fastapi import Request
from starlette.exceptions import HTTPException

# Callers remembered at most: whoever comes from ever new addresses must not fill the memory.
MOST_CALLERS = 10_000


class Rate:
    """`most` calls a `seconds`, evenly refilled; a caller may use the whole of it at once."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, caller: str) -> float:
        """0 when `caller` may come now, which then counts; else the seconds until it may."""
        now = self._clock()
        with self._lock:
            left, before = self._buckets.pop(caller, (float(self._most), now))
            left = min(float(self._most), left + (now - before) * self._most / self._seconds)
            allowed = left >= 1
            self._buckets[caller] = (left - 1 if allowed else left, now)
            if len(self._buckets) > MOST_CALLERS:
                self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) * self._seconds / self._most


def within(rate: Rate, caller: Callable[[Request], str]) -> Callable[[Request], None]:
    """A dependency that answers 429, with when to come again, to a caller beyond `rate`."""

    def check(request: Request) -> None:
        wait = rate.wait(caller(request))
        if wait:
            seconds = max(1, math.ceil(wait))
            raise HTTPException(
                429, f"too many requests from here; come again in {seconds} s", {"Retry-After": str(seconds)}
            )

    return check
