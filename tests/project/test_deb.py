"""The Debian package: what is in it, and what its scripts do. Its wheels are stand-ins here, and so are the programs
that the scripts call; installing the real one needs root."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiceguide import __version__
from voiceguide.host import service

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "packaging" / "debian"
SCRIPTS = ("postinst", "postrm", "prerm")
NEITHER = ("numpy-2.0-cp313-cp313-win_amd64.whl", "numpy-2.0-cp313-cp313-manylinux_2_28_armv7l.whl")
WHEELS = (
    f"voiceguide-{__version__}-py3-none-any.whl",
    "numpy-2.0-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    "numpy-2.0-cp313-cp313-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl",
    *NEITHER,
)

pytestmark = pytest.mark.skipif(
    any(shutil.which(program) is None for program in ("dpkg", "dpkg-deb")), reason="needs dpkg, which Debian has"
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "wheels").mkdir()
    for name in WHEELS:
        (folder / "wheels" / name).write_bytes(b"PK")
    (folder / "debian-packages.txt").write_text("libportaudio2\npython3-venv\n")
    return folder


def deb(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """packaging/deb, where there is no .venv with the Python that runs this."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [str(ROOT / "packaging" / "deb"), *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module", params=["amd64", "arm64"])
def package(
    request: pytest.FixtureRequest, bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp(request.param)
    made = deb("--arch", request.param, "--bundle", bundle, folder=folder)
    assert made.returncode == 0, made.stderr
    (path,) = folder.iterdir()
    assert path.name == f"voiceguide_{__version__}_{request.param}.deb"
    assert made.stderr.count("\n") == 1 and f"sudo apt install ./{path.name}" in made.stderr
    subprocess.run(["dpkg-deb", "--raw-extract", str(path), str(folder / "tree")], check=True)
    yield request.param, folder


def test_it_has_what_it_should_and_root_owns_it(package: tuple[str, Path]) -> None:
    architecture, folder = package
    tree = folder / "tree"
    files = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
    assert {
        "etc/voiceguide/config.yaml",
        "usr/bin/voiceguide",
        "usr/lib/systemd/system/voiceguide.service",
        "usr/share/bash-completion/completions/voiceguide",
        "usr/share/doc/voiceguide/README.md",
        "usr/share/doc/voiceguide/changelog.gz",
        "usr/share/doc/voiceguide/copyright",
        "usr/share/doc/voiceguide/docs/configuration.md",
        "usr/share/man/man1/voiceguide.1.gz",
    } <= files
    machine, other = {"amd64": ("x86_64", "aarch64"), "arm64": ("aarch64", "x86_64")}[architecture]
    wheels = {name for name in files if name.endswith(".whl")}
    assert wheels == {f"usr/lib/voiceguide/wheels/{name}" for name in WHEELS if other not in name} - {
        f"usr/lib/voiceguide/wheels/{name}" for name in NEITHER
    }
    assert any(machine in name for name in wheels)
    assert gzip.decompress((tree / "usr/share/man/man1/voiceguide.1.gz").read_bytes()).startswith(b".TH VOICEGUIDE 1")
    assert (tree / "usr/bin/voiceguide").stat().st_mode & 0o777 == 0o755

    listed = subprocess.run(["dpkg-deb", "-c", *folder.glob("*.deb")], capture_output=True, text=True, check=True)
    for line in listed.stdout.splitlines():
        mode, owner, *_ = line.split()
        assert owner == "root/root", line
        assert mode in ("drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x"), line
    sums = subprocess.run(
        ["md5sum", "--quiet", "-c", "DEBIAN/md5sums"], cwd=tree, capture_output=True, text=True, check=False
    )
    assert sums.returncode == 0, sums.stdout


def test_apt_is_told_what_it_needs(package: tuple[str, Path]) -> None:
    architecture, folder = package
    told = subprocess.run(
        ["dpkg-deb", "-f", *folder.glob("*.deb")], capture_output=True, text=True, check=True
    ).stdout
    fields = dict(line.split(": ", 1) for line in told.splitlines() if not line.startswith(" "))
    assert "@" not in told.replace(fields["Maintainer"], "")
    assert (fields["Package"], fields["Version"], fields["Architecture"]) == ("voiceguide", __version__, architecture)
    assert fields["Depends"].endswith(", libportaudio2, python3-venv") and "python3 (>= 3.11)" in fields["Depends"]
    assert {"Maintainer", "Section", "Priority", "Installed-Size", "Description"} <= set(fields)
    control = folder / "tree" / "DEBIAN"
    assert (control / "conffiles").read_text() == "/etc/voiceguide/config.yaml\n"
    for name in SCRIPTS:
        assert (control / name).stat().st_mode & 0o777 == 0o755


def test_its_service_is_the_one_that_the_program_knows(package: tuple[str, Path]) -> None:
    unit = (package[1] / "tree/usr/lib/systemd/system/voiceguide.service").read_text()
    assert unit == service.packaged("/usr/lib/voiceguide/venv/bin/python")
    assert "DynamicUser=yes" in unit and "WantedBy=multi-user.target" in unit


def test_the_scripts_are_clean() -> None:
    for path in (*(SOURCE / name for name in SCRIPTS), *(ROOT / "packaging" / name for name in ("deb", "bundle"))):
        subprocess.run(["bash", "-n", str(path)], check=True)
        assert "set -euo pipefail" in path.read_text().splitlines(), path
        assert path.stat().st_mode & 0o111, path
    subprocess.run(["sh", "-n", str(SOURCE / "voiceguide")], check=True)


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["--arch", "armhf"], 1, "there are packages for arm64 and amd64 only, not for armhf"),
        (["--arch"], 2, "usage: ./run deb "),
        (["--what"], 2, "usage: ./run deb "),
        (["--bundle", "nowhere"], 1, "nowhere is no bundle; ./run bundle makes one"),
        (["--bundle", "{bundle}", "nowhere"], 1, "nowhere is no folder that can be written"),
        (["--bundle", "{bundle}", "--no-voices"], 1, "--no-voices and --bundle exclude each other"),
    ],
)
def test_what_it_cannot_do_is_one_line(
    arguments: list[str], code: int, why: str, bundle: Path, tmp_path: Path
) -> None:
    refused = deb(*(one.format(bundle=bundle) for one in arguments), folder=tmp_path)
    assert (refused.returncode, refused.stderr.count("\n")) == (code, 1), refused.stderr
    assert refused.stderr.startswith("voiceguide: ") and why in refused.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("missing", "why"),
    [("numpy*", "has no wheels for amd64"), ("voiceguide*", f"has no wheel of voiceguide {__version__}; make the")],
)
def test_a_bundle_that_will_not_do_is_told(missing: str, why: str, bundle: Path, tmp_path: Path) -> None:
    half = Path(shutil.copytree(bundle, tmp_path / "half"))
    for path in half.glob(f"wheels/{missing}"):
        path.unlink()
    refused = deb("--arch", "amd64", "--bundle", half, folder=tmp_path)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
    assert why in refused.stderr


