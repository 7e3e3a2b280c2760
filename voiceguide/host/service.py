"""The systemd unit that starts the guide at boot: install it, remove it, check it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from voiceguide.errors import VoiceguideError
from voiceguide.files import atomic
from voiceguide.files.paths import expanded, user_folder, user_name

NAME = "voiceguide.service"
WATCHDOG_S = 60
"""After this long without sound the guide is restarted. A sound server takes a few seconds to restart."""
START_S = 180
"""The first start on a Raspberry Pi renders and compiles what's cached from then on."""
STOP_S = 10
MEMORY_MAX = "75%"
"""Of the machine's. A sound library that runs away is ended before it takes the machine with it."""
RESTART_S, RESTART_MOST_S, RESTART_STEPS = 2, 60, 6
"""Seconds before a restart, at first and at most, and how many steps it takes to get there."""
RESTART_FIXED_S = 15
"""The same where systemd can't back off."""
BACKS_OFF = 254
"""The first version of systemd that has RestartSteps."""
LINGER = Path("/var/lib/systemd/linger")
"""Contains a file for each user whose services run without a login (loginctl enable-linger)."""
SYSTEM = Path("/etc/systemd/system")
PACKAGED = Path("/usr/lib/systemd/system")
"""Where the Debian package (packaging/deb) has its own: a system unit, not enabled until the user does so."""
ANSWER_S = 20.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit, perhaps not installed yet."""

    system: bool
    """A system unit, for a machine whose sound needs no login (ALSA alone); otherwise a user unit."""
    user: str
    """Whom the guide runs as."""

    @property
    def path(self) -> Path:
        if self.system:
            return SYSTEM / NAME
        return user_folder("config").parent / "systemd" / "user" / NAME

    @property
    def systemctl(self) -> list[str]:
        return ["systemctl"] if self.system else ["systemctl", "--user"]

    def text(self, version: int | None = None) -> str:
        """The unit file for a version of systemd; for this machine's by default."""
        version = systemd_version() if version is None else version
        back_off = f"RestartSec={RESTART_FIXED_S}"
        if version >= BACKS_OFF:
            back_off = f"RestartSec={RESTART_S}\nRestartSteps={RESTART_STEPS}\nRestartMaxDelaySec={RESTART_MOST_S}"
        return _text(
            "Written by `voiceguide service install`; `voiceguide service uninstall` removes it.",
            self.system,
            sys.executable,
            "WorkingDirectory=~\n" + (f"User={self.user}\nSupplementaryGroups=audio\n" if self.system else ""),
            back_off,
        )

    @property
    def packaged(self) -> bool:
        """Whether it's the one that the Debian package has brought, and none that we wrote goes before it."""
        return self.system and not self.path.is_file() and (PACKAGED / NAME).is_file()

    @property
    def where(self) -> Path:
        """The file that systemd reads."""
        return PACKAGED / NAME if self.packaged else self.path

    @property
    def wanted(self) -> bool:
        """Whether it's there, and the user's wish: the package brings one that isn't, until it's enabled."""
        return self.path.is_file() or (self.packaged and _enabled().is_file())


def _enabled() -> Path:
    """What systemd makes where a unit of the system is enabled, the package's or ours."""
    return SYSTEM / "multi-user.target.wants" / NAME


def packaged(python: str) -> str:
    """The unit file of the Debian package, for any version of systemd. The guide runs as a user whom systemd makes
    for it: the settings are in /etc/voiceguide, what it keeps in /var/lib/voiceguide."""
    return _text(
        "From the package voiceguide. To change something: systemctl edit voiceguide",
        True,
        python,
        """\
DynamicUser=yes
SupplementaryGroups=audio
StateDirectory=voiceguide
StateDirectoryMode=0700
CacheDirectory=voiceguide
CacheDirectoryMode=0700
WorkingDirectory=%S/voiceguide
Environment=HOME=%S/voiceguide XDG_STATE_HOME=%S XDG_DATA_HOME=%S XDG_CACHE_HOME=%C
Environment=VOICEGUIDE_CONFIG=%E/voiceguide/config.yaml
""",
        f"RestartSec={RESTART_FIXED_S}",
    )


def _text(comment: str, system: bool, python: str, who: str, back_off: str) -> str:
    """A unit file. ``who`` are the lines of [Service] on the user and the folders."""
    after = "sound.target" if system else "pipewire.service pipewire-pulse.service pulseaudio.service"
    return f"""\
# {comment}
[Unit]
Description=voiceguide: a voice that guides through a baby massage
After={after}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={_quoted(python)} -P -m voiceguide run --wait
{who}Restart=always
{back_off}
RestartPreventExitStatus=2
WatchdogSec={WATCHDOG_S}
TimeoutStartSec={START_S}
TimeoutStopSec={STOP_S}
MemoryMax={MEMORY_MAX}
UMask=0077
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK

[Install]
WantedBy={"multi-user.target" if system else "default.target"}
"""


