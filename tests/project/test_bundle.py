"""The bundle that installs without the internet."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import need_espeak
from rig import GIVE_UP_S

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "aiohttp",
    "hassil",
    "jsonschema",
    "numpy",
    "pulsectl",
    "pyttsx3",
    "pyyaml",
    "sounddevice",
    "soundfile",
    "soxr",
    "vosk",
)


def without_network(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run it where there is no network: in a namespace without one where the kernel lets us, and in any case with a
    registry that is not there."""
    alone = ["unshare", "--map-root-user", "--net", "--"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        alone = []
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/", "https_proxy": "http://127.0.0.1:9"}
    return subprocess.run(
        [*alone, *command], env=environment, cwd=home, capture_output=True, text=True, check=False, timeout=GIVE_UP_S
    )


@pytest.fixture
def nearly(tmp_path: Path) -> Path:
    """A bundle without a wheel."""
    folder = tmp_path / "bundle"
    (folder / "wheels").mkdir(parents=True)
    shutil.copy(ROOT / "packaging" / "install", folder)
    (folder / "debian-packages.txt").write_text("")
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("install", "debian-packages.txt")
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


def refused(folder: Path, tmp_path: Path) -> str:
    result = subprocess.run(
        [str(folder / "install")],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert not (tmp_path / ".local" / "bin").exists()
    return result.stderr.splitlines()[-1]


def test_a_damaged_bundle_is_not_installed(nearly: Path, tmp_path: Path) -> None:
    (nearly / "debian-packages.txt").write_text("half")
    assert refused(nearly, tmp_path) == "voiceguide: this bundle is damaged; copy it again"


def test_a_machine_for_which_there_are_no_wheels_is_told(nearly: Path, tmp_path: Path) -> None:
    line = refused(nearly, tmp_path)
    assert line.startswith("voiceguide: there are no wheels in this bundle for Python ")
    assert line.endswith(platform.machine())


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="this is no Debian system")
def test_missing_packages_are_named(nearly: Path, tmp_path: Path) -> None:
    packages = nearly / "debian-packages.txt"
    packages.write_text("no-such-package\ncoreutils\n")
    sums = (nearly / "SHA256SUMS").read_text().splitlines()
    sums[1] = f"{hashlib.sha256(packages.read_bytes()).hexdigest()}  debian-packages.txt"
    (nearly / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    assert refused(nearly, tmp_path).endswith("sudo apt-get install --no-install-recommends no-such-package")


def test_a_bundle_installs_and_works_without_the_internet(tmp_path: Path) -> None:
    need_espeak()
    if sys.version_info[:2] not in ((3, 11), (3, 13)):
        pytest.skip("a bundle has wheels for Python 3.11 and 3.13")
    made = subprocess.run(
        [str(ROOT / "run"), "bundle", "--no-voices", "b"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "is this machine online?" in made.stderr:
        pytest.skip("needs the package registry, and there is no way to it")
    assert made.returncode == 0, made.stderr
    wheels = [path.name for path in (tmp_path / "b" / "wheels").iterdir()]
    for package in PACKAGES:
        mine = [name for name in wheels if name.startswith(f"{package}-")]
        assert mine, package
        assert any("none-any" in name for name in mine) or {
            machine for name in mine for machine in ("aarch64", "x86_64") if machine in name
        } == {"aarch64", "x86_64"}, mine
    (ours,) = (tmp_path / "b" / "wheels").glob("voiceguide-*.whl")
    inside = set(zipfile.ZipFile(ours).namelist())
    for folder in ("voiceguide", "routines", "models/voiceguide-en", "models/crying"):
        for path in (ROOT / folder).rglob("*.*"):
            name = str(path.relative_to(ROOT)).removeprefix("voiceguide/")
            assert path.suffix == ".pyc" or path.is_dir() or f"voiceguide/{name}" in inside, name
    assert "libportaudio2" in (tmp_path / "b" / "debian-packages.txt").read_text().split()

    home = tmp_path / "home"
    home.mkdir()
    shutil.move(tmp_path / "b", home / "bundle")
    installed = without_network([str(home / "bundle" / "install")], home)
    assert installed.returncode == 0, installed.stderr
    shutil.rmtree(home / "bundle")
    program = str(home / ".local" / "bin" / "voiceguide")
    assert "first-weeks" in without_network([program, "routines"], home).stdout
    doctor = without_network([program, "doctor", "--json"], home)
    findings = {one["check"]: one for one in map(json.loads, doctor.stdout.splitlines())}
    for check in ("voice", "model", "phrases", "hearing", "routines"):
        assert findings[check]["ok"], findings[check]
    assert str(home) in findings["model"]["detail"], "the model in the wheel"
