"""Backup and restore: one moment of a home in one file, and back; all or nothing whatever happens on the way."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from knowledge.backup import MANIFEST, STORE, back_up, restore
from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.errors import BusyError, StoreError
from knowledge.home import prepare, writing
from knowledge.migrations import STEPS
from knowledge.store import Store
from knowledge.sync import Sync

CATALOG = Catalog.load()


def fill(home: Path, *numbers: int, edition: str = "") -> None:
    store = Store.open(prepare(home))
    sync = Sync(store, CATALOG)
    store.put(
        [
            sync.entry(
                Document(
                    f"{number}.md", f"芯片 {number}", f"MTT S{4000 + number} 的显存容量为 {16 + number}GB。{edition}"
                )
            )
            for number in numbers
        ]
    )
    store.close()


def held(home: Path) -> dict[str, str]:
    store = Store.open(home)
    found = {}
    for info in store.documents():
        document = store.document(info.id)
        assert document is not None
        found[info.origin] = document.text
    store.close()
    return found


def sound(home: Path) -> None:
    with closing(sqlite3.connect(home / STORE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def left_overs(folder: Path) -> list[Path]:
    return list(folder.glob(".xinwen-unfinished-*"))


@pytest.fixture
def saved(home: Path, tmp_path: Path) -> Path:
    """A backup of the home with documents 1 and 2 and an uploaded file."""
    fill(home, 1, 2)
    (home / "uploads").mkdir()
    (home / "uploads" / "报告.txt").write_text("上传的文件", "utf-8")
    back_up(home, tmp_path / "a.backup")
    return tmp_path / "a.backup"


def test_what_was_backed_up_comes_back(home: Path, saved: Path) -> None:
    before = held(home)
    fill(home, 2, 3, edition="后来改的。")
    (home / "uploads" / "报告.txt").write_text("后来改的", "utf-8")
    kept = restore(home, saved)
    assert (kept.documents, kept.pending) == (2, 2)
    assert held(home) == before
    assert (home / "uploads" / "报告.txt").read_text("utf-8") == "上传的文件"
    assert left_overs(home) == []
    sound(home)


def test_a_backup_opens_in_a_new_home(tmp_path: Path, home: Path, saved: Path) -> None:
    restore(tmp_path / "elsewhere", saved)
    assert held(tmp_path / "elsewhere") == held(home)


def test_a_backup_is_for_its_owner_alone(saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_vectors_of_the_same_words_are_kept_and_the_others_go(home: Path, saved: Path) -> None:
    store = Store.open(home)
    ids = {info.origin: store.passages_of(info.id)[0].id for info in store.documents()}
    store.mark_embedded(list(ids.values()))
    fill(home, 2, edition="后来改的。")
    later = next(info.id for info in store.documents() if info.origin == "2.md")
    replaced = store.passages_of(later)[0].id
    revision = store.revision
    assert restore(home, saved).pending == 1
    assert store.passage_ids() == {ids["1.md"]: True, ids["2.md"]: False}
    assert replaced in store.obsolete()
    # Whoever has the store open notices.
    assert store.revision > revision


def test_links_locks_and_hidden_files_stay_out(home: Path, tmp_path: Path) -> None:
    fill(home, 1)
    (home / "vectors").mkdir()
    (home / "vectors" / "index.bin").write_text("derived")
    (home / ".hidden").write_text("x")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (home / "link").symlink_to(secret)
    back_up(home, tmp_path / "b.backup")
    with zipfile.ZipFile(tmp_path / "b.backup") as packed:
        assert set(packed.namelist()) == {STORE, MANIFEST}


# --- refused ------------------------------------------------------------------------------------------------------


def rewritten(source: Path, target: Path, **changed: bytes | None) -> Path:
    """A backup with some of its files replaced, added, or (None) left out; the manifest agrees with what it holds."""
    with zipfile.ZipFile(source) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files.pop(MANIFEST))
    for name, data in changed.items():
        if data is None:
            files.pop(name)
        else:
            files[name] = data
    manifest["files"] = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    }
    with zipfile.ZipFile(target, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
        packed.writestr(MANIFEST, json.dumps(manifest))
    return target


def refused(home: Path, source: Path, match: str) -> None:
    before, names = held(home), sorted(path.name for path in home.parent.iterdir())
    with pytest.raises(StoreError, match=match):
        restore(home, source)
    assert held(home) == before
    assert left_overs(home) == []
    assert sorted(path.name for path in home.parent.iterdir()) == names
    sound(home)


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "uploads/../../evil.txt",
        "/tmp/evil.txt",
        "a\\..\\..\\evil.txt",
        "C:evil.txt",
        "vectors/chroma.sqlite3",
        ".ssh/authorized_keys",
        "uploads/.htaccess",
        "xinwen.db-wal",
        "write.lock",
        "write.pid",
        "uploads//double.txt",
        "./evil.txt",
        "uploads/line\nbreak.txt",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(home: Path, saved: Path, tmp_path: Path, name: str) -> None:
    evil = rewritten(saved, tmp_path / "evil.backup", **{name: b"evil"})
    refused(home, evil, "no backup of xinwen would")


def test_a_link_in_an_archive_is_refused(home: Path, saved: Path, tmp_path: Path) -> None:
    evil = rewritten(saved, tmp_path / "evil.backup", **{"uploads/link": b"/etc/passwd"})
    with zipfile.ZipFile(evil) as packed:
        entries = [(info, packed.read(info)) for info in packed.infolist()]
    with zipfile.ZipFile(evil, "w") as packed:
        for info, data in entries:
            if info.filename == "uploads/link":
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(info, data)
    refused(home, evil, "no backup of xinwen would")


def test_a_file_that_is_no_backup(home: Path, saved: Path, tmp_path: Path) -> None:
    whole = saved.read_bytes()
    for name, data in {
        "text": b"no zip at all" * 99,
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "flipped": whole[:2000] + bytes([whole[2000] ^ 255]) + whole[2001:],
    }.items():
        (tmp_path / name).write_bytes(data)
        refused(home, tmp_path / name, "damaged|no backup")
    refused(home, tmp_path / "missing", "there is no backup")


def test_an_archive_that_unpacks_to_more_than_it_promises(home: Path, saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, bytes(300_000_000) if name.startswith("uploads") else data)
    refused(home, tmp_path / "bomb", "damaged")


def test_an_archive_larger_than_the_disk_is_refused_before_it_is_unpacked(
    home: Path, saved: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(saved) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files[MANIFEST])
    manifest["files"][STORE]["size"] = 10**16
    files[MANIFEST] = json.dumps(manifest).encode()
    with zipfile.ZipFile(tmp_path / "huge", "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    refused(home, tmp_path / "huge", "free some space")


def altered_store(saved: Path, folder: Path, *statements: str) -> bytes:
    with zipfile.ZipFile(saved) as packed:
        (folder / "altered.db").write_bytes(packed.read(STORE))
    with closing(sqlite3.connect(folder / "altered.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    data = (folder / "altered.db").read_bytes()
    (folder / "altered.db").unlink()
    return data


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("CREATE TRIGGER evil AFTER INSERT ON meta BEGIN DELETE FROM documents; END", "schema that is not ours"),
        ("CREATE VIEW evil AS SELECT 1", "schema that is not ours"),
        ("DROP TABLE signatures", "schema that is not ours"),
        ("PRAGMA user_version = 99", "another version"),
        ("DELETE FROM documents WHERE origin = '1.md'", "belongs to nothing"),
        ("DELETE FROM figures", "another number"),
    ],
)
def test_a_store_that_is_not_ours_is_refused(
    home: Path, saved: Path, tmp_path: Path, statement: str, match: str
) -> None:
    data = altered_store(saved, tmp_path, statement)
    refused(home, rewritten(saved, tmp_path / "altered", **{STORE: data}), match)


def test_a_backup_of_a_newer_release_is_refused(home: Path, saved: Path, tmp_path: Path) -> None:
    for field, value in (("format", 99), ("schema_version", 99)):
        with zipfile.ZipFile(saved) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
        files[MANIFEST] = json.dumps({**json.loads(files[MANIFEST]), field: value}).encode()
        with zipfile.ZipFile(tmp_path / field, "w") as packed:
            for name, data in files.items():
                packed.writestr(name, data)
        refused(home, tmp_path / field, "newer release")


def test_a_backup_of_the_first_schema_is_brought_up(tmp_path: Path, home: Path, saved: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    with closing(sqlite3.connect(old / STORE, isolation_level=None)) as connection:
        STEPS[0](connection)
        connection.execute("PRAGMA user_version = 1")
        connection.execute(
            "INSERT INTO documents VALUES ('d', 'old.md', '旧', NULL, NULL, NULL, 'zh', 'news', 'press', '旧文。', '[]', 'd', 0)"
        )
    back_up(old, tmp_path / "old.backup")
    restore(home, tmp_path / "old.backup")
    assert held(home) == {"old.md": "旧文。"}
    with closing(sqlite3.connect(home / STORE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)


def test_a_backup_does_not_overwrite_what_is_none(home: Path, tmp_path: Path) -> None:
    fill(home, 1)
    other = tmp_path / "thesis.txt"
    other.write_text("不可丢失", "utf-8")
    with pytest.raises(StoreError, match="is no backup"):
        back_up(home, other)
    assert other.read_text("utf-8") == "不可丢失"
    with pytest.raises(StoreError, match="outside"):
        back_up(home, home / "inside.backup")
    with pytest.raises(StoreError, match="folder"):
        back_up(home, tmp_path)
    with pytest.raises(StoreError, match="no folder"):
        back_up(home, tmp_path / "missing" / "a.backup")
    with pytest.raises(StoreError, match="nothing to back up"):
        back_up(tmp_path / "nowhere", tmp_path / "b.backup")
    back_up(home, tmp_path / "b.backup")
    back_up(home, tmp_path / "b.backup")


def test_a_damaged_store_is_not_backed_up_but_can_be_restored_over(home: Path, saved: Path) -> None:
    before = held(home)
    (home / STORE).write_bytes(b"SQLite format 3\0" + os.urandom(40_000))
    for suffix in ("-wal", "-shm"):
        (home / f"{STORE}{suffix}").unlink(missing_ok=True)
    good = saved.read_bytes()
    with pytest.raises(StoreError):
        back_up(home, saved)
    assert saved.read_bytes() == good
    restore(home, saved)
    assert held(home) == before
    # What could not be read is moved aside, not thrown away.
    assert list(home.glob(f"{STORE}.damaged-*"))


def test_a_restore_waits_for_nobody_for_ever(home: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.backup.PATIENCE", 0.2)
    before = held(home)
    with closing(sqlite3.connect(home / STORE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match="another process"):
            restore(home, saved)
        other.execute("ROLLBACK")
    assert held(home) == before
    restore(home, saved)


# --- real processes -----------------------------------------------------------------------------------------------

RESTORER = """
import sys
from pathlib import Path
from knowledge.backup import restore
print("start", flush=True)
at = 0
while True:
    restore(Path(sys.argv[1]), Path(sys.argv[2 + at % 2]))
    at += 1
    print("restored", flush=True)