def unit(system: bool) -> Unit:
    """The unit of whoever calls; with sudo, of whoever called sudo."""
    return Unit(system, (os.environ.get("SUDO_USER") if system else None) or user_name())


def install(unit: Unit, say: Say) -> None:
    """Write the unit, and have systemd start it now and at each boot. ``say`` is given a line about each thing that's
    done or still to do. Raises VoiceguideError."""
    if not unit.system and os.geteuid() == 0 and os.environ.get("SUDO_USER", "root") != "root":
        raise VoiceguideError(
            "with sudo this would be a service of root; leave out sudo, or add --system for a service of the system"
        )
    text = unit.text()
    try:
        unit.path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(unit.path, text.encode(), mode=0o644)
    except OSError as error:
        how = "; try: sudo $(command -v voiceguide) service install --system" if unit.system else ""
        raise VoiceguideError(f"cannot write {unit.path}: {error.strerror}{how}") from None
    say(f"{unit.path} is written")
    commands = [
        [*unit.systemctl, *rest] for rest in (["daemon-reload"], ["enable", NAME], ["restart", "--no-block", NAME])
    ]
    for command in commands:
        code, answer = _asked(command)
        if code:
            say(f"{' '.join(command)}: {answer or 'it failed'}")
            say(f"when systemd can be reached: {' && '.join(' '.join(one) for one in commands)}")
            break
    else:
        say("it starts now, and at each boot")
    for missing in filter(None, (linger_remedy(unit), other_remedy(unit))):
        say(missing)


def uninstall(unit: Unit, say: Say) -> None:
    """Stop it, and remove the unit. Harmless where there's none. Raises VoiceguideError."""
    if not unit.path.is_file():
        say(f"there is no {unit.path}")
        if unit.packaged:
            say(f"{PACKAGED / NAME} is of the package; sudo systemctl disable --now {NAME}")
        return
    _asked([*unit.systemctl, "disable", "--now", NAME])
    try:
        unit.path.unlink(missing_ok=True)
    except OSError as error:
        raise VoiceguideError(f"cannot remove {unit.path}: {error.strerror}; try with sudo") from None
    _asked([*unit.systemctl, "daemon-reload"])
    say(f"{unit.path} is removed")


def faults(unit: Unit) -> list[tuple[str, str]]:
    """What keeps the service from guiding, each with its remedy; empty where all is well."""
    again = f"voiceguide service install{' --system' if unit.system else ''}"
    if unit.packaged:
        again = f"sudo systemctl enable --now {NAME}"
    try:
        text = unit.text() if unit.packaged else unit.path.read_text("utf-8")
    except OSError:
        return [("it is not installed", again)]
    found = []
    if text != unit.text():
        found.append((f"{unit.path} is not as this version writes it", again))
    for verb, want in (("is-enabled", "enabled"), ("is-active", "active")):
        _, answer = _asked([*unit.systemctl, verb, NAME])
        if answer != want:
            log = f"journalctl {'' if unit.system else '--user '}-u {NAME}"
            found.append((f"systemd says: {answer or 'nothing'}", again if verb == "is-enabled" else log))
    for missing in filter(None, (linger_remedy(unit), other_remedy(unit))):
        what, _, remedy = missing.partition("; ")
        found.append((what, remedy))
    return found


def other_remedy(unit: Unit) -> str:
    """What to do where it's installed both for the user and for the system; empty where it isn't."""
    homes = {expanded(f"~{unit.user}") / ".config", user_folder("config").parent}
    others = [home / "systemd" / "user" / NAME for home in homes] if unit.system else [SYSTEM / NAME, _enabled()]
    if not any(map(os.path.isfile, others)):
        return ""
    remedy = "voiceguide service uninstall" if unit.system else "sudo voiceguide service uninstall --system"
    if not unit.system and not (SYSTEM / NAME).is_file():
        remedy = f"sudo systemctl disable --now {NAME}"
    return f"it is installed for the user and for the system, so two guides would start; {remedy}"


def linger_remedy(unit: Unit) -> str:
    """What to do so that a user's service runs before anybody logs in; empty where there's nothing to do."""
    if unit.system or (LINGER / unit.user).exists():
        return ""
    return f"without a login it does not start at boot; sudo loginctl enable-linger {unit.user}"


def systemd_version() -> int:
    """Its number, such as 257; 0 where there's no systemd."""
    code, answer = _asked(["systemctl", "--version"])
    found = re.match(r"systemd (\d+)", answer)
    return int(found[1]) if found and not code else 0


def _asked(command: list[str]) -> tuple[int, str]:
    """The exit code of a command, and its first line of output."""
    if shutil.which(command[0]) is None:
        return 127, f"there is no {command[0]}"
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 1, "no answer"
    return asked.returncode, next(iter((asked.stdout or asked.stderr).strip().splitlines()), "")


def _quoted(word: str) -> str:
    """A word of ExecStart as in systemd.service(5), where $ and % have a meaning."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
