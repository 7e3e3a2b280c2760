"""The voice: real pyttsx3 and espeak-ng in a real worker process.

A busy machine makes no test fail: a worker that's waiting for a CPU doesn't count as hung.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rig import GIVE_UP_S

from voiceguide.errors import SpeechError
from voiceguide.sound import RATE, Pcm
from voiceguide.speech import voice as voice_module
from voiceguide.speech.pipe import plain
from voiceguide.speech.voice import Voice
from voiceguide.speech.worker import Worker, WorkerLostError


def _espeak_is_here() -> bool:
    try:
        ctypes.CDLL("libespeak-ng.so.1")
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not _espeak_is_here(), reason="libespeak-ng.so.1 is not installed")

SENTENCE = "Rest your hands on your baby's legs, and wait for a moment."


@pytest.fixture
def voice(tmp_path: Path) -> Iterator[Voice]:
    with Voice(cache=tmp_path / "cache") as made:
        yield made


@pytest.fixture(scope="module")
def lasting() -> Iterator[Voice]:
    with Voice(cache=None) as made:
        yield made


def decibels(value: float) -> float:
    return float(20 * np.log10(value))


def level(pcm: Pcm) -> float:
    """RMS in dBFS over the 20 ms frames that are within 30 dB of the loudest."""
    frames = np.pad(pcm / 32768, (0, -len(pcm) % 320)).reshape(-1, 320)
    power = np.mean(frames**2, axis=1)
    return decibels(np.sqrt(power[power > power.max() / 1000].mean()))


def pitch(pcm: Pcm) -> float:
    """The pitch of a voice in hertz: the median over its loud 40 ms frames, by autocorrelation."""
    frames = (pcm / 32768)[: len(pcm) // 640 * 640].reshape(-1, 640)
    found = []
    for frame in frames[np.mean(frames**2, axis=1) > 0.005]:
        echo = np.correlate(frame, frame, "full")[639:]
        found.append(RATE / (50 + np.argmax(echo[50:220])))
    return float(np.median(found))


def seconds(pcm: Pcm) -> float:
    return len(pcm) / RATE


# ---- what's rendered ----


@pytest.mark.parametrize("name", ["en-us", "en-us+f3", "en-gb", "gmw/en-us", "en-gb-scotland+f2", "en-us+Annie"])
@pytest.mark.parametrize("text", [SENTENCE, "Yes.", "Well done!"])
def test_speech_has_one_level_and_hardly_any_silence_around_it(lasting: Voice, name: str, text: str) -> None:
    pcm = lasting.render(text, voice=name)
    assert pcm.dtype == np.int16 and pcm.ndim == 1
    assert level(pcm) == pytest.approx(-20, abs=0.5)
    assert decibels(np.abs(pcm / 32768).max()) < -3
    loud = np.flatnonzero(np.abs(pcm) > 32768 * 10 ** (-50 / 20))
    assert loud[0] <= 0.020 * RATE
    assert len(pcm) - 1 - loud[-1] <= 0.060 * RATE


def test_rate_is_words_a_minute(lasting: Voice) -> None:
    slow, fast = (seconds(lasting.render(SENTENCE, rate=rate)) for rate in (110, 180))
    assert slow / fast == pytest.approx(180 / 110, rel=0.2)


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u200b\u00ad", "\x01\x00"])
def test_a_blank_text_is_a_short_silence_and_no_work(voice: Voice, text: str) -> None:
    assert np.array_equal(voice.render(text), np.zeros(RATE // 5))
    assert voice.worker_pid is None


def test_punctuation_alone_is_silence(lasting: Voice) -> None:
    assert not lasting.render("…").any()


def test_a_text_sounds_the_same_whatever_was_said_before_it(lasting: Voice) -> None:
    first = lasting.render(SENTENCE)
    for name in ("en-us", "en-us+f3", "en-gb", "fr+f2"):
        lasting.render("And now something else.", voice=name)
    with Voice(cache=None) as other:
        other.render("Good morning.", voice="en-gb")
        assert np.array_equal(other.render(SENTENCE), first)


def test_each_voice_has_its_own_pitch(lasting: Voice) -> None:
    assert pitch(lasting.render(SENTENCE, voice="en-us+f3")) > 1.4 * pitch(lasting.render(SENTENCE, voice="en-us"))


# ---- a text is plain text ----


@pytest.mark.parametrize("marked", ["<break time='9s'/>hello", "[[h@'loU]]", "&lt; hello", "<b>hello</b>"])
def test_markup_is_read_out_like_any_text(lasting: Voice, marked: str) -> None:
    spoken = lasting.render(marked)
    assert 1.3 * seconds(lasting.render("hello")) < seconds(spoken) < 9
    assert level(spoken) == pytest.approx(-20, abs=0.5)


@pytest.mark.parametrize("command", ["\x01450S", "\x010A", "\x00", "\x01+99P", "\ud800"])
def test_control_characters_command_nothing(lasting: Voice, command: str) -> None:
    letters = "".join(c for c in command if c.isprintable())
    meant = lasting.render(f"hello {letters} dear baby, how are you today?")
    assert seconds(lasting.render(f"hello {command} dear baby, how are you today?")) == pytest.approx(
        seconds(meant), rel=0.02
    )


@given(st.text())
@settings(deadline=None)
def test_a_plain_text_is_one_line_without_controls(text: str) -> None:
    made = plain(text)
    assert plain(made) == made == made.strip()
    assert {unicodedata.category(char) for char in made}.isdisjoint({"Cc", "Cs", "Co", "Cn"})
    made.encode()


def test_a_plain_text_keeps_its_letters() -> None:
    assert plain("  Cafe\u0301 mas\u00adsage,\nnow\x07! ") == "Café massage, now !"


@given(text=st.text(max_size=30))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_rendered(lasting: Voice, text: str) -> None:
    pcm = lasting.render(text)
    assert pcm.dtype == np.int16 and len(pcm) > 0
    assert np.abs(pcm.astype(int)).max() < 32768 * 10 ** (-3 / 20)


# ---- refusals ----


@pytest.mark.parametrize(
    "name", ["xx", "en-us+nope", "en-us+F3", "f3", "!v/f3", "", "mb/mb-us1", "en-us\x00", "../en-us", "zz+f3"]
)
def test_an_unknown_voice_is_named_and_does_no_harm(voice: Voice, name: str) -> None:
    for text in ("hello", "good morning"):
        with pytest.raises(SpeechError) as refusal:
            voice.render(text, voice=name)
        assert repr(name) in str(refusal.value)
        assert "\n" not in str(refusal.value)
        pid = voice.worker_pid
        assert voice.render(text, voice="en-us").any()
        assert voice.worker_pid == pid


@pytest.mark.parametrize("rate", [79, 451, -1])
def test_a_rate_that_espeak_is_not_made_for_is_refused(lasting: Voice, rate: int) -> None:
    with pytest.raises(SpeechError, match=f"{rate} words a minute; use 80 to 450"):
        lasting.render("hello", rate=rate)


WITHOUT_LIBRARY = """
import ctypes
def load(self, name):
    raise OSError(name)
