"""Voices are installed from a list on a server, resumed and checked; or from files."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import JOE, need_piper

from voiceguide.cli.door import main
from voiceguide.errors import InstallError
from voiceguide.speech import catalogue, installing

NAME = "en_GB-jane-medium"
PLACE = "en/en_GB/jane/medium"
CARD = b"# Model card for jane\n\n* License: CC0\n"
SETTINGS = json.dumps(
    {"audio": {"sample_rate": 22050}, "phoneme_id_map": {}, "espeak": {"voice": "en-gb"}, "num_symbols": 1}
).encode()
MODEL = bytes(range(256)) * 4000


class Server(ThreadingHTTPServer):
    """Serves a list and the files of a voice, and cuts connections off as it's set to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {f"{NAME}.onnx": MODEL, f"{NAME}.onnx.json": SETTINGS, "MODEL_CARD": CARD}
        self.cut_at: list[int] = []
        """After how many bytes of the model each of the next connections is cut off."""
        self.asked: list[str | None] = []
        """The Range header of each request for the model."""
        self.list: object = {NAME: {"key": NAME, "files": {f"{PLACE}/{n}": about(c) for n, c in self.files.items()}}}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/voices.json"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Don't report clients that have gone."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/voices.json":
            self._answer(json.dumps(self.server.list).encode())
            return
        folder, _, name = self.path.removeprefix("/").rpartition("/")
        if folder != PLACE or name not in self.server.files:
            self.send_error(404)
            return
        content = self.server.files[name]
        if name.endswith(".onnx"):
            wanted = self.headers.get("Range")
            self.server.asked.append(wanted)
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
            end = start + self.server.cut_at.pop(0) if self.server.cut_at else len(content)
            part = f"bytes {start}-{len(content) - 1}/{len(content)}" if wanted else None
            self._answer(content[start:end], len(content) - start, part)
        else:
            self._answer(content)

    def _answer(self, body: bytes, length: int | None = None, part: str | None = None) -> None:
        self.send_response(206 if part else 200)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if part:
            self.send_header("Content-Range", part)
        self.end_headers()
        self.wfile.write(body)


def about(content: bytes) -> dict[str, object]:
    return {"size_bytes": len(content), "md5_digest": hashlib.md5(content).hexdigest()}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where voices are installed, by a user who has none."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return catalogue.voices_folder()


def install(server: Server, name: str = NAME) -> list[str]:
    """What was said meanwhile."""
    said: list[str] = []
    installing.install(name, list_url=server.url, say=said.append)
    return said


def is_whole(folder: Path) -> bool:
    there = {path.name: path.read_bytes() for path in (folder / NAME).iterdir()}
    return there == {f"{NAME}.onnx": MODEL, f"{NAME}.onnx.json": SETTINGS, "MODEL_CARD": CARD}


def test_a_voice_of_the_list_is_installed_and_its_licence_shown(server: Server, folder: Path) -> None:
    said = install(server)
    assert is_whole(folder) and list(folder.iterdir()) == [folder / NAME]
    assert said[0] == f"{NAME}: its licence is CC0"
    assert said[-2:] == [f"{NAME}: 100% of 1.0 MB", f"{NAME} is installed: {folder / NAME}"]
    assert install(server) == [f"{NAME} is installed already: {folder / NAME}"]


def test_a_download_that_was_cut_off_goes_on(server: Server, folder: Path) -> None:
    server.cut_at = [300_000, 0]
    with pytest.raises(InstallError, match=r"was cut off at 0\.3 MB of 1\.0 MB; the same command goes on with it"):
        install(server)
    assert not (folder / NAME).exists()
    install(server)
    assert is_whole(folder)
    assert server.asked == [None, "bytes=300000-", "bytes=300000-"]


def test_a_half_done_download_can_be_thrown_away(server: Server, folder: Path) -> None:
    server.cut_at = [300_000, 0]
    with pytest.raises(InstallError):
        install(server)
    assert installing.discard(NAME) and not installing.discard(NAME)
    install(server)
    assert server.asked[-1] is None


def test_a_wrong_checksum_throws_the_download_away(server: Server, folder: Path) -> None:
    server.files[f"{NAME}.onnx"] = MODEL[::-1]
    with pytest.raises(InstallError, match=r"is damaged .md5 .* and was thrown away; try again"):
        install(server)
    assert not (folder / NAME).exists() and not list(folder.glob(f"{NAME}.onnx*.part"))


