"""./run sets up what is missing, mends what has moved, and says in one line what it can't do.

The programs that it calls are stand-ins here, which note what they were asked for. The real ones are tried wherever
``./run test`` is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PYTHON = r"""#!/bin/bash
# A Python that can make a virtual environment, with itself in it.
echo "python $*" >>"$NOTES"
case "$*" in
  "-m venv "*)
    mkdir -p "$3/bin"
    ln -s "$(readlink -f "$0")" "$3/bin/python"
    touch "$3/bin/pip"
    printf 'executable = %s\ncommand = %s -m venv %s\n' "$(readlink -f "$0")" "$0" "$PWD/$3" >"$3/pyvenv.cfg"
    printf '#!/bin/sh\necho guiding in "$(dirname "$0")"\n' >"$3/bin/voiceguide"
    chmod +x "$3/bin/voiceguide" ;;
  *"pip "*voices*) [ -z "$PIP_SAYS$NO_VOICES" ] || { echo "$PIP_SAYS"; exit 1; } ;;
  *"pip "*) [ -z "$PIP_SAYS" ] || { echo "$PIP_SAYS"; exit 1; } ;;
esac
"""
STAND_INS = {
    "python3": PYTHON,
    "id": "echo ${USER_ID:-0}",
    "dpkg": 'echo "${ARCHITECTURE:-amd64}"',
    "dpkg-query": 'echo "${PACKAGES:-installed}"',
    "apt-get": 'echo "apt-get $*" >>"$NOTES"; [ -z "$APT_SAYS" ] || { echo "$APT_SAYS"; exit 100; }',
    "sudo": '[ "$1" != -v ] || { echo "sudo: a password is required" >&2; exit 1; }; exec "$@"',
}


class Checkout:
    """A folder with ``run`` in it, and the programs that it finds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "voiceguide"
        self._programs = folder / "bin"
        self.notes = folder / "notes"
        for made in (self.folder, self._programs):
            made.mkdir()
        for name in ("run", "pyproject.toml"):
            shutil.copy(ROOT / name, self.folder)
        for name, does in STAND_INS.items():
            self.program(name, does)

    def program(self, name: str, does: str) -> Path:
        path = self._programs / name
        path.unlink(missing_ok=True)
        path.write_text(does if does.startswith("#!") else f"#!/bin/bash\n{does}\n")
        path.chmod(0o755)
        return path

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        self.notes.write_text("")
        path = f"{self._programs}:{os.environ['PATH']}"
        nothing = dict.fromkeys(("PIP_SAYS", "APT_SAYS", "NO_VOICES"), "")
        given = os.environ | {"PATH": path, "NOTES": str(self.notes)} | nothing | environment
        return subprocess.run([str(self.folder / "run")], env=given, capture_output=True, text=True, check=False)

    def set_up(self) -> bool:
        """Whether the last run installed the package."""
        return "pip" in self.notes.read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def guides(checkout: Checkout) -> bool:
    """It runs the program of this folder."""
    result = checkout.run()
    return (result.returncode, result.stdout) == (0, f"guiding in {checkout.folder}/.venv/bin\n")


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    """The one line that says why it stopped, after those that say what it's doing."""
    assert result.returncode == 1
    lines = [line.removeprefix("voiceguide: ") for line in result.stderr.splitlines()]
    doing = [line for line in lines if line.startswith("installing ")]
    assert len(lines) == len(doing) + 1
    return lines[-1]


def test_what_is_set_up_once_is_not_set_up_again(checkout: Checkout) -> None:
    assert guides(checkout) and checkout.set_up()
    assert guides(checkout) and checkout.notes.read_text() == "", "it doesn't even start Python"


def test_it_installs_again_where_the_dependencies_have_changed(checkout: Checkout) -> None:
    checkout.run()
    with (checkout.folder / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    assert guides(checkout) and checkout.set_up()


def test_a_folder_that_was_renamed_is_set_up_again(checkout: Checkout) -> None:
    checkout.run()
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("renamed"))
    assert guides(checkout) and checkout.set_up()


def test_a_copy_of_the_folder_runs_its_own_program(checkout: Checkout) -> None:
    checkout.run()
    checkout.folder = Path(shutil.copytree(checkout.folder, checkout.folder.with_name("copy"), symlinks=True))
    assert guides(checkout) and checkout.set_up()


def test_with_another_python_it_is_set_up_again(checkout: Checkout) -> None:
    checkout.run()
    python = checkout.program("python3.99", PYTHON)
    (python.parent / "python3").unlink()
    (python.parent / "python3").symlink_to(python)
    assert guides(checkout) and checkout.set_up()


def test_natural_voices_come_with_it_where_they_can_be_had(checkout: Checkout) -> None:
    checkout.run()
    (installed,) = [line for line in checkout.notes.read_text().splitlines() if " pip " in line]
    assert installed.endswith(" -e .[voices]")


def test_without_natural_voices_it_guides_all_the_same(checkout: Checkout) -> None:
    result = checkout.run(NO_VOICES="yes")
    assert (result.returncode, result.stdout) == (0, f"guiding in {checkout.folder}/.venv/bin\n")
    assert "the natural voices cannot be installed here: espeak-ng speaks" in result.stderr
    assert guides(checkout) and not checkout.set_up(), "it isn't tried each time"


def test_a_system_of_32_bits_is_told(checkout: Checkout) -> None:
    assert refusal(checkout.run(ARCHITECTURE="armhf")).startswith("this needs a 64-bit system")


def test_without_the_right_to_use_sudo_it_names_the_packages(checkout: Checkout) -> None:
    line = refusal(checkout.run(USER_ID="1000", PACKAGES="no"))
    assert line.startswith("please install as root: apt-get install libportaudio2 ")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("E: Could not get lock /var/lib/dpkg/lock-frontend.", "another program is installing packages; try again"),
        ("Err:1 http://deb.debian.org\nE: Failed to fetch http://deb", "is this machine online?"),
        ("E: Unable to locate package libportaudio2", "Unable to locate package libportaudio2"),
    ],
)
def test_what_apt_cannot_do_is_one_line(checkout: Checkout, said: str, why: str) -> None:
    line = refusal(checkout.run(PACKAGES="no", APT_SAYS=said))
    assert line.startswith("could not install libportaudio2 ") and why in line


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("WARNING: Retrying: NewConnectionError(...)\nERROR: none", "could not download Python packages: is this "),
        ("ERROR: No space left on device\nmore", "pip failed: ERROR: No space left on device; see "),
    ],
)
def test_what_pip_cannot_do_is_one_line(checkout: Checkout, said: str, why: str) -> None:
    assert refusal(checkout.run(PIP_SAYS=said)).startswith(why)
    assert guides(checkout), "once that's put right"