ctypes.LibraryLoader.LoadLibrary = load
"""
WITHOUT_PYTTSX3 = "import sys; sys.modules['pyttsx3'] = None"
ENDING = "import os; os._exit(3)"
HANGING = "import time; time.sleep(60)"
TALKING = "print('Good morning')"
TALKING_LATER = """
import ctypes, os
copy = ctypes.string_at
def loudly(*args):
    print('noise', flush=True)
    os.write(1, b'noise')
    return copy(*args)
ctypes.string_at = loudly
"""


def spoil(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    """Let every new worker run ``code`` before its own."""
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (WITHOUT_LIBRARY, "sudo apt install libespeak-ng1 espeak-ng-data"),
        (WITHOUT_PYTTSX3, "pip install pyttsx3==2.99"),
        (ENDING, "exit code 3"),
        (TALKING, "makes no sense"),
        (HANGING, "does not answer"),
    ],
)
def test_where_there_can_be_no_voice_one_line_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str, words: str
) -> None:
    spoil(monkeypatch, tmp_path, code)
    with Voice(cache=None) as voice:
        with pytest.raises(SpeechError) as refusal:
            voice.render("hello")
        assert words in str(refusal.value)
        assert "\n" not in str(refusal.value)
        assert voice.worker_pid is None
        monkeypatch.delenv("PYTHONPATH")
        assert voice.render("hello").any(), "it works once that's put right"


def test_missing_espeak_data_have_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "espeak-ng-data").mkdir()
    monkeypatch.setenv("ESPEAK_DATA_PATH", str(tmp_path))
    with (
        Voice(cache=None) as voice,
        pytest.raises(SpeechError, match="not as a whole; install it: sudo apt install"),
    ):
        voice.render("hello")


def test_what_a_library_prints_is_not_taken_for_sound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spoil(monkeypatch, tmp_path, TALKING_LATER)
    with Voice(cache=None) as voice:
        first = voice.worker_pid
        for text in (SENTENCE, "Good morning."):
            assert level(voice.render(text)) == pytest.approx(-20, abs=0.5)
            assert first in (None, voice.worker_pid)
            first = voice.worker_pid


# ---- a worker that dies or hangs ----


def pid_of(voice: Voice) -> int:
    assert voice.worker_pid is not None
    return voice.worker_pid


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_worker_that_was_killed_is_replaced(voice: Voice) -> None:
    voice.render("one")
    old = pid_of(voice)
    os.kill(old, signal.SIGKILL)
    assert voice.render("two").any()
    assert pid_of(voice) != old


def test_a_worker_that_is_killed_at_its_work_is_replaced_and_the_work_done(voice: Voice) -> None:
    voice.render("one")
    old = pid_of(voice)
    os.kill(old, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        pending = threads.submit(voice.render, SENTENCE)
        time.sleep(0.1)
        assert not pending.done()
        os.kill(old, signal.SIGKILL)
        assert seconds(pending.result()) > 2
    assert is_gone(old)


def test_a_worker_that_hangs_is_replaced() -> None:
    with Voice(cache=None) as voice:
        voice.render("one")
        old = pid_of(voice)
        os.kill(old, signal.SIGSTOP)
        assert seconds(voice.render(SENTENCE)) > 2
        assert is_gone(old)


RENDERING_FOR_EVER = """
import os, time
fork = os.fork
def hang():
    child = fork()
    if not child:
        open({mark!r}, "w").write(str(os.getpid()))
        time.sleep(600)
    return child