class Machine:
    """The package's scripts, with the folders that they name in one of ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "usr/lib/voiceguide"
        (self.home / "wheels").mkdir(parents=True)
        (folder / "bin").mkdir()
        # A Python that makes a virtual environment with itself in it, and a pip that says $PIP_SAYS.
        self.python = folder / "bin" / "python3"
        self.says()
        for name in SCRIPTS:
            text = (SOURCE / name).read_text()
            for at in ("/usr/lib", "/usr/bin/python3", "/var/", "/etc/", "/run/"):
                ours = str(self.python) if at.endswith("python3") else f"{folder}{at}"
                text = text.replace(at, ours)
            (folder / name).write_text(text)

    def says(self, line: str = "") -> None:
        self.python.write_text(
            f"""#!/bin/bash
case "$*" in
  "-I -m venv "*) mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; install /dev/null "$4/bin/voiceguide" ;;
  "-I -m pip "*) [ -z "{line}" ] || {{ echo "{line}"; exit 1; }} ;;
  -V) echo Python 3.12.1 ;;
esac
"""
        )
        self.python.chmod(0o755)

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder}/bin:/usr/bin:/bin"
        return subprocess.run(
            ["bash", str(self.folder / script), *arguments],
            env={"PATH": path, "TMPDIR": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\n')
    systemctl.chmod(0o755)
    return machine


def test_it_is_set_up_and_removed_and_the_users_files_stay(machine: Machine) -> None:
    done = machine.run("postinst", "configure", "")
    assert (done.returncode, done.stderr) == (0, "")
    assert (machine.home / "venv/bin/voiceguide").is_file()
    for kept in ("var/lib/voiceguide/journal.db", "etc/voiceguide/mine.yaml"):
        (machine.folder / kept).parent.mkdir(parents=True)
        (machine.folder / kept).touch()
    assert machine.run("prerm", "upgrade", "0.2.0").returncode == 0
    assert (machine.home / "venv").is_dir()
    assert machine.run("prerm", "remove").returncode == 0
    assert not (machine.home / "venv").exists()
    assert (machine.folder / "asked").read_text() == "disable voiceguide.service\n"
    assert machine.run("postrm", "remove").returncode == 0
    assert not machine.home.exists()
    assert (machine.folder / "var/lib/voiceguide/journal.db").exists()
    assert machine.run("postrm", "purge").returncode == 0
    assert not (machine.folder / "var/lib/voiceguide").exists()
    assert (machine.folder / "etc/voiceguide/mine.yaml").exists()


def test_where_systemd_runs_the_service_follows(machine: Machine) -> None:
    (machine.folder / "run/systemd/system").mkdir(parents=True)
    asked = machine.folder / "asked"
    machine.run("postinst", "configure", "")
    assert asked.read_text().splitlines() == ["daemon-reload"], "nothing is started that the user hasn't enabled"
    asked.unlink()
    machine.run("postinst", "configure", "0.0.9")
    assert asked.read_text().splitlines() == ["daemon-reload", "try-restart voiceguide.service"]
    asked.unlink()
    machine.run("prerm", "remove")
    assert asked.read_text().splitlines() == ["stop voiceguide.service", "disable voiceguide.service"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("ERROR: No matching distribution found for numpy", "it has no wheels for Python 3.12.1 on "),
        ("ERROR: [Errno 28] No space left on device", "the disk is full"),
        ("something else", "something else"),
    ],
)
def test_what_it_cannot_set_up_is_one_line(machine: Machine, said: str, why: str) -> None:
    machine.says(said)
    failed = machine.run("postinst", "configure", "")
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"voiceguide: could not be set up from its wheels: {why}")
    assert failed.stderr.count("\n") == 1
    assert not (machine.home / "venv").exists()


def test_natural_voices_that_do_not_fit_are_done_without(machine: Machine) -> None:
    (machine.home / "wheels" / "piper_tts-1-x.whl").touch()
    python = machine.python.read_text()
    machine.python.write_text(python.replace('"-I -m pip "*)', '*"[voices]") exit 1 ;;\n  "-I -m pip "*)'))
    done = machine.run("postinst", "configure", "")
    assert done.returncode == 0
    assert done.stderr == "voiceguide: left out what [voices] needs, which is not in this package for Python 3.12.1\n"


def test_before_it_is_set_up_the_command_says_what_to_do(tmp_path: Path) -> None:
    program = tmp_path / "voiceguide"
    program.write_text((SOURCE / "voiceguide").read_text().replace("/usr/lib", str(tmp_path)))
    result = subprocess.run(["sh", str(program)], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1 and "sudo dpkg --configure -a" in result.stderr