"""

WRITER = """
import sys
from pathlib import Path
from knowledge.catalog import Catalog
from knowledge.documents import Document
from knowledge.store import Store
from knowledge.sync import Sync
store = Store.open(Path(sys.argv[1]))
sync = Sync(store, Catalog.load())
for number in range(100_000):
    store.put([sync.entry(Document(f"w{number:06}.md", f"芯片 {number}", f"MTT S{number} 的显存容量为 {number % 90 + 8}GB。"))])
    print(number, flush=True)
"""


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_backup_of_a_home_that_is_being_written_is_one_moment_of_it(home: Path, tmp_path: Path) -> None:
    prepare(home)
    with subprocess.Popen([sys.executable, "-c", WRITER, str(home)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for at in range(5):
            last = int(writer.stdout.readline())
            back_up(home, tmp_path / f"{at}.backup")
            restore(tmp_path / f"home{at}", tmp_path / f"{at}.backup")
            sound(tmp_path / f"home{at}")
            names = sorted(held(tmp_path / f"home{at}"))
            # Everything that was stored before, nothing twice, no gap: documents are written in order.
            assert len(names) > last
            assert names == [f"w{number:06}.md" for number in range(len(names))]
        writer.kill()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_restore_killed_anywhere_leaves_one_home_or_the_other(home: Path, tmp_path: Path) -> None:
    fill(home, *range(60))
    one = held(home)
    back_up(home, tmp_path / "one")
    fill(home, *range(30, 90), edition="第二版。")
    two = held(home)
    back_up(home, tmp_path / "two")
    chance = random.Random(7)
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", RESTORER, str(home), str(tmp_path / "one"), str(tmp_path / "two")],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 4)):
                assert process.stdout.readline()
            time.sleep(chance.random() * 0.15)
            process.send_signal(signal.SIGKILL)
        assert held(home) in (one, two)
        sound(home)
    restore(home, tmp_path / "one")
    assert held(home) == one
    assert left_overs(home) == []


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_backup_killed_anywhere_leaves_the_older_one(home: Path, tmp_path: Path) -> None:
    fill(home, *range(60))
    target = tmp_path / "a.backup"
    back_up(home, target)
    chance = random.Random(8)
    script = RESTORER.replace(
        "restore(Path(sys.argv[1]), Path(sys.argv[2 + at % 2]))", "back_up(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    script = script.replace("import restore", "import back_up")
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", script, str(home), str(target)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            time.sleep(chance.random() * 0.2)
            process.send_signal(signal.SIGKILL)
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        restore(tmp_path / "copy", target)
        assert held(tmp_path / "copy") == held(home)
    back_up(home, target)
    assert left_overs(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_full_disk_costs_nothing(home: Path, saved: Path, command: str) -> None:
    fill(home, *range(100, 400))
    before, good = held(home), saved.read_bytes()
    if command == "restore":
        back_up(home, saved)
        fill(home, 5)
        before, good = held(home), saved.read_bytes()
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000));"
        f"sys.argv = ['xinwen', '--home', {str(home)!r}, {command!r}, {str(saved)!r}];"
        "from assistant.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert str(saved) in done.stderr
    assert held(home) == before
    assert saved.read_bytes() == good
    assert left_overs(home) == left_overs(saved.parent) == []
    sound(home)


def test_a_second_writer_is_named(home: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.backup.PATIENCE", 0.1)
    with writing(home), pytest.raises(BusyError, match=f"pid {os.getpid()}"):
        restore(home, saved)