os.fork = hang
"""


def test_a_rendering_that_hangs_is_ended_with_its_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spoil(monkeypatch, tmp_path, RENDERING_FOR_EVER.format(mark=str(tmp_path / "mark")))
    voice = Voice(cache=None)
    with ThreadPoolExecutor(1) as threads:
        pending = threads.submit(voice.render, SENTENCE)
        while not ((mark := tmp_path / "mark").is_file() and mark.read_text()):
            time.sleep(0.02)
        voice.close()
        with pytest.raises(SpeechError, match="closed"):
            pending.result()
    while not is_gone(int(mark.read_text())):  # init reaps it
        time.sleep(0.02)


HANGING_ONCE = """
import os, time
try:
    os.open({mark!r}, os.O_CREAT | os.O_EXCL)
except FileExistsError:
    pass
else:
    time.sleep(60)
"""
SLOWLY = """
import sys, time
from importlib import abc
def work():
    start = time.process_time()
    while time.process_time() < start + 2:
        pass
class Slow(abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in ("pyttsx3", "pyttsx3.drivers._espeak"):
            work()
sys.meta_path.insert(0, Slow())
work()
"""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Worker]:
    """All workers that have been started."""
    workers: list[Worker] = []

    def start(engine: str) -> Worker:
        workers.append(Worker(engine))
        return workers[-1]

    monkeypatch.setattr(voice_module, "Worker", start)
    return workers


def test_a_worker_that_hangs_while_it_starts_is_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[Worker]
) -> None:
    spoil(monkeypatch, tmp_path, HANGING_ONCE.format(mark=str(tmp_path / "mark")))
    with Voice(cache=None) as voice:
        assert voice.render("hello").any()
    assert len(started) == 2


def test_a_worker_that_starts_slowly_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[Worker]
) -> None:
    spoil(monkeypatch, tmp_path, SLOWLY)
    with Voice(cache=None) as voice:
        assert voice.render("hello").any()
    assert len(started) == 1


SPINNING_ONCE = """
import ctypes, os
copy = ctypes.string_at
def spin(*args):
    try:
        os.open({mark!r}, os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return copy(*args)
    while True:
        pass
ctypes.string_at = spin
"""


def test_a_worker_that_computes_for_ever_is_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[Worker]
) -> None:
    (tmp_path / "mark").touch()
    spoil(monkeypatch, tmp_path, SPINNING_ONCE.format(mark=str(tmp_path / "mark")))
    with Voice(cache=None) as voice:
        voice.render("one")  # from this it learns how long a sentence takes
        (tmp_path / "mark").unlink()
        assert seconds(voice.render(SENTENCE)) > 2
    assert len(started) == 2


def test_a_request_longer_than_the_pipe_does_not_wait_for_ever() -> None:
    worker = Worker()
    worker.ask("one", "en-us", 140, 60.0)
    os.kill(worker.pid, signal.SIGSTOP)
    with pytest.raises(WorkerLostError, match="does not answer"):
        worker.ask("hello " * 200_000, "en-us", 140, 60.0)
    worker.close()
    assert is_gone(worker.pid)


def test_an_interrupted_rendering_does_not_answer_for_the_next_one(voice: Voice) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    short = seconds(voice.render("yes"))
    old = pid_of(voice)
    os.kill(old, signal.SIGSTOP)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            voice.render(SENTENCE)
    finally:
        signal.signal(signal.SIGALRM, before)
    with contextlib.suppress(ProcessLookupError):
        os.kill(old, signal.SIGCONT)  # if it's still there, it answers now
    assert seconds(voice.render("yes!")) < 2 * short


def test_closing_ends_the_worker_and_what_waits_for_it(tmp_path: Path) -> None:
    voice = Voice(cache=None)
    kept = voice.render("one")
    old = pid_of(voice)
    os.kill(old, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        pending = threads.submit(voice.render, SENTENCE)
        time.sleep(0.1)
        voice.close()
        with pytest.raises(SpeechError, match="closed"):
            pending.result()
    assert is_gone(old)
    assert voice.render("one") is kept
    with pytest.raises(SpeechError, match="closed"):
        voice.render("three")
    voice.close()


def test_threads_share_one_worker(voice: Voice) -> None:
    texts = ["Yes.", SENTENCE] * 4
    alone = {text: seconds(voice.render(text, rate=141)) for text in set(texts)}
    ready = threading.Barrier(len(texts))

    def render(text: str) -> Pcm:
        ready.wait()
        return voice.render(text)

    with ThreadPoolExecutor(len(texts)) as threads:
        made = list(threads.map(render, texts))
    for text, pcm in zip(texts, made, strict=True):
        assert seconds(pcm) == pytest.approx(alone[text], rel=0.05)
        assert pcm is voice.render(text), "rendered once, not once a thread"


def test_the_protocol_of_the_process() -> None:
    """Lines of JSON go in; signs of life, a line of JSON and PCM come out. It ignores Ctrl-C and ends with its
    input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "voiceguide.speech.synthesis", "espeak"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None

    def header() -> dict[str, Any]:
        assert process.stdout is not None
        line: dict[str, Any] = json.loads(process.stdout.readline())
        return line

    def ask(line: bytes) -> tuple[list[int], dict[str, Any]]:
        """The pids in the signs of life, and the answer."""
        assert process.stdin is not None
        process.stdin.write(line + b"\n")
        process.stdin.flush()
        pids = []
        while "pid" in (answer := header()):
            pids.append(answer["pid"])
        return pids, answer

    assert header() == {"pid": process.pid}, "it's alive before it's asked"
    for rate, starts in ((140, 2), (70, 0)):
        pids, answer = ask(json.dumps({"text": "hello", "voice": "en-us", "rate": rate}).encode())
        assert pids[:-1] == [process.pid] * starts
        assert pids[-1] != process.pid, "the fork that renders"
        assert answer["rate"] == 22050 and answer["cpu"] > 0
        assert len(process.stdout.read(answer["bytes"])) == answer["bytes"] > 10_000
        process.send_signal(signal.SIGINT)
    for line, error in (
        (b"not JSON", "failed"),
        (b'{"text": ""}', "failed"),
        (b'{"text": "", "voice": "nope", "rate": 140}', "unknown_voice"),
    ):
        assert ask(line)[1]["error"] == error
    assert ask(b'{"text": " ", "voice": "en-us", "rate": 140}')[1]["bytes"] == 0
    process.stdin.close()
    assert process.stdout.read() == b""
    assert process.wait(GIVE_UP_S) == 0


# ---- what's kept ----


def test_what_was_rendered_comes_from_memory_without_a_worker(voice: Voice) -> None:
    first = voice.render(SENTENCE)
    os.kill(pid_of(voice), signal.SIGKILL)
    pid = voice.worker_pid
    assert voice.render(f"  {SENTENCE}\n") is first
    assert voice.worker_pid == pid
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_what_was_rendered_comes_from_the_disk_without_a_worker(tmp_path: Path) -> None:
    with Voice(cache=tmp_path / "a" / "cache") as voice:
        first = voice.render(SENTENCE)
    with Voice(cache=tmp_path / "a" / "cache") as voice:
        assert np.array_equal(voice.render(SENTENCE), first)
        assert voice.worker_pid is None
        voice.render(SENTENCE, rate=150)
        voice.render(SENTENCE, voice="en-us")
        assert voice.worker_pid is not None
    files = list((tmp_path / "a" / "cache").iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "a" / "cache").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"",
        lambda data: data[:20],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"\0\0",
        lambda data: bytes(len(data)),
        lambda data: data[:5000] + bytes([data[5000] ^ 1]) + data[5001:],
    ],
)
def test_a_damaged_file_is_rendered_again(tmp_path: Path, harm: object) -> None:
    assert callable(harm)
    with Voice(cache=tmp_path) as voice:
        length = seconds(voice.render(SENTENCE))
    (file,) = tmp_path.iterdir()
    file.write_bytes(harm(file.read_bytes()))
    with Voice(cache=tmp_path) as voice:
        assert seconds(voice.render(SENTENCE)) == pytest.approx(length, rel=0.05)
        assert voice.worker_pid is not None
    with Voice(cache=tmp_path) as voice:
        voice.render(SENTENCE)
        assert voice.worker_pid is None, "repaired"


def test_without_a_cache_it_speaks_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with Voice(cache=tmp_path / "file" / "cache") as voice:
        assert voice.render(SENTENCE).any()


def test_a_full_disk_leaves_no_half_file(voice: Voice, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        assert voice.render(SENTENCE).any()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "cache").iterdir()) == []
    assert voice.render("Yes.").any()
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_the_folder_does_not_grow_beyond_its_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(voice_module, "DISK_LIMIT", 250_000)
    with Voice(cache=tmp_path) as voice:
        for n in range(4):
            voice.render(f"{SENTENCE} Number {n}.")
        assert 150_000 < sum(file.stat().st_size for file in tmp_path.glob("*.pcm")) <= 250_000
