"""Vosk models: which one is chosen, what's said about a broken one, and installing from a server that fails."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import socket
import stat
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceguide import config
from voiceguide.cli.door import main
from voiceguide.config import named_models
from voiceguide.errors import InstallError, ModelError
from voiceguide.files import child, download
from voiceguide.language.command import Command
from voiceguide.language.phrasebook import Phrasebook
from voiceguide.recognition import archive, lexicon, models
from voiceguide.recognition import model as recognition
from voiceguide.recognition.official import PINNED, Pin

NAME = "vosk-model-small-en-us-0.99"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no model but the one in the box."""
    for variable in ("VOICEGUIDE_MODEL", "VOSK_MODEL_PATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(models, "SYSTEM", tmp_path / "usr" / "share" / "vosk")
    return tmp_path


def sketch(folder: Path) -> Path:
    """Files that look like a model to everybody but Vosk."""
    fst = (2125659606).to_bytes(4, "little") + b"..."
    for name, head in {
        "am/final.mdl": b"\0B<TransitionModel>",
        "conf/mfcc.conf": b"--use-energy=false\n",
        "conf/model.conf": b"--beam=11.0\n",
        "graph/HCLr.fst": fst,
        "graph/Gr.fst": fst,
        "graph/disambig_tid.int": b"315\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(head)
    return folder


def copy_of_box(folder: Path) -> Path:
    return Path(shutil.copytree(models.box(), folder))


def official(folder: Path) -> Path:
    """A model like the official ones: without the files of the closed graph."""
    copy = copy_of_box(folder)
    (copy / lexicon.FILE).unlink()
    return copy


def refused(error: pytest.ExceptionInfo[ModelError] | pytest.ExceptionInfo[InstallError]) -> str:
    """What the user reads: one line."""
    assert "\n" not in str(error.value)
    assert error.value.exit_code == (4 if error.type is ModelError else 1)
    return str(error.value)


# ── which one is chosen ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_one_in_the_box_is_the_last_resort() -> None:
    assert models.find() == models.box()
    assert [place.error for place in models.locations()] == ["no such folder"] * 3 + [None]


def test_the_places_are_tried_in_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("VOICEGUIDE_MODEL", str(sketch(home / "named")))
    monkeypatch.setenv("VOSK_MODEL_PATH", str(home / "shared"))
    folders = [
        sketch(home / "chosen"),
        home / "named",
        sketch(home / "data" / "voiceguide" / "models" / NAME),
        sketch(home / "shared" / NAME),
        sketch(home / "usr" / "share" / "vosk" / NAME),
        sketch(home / ".cache" / "vosk" / NAME),
        models.box(),
    ]
    places = models.locations(named_models(folders[0]))
    assert [place.path for place in places] == folders
    labels = ["--model", "$VOICEGUIDE_MODEL", "installed", "$VOSK_MODEL_PATH", str(models.SYSTEM), "~/.cache/vosk"]
    assert [place.label for place in places] == [*labels, "in the box"]
    assert models.find(named_models(folders[0])) == folders[0]
    assert models.find(named_models()) == folders[1]
    monkeypatch.delenv("VOICEGUIDE_MODEL")
    for folder, following in pairwise(folders[2:]):
        assert models.find(named_models()) == folder
        shutil.rmtree(folder)
        assert models.find(named_models()) == following


def test_what_the_user_names_is_never_replaced_by_another(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sketch(models.installed() / NAME)
    with pytest.raises(ModelError) as error:
        models.find(named_models(home / "typo"))
    assert refused(error) == f"--model: {home / 'typo'}: no such folder"
    monkeypatch.setenv("VOICEGUIDE_MODEL", str(home))
    with pytest.raises(ModelError) as error:
        models.find(named_models())
    assert refused(error) == f"$VOICEGUIDE_MODEL: {home}: not a Vosk model: am/final.mdl is missing"
    monkeypatch.delenv("VOICEGUIDE_MODEL")
    config.path().parent.mkdir(parents=True)
    config.path().write_text("model: ~/gone\n", "utf-8")
    with pytest.raises(ModelError) as error:
        models.find(named_models())
    assert refused(error) == f"model: in the settings: {home / 'gone'}: no such folder"


def test_the_settings_name_a_model_for_every_command(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = sketch(home / "mine")
    config.path().parent.mkdir(parents=True)
    config.path().write_text("model: ~/mine\n", "utf-8")
    assert main(["models", "path"]) == 0
    assert capsys.readouterr().out == f"{mine}\n"
    assert main(["models", "list"]) == 0
    assert capsys.readouterr().out.startswith(f"model: in the settings {mine}\n")


def test_broken_models_are_skipped_but_listed() -> None:
    broken = sketch(models.installed() / "vosk-model-small-en-us-1.0")
    (broken / "am" / "final.mdl").write_bytes(b"")
    good = sketch(models.installed() / NAME)
    assert models.find() == good
    errors = {place.path: place.error for place in models.locations()}
    assert errors[broken] == "am/final.mdl is empty; install the model again"


def test_small_and_new_models_of_the_right_language_and_region_come_first() -> None:
    for name in (
        "vosk-model-en-in-0.5",
        "vosk-model-en-us-0.22-lgraph",
        "vosk-model-small-de-0.15",
        "vosk-model-small-en-in-0.4",
        "vosk-model-small-en-us-0.3",
        "vosk-model-small-en-us-0.15",
        "vosk-model-spk-0.4",
    ):
        sketch(models.installed() / name)
    found = [place.path.name for place in models.locations() if place.label == "installed"]
    assert found == [
        "vosk-model-small-en-us-0.15",
        "vosk-model-small-en-us-0.3",
        "vosk-model-en-us-0.22-lgraph",
        "vosk-model-small-en-in-0.4",
        "vosk-model-en-in-0.5",
    ]
    assert models.find(language="en-IN").name == "vosk-model-small-en-in-0.4"
    assert models.find(language="de").name == "vosk-model-small-de-0.15"


def test_a_variable_that_names_a_model_instead_of_a_folder_of_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOSK_MODEL_PATH", str(sketch(home / "mine")))
    assert models.find() == home / "mine"


def test_with_no_model_for_a_language_the_places_are_named() -> None:
    with pytest.raises(ModelError) as error:
        models.find(language="fr", official="vosk-model-small-fr-0.22")
    assert refused(error) == (
        f"no recognition model for the language 'fr' (looked: installed, {models.SYSTEM}, ~/.cache/vosk); "
        "install one with: voiceguide models install vosk-model-small-fr-0.22 "
        "(or type the commands: run --keyboard)"
    )


# ── whether it is one ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_model_in_the_box_hears_silence(capfd: pytest.CaptureFixture[str]) -> None:
    model = models.load(models.box())
    meanings = {phrase: Command("pause") for phrase in ("pause", "baby is fussing")}
    recogniser = model.recogniser(Phrasebook(meanings, ()))
    recogniser.AcceptWaveform(bytes(2 * 16_000))
    assert json.loads(recogniser.FinalResult())["text"] == ""
    assert capfd.readouterr().err == ""


def test_the_model_in_the_box_is_small() -> None:
    assert sum(file.stat().st_size for file in models.box().rglob("*") if file.is_file()) < 12_000_000


@pytest.mark.parametrize(
    "name", ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"]
)
def test_a_file_that_is_missing_empty_or_another(name: str, home: Path) -> None:
    folder = sketch(home / "model")
    models.verify(folder)
    (folder / name).write_bytes(b"")
    with pytest.raises(ModelError) as error:
        models.verify(folder)
    assert refused(error) == f"{folder}: {name} is empty; install the model again"
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        models.verify(folder)
    if not name.endswith(".conf"):
        (folder / name).write_bytes(b"<!DOCTYPE html>")
        with pytest.raises(ModelError, match=f"{name} is damaged"):
            models.verify(folder)


def test_a_model_with_a_fixed_graph_cannot_be_given_phrases(home: Path) -> None:
    folder = sketch(home / "model")
    (folder / "graph" / "HCLG.fst").write_bytes(b"...")
    with pytest.raises(ModelError, match="its graph is fixed"):
        models.verify(folder)


@pytest.mark.parametrize("name", ["am/final.mdl", "conf/mfcc.conf", "conf/model.conf", *recognition.FILES])
def test_a_model_for_the_closed_graph_needs_other_files(name: str, home: Path) -> None:
    folder = copy_of_box(home / "model")
    for other in ("HCLr.fst", "Gr.fst", "disambig_tid.int", "words.txt"):
        (folder / "graph" / other).unlink()
    models.verify(folder)
    assert models.load(folder).recogniser(Phrasebook({"next": Command("next")}, ()))
    (folder / name).write_bytes(b"")
    with pytest.raises(ModelError, match=f"{name} is empty; install the model again"):
        models.verify(folder)


def test_a_model_in_the_layout_of_old_models(home: Path) -> None:
    folder = copy_of_box(home / "old")
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        file.rename(folder / file.name)
    assert models.load(folder)


@pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst", "graph/words.txt"])
@pytest.mark.parametrize("damage", ["cut in half", "overwritten behind its first bytes"])
def test_what_only_vosk_finds_out_is_reported_without_its_noise(
    name: str, damage: str, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Vosk loads a model with a broken graph, but a recogniser made from it ends the process."""
    folder = official(home / "model")
    whole = (folder / name).read_bytes()
    half = whole[: whole.index(b" ", len(whole) // 2) + 1]  # in words.txt: a word without its number
    (folder / name).write_bytes(half if damage == "cut in half" else half[:40] + bytes(range(256)) * 1000)
    models.verify(folder)
    with pytest.raises(ModelError) as error:
        models.load(folder)
    assert refused(error).startswith(f"{folder}: Vosk refuses this model (")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("conf/model.conf", b"--frames-per-chunk=9", b"--frames-per-chunk=0"),  # fails an assertion in Kaldi
        ("conf/mfcc.conf", b"--num-mel-bins=40", b"--num-mel-bins=20"),  # not the network's input
        ("am/final.mdl", b"<BiasParams> FV \x04", b"<BiasParams> FV \x04" + b"\xff" * 40),
    ],
)
def test_a_model_that_would_end_the_process_is_reported(
    name: str, old: bytes, new: bytes, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = home / "model"
    shutil.copytree(models.box(), folder)
    content = (folder / name).read_bytes()
    assert old in content
    (folder / name).write_bytes(content.replace(old, new, 1))
    models.verify(folder)
    with pytest.raises(ModelError) as error:
        models.load(folder)
    assert refused(error).startswith(f"{folder}: ")
    assert capfd.readouterr() == ("", "")


def test_a_model_is_tried_once_until_it_changes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / "model"
    shutil.copytree(models.box(), folder)
    tried: list[object] = []
    whole = child.start
    monkeypatch.setattr(child, "start", lambda *a, **k: (tried.append(a), whole(*a, **k))[1])
    models.load(folder)
    models.load(folder)
    assert len(tried) == 1
    (folder / "conf" / "model.conf").write_text((folder / "conf" / "model.conf").read_text() + "\n")
    models.load(folder)
    assert len(tried) == 2


# ── installing ───────────────────────────────────────────────────────────────────────────────────────────────────


class Server(ThreadingHTTPServer):
    """Serves /list.json and /model.zip, and fails as it's set to."""

    daemon_threads = True

    def __init__(self, packed: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.packed = packed
        self.resumes = True
        self.cut_at: list[int] = []
        """After how many bytes of the archive each of the next connections is cut off."""
        self.asked: list[str | None] = []
        """The Range header of each request for the archive."""
        self.entry: dict[str, object] = {
            "name": NAME,
            "url": f"{self.url}/model.zip",
            "md5": hashlib.md5(packed).hexdigest(),
            "size": len(packed),
            "size_text": "3MiB",
            "lang": "en-us",
            "lang_text": "US English",
            "type": "small",
            "version": "0.99",
            "obsolete": "false",
        }
        self.list: bytes | None = None
        """Served in place of a list with the entry."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Don't report clients that have gone: the downloads under test do that."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/list.json":
            body = self.server.list
            self.answer(200, json.dumps([self.server.entry]).encode() if body is None else body)
        elif self.path == "/model.zip":
            self.server.asked.append(self.headers.get("Range"))
            self.archive(self.headers.get("Range") if self.server.resumes else None)
        else:
            self.send_error(404, "Not Found")

    def archive(self, wanted: str | None) -> None:
        packed = self.server.packed
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if start >= len(packed):
            return self.send_error(416, "Range Not Satisfiable")
        end = start + self.server.cut_at.pop(0) if self.server.cut_at else len(packed)
        part = {"Content-Range": f"bytes {start}-{len(packed) - 1}/{len(packed)}"} if wanted else {}
        return self.answer(206 if wanted else 200, packed[start:end], length=len(packed) - start, **part)

    def answer(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The model in the box, packed like the official ones."""
    return zipped({file: (models.box() / file).read_bytes() for file in files_of(models.box())})


@pytest.fixture
def server(packed: bytes) -> Iterator[Server]:
    with Server(packed) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def zipped(files: dict[str, bytes], top: str = NAME) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(f"{top}/{name}", content)
    return packed.getvalue()


def files_of(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def install(server: Server, said: list[str] | None = None) -> Path:
    return models.install(NAME, list_url=f"{server.url}/list.json", say=[].append if said is None else said.append)


def left() -> list[str]:
    """What's in the user's folder of models."""
    return sorted(entry.name for entry in models.installed().iterdir())


def test_a_model_is_installed_and_found(server: Server) -> None:
    said: list[str] = []
    folder = install(server, said)
    assert folder == models.installed() / NAME == models.find()
    assert left() == [NAME]
    assert files_of(folder) == files_of(models.box())
    assert (folder / "am" / "final.mdl").read_bytes() == (models.box() / "am" / "final.mdl").read_bytes()
    models.load(folder)
    percentages = [line for line in said if "%" in line]
    assert 2 <= len(percentages) <= 21
    assert percentages[-1].startswith(f"{NAME}: 100% of ")
    assert said[-1] == f"{NAME} is installed: {folder}"


def test_a_model_that_is_there_is_not_downloaded_again(server: Server) -> None:
    folder = sketch(models.installed() / NAME)
    said: list[str] = []
    assert install(server, said) == folder
    assert said == [f"{NAME} is installed already: {folder}"]
    assert server.asked == []


def test_a_broken_model_is_replaced(server: Server) -> None:
    folder = sketch(models.installed() / NAME)
    (folder / "graph" / "Gr.fst").unlink()
    (folder / "leftover").touch()
    said: list[str] = []
    install(server, said)
    assert said[0] == f"{NAME} is damaged and will be replaced: graph/Gr.fst is missing; install the model again"
    assert files_of(folder) == files_of(models.box())
    assert left() == [NAME]


def test_a_download_resumes_when_the_connection_is_cut(server: Server) -> None:
    server.cut_at = [300_000, 200_000]
    install(server)
    assert server.asked == [None, "bytes=300000-", "bytes=500000-"]


def test_the_next_install_resumes_a_download_that_broke_off(server: Server) -> None:
    server.cut_at = [300_000, 0]
    with pytest.raises(InstallError) as error:
        install(server)
    size = f"{len(server.packed) / 1e6:.1f}"
    assert refused(error) == (
        f"the download of {NAME} was cut off at 0.3 MB of {size} MB; the same command goes on with it"
    )
    assert left() == [f"{NAME}.zip.part"]
    assert models.find() == models.box()
    said: list[str] = []
    install(server, said)
    assert said[0] == f"{NAME}: going on at 0.3 MB of {size} MB"
    assert server.asked[-1] == "bytes=300000-"
    assert left() == [NAME]


def test_the_next_install_resumes_a_download_that_was_interrupted(server: Server) -> None:
    said: list[str] = []

    def ctrl_c(line: str) -> None:
        said.append(line)
        if "%" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        models.install(NAME, list_url=f"{server.url}/list.json", say=ctrl_c)
    assert "--discard" in said[-1]
    assert left() == [f"{NAME}.zip.part"]
    install(server)
    assert server.asked[-1] is not None
    assert left() == [NAME]


def test_a_half_done_download_can_be_thrown_away(server: Server) -> None:
    server.cut_at = [300_000, 0]
    with pytest.raises(InstallError):
        install(server)
    assert models.discard(NAME)
    assert left() == []
    assert not models.discard(NAME)


def test_a_server_that_cannot_resume_sends_all_of_it(server: Server) -> None:
    server.resumes = False
    server.cut_at = [300_000]
    said: list[str] = []
    install(server, said)
    assert f"{NAME}: the server cannot resume a download, starting again" in said
    assert server.asked == [None, "bytes=300000-"]
    assert left() == [NAME]


def test_a_whole_download_is_only_checked_and_unpacked(server: Server) -> None:
    models.installed().mkdir(parents=True)
    (models.installed() / f"{NAME}.zip.part").write_bytes(server.packed)
    install(server)
    assert server.asked == []
    assert left() == [NAME]


@pytest.mark.parametrize("sum_of", ["md5", "sha256"])
def test_a_wrong_checksum_throws_the_download_away(
    sum_of: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sum_of == "md5":
        server.entry["md5"] = "0" * 32
    else:
        monkeypatch.setitem(PINNED, NAME, Pin(len(server.packed), "0" * 64))
    with pytest.raises(InstallError) as error:
        install(server)
    assert f"is damaged ({sum_of} " in refused(error)
    assert "was thrown away; try again" in refused(error)
    assert left() == []


def test_a_download_longer_than_listed_is_not_started(server: Server) -> None:
    server.entry["size"] = len(server.packed) - 1
    with pytest.raises(InstallError, match=f"the server has {len(server.packed)} bytes for {NAME}"):
        install(server)
    assert left() == []


def test_a_list_that_offers_a_changed_archive(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PINNED, NAME, Pin(41, "0" * 64))
    with pytest.raises(InstallError, match=r"changed .* not 41\): not downloaded"):
        install(server)
    assert server.asked == []


def test_a_model_that_does_not_fit_on_the_disk(server: Server) -> None:
    server.entry["size"] = 10**18
    with pytest.raises(InstallError, match=f"{NAME} needs 1000000000000.0 MB in "):
        install(server)
    assert server.asked == []


def test_for_an_unknown_name_the_nearest_is_suggested(server: Server) -> None:
    with pytest.raises(InstallError) as error:
        models.install("vosk-model-smal-en-us", list_url=f"{server.url}/list.json", say=print)
    assert refused(error) == (f"there is no model vosk-model-smal-en-us in the official list; did you mean {NAME}?")


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/passwd", "..", ".hidden", "", "a\\b", "a\nb", "x" * 101])
def test_a_path_is_not_a_name(name: str, server: Server) -> None:
    with pytest.raises(InstallError) as error:
        models.install(name, list_url=f"{server.url}/list.json", say=print)
    assert "is not a model's name" in refused(error)
    with pytest.raises(InstallError):
        models.discard(name)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>Welcome to our Wi-Fi</html>", "is not a list of models"),
        (b'{"name": 1}', "is not a list of models"),
        (b"[]", "there is no model"),
        (json.dumps([{"name": NAME, "url": "x", "size": 1}]).encode(), "lacks the address, size or checksum"),
        (json.dumps([{"name": NAME, "url": "file:///x", "size": 1, "md5": ""}]).encode(), "not an https address"),
    ],
)
def test_a_list_that_cannot_be_used(answer: bytes, message: str, server: Server) -> None:
    server.list = answer
    with pytest.raises(InstallError) as error:
        install(server)
    assert message in refused(error)


def test_an_answer_that_is_an_error(server: Server) -> None:
    server.entry["url"] = f"{server.url}/gone.zip"
    with pytest.raises(InstallError, match=r"the server answers 404 \(Not Found\) for "):
        install(server)


def test_offline_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(InstallError) as error:
        models.install(NAME, list_url=f"http://{address}/list.json", say=print)
    message = refused(error)
    assert message.startswith(f"cannot reach {address} (")
    assert message.endswith("); go online, or give a downloaded .zip file")


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(InstallError, match="timed out"):
        models.install(NAME, list_url=f"http://127.0.0.1:{silent.getsockname()[1]}/list.json", say=print)


def test_only_one_install_runs_at_a_time(server: Server) -> None:
    models.installed().mkdir(parents=True)
    other = os.open(models.installed(), os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(InstallError, match="another install is at work"):
        install(server)
    os.close(other)
    install(server)


def test_what_a_killed_install_left_is_never_used_and_is_removed_by_the_next(server: Server) -> None:
    sketch(models.installed() / f"{archive.SCRATCH}abc" / "new")
    assert models.find() == models.box()
    install(server)
    assert left() == [NAME]


def test_a_folder_that_cannot_be_written_is_reported(home: Path) -> None:
    (home / ".local").touch()
    with pytest.raises(InstallError) as error:
        models.install(NAME, say=print)
    assert refused(error) == f"cannot install into {models.installed()}: Not a directory"


# ── archives ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_archive_that_was_downloaded_elsewhere(packed: bytes, home: Path) -> None:
    file = home / "from-a-friend.ZIP"
    file.write_bytes(packed)
    folder = models.install(str(file), say=print)
    assert folder == models.installed() / NAME == models.find()
    assert file.exists()
    said: list[str] = []
    assert models.install(str(file), say=said.append) == folder
    assert said == [f"{NAME} is installed already: {folder}"]


def test_an_archive_that_does_not_exist(home: Path) -> None:
    with pytest.raises(InstallError, match="no such file"):
        models.install(str(home / "x.zip"), say=print)


def test_an_archive_with_a_known_name_must_be_that_archive(packed: bytes, home: Path) -> None:
    file = home / "vosk-model-small-en-us-0.15.zip"
    file.write_bytes(packed)
    with pytest.raises(InstallError) as error:
        models.install(str(file), say=print)
    size = len(packed)
    assert f"is not {file.stem} as published ({size} bytes instead of 41205931)" in refused(error)


def link(name: str, mode: int = stat.S_IFLNK) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (mode | 0o777) << 16
    return member


HARMFUL: list[tuple[str, list[tuple[str | zipfile.ZipInfo, bytes]], str]] = [
    ("climbs out", [(f"{NAME}/../../evil", b"x")], "it would write outside its folder"),
    ("absolute", [("/tmp/evil", b"x")], "it would write outside its folder"),
    ("from Windows", [("C:\\evil", b"x")], "not everything in it lies in one folder"),
    ("symbolic link", [(link(f"{NAME}/am"), b"/etc")], "it holds a link or a special file"),
    ("device", [(link(f"{NAME}/null", stat.S_IFCHR), b"")], "it holds a link or a special file"),
    ("bomb", [(f"{NAME}/am/final.mdl", bytes(5_000_000))], "far bigger than a model"),
    ("crowd", [(f"{NAME}/{number}", b"") for number in range(3000)], "its list of members is longer"),
    ("two tops", [(f"{NAME}/a", b""), ("other/b", b"")], "not everything in it lies in one folder"),
    ("no top", [("README", b"")], "not everything in it lies in one folder"),
    ("twice", [(f"{NAME}/a", b"x"), (f"{NAME}//a", b"y")], "two of its members have the same name"),
    ("file and folder", [(f"{NAME}/a", b"x"), (f"{NAME}/a/b", b"y")], "two of its members have the same name"),
    ("empty", [], "not everything in it lies in one folder"),
    ("hidden", [(".unpacking-x/am/final.mdl", b"")], "is not a model's name"),
    ("no model", [(f"{NAME}/README", b"Hello")], "not a Vosk model: am/final.mdl is missing"),
]


@pytest.mark.parametrize(("members", "message"), [case[1:] for case in HARMFUL], ids=[case[0] for case in HARMFUL])
def test_an_archive_that_could_do_harm_leaves_nothing(
    members: list[tuple[str | zipfile.ZipInfo, bytes]], message: str, home: Path
) -> None:
    file = home / "model.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for member, content in members:
            packed.writestr(member, content, zipfile.ZIP_DEFLATED)
    before = files_of(home)
    with pytest.raises(InstallError) as error:
        models.install(str(file), say=print)
    assert message in refused(error)
    assert left() == []
    assert files_of(home) == before
    assert not Path("/tmp/evil").exists()


def test_a_harmful_download_is_thrown_away(server: Server) -> None:
    server.packed = zipped({"../../evil": b"x"})
    server.entry |= {"size": len(server.packed), "md5": hashlib.md5(server.packed).hexdigest()}
    with pytest.raises(InstallError, match="cannot be used: it would write outside its folder"):
        install(server)
    assert left() == []


def test_a_damaged_archive_leaves_nothing(packed: bytes, home: Path) -> None:
    file = home / "model.zip"
    for damaged in (packed[: len(packed) // 2], packed[:300_000] + b"\xff" * 100 + packed[300_100:], b""):
        file.write_bytes(damaged)
        with pytest.raises(InstallError) as error:
            models.install(str(file), say=print)
        assert "it is damaged (" in refused(error)
        assert left() == []


@given(st.lists(st.text(alphabet="ab./\\:~\0é\n", min_size=1, max_size=8), min_size=1, max_size=3, unique=True))
def test_whatever_the_members_are_called_nothing_lands_outside(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("names")
    packed = folder / "model.zip"
    with zipfile.ZipFile(packed, "w") as writing:
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = name
            writing.writestr(info, b"content")
    target = folder / "into" / "model"
    target.parent.mkdir()
    try:
        archive.unpack(packed, target, lambda _: None)
    except archive.BadArchiveError:
        assert not target.exists()
    else:
        assert target.is_dir()
    assert {str(path.relative_to(folder)) for path in folder.iterdir()} == {"model.zip", "into"}
    assert {path.name for path in target.parent.iterdir()} <= {"model"}