def test_a_voice_that_is_half_there_is_replaced(server: Server, folder: Path) -> None:
    (folder / NAME).mkdir(parents=True)
    said = install(server)
    assert said[0].startswith(f"{NAME} is half there and will be replaced: ")
    assert is_whole(folder)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("en_GB-jaine-medium", f"no voice en_GB-jaine-medium in the public list; did you mean {NAME}"),
        ("de_DE-thorsten-high", "see https://rhasspy.github.io/piper-samples"),
        ("../jane", "is not the name of a voice of Piper's; give one such as"),
        ("pico-en-gb", "is not the name of a voice of Piper's"),
    ],
)
def test_what_is_not_on_the_list_is_told(server: Server, name: str, why: str) -> None:
    with pytest.raises(InstallError, match=why):
        install(server, name)


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ([], "is not a list of voices"),
        ({NAME: {}}, "lacks a size or a checksum"),
        ({NAME: {"files": {}}}, "lacks a file"),
        ({NAME: {"files": {f"{PLACE}/{NAME}.onnx": {"size_bytes": "x", "md5_digest": "0"}}}}, "lacks a size"),
        (
            {
                NAME: {
                    "files": {
                        f"{n}": {"size_bytes": 1 << 40, "md5_digest": ""}
                        for n in (f"{NAME}.onnx", f"{NAME}.onnx.json")
                    }
                }
            },
            "a size that no voice has",
        ),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(server: Server, folder: Path, listed: object, why: str) -> None:
    server.list = listed
    with pytest.raises(InstallError, match=why):
        install(server)
    assert not list(folder.iterdir())


def test_without_a_network_one_line_says_what_can_be_done(server: Server) -> None:
    url = server.url
    server.server_close()
    with pytest.raises(
        InstallError, match=r"; go online, or give a downloaded .onnx file, with its .onnx.json beside"
    ):
        installing.install(NAME, list_url=url, say=print)


# ---- from files ----


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The model of a voice that was fetched elsewhere."""
    (tmp_path / "usb").mkdir()
    for name, content in ((f"{NAME}.onnx", MODEL), (f"{NAME}.onnx.json", SETTINGS), ("MODEL_CARD", CARD)):
        (tmp_path / "usb" / name).write_bytes(content)
    return tmp_path / "usb" / f"{NAME}.onnx"


def test_a_voice_is_installed_from_its_files(files: Path, folder: Path) -> None:
    assert installing.install(str(files), say=print) == folder / NAME
    assert is_whole(folder) and files.is_file()


@pytest.mark.parametrize("missing", [f"{NAME}.onnx", f"{NAME}.onnx.json"])
def test_both_files_are_needed(files: Path, missing: str) -> None:
    (files.parent / missing).unlink()
    with pytest.raises(InstallError, match=f"{missing}: no such file; a voice is two files"):
        installing.install(str(files), say=print)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"audio": 1}', b"\xff"])
def test_damaged_settings_are_refused(files: Path, folder: Path, content: bytes) -> None:
    files.with_name(f"{NAME}.onnx.json").write_bytes(content)
    with pytest.raises(
        InstallError, match=f"{NAME} cannot be used: {NAME}.onnx.json is (damaged|empty); choose another"
    ):
        installing.install(str(files), say=print)
    assert not list(folder.iterdir())


def test_an_installed_voice_speaks_and_was_measured(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Joe's own model, under another name: as the command installs it."""
    need_piper()
    joe = Path(catalogue.find(JOE).id)
    for suffix in ("", ".json"):
        shutil.copy(f"{joe}{suffix}", tmp_path / f"{NAME}.onnx{suffix}")
    monkeypatch.chdir(tmp_path)
    assert main(["voices", "install", f"{NAME}.onnx"]) == 0
    assert capsys.readouterr().out == f"{folder / NAME}\n"
    manner = catalogue.find(NAME).manner
    assert manner.wpm == pytest.approx(catalogue.MANNERS[JOE].wpm, rel=0.15)
    assert main(["voices", "list"]) == 0
    assert NAME in capsys.readouterr().out
    assert main(["voices", "try", NAME, "--wav", "tried.wav"]) == 0
    assert (tmp_path / "tried.wav").stat().st_size > 100_000
