"""The manual page and the completion, made from the parser."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from voiceguide.cli import manual
from voiceguide.cli.commands import parser

COMMANDS = manual._commands(parser())


def test_the_page_has_every_command_and_option() -> None:
    page = manual.man()
    for name, command in COMMANDS.items():
        assert f".SS {name}\n" in page
        for option in manual._options(command):
            assert option == "--help" or option.replace("-", "\\-") in page
    assert "%(" not in page


def test_roff_understands_it() -> None:
    if shutil.which("man") is None or (shutil.which("groff") is None and shutil.which("nroff") is None):
        pytest.skip("needs man and groff")
    result = subprocess.run(
        ["man", "--warnings", "-l", "-"],
        input=manual.man(),
        capture_output=True,
        text=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "MANPAGER": "cat", "MANWIDTH": "100"},
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "guide through a routine" in result.stdout.lower()


@pytest.mark.parametrize(
    ("typed", "offered", "not_offered"),
    [
        ("voiceguide re", {"record", "rehearse"}, "run"),
        ("voiceguide run --ke", {"--keyboard"}, "--wav"),
        ("voiceguide --verbose rehearse --wa", {"--wav"}, "--keyboard"),
        ("voiceguide service ", {"install", "uninstall", "status", "--system"}, "run"),
        ("voiceguide models in", {"install"}, "--keyboard"),
    ],
)
def test_bash_completes(typed: str, offered: set[str], not_offered: str) -> None:
    words = typed.split(" ")
    program = f"""
{manual.bash()}
COMP_WORDS=({" ".join(f"'{word}'" for word in words)})
COMP_CWORD={len(words) - 1}
_voiceguide
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    result = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    given = set(result.stdout.split())
    assert offered <= given and not_offered not in given
