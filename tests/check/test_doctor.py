"""Each of the doctor's checks, with a good and a bad result. All of them together: test_cli.py and
test_live_session.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from conftest import need_espeak
from rig import GIVE_UP_S, Rig, sound_rig

from voiceguide import config
from voiceguide.check import doctor
from voiceguide.host import service
from voiceguide.language.language import load_language
from voiceguide.sessions import journal
from voiceguide.sessions.assembly import Options
from voiceguide.sound import BLOCK, RATE, Pcm, chirp
from voiceguide.sound.room import PARENT_DB, Room


def only(check: doctor.Check, **settings: str) -> doctor.Finding:
    """The finding of a check that has one."""
    (finding,) = doctor.run(check, doctor.Patient(load_language("en"), Options(), settings))
    return finding


# ---- The chirp ----


def in_a_room(room: Room) -> chirp.Loop:
    room.open(chirp.player())
    blocks = [room.read() for _ in range(round(chirp.SECONDS * RATE / BLOCK))]
    return chirp.heard(np.concatenate([b.pcm for b in blocks]), np.concatenate([b.played for b in blocks]))


@pytest.mark.parametrize("echo_db", [-30.0, -20.0, 0.0, 10.0])
@pytest.mark.parametrize("delay_ms", [5.0, 40.0, 250.0, 2_900.0])
def test_the_chirp_is_found_with_its_delay_and_level(echo_db: float, delay_ms: float) -> None:
    heard = in_a_room(Room(echo_db=echo_db, delay_ms=delay_ms))
    assert not heard.dead
    assert heard.delay is not None and heard.echo_db is not None
    assert heard.delay * 1000 == pytest.approx(delay_ms, abs=2)
    assert heard.echo_db == pytest.approx(PARENT_DB + echo_db, abs=3)
    assert heard.floor_db < -75, "the hiss of the simulated microphone"


def test_it_is_found_in_noise() -> None:
    noise = np.random.default_rng(1).normal(scale=3000, size=RATE).astype(np.int16)
    heard = in_a_room(Room(echo_db=-5.0, noise=noise, snr_db=10))
    assert heard.delay == pytest.approx(0.04, abs=0.002)
    assert heard.floor_db == pytest.approx(PARENT_DB - 10, abs=2)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_not_there_is_not_found(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(scale=3000, size=RATE).astype(np.int16)
    heard = in_a_room(Room(echo_db=-120.0, noise=noise, snr_db=20, seed=seed))
    assert (heard.delay, heard.echo_db) == (None, None)


def test_a_dead_microphone_differs_from_a_silent_room() -> None:
    silence = np.zeros(3 * RATE, np.int16)
    played = chirp.player()(len(silence))
    assert chirp.heard(silence, played).dead
    assert not in_a_room(Room(echo_db=-120.0)).dead


def loop(
    *, floor: float = -70.0, peak: float = -20.0, dead: bool = False, echo: float | None = -40.0, delay: float = 0.04
) -> chirp.Loop:
    return chirp.Loop(floor, peak, dead, None if echo is None else delay, echo)


@pytest.mark.parametrize(
    ("heard", "good", "remedy"),
    [
        (loop(), (True, True), ""),
        (loop(echo=None), (True, True), ""),
        (loop(dead=True, echo=None), (False, False), "is it muted"),
        (loop(floor=-30.0), (False, True), "turn off what is loud"),
        (loop(peak=0.0), (False, True), "turn its gain down"),
        (loop(echo=-20.0), (True, False), "turn the speaker down"),
        (loop(delay=0.9), (True, False), "use a speaker with a cable"),
    ],
)
def test_what_is_wrong_with_the_sound_has_a_remedy(heard: chirp.Loop, good: tuple[bool, bool], remedy: str) -> None:
    level, looped = doctor.level(heard), doctor.loop(heard)
    assert (level.ok, looped.ok) == good
    assert remedy in level.remedy + looped.remedy
    assert all(finding.ok == (not finding.remedy) for finding in (level, looped))


# ---- The number to call ----


@pytest.mark.parametrize(
    ("locale", "chosen", "told"),
    [
        ("en_GB.UTF-8", None, "call 999, as your locale is of GB; to change it, set emergency_number"),
        ("en_IN.UTF-8", None, "call 112: your locale is of IN; to change it, set emergency_number"),
        ("C.UTF-8", None, "call 112: your locale names no country; to change it, set emergency_number"),
        ("C.UTF-8", "911", "call 911, as you have set"),
    ],
)
def test_the_number_that_would_be_said_is_told(
    locale: str, chosen: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    options = Options(emergency_number=config.emergency_number(chosen))
    (finding,) = doctor.run(doctor.emergency, doctor.Patient(load_language("en"), options, {}))
    assert finding.ok and told in finding.detail


# ---- The machine ----


def test_a_clock_that_starts_in_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(doctor.clock).ok
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert "1970-01-01" in only(doctor.clock).detail and not only(doctor.clock).ok


def test_little_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "MEMORY", tmp_path / "meminfo")
    assert only(doctor.memory).detail == "not known on this system"
    for free, good in ((100_000, False), (900_000, True)):
        (tmp_path / "meminfo").write_text(f"MemTotal: 1000000 kB\nMemAvailable: {free} kB\n")
        assert only(doctor.memory).ok == good


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(doctor.packages).ok
    there = metadata.version

    def version(name: str) -> str:
        if name == "soxr":
            raise metadata.PackageNotFoundError(name)
        return there(name)

    monkeypatch.setattr(metadata, "version", version)
    finding = only(doctor.packages)
    assert (finding.ok, finding.detail, finding.remedy) == (False, "missing: soxr", "pip install soxr")


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file in its place: not even root can write into that."""
    assert only(doctor.permissions).ok
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    finding = only(doctor.permissions)
    assert not finding.ok and f"{tmp_path}/file cannot be written: it is for rendered speech" in finding.detail


