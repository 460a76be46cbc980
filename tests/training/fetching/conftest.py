from __future__ import annotations

import functools
import gzip
import http.server
import tarfile
import threading

import pytest

from tests.torch_setting import (  # noqa: F401  fixtures work where they are imported
    collect_ignore_glob,
    digits,
    on_the_cpu,
    rng,
)


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """No folder and no mirror but those that a test names; no proxy on the way."""
    for variable in ("TOPOGRAPH_DATA", "TOPOGRAPH_MIRROR", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def mnist(monkeypatch):
    """The four files by name; fashion-mnist has others of the same names."""
    from tests.training.fetching.made_files import mnist_files, publish

    files = mnist_files(0)
    unpacked = {name.removesuffix(".gz"): gzip.decompress(c) for name, c in files.items()}
    publish(monkeypatch, "mnist", files | unpacked)
    publish(monkeypatch, "fashion-mnist", mnist_files(1))
    return files


@pytest.fixture
def cifar(monkeypatch):
    """The archives by name; they hold a path out of the folder and a link, too."""
    from tests.training.fetching.made_files import (
        BINARY,
        PYTHON,
        TOPS,
        cifar_archive,
        cifar_batches,
        md5,
        publish,
    )
    from topograph.training.data import checksums

    link = tarfile.TarInfo(f"{TOPS[PYTHON]}/data_batch_1")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    extra = [("../evil", b"evil"), (f"{TOPS[PYTHON]}/../../evil", b"evil"), ("", link)]
    files = {archive: cifar_archive(archive, extra) for archive in TOPS}
    publish(monkeypatch, "cifar10", files)
    publish(monkeypatch, "cifar10", cifar_batches(PYTHON))
    for name, content in cifar_batches(PYTHON).items():
        monkeypatch.setitem(checksums.CIFAR_10_PYTHON, name, md5(content))
    size = len(cifar_batches(BINARY)["test_batch.bin"])
    monkeypatch.setattr("topograph.training.data.checking.CIFAR_10_BATCH_BYTES", size)
    return files


@pytest.fixture
def server(tmp_path):
    """A mirror on this machine: its folder, its address, and what was asked of it."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        status = None

        def log_message(self, *_):
            asked.append(self.path)

        def do_GET(self):
            if Handler.status:
                self.send_error(Handler.status)
            else:
                super().do_GET()

        def end_headers(self):
            if self.path.endswith(".gz"):
                self.send_header("Content-Encoding", "gzip")  # as some servers do
            super().end_headers()

    asked: list[str] = []
    root = tmp_path / "mirror"
    root.mkdir()
    handler = functools.partial(Handler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{running.server_port}"
        yield type("Server", (), {"root": root, "url": address, "asked": asked, "handler": Handler})
        running.shutdown()
        thread.join()
