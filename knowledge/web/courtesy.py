"""Courtesy: robots.txt is respected, and no host is asked faster than it likes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from knowledge.errors import DocumentError
from knowledge.web.addresses import Url

# A site that asks for more between two requests is obeyed up to here: nobody waits an hour for a page they named.
LONGEST_DELAY = 10.0


class Robots:
    """The rules of each site, asked for once. `text` gives a robots.txt, None where there is none."""

    # RFC 9309 asks for at least 500 kB.
    MOST = 1_000_000

    def __init__(self, agent: str, text: Callable[[Url], str | None]) -> None:
        self._agent, self._text = agent, text
        self._rules: dict[str, Any] = {}

    def check(self, url: Url) -> None:
        """Raises DocumentError when the site does not want `url` to be read by programs, or does not say."""
        rules = self._of(url)
        if rules is not None and not rules.can_fetch(str(url), self._agent):
            raise DocumentError(
                f"the robots.txt of {url.host} asks programs not to read this page; save it from a browser and ingest the file"
            )

    def delay(self, url: Url) -> float:
        """Seconds the site wants between two requests; 0 when it does not say."""
        rules = self._of(url)
        said = rules.crawl_delay(self._agent) if rules is not None else None
        return min(LONGEST_DELAY, float(said or 0.0))

    def _of(self, url: Url) -> Any:
        if url.site not in self._rules:
            text = self._text(Url(url.scheme, url.host, url.port, "/robots.txt"))
            rules = None
            if text is not None:
                from protego import Protego

                rules = Protego.parse(text)
            self._rules[url.site] = rules
        return self._rules[url.site]


class Pace:
    """At least `seconds` between the beginnings of two requests to one host."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: dict[str, float] = {}

    def wait(self, host: str, at_least: float = 0.0) -> None:
        now = time.monotonic()
        pause = self._last.get(host, float("-inf")) + max(self._seconds, at_least) - now
        if pause > 0:
            time.sleep(pause)
        self._last[host] = time.monotonic()
