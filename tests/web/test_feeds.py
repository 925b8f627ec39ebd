"""Feeds: what is new is read once, however long the feed; what fails is tried again, a few times."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import httpcore
import pytest

from assistant.core import Assistant
from knowledge.errors import DocumentError
from knowledge.sync import IngestReport
from knowledge.web import feeds
from knowledge.web.addresses import Hosts, parse
from knowledge.web.fetching import Fetcher, Limits
from knowledge.web.intake import Intake
from tests.web.site import Page, Site, serving
from tests.web.test_intake import page


def article(at: int) -> str:
    return page(
        f"快讯{at}",
        f"<p>天罡H{at}0的显存容量为{at + 20}GB，功耗为{at + 1}50W。这款新的计算卡今天发布，供数据中心的客户使用。</p>",
    )


def entry(site: Site, at: int, stamp: str = "") -> str:
    return (
        f"<item><title>快讯{at}</title><link>{site.url}/n{at}</link><guid>g{at}</guid>"
        f"<pubDate>{stamp or f'Wed, {at % 28 + 1:02d} Jun 2025 09:00:00 GMT'}</pubDate></item>"
    )


def rss(*entries: str, title: str = "芯片快讯") -> str:
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{title}</title>{"".join(entries)}</channel></rss>'


def fill(site: Site, many: int, **headers: str) -> str:
    for at in range(many):
        site.put(f"/n{at}", article(at))
    return site.put("/feed", rss(*(entry(site, at) for at in range(many))), "application/rss+xml", **headers)


def test_only_new_items_are_read(site: Site, reader: Assistant) -> None:
    url = fill(site, 3)
    assert reader.add_feed(url).title == "芯片快讯"
    assert len(reader.pull(embed=False).added) == 3
    again = reader.pull(embed=False)
    assert (again.added, again.unchanged) == ([], [url])
    fill(site, 4)
    assert reader.pull(embed=False).added == [f"{site.url}/n3"]
    assert [path for path in site.paths() if path.startswith("/n")] == ["/n2", "/n1", "/n0", "/n3"], (
        "newest first, once each"
    )
    (info,) = reader.feeds()
    assert (info.items, info.pulled is not None) == (4, True)


def test_an_item_answers_with_the_feeds_name_and_date_where_the_page_is_silent(site: Site, reader: Assistant) -> None:
    reader.ingest([fill(site, 2)], embed=False)
    answer = reader.ask("天罡H10的功耗是多少？")
    assert "250 W" in answer.text
    assert (answer.citations[0].publisher, answer.citations[0].published, answer.citations[0].url) == (
        "芯片快讯",
        "2025-06-02",
        f"{site.url}/n1",
    )


def test_an_unchanged_feed_is_asked_for_by_its_version(site: Site, reader: Assistant) -> None:
    url = fill(site, 1, ETag='"f1"')
    reader.add_feed(url)
    reader.pull(embed=False)
    assert reader.pull(embed=False).unchanged == [url]
    assert site.asked[-1][1]["if-none-match"] == '"f1"'


def test_a_long_feed_is_read_a_part_at_a_time_newest_first_with_a_message(site: Site, tmp_path: Path) -> None:
    url = site.put(
        "/feed", rss(*(entry(site, at, f"Wed, 18 Jun 2025 09:00:{at % 60:02d} GMT") for at in range(10_000)))
    )
    for at in range(10):
        site.put(f"/n{at}", article(at))
    with Assistant.open(home=tmp_path / "home", allowed_hosts=(site.name,), web_delay=0, feed_items=4) as reader:
        begun = time.monotonic()
        report = reader.ingest([url], embed=False)
        assert time.monotonic() - begun < 60
        assert report.added == [f"{site.url}/n{at}" for at in range(4)]
        assert "10,000 items" in report.warned[0].reason
        assert "9,996 are left" in report.warned[0].reason
        assert report.failed == []
        assert reader.ingest([url], embed=False).added == [f"{site.url}/n{at}" for at in range(4, 8)]


def test_an_item_that_fails_is_a_line_and_tried_again_three_times_in_all(site: Site, reader: Assistant) -> None:
    url = fill(site, 2, ETag='"f1"')
    site.pages["/n0"] = Page(b"", status=500)
    reader.add_feed(url)
    first = reader.pull(embed=False)
    assert first.added == [f"{site.url}/n1"]
    assert [failure.origin for failure in first.failed] == [f"{site.url}/n0"]
    for _ in range(4):
        reader.pull(embed=False)
    assert site.paths().count("/n0") == 3
    site.put("/n0", article(0))
    site.put("/feed", rss(entry(site, 0, "Thu, 19 Jun 2025 09:00:00 GMT")), "application/rss+xml")
    assert reader.pull(embed=False).added == [f"{site.url}/n0"], "a new stamp is a new chance"


def test_an_item_that_was_corrected_is_read_again(site: Site, reader: Assistant) -> None:
    url = fill(site, 1)
    reader.ingest([url], embed=False)
    site.put("/n0", article(0).replace("150W", "160W"))
    site.put("/feed", rss(entry(site, 0, "Thu, 19 Jun 2025 09:00:00 GMT")), "application/rss+xml")
    assert reader.ingest([url], embed=False).updated == [f"{site.url}/n0"]
    assert "160 W" in reader.ask("天罡H00的功耗").text


def test_atom_with_relative_links_and_an_article_within(site: Site, reader: Assistant) -> None:
    whole = (
        "<p>天罡K9的显存容量为72GB，功耗为500W。</p>"
        + "<p>这款计算卡面向数据中心客户，今天在北京发布，并将于下季度量产。</p>" * 25
    )
    atom = (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>天罡博客</title>'
        '<entry><id>urn:1</id><title>甲</title><link href="n0"/><updated>2025-06-18T09:00:00Z</updated></entry>'
        f'<entry><id>urn:2</id><title>天罡K9发布</title><link href="/k9"/><updated>2025-06-17T09:00:00Z</updated>'
        f'<content type="html"><![CDATA[{whole}]]></content></entry></feed>'
    )
    site.put("/blog/n0", article(0))
    url = site.put("/blog/atom.xml", atom, "application/xml")
    assert sorted(reader.ingest([url], embed=False).added) == sorted([f"{site.url}/blog/n0", f"{site.url}/k9"])
    assert "/k9" not in site.paths(), "an article that the feed carries is not fetched"
    answer = reader.ask("天罡K9的功耗是多少？")
    assert "500 W" in answer.text
    assert (answer.citations[0].publisher, answer.citations[0].published) == ("天罡博客", "2025-06-17")


def test_a_feed_of_a_public_site_does_not_lead_inside(site: Site, reader: Assistant) -> None:
    with serving() as inner:
        secret = inner.put("/secret", article(1))
        site.put(
            "/feed",
            rss(
                *(
                    f"<item><guid>{link}</guid><link>{link}</link></item>"
                    for link in (secret, "http://169.254.169.254/a", "file:///etc/passwd")
                )
            ),
        )
        report = reader.ingest([f"{site.url}/feed"], embed=False)
        assert len(report.failed) == 3
        assert inner.asked == []


def test_a_page_that_is_no_feed_names_the_feed_it_offers(site: Site, reader: Assistant) -> None:
    url = site.put(
        "/", page("站", "<p>x</p>", '<link rel="alternate" type="application/rss+xml" href="/rss?a=1&amp;b=2">')
    )
    with pytest.raises(DocumentError, match=r"no RSS or Atom feed; the page offers .*/rss\?a=1&b=2"):
        reader.add_feed(url)
    assert reader.feeds() == []


def test_removing_a_feed_keeps_its_documents(site: Site, reader: Assistant) -> None:
    url = fill(site, 1)
    reader.add_feed(url)
    reader.pull(embed=False)
    assert reader.remove_feed(url)
    assert not reader.remove_feed(url)
    assert len(reader.store.documents()) == 1


def test_entities_of_a_feed_do_not_unfold() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {name} "{("&" + before + ";") * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    bomb += '<!ENTITY f SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><title>&i;</title><item><title>&f;</title><link>http://a.example/</link></item></channel></rss>'
    begun = time.monotonic()
    feed = feeds.read(bomb.encode(), parse("http://a.example/feed"))
    assert time.monotonic() - begun < 5
    assert len(feed.title) <= 300
    assert "root:" not in str(feed)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"<html><body>x</body></html>", b"{}", b"/etc/passwd", b"http://127.0.0.1/"]
)
def test_what_is_no_feed_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(DocumentError):
        feeds.read(data, parse("http://a.example/feed"))


@pytest.mark.parametrize("moment", ["Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 18 Jun 9999 09:00:00 GMT", "gestern", ""])
def test_a_date_that_is_none_is_left_out(site: Site, moment: str) -> None:
    feed = feeds.read(
        rss(f"<item><link>http://a.example/</link><pubDate>{moment}</pubDate></item>").encode(),
        parse("http://a.example/"),
    )
    assert [item.published for item in feed.items] == [None]


@pytest.mark.parametrize(
    "inside",
    [
        "<a>" * 300_000,
        "<item/>" * 100_000,
        "<" * 500_000,
        "&" * 500_000,
        "<!--" * 100_000,
        "<![CDATA[" * 100_000,
        "<a " + "b='c' " * 50_000,
    ],
    ids=["deep", "items", "open", "ampersands", "comments", "cdata", "attributes"],
)
def test_a_feed_made_to_be_slow_is_not(inside: str) -> None:
    begun = time.monotonic()
    with contextlib.suppress(DocumentError):
        feeds.read(f"<rss version='2.0'><channel><title>t</title>{inside}".encode(), parse("http://a.example/"))
    assert time.monotonic() - begun < 15


def test_a_feed_of_too_many_items_or_too_deep_says_so() -> None:
    for inside, message in (("<item/>" * 20_001, "20,000 items"), ("<a>" * 3_000, "nested")):
        with pytest.raises(DocumentError, match=message):
            feeds.read(f"<rss version='2.0'><channel>{inside}".encode(), parse("http://a.example/"))


def test_a_public_feed_does_not_lead_to_a_named_host(
    site: Site, reader: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The site answers under a public name here, and under its own as a named host: the one may not lead to the other."""
    public_name(site, monkeypatch)
    site.put("/secret", article(1))
    site.put("/feed", rss(f"<item><guid>1</guid><link>{site.url}/secret</link></item>"), "application/rss+xml")
    site.redirect("/go", f"{site.url}/secret")
    with Fetcher(Hosts((site.name,)), Limits(delay=0), lambda *_: [PUBLIC]) as fetcher:
        intake = Intake(reader.store, reader._sync(), fetcher, contextlib.nullcontext)
        report = IngestReport()
        intake.read(["http://public.example/feed", "http://public.example/go"], report)
    assert ["internal host" in failure.reason for failure in report.failed] == [True, True]
    assert "/secret" not in site.paths()
    assert reader.store.documents() == []


def test_a_public_page_does_not_redirect_to_another_port(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    public_name(site, monkeypatch)
    site.redirect("/go", "http://public.example:22/")
    with (
        Fetcher(Hosts(), Limits(delay=0), lambda *_: [PUBLIC]) as fetcher,
        pytest.raises(DocumentError, match="port 22"),
    ):
        fetcher.fetch(parse("http://public.example/go"), lambda *_: 1000)
    assert site.paths() == ["/robots.txt", "/go"]


PUBLIC = "93.184.215.14"


def public_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the public address lead to the site, as the network would."""
    connect = httpcore.SyncBackend.connect_tcp

    def to_site(self: httpcore.SyncBackend, host: str, port: int, *rest: Any, **named: Any) -> httpcore.NetworkStream:
        assert host in (PUBLIC, site.host), host
        return connect(self, site.host, site.port, *rest, **named)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", to_site)
