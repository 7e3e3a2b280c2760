"""The systemd unit that starts the guide when the machine does: installed, removed, looked at."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voiceguide.errors import VoiceguideError

NAME = "voiceguide.service"
WATCHDOG_S = 60
"""Without sound for so long, the guide is started anew. A sound server takes a few seconds to start again."""
START_S = 180
"""A Raspberry Pi's first start renders and compiles what is cached later."""
STOP_S = 10
RESTART_S, RESTART_MOST_S, RESTART_STEPS = 2, 60, 6
"""Between an end and the next start: from so many seconds to so many, in so many steps (systemd 254 and newer)."""
RESTART_FIXED_S = 15
"""The same where systemd cannot back off."""
BACKS_OFF = 254
"""The version of systemd that has RestartSteps."""
LINGER = Path("/var/lib/systemd/linger")
"""Holds a file for each user whose services run without a login (loginctl enable-linger)."""
ANSWER_S = 20.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Unit:
    """Where the unit is, and for whom."""

    system: bool
    """Of the system, for a machine whose sound needs no login (ALSA alone); else of the user."""
    user: str

    @property
    def path(self) -> Path:
        if self.system:
            return Path("/etc/systemd/system") / NAME
        home = os.environ.get("XDG_CONFIG_HOME")
        return (Path(home) if home else Path.home() / ".config") / "systemd" / "user" / NAME

    @property
    def systemctl(self) -> list[str]:
        return ["systemctl"] if self.system else ["systemctl", "--user"]

    def text(self, version: int | None = None) -> str:
        """The unit file for a version of systemd, that of this machine by default."""
        version = systemd_version() if version is None else version
        back_off = f"RestartSec={RESTART_FIXED_S}"
        if version >= BACKS_OFF:
            back_off = f"RestartSec={RESTART_S}\nRestartSteps={RESTART_STEPS}\nRestartMaxDelaySec={RESTART_MOST_S}"
        who = f"User={self.user}\nSupplementaryGroups=audio\n" if self.system else ""
        after = "sound.target" if self.system else "pipewire.service pipewire-pulse.service pulseaudio.service"
        return f"""\
# Written by `voiceguide service install`; `voiceguide service uninstall` removes it.
[Unit]
Description=voiceguide: a voice that guides through a baby massage
After={after}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={_quoted(sys.executable)} -P -m voiceguide run --wait
WorkingDirectory=~
{who}Restart=always
{back_off}
RestartPreventExitStatus=2
WatchdogSec={WATCHDOG_S}
TimeoutStartSec={START_S}
TimeoutStopSec={STOP_S}
UMask=0077
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK

[Install]
WantedBy={"multi-user.target" if self.system else "default.target"}
"""


def unit(system: bool) -> Unit:
    """That of whoever calls; with sudo, of whoever called sudo."""
    return Unit(system, (os.environ.get("SUDO_USER") if system else None) or getpass.getuser())


def install(it: Unit, say: Say) -> None:
    """Write the unit, and have systemd start it now and at each boot. ``say`` is told what is done, and what is left
    to do. Raises VoiceguideError."""
    text = it.text()
    try:
        it.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=it.path.parent, prefix=".voiceguide-", delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(it.path)
    except OSError as error:
        how = "; try: sudo $(command -v voiceguide) service install --system" if it.system else ""
        raise VoiceguideError(f"cannot write {it.path}: {error.strerror}{how}") from None
    say(f"{it.path} is written")
    commands = [
        [*it.systemctl, *rest] for rest in (["daemon-reload"], ["enable", NAME], ["restart", "--no-block", NAME])
    ]
    for command in commands:
        code, answer = _asked(command)
        if code:
            say(f"{' '.join(command)}: {answer or 'it failed'}")
            say(f"when systemd can be reached: {' && '.join(' '.join(one) for one in commands)}")
            break
    else:
        say("it starts now, and at each boot")
    if missing := linger_remedy(it):
        say(missing)


def uninstall(it: Unit, say: Say) -> None:
    """Stop it, and remove the unit; harmless where there is none. Raises VoiceguideError."""
    if not it.path.is_file():
        say(f"there is no {it.path}")
        return
    _asked([*it.systemctl, "disable", "--now", NAME])
    try:
        it.path.unlink(missing_ok=True)
    except OSError as error:
        raise VoiceguideError(f"cannot remove {it.path}: {error.strerror}; try with sudo") from None
    _asked([*it.systemctl, "daemon-reload"])
    say(f"{it.path} is removed")


def faults(it: Unit) -> list[tuple[str, str]]:
    """What keeps the service from guiding, each with its remedy; none where all is well."""
    again = f"voiceguide service install{' --system' if it.system else ''}"
    try:
        text = it.path.read_text("utf-8")
    except OSError:
        return [("it is not installed", again)]
    found = []
    if text != it.text():
        found.append((f"{it.path} is not as this version writes it", again))
    for verb, want in (("is-enabled", "enabled"), ("is-active", "active")):
        _, answer = _asked([*it.systemctl, verb, NAME])
        if answer != want:
            log = f"journalctl {'' if it.system else '--user '}-u {NAME}"
            found.append((f"systemd says: {answer or 'nothing'}", again if verb == "is-enabled" else log))
    if missing := linger_remedy(it):
        what, _, remedy = missing.partition("; ")
        found.append((what, remedy))
    return found


def linger_remedy(it: Unit) -> str:
    """What to do so that a user's service runs though nobody has logged in; empty where nothing is to be done."""
    if it.system or (LINGER / it.user).exists():
        return ""
    return f"without a login it does not start at boot; sudo loginctl enable-linger {it.user}"


def systemd_version() -> int:
    """0 where there is no systemd."""
    code, answer = _asked(["systemctl", "--version"])
    found = re.match(r"systemd (\d+)", answer)
    return int(found[1]) if found and not code else 0


def _asked(command: list[str]) -> tuple[int, str]:
    """The exit code of a command, and the first line that it says."""
    if shutil.which(command[0]) is None:
        return 127, f"there is no {command[0]}"
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 1, "no answer"
    return asked.returncode, next(iter((asked.stdout or asked.stderr).strip().splitlines()), "")


def _quoted(word: str) -> str:
    """A word of ExecStart, as systemd.service(5) has it: $ and % mean something there."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
