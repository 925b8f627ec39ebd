"""The site and a home that may read from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.core import Assistant
from tests.web.site import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def reader(site: Site, tmp_path: Path) -> Iterator[Assistant]:
    """An assistant that may read from the site, in no time."""
    with Assistant.open(home=tmp_path / "home", allowed_hosts=(site.name,), web_delay=0, web_timeout=2.0) as assistant:
        yield assistant
