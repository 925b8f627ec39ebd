"""Fetching: one address → the bytes behind it, within limits of time, size and redirects."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from knowledge.errors import DocumentError
from knowledge.web.addresses import Hosts, Url
from knowledge.web.courtesy import Pace, Robots
from knowledge.web.wire import CheckedBackend, Deadline, Resolver, system_addresses

AGENT = "Xinwen"
_USER_AGENT = f"{AGENT}/0.1 (document reader; robots.txt is respected)"
_ACCEPT = "text/html, application/xhtml+xml, application/pdf, application/rss+xml, application/atom+xml, text/*;q=0.9, */*;q=0.8"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a page may ask for: seconds to connect, between two pieces, in all; redirects; seconds between two
    requests to one host."""

    connect: float = 10.0
    read: float = 20.0
    total: float = 60.0
    redirects: int = 8
    delay: float = 1.0


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the address it came from in the end, lower-case headers, the bytes unpacked (none when `unchanged`)."""

    url: Url
    headers: Mapping[str, str]
    data: bytes = b""
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class _Turn:
    """One request's outcome: a response, or where it sends us."""

    response: Response | None = None
    location: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(DocumentError):
    """The server answered with an error; `status` is its number."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Fetcher:
    """Fetches, one address at a time; connections, robots.txt and the pace of each host are shared between them.

    Errors are DocumentErrors that name the address and what to do. Not for several threads.
    """

    def __init__(
        self, hosts: Hosts | None = None, limits: Limits | None = None, resolve: Resolver = system_addresses
    ) -> None:
        import httpcore
        import httpx

        self.hosts = hosts or Hosts()
        self._limits = limits or Limits()
        self._deadline = Deadline()
        self._pace = Pace(self._limits.delay)
        self._robots = Robots(AGENT, self._robots_text)
        # Certificates of the system and of SSL_CERT_FILE are the operator's word; proxies are never asked (see wire).
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            network_backend=CheckedBackend(self.hosts, self._deadline, resolve),
            max_keepalive_connections=4,
            keepalive_expiry=5.0,
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._pool.close()

    def fetch(
        self,
        url: Url,
        limit: Callable[[Mapping[str, str], Url], int],
        etag: str | None = None,
        modified: str | None = None,
        inside: bool = True,
    ) -> Response:
        """What stands at `url`; `limit` says from the headers how many bytes it may have.

        With `etag` or `modified` the server is asked only for what is new: `unchanged` is true when it has nothing.
        `inside` as in `Hosts.check`. Raises DocumentError.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": modified}
        return self._follow(url, limit, {name: value for name, value in conditions.items() if value}, inside, True)

    def _follow(
        self,
        url: Url,
        limit: Callable[[Mapping[str, str], Url], int],
        headers: dict[str, str],
        inside: bool,
        polite: bool,
    ) -> Response:
        seen: list[str] = []
        while True:
            self.hosts.check(url, inside)
            if str(url) in seen:
                raise DocumentError(f"the redirects go round in a circle ({' → '.join([*seen, str(url)][-3:])})")
            if len(seen) > self._limits.redirects:
                raise DocumentError(f"more than {self._limits.redirects} redirects, the last to {url}")
            seen.append(str(url))
            if polite:
                self._robots.check(url)
                self._pace.wait(url.host, self._robots.delay(url))
            self._deadline.set(self._limits.total)
            turn = self._explained(url, limit, headers)
            if turn.response is not None:
                return turn.response
            inside = self.hosts.is_named(url.host, url.port)
            url = url.join(turn.location or "")

    def _explained(self, url: Url, limit: Callable[[Mapping[str, str], Url], int], headers: dict[str, str]) -> _Turn:
        import httpcore

        try:
            return self._once(url, limit, headers)
        except httpcore.ConnectTimeout as error:
            raise DocumentError(
                f"{url.host} did not answer within {self._limits.connect:g} s; try again later"
            ) from error
        except (httpcore.ReadTimeout, httpcore.WriteTimeout, httpcore.PoolTimeout) as error:
            raise DocumentError(
                f"{url.host} is too slow: nothing came for {self._limits.read:g} s, or not all within "
                f"{self._limits.total:g} s (XINWEN_WEB_TIMEOUT); try again later"
            ) from error
        except httpcore.ConnectError as error:
            raise DocumentError(f"{url.host} cannot be reached ({_first_line(error)})") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise DocumentError(f"the connection to {url.host} broke off ({_first_line(error)}); try again") from error

    def _once(self, url: Url, limit: Callable[[Mapping[str, str], Url], int], headers: dict[str, str]) -> _Turn:
        import httpcore

        sent = [
            (b"Host", url.site.partition("://")[2].encode()),
            (b"User-Agent", _USER_AGENT.encode()),
            (b"Accept", _ACCEPT.encode()),
            (b"Accept-Language", b"zh-CN, zh;q=0.9, en;q=0.8"),
            (b"Accept-Encoding", b"gzip, deflate"),
            *((name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()),
        ]
        address = httpcore.URL(
            scheme=url.scheme.encode(), host=url.host.encode(), port=url.port, target=url.target.encode()
        )
        times = {"connect": self._limits.connect, "read": self._limits.read, "write": self._limits.read, "pool": 1.0}
        with self._pool.stream("GET", address, headers=sent, extensions={"timeout": times}) as answer:
            got = _headers(answer.headers)
            if answer.status in (301, 302, 303, 307, 308) and got.get("location"):
                return _Turn(location=got["location"])
            if answer.status == 304 and headers:
                return _Turn(Response(url, got, unchanged=True))
            if answer.status != 200:
                raise Refused(_said(url, answer.status, got), answer.status)
            return _Turn(Response(url, got, _body(answer, got, limit(got, url), url)))

    def _robots_text(self, url: Url) -> str | None:
        """The robots.txt at `url`: None where there is none. Raises DocumentError where it cannot be had."""
        try:
            response = self._follow(url, lambda *_: Robots.MOST, {}, self.hosts.is_named(url.host, url.port), False)
        except Refused as error:
            # RFC 9309, 2.3.1: a client error means there are no rules, a server error that everything is closed.
            if 400 <= error.status < 500 and error.status != 429:
                return None
            raise DocumentError(
                f"the robots.txt of {url.host} cannot be read ({error.status}), so that its pages are left alone; try again later"
            ) from error
        return response.data.decode("utf-8", "replace")


def _headers(pairs: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        # Servers send Chinese names in UTF-8, whatever the standard says.
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        found.setdefault(name.decode("latin-1").lower(), text.strip())
    return found


def _said(url: Url, status: int, headers: Mapping[str, str]) -> str:
    """The server's refusal in words that help."""
    wait = headers.get("retry-after", "")
    later = f"; it asks to come back after {wait} s" if wait.isdigit() else "; try again later"
    words = {
        401: "the page needs a login; save it from a browser and ingest the file",
        403: "the server does not give the page to programs; save it from a browser and ingest the file",
        404: "there is no such page",
        410: "the page has been taken down",
        429: f"the server has had too many requests{later}",
        451: "the page is withheld for legal reasons",
    }
    said = words.get(status) or (f"the server failed{later}" if status >= 500 else "the server did not send the page")
    return f"{said} (status {status} from {url.host})"


def _body(answer: Any, headers: Mapping[str, str], most: int, url: Url) -> bytes:
    """The unpacked body. Raises DocumentError beyond `most` bytes, packed or not, before they are held."""
    announced = headers.get("content-length", "")
    too_large = DocumentError(
        f"it is larger than {most / 1_000_000:g} MB; download the part that is needed and ingest that"
    )
    if announced.isdigit() and int(announced) > most:
        raise too_large
    encoding = headers.get("content-encoding", "identity").lower().strip()
    pieces: list[bytes] = []
    held = 0
    for piece in _unpacked(_counted(answer.iter_stream(), most, too_large), encoding, most, url):
        held += len(piece)
        if held > most:
            raise too_large
        pieces.append(piece)
    return b"".join(pieces)


def _counted(pieces: Iterator[bytes], most: int, too_large: DocumentError) -> Iterator[bytes]:
    seen = 0
    for piece in pieces:
        seen += len(piece)
        if seen > most:
            raise too_large
        yield piece


def _unpacked(pieces: Iterator[bytes], encoding: str, most: int, url: Url) -> Iterator[bytes]:
    """Pieces of at most 64 kB as they unpack, so that a small body cannot fill the memory. Several gzip members follow
    each other as the format allows."""
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise DocumentError(f"{url.host} packs the page as {encoding[:40]!r}, which was not asked for and is not read")
    # 32: gzip or zlib by their headers; some servers send bare deflate data.
    unpacker: Any = None
    try:
        for piece in pieces:
            data = piece
            while data:
                if unpacker is None:
                    bare = encoding == "deflate" and (data[0] & 0x0F) != 8
                    unpacker = zlib.decompressobj(-15 if bare else 47)
                yield unpacker.decompress(data, 65_536)
                data = unpacker.unconsumed_tail
                if unpacker.eof:
                    # Zeros after the last member are padding.
                    data, unpacker = unpacker.unused_data.lstrip(b"\0"), None
        if unpacker is not None:
            # What the last piece left inside comes out in the same small steps.
            while out := unpacker.decompress(b"", 65_536):
                yield out
            if not unpacker.eof:
                raise DocumentError(f"the page from {url.host} broke off half-way; try again")
    except zlib.error as error:
        raise DocumentError(f"the page from {url.host} is damaged ({error})") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
