"""Servers that hang, trickle, never end, lead astray or pack bombs cost a line each, and never more time or memory than allowed."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import httpcore
import pytest

from knowledge.errors import DocumentError
from knowledge.web.addresses import Hosts, parse
from knowledge.web.fetching import Fetcher, Limits, Response
from tests.web.site import Page, Site, serving

LIMITS = Limits(connect=1, read=0.5, total=1.5, delay=0)
MOST = 1_000_000


@pytest.fixture
def fetcher(site: Site) -> Iterator[Fetcher]:
    with Fetcher(Hosts((site.name, "twin.example")), LIMITS) as fetcher:
        yield fetcher


def get(fetcher: Fetcher, url: str) -> Response:
    return fetcher.fetch(parse(url), lambda *_: MOST)


def test_a_page_comes_as_it_is_packed_or_not(site: Site, fetcher: Fetcher) -> None:
    text = "昇腾".encode() * 1000
    bare = zlib.compressobj(wbits=-15)
    site.put("/plain", text)
    site.put("/gzip", gzip.compress(text[:10]) + gzip.compress(text[10:]), Content_Encoding="gzip")
    site.put("/zlib", zlib.compress(text), Content_Encoding="deflate")
    site.put("/bare", bare.compress(text) + bare.flush(), Content_Encoding="deflate")
    for path in ("/plain", "/gzip", "/zlib", "/bare"):
        assert get(fetcher, site.url + path).data == text, path


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    while True:
        handler.wfile.write(b"<p>more</p>" * 5000)


def trickle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def trickled_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(200):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(4)


def nonsense(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def short(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half")


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (endless, "larger than 1 MB"),
        (trickle, "too slow"),
        (trickled_headers, "too slow"),
        (silent, "too slow"),
        (nonsense, "broke off"),
        (short, "broke off"),
    ],
)
def test_a_bad_server_costs_its_time_and_a_line(site: Site, fetcher: Fetcher, behaviour: object, message: str) -> None:
    site.pages["/x"] = behaviour  # type: ignore[assignment]
    begun = time.monotonic()
    with pytest.raises(DocumentError, match=message):
        get(fetcher, site.url + "/x")
    assert time.monotonic() - begun < 5


def test_a_gzip_bomb_is_dropped_before_it_fills_the_memory(site: Site, fetcher: Fetcher) -> None:
    packed = gzip.compress(bytes(200_000_000), 9)
    site.put("/bomb", packed, Content_Encoding="gzip")
    assert len(packed) < MOST
    tracemalloc.start()
    try:
        with pytest.raises(DocumentError, match="larger than 1 MB"):
            get(fetcher, site.url + "/bomb")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("body", "encoding", "message"),
    [
        (gzip.compress(b"text" * 1000)[:-20], "gzip", "broke off half-way"),
        (b"no gzip at all", "gzip", "damaged"),
        (b"x", "br", "not asked for"),
    ],
)
def test_a_packed_page_that_cannot_be_unpacked(
    site: Site, fetcher: Fetcher, body: bytes, encoding: str, message: str
) -> None:
    site.put("/x", body, Content_Encoding=encoding)
    with pytest.raises(DocumentError, match=message):
        get(fetcher, site.url + "/x")


def test_an_announced_size_over_the_limit_is_not_even_read(site: Site, fetcher: Fetcher) -> None:
    site.pages["/x"] = Page(b"", {"Content-Type": "text/html"})

    def large(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "300000000")
        handler.end_headers()

    site.pages["/x"] = large
    begun = time.monotonic()
    with pytest.raises(DocumentError, match="larger than 1 MB"):
        get(fetcher, site.url + "/x")
    assert time.monotonic() - begun < 0.4


def test_redirects_are_followed_to_the_end(site: Site, fetcher: Fetcher) -> None:
    site.put("/文章", "found")
    site.redirect("/a", "/b?x=1")
    site.redirect("/b?x=1", f"{site.url}/%E6%96%87%E7%AB%A0#part", 308)
    site.pages["/%E6%96%87%E7%AB%A0"] = site.pages["/文章"]
    response = get(fetcher, site.url + "/a")
    assert response.data == b"found"
    assert str(response.url) == site.url + "/%E6%96%87%E7%AB%A0"


def test_a_circle_of_redirects_ends(site: Site, fetcher: Fetcher) -> None:
    site.redirect("/a", "/b")
    site.redirect("/b", "/a")
    for at in range(50):
        site.redirect(f"/long{at}", f"/long{at + 1}")
    with pytest.raises(DocumentError, match="circle"):
        get(fetcher, site.url + "/a")
    with pytest.raises(DocumentError, match="more than 8 redirects"):
        get(fetcher, site.url + "/long0")


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://0x7f000001/",
        "file:///etc/passwd",
        "//localhost/x",
    ],
)
def test_no_redirect_leads_inside(site: Site, fetcher: Fetcher, target: str) -> None:
    site.redirect("/x", target)
    with pytest.raises(DocumentError):
        get(fetcher, site.url + "/x")
    assert site.paths() == ["/robots.txt", "/x"]


def test_a_redirect_to_another_port_of_the_same_machine_is_refused(site: Site, fetcher: Fetcher) -> None:
    with serving() as other:
        site.redirect("/x", other.put("/secret", "secret"))
        with pytest.raises(DocumentError, match="XINWEN_ALLOWED_HOSTS"):
            get(fetcher, site.url + "/x")
        assert other.asked == []


def test_a_name_whose_dns_answer_is_inside_is_not_connected_to(site: Site) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.215.14", "127.0.0.1"]

    with Fetcher(Hosts(), LIMITS, resolve) as fetcher, pytest.raises(DocumentError, match="inside a network"):
        get(fetcher, "http://rebind.example:8080/")
    assert asked == ["rebind.example"]
    assert site.asked == []


def test_what_is_connected_to_is_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS that answers differently the second time (rebinding) is not asked a second time."""
    answers = iter([["93.184.215.14"], ["127.0.0.1"], ["127.0.0.1"]])
    connected: list[str] = []

    def connect(self: object, host: str, *_: object, **__: object) -> None:
        connected.append(host)
        raise httpcore.ConnectError("closed")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with (
        Fetcher(Hosts(), LIMITS, lambda *_: next(answers)) as fetcher,
        pytest.raises(DocumentError, match="cannot be reached"),
    ):
        get(fetcher, "http://rebind.example/")
    assert connected == ["93.184.215.14"]
    assert next(answers) == ["127.0.0.1"]