@pytest.mark.parametrize("home", ["nowhere/mia", "mia"])
def test_no_command_is_given_for_a_folder_that_is_not_inside_the_users_home(
    home: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mia").mkdir()
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / home))
    monkeypatch.setattr(os, "access", lambda *_: False)
    finding = only(doctor.permissions)
    assert not finding.ok and "chown" not in finding.remedy and "$HOME" in finding.remedy
    (tmp_path / home / ".cache").mkdir(parents=True)
    assert f"{tmp_path / home}/.cache; without" in only(doctor.permissions).remedy


def test_a_check_that_the_system_ends_is_bad_and_the_others_go_on() -> None:
    def models(_: doctor.Patient) -> Iterator[doctor.Finding]:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")
        yield

    finding = only(models)
    assert not finding.ok and "No usable temporary directory" in finding.detail and "$TMPDIR" in finding.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open any card")
def test_a_sound_card_that_may_not_be_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "SOUND_CARDS", tmp_path)
    (tmp_path / "controlC0").touch(mode=0o000)
    assert "usermod -aG audio" in only(doctor.permissions).remedy


def test_a_service_is_examined_if_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(service, "SYSTEM", tmp_path / "system")
    monkeypatch.setattr(service, "PACKAGED", tmp_path / "packaged")
    assert only(doctor.service).ok and "not installed" in only(doctor.service).detail
    unit = service.unit(False)
    unit.path.parent.mkdir(parents=True)
    unit.path.write_text("[Service]\n")
    finding = only(doctor.service)
    assert not finding.ok and finding.remedy == "voiceguide service install"


def test_the_service_of_the_package_is_examined_once_it_is_enabled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(service, "SYSTEM", tmp_path / "system")
    monkeypatch.setattr(service, "PACKAGED", tmp_path / "packaged")
    service.PACKAGED.mkdir()
    (service.PACKAGED / service.NAME).touch()
    finding = only(doctor.service)
    assert finding.ok and "not enabled; sudo systemctl enable --now voiceguide.service" in finding.detail
    wants = service.SYSTEM / "multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / service.NAME).symlink_to(service.PACKAGED / service.NAME)
    finding = only(doctor.service)
    assert not finding.ok and finding.remedy == "sudo systemctl enable --now voiceguide.service"


# ---- A virtual sound card ----


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    need_espeak()
    with sound_rig() as rig:
        yield rig


def examined(rig: Rig, *arguments: str) -> dict[str, dict[str, object]]:
    command = [sys.executable, "-m", "voiceguide", "doctor", "--json", *arguments]
    result = subprocess.run(
        command, env=rig.environment, cwd=rig.folder, capture_output=True, text=True, timeout=GIVE_UP_S, check=False
    )
    assert result.stderr == ""
    findings = {one["check"]: one for one in map(json.loads, result.stdout.splitlines())}
    assert result.returncode == (not all(one["ok"] for one in findings.values()))
    return findings


def test_a_microphone_that_hears_nothing_is_reported(rig: Rig) -> None:
    found = examined(rig)
    assert found["level"]["detail"] == "the microphone gives no sound at all"
    assert not found["loop"]["ok"]


def test_the_chirp_is_heard_through_real_devices(rig: Rig) -> None:
    hiss: Pcm = np.random.default_rng(0).normal(scale=20, size=30 * RATE).astype(np.int16)
    rig.echo(-20)
    with rig.playing(hiss):
        found = examined(rig)
    bad = [f"{one['check']}: {one['detail']}" for one in found.values() if not one["ok"]]
    assert not bad or [line.partition(":")[0] for line in bad] == ["sound"], bad  # it may run out on a busy machine
    assert "dB below a parent's voice" in str(found["loop"]["detail"])
    assert "the chirp came back after" in str(found["loop"]["detail"])


def test_a_device_that_does_not_exist_is_reported(rig: Rig) -> None:
    found = examined(rig, "--input-device", "nobody's")
    assert "there is no microphone" in str(found["sound"]["detail"])


# ---- What the settings name, and the journal ----


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"routine": "nosuch"}, "nosuch"),
        ({"button": "99"}, "button: '99' is no pin"),
        ({"music": "/nowhere.mp3"}, "/nowhere.mp3"),
    ],
)
def test_settings_that_a_session_would_refuse(settings: dict[str, str], named: str) -> None:
    finding = only(doctor.settings, **settings)
    assert not finding.ok and named in finding.detail and finding.remedy


def test_good_settings_and_none() -> None:
    assert only(doctor.settings, routine="first-weeks", baby="Mia").detail == "good: routine, baby"
    assert only(doctor.settings).detail.startswith("none")


def test_the_language_is_that_of_the_routine_in_the_settings() -> None:
    assert doctor.language_of(Options(), {"routine": "infant-massage-es"}).code == "es"
    assert doctor.language_of(Options(), {"routine": "nosuch"}).code == "en"
    assert doctor.language_of(Options(language="fr"), {"routine": "infant-massage-es"}).code == "fr"


@pytest.mark.parametrize("content", [None, b"torn" * 1000])
def test_a_journal_that_is_a_folder_or_torn_is_named_and_left_alone(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert only(doctor.sessions).ok, "there is none yet"
    path = tmp_path / "voiceguide" / "journal.db"
    path.parent.mkdir()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    finding = only(doctor.sessions)
    assert not finding.ok and str(path) in finding.detail and str(path) in finding.remedy
    path.rmdir() if content is None else path.unlink()
    with journal.Journal():
        pass
    assert only(doctor.sessions).ok