def test_a_resolver_that_hangs_is_not_waited_for() -> None:
    begun = time.monotonic()
    with (
        Fetcher(Hosts(), LIMITS, lambda *_: time.sleep(4) or ["93.184.215.14"]) as fetcher,  # type: ignore[func-returns-value]
        pytest.raises(DocumentError, match="did not answer"),
    ):
        get(fetcher, "http://slow.example/")
    assert time.monotonic() - begun < 3


def test_proxies_of_the_environment_are_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        site.put("/x", "direct")
        with Fetcher(Hosts((site.name,)), LIMITS) as fetcher:
            assert get(fetcher, site.url + "/x").data == b"direct"
            with pytest.raises(DocumentError, match="inside a network"):
                get(fetcher, "http://169.254.169.254/")
        assert proxy.asked == []


def test_robots_txt_is_respected_and_asked_for_once(site: Site, fetcher: Fetcher) -> None:
    site.put(
        "/robots.txt", "User-agent: *\nDisallow: /private\n\nUser-agent: Xinwen\nDisallow: /closed\n", "text/plain"
    )
    site.put("/closed/a", "x")
    site.put("/private/a", "x")
    site.redirect("/open", "/closed/a")
    for path in ("/closed/a", "/open"):
        with pytest.raises(DocumentError, match=r"robots\.txt"):
            get(fetcher, site.url + path)
    assert get(fetcher, site.url + "/private/a").data == b"x", "the group that names us is the one that counts"
    assert site.paths() == ["/robots.txt", "/open", "/private/a"]


def test_robots_txt_that_fails_closes_the_site(site: Site, fetcher: Fetcher) -> None:
    site.put("/x", "x")
    site.pages["/robots.txt"] = Page(b"", status=503)
    with pytest.raises(DocumentError, match=r"robots\.txt .* cannot be read"):
        get(fetcher, site.url + "/x")
    assert "/x" not in site.paths()


def test_a_host_is_not_asked_faster_than_the_setting_and_its_own_wish(site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nCrawl-delay: 0.4\n", "text/plain")
    site.put("/x", "x")
    with Fetcher(Hosts((site.name,)), Limits(delay=0.1)) as fetcher:
        begun = time.monotonic()
        for _ in range(3):
            get(fetcher, site.url + "/x")
        assert time.monotonic() - begun >= 0.8


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (404, {}, "no such page"),
        (403, {}, "save it from a browser"),
        (401, {}, "login"),
        (429, {"Retry-After": "120"}, "120 s"),
        (503, {}, "try again later"),
        (204, {}, "did not send"),
        (304, {}, "did not send"),
        (302, {}, "did not send"),
    ],
)
def test_a_refusal_says_what_to_do(
    site: Site, fetcher: Fetcher, status: int, headers: dict[str, str], message: str
) -> None:
    site.pages["/x"] = Page(b"", headers, status)
    with pytest.raises(DocumentError, match=message) as caught:
        get(fetcher, site.url + "/x")
    assert str(status) in str(caught.value)
