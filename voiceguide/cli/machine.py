"""``models``, ``devices``, ``doctor``, ``history`` and ``service``: what is on this machine."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from voiceguide import config
from voiceguide.cli import parser
from voiceguide.cli.parser import Commands, is_sure, print_json, verbose, warn
from voiceguide.errors import VoiceguideError

if TYPE_CHECKING:
    from voiceguide.sessions.journal import Journal, Past


def register(commands: Commands) -> None:
    models = commands.add("models", _list_models, "list, install or find Vosk models")
    parser.model(models)
    verbs = models.add_subparsers(metavar="VERB")
    listing = verbs.add_parser("list", help="what is here")
    install = verbs.add_parser("install", help="install an official model, or a zip file of one")
    path = verbs.add_parser("path", help="the folder of the model that is used")
    for verb, do in ((listing, _list_models), (install, _install_model), (path, _print_model)):
        verb.set_defaults(do=do)
        verbose(verb)
    install.add_argument("name")
    install.add_argument("--discard", action="store_true", help="throw a half-done download away")

    commands.add("devices", _devices, "list the sound devices")
    doctor = commands.add("doctor", _doctor, "check everything that a session needs", configured=True)
    doctor.add_argument("--json", action="store_true", help="one JSON object for each check")
    parser.language(doctor)
    parser.emergency_number(doctor)
    parser.devices(doctor)
    parser.model(doctor)

    history = commands.add("history", _history, "list past sessions, or delete them")
    history.add_argument("--json", action="store_true", help="one JSON object for each session")
    history.add_argument("--delete", metavar="ID", help="delete this session, or all")
    history.add_argument("--yes", action="store_true", help="delete without asking")
    service = commands.add("service", _service, "start the guide at power-on, waiting for 'hello guide'")
    service.add_argument("verb", nargs="?", choices=["install", "uninstall", "status"], default="status")
    service.add_argument(
        "--system", action="store_true", help="for the system, not for you: where sound needs no login"
    )


def _list_models(arguments: argparse.Namespace) -> None:
    from voiceguide.language.language import known_languages, load_language
    from voiceguide.recognition import models

    named = config.named_models(arguments.model)
    for place in models.locations(named):
        print(f"{place.label:<22} {place.path}{'' if place.error is None else f'  ({place.error})'}")
    print(f"{'in use':<22} {models.find(named)}")
    for language in map(load_language, known_languages()):
        if language.code != "en":
            places = models.locations(config.named_models(), language=language.code)
            found = next((place.path for place in places if place.error is None), None)
            path = found or f"none; to install one: voiceguide models install {language.model}"
            print(f"{f'for {language.name}':<22} {path}")


def _install_model(arguments: argparse.Namespace) -> None:
    from voiceguide.recognition import models

    if arguments.discard:
        print("thrown away" if models.discard(arguments.name) else "there is no half-done download of it")
        return
    print(models.install(arguments.name, say=lambda line: print(line, file=sys.stderr, flush=True)))


def _print_model(arguments: argparse.Namespace) -> None:
    from voiceguide.recognition import models

    print(models.find(config.named_models(arguments.model)))


def _devices(_: argparse.Namespace) -> None:
    from voiceguide.files.wording import printable
    from voiceguide.sound import server
    from voiceguide.sound.live import devices
    from voiceguide.sound.portaudio import served

    found = devices()
    by_server = server.devices() if served(found) else []
    for why in server.unfit_defaults().values() if by_server else ():
        warn(why)
    if not found:
        print("no sound device; connect a microphone and a speaker")
    for device in found:
        marks = [
            name
            for name, on in (("microphone", device.is_default_input), ("speaker", device.is_default_output))
            if on
        ]
        default = f"  default {' and '.join(marks)}" if marks else ""
        channels = f"{device.inputs} in, {device.outputs} out"
        print(f"{device.index:3d}  {device.name}  ({channels}, {device.rate:.0f} Hz, {device.host_api}){default}")
    for one in by_server:
        if one.unfit is None:
            default = f"  default {one.kind}" if one.is_default else ""
            print(printable(f"     {one.description}  ({one.kind} of the sound server: {one.name}){default}"))


def _doctor(arguments: argparse.Namespace) -> int:
    from voiceguide.check.doctor import examine

    well = True
    for finding in examine(parser.options(arguments), config.settings()):
        well &= finding.ok
        if arguments.json:
            print_json(finding.as_json())
        else:
            print(f"{'good' if finding.ok else 'BAD '}  {finding.check:<11} {finding.detail}", flush=True)
            if not finding.ok:
                print(f"      {'':<11} -> {finding.remedy}", flush=True)
    return 0 if well else 1


def _history(arguments: argparse.Namespace) -> int:
    from voiceguide.sessions.journal import Journal, default_path

    if not default_path().exists():
        if not arguments.json:
            print("no sessions are kept")
        return 0
    with Journal(say=warn) as journal:
        past = journal.sessions()
        if arguments.delete is not None:
            return _forget(journal, past, arguments.delete, arguments.yes)
        running = not journal.claim()
    latest = max(past, key=lambda one: one.changed, default=None)
    for one in past:
        _print_past(one, one.ended or ("running" if running and one is latest else "cut off"), arguments.json)
    if not past and not arguments.json:
        print("no sessions are kept")
    return 0


def _print_past(past: Past, how: str, as_json: bool) -> None:
    """A past session, and how it ended."""
    from voiceguide.files.wording import printable

    began, changed = (
        datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
        for seconds in (past.began, past.changed)
    )
    if as_json:
        times = {"began": began, "changed": changed}
        lists = {"parts_done": past.parts, "signs": past.signs}
        print_json({"id": past.id, **times, "routine": past.routine, **lists, "ended": how})
        return
    signs = f"; signs: {', '.join(past.signs)}" if past.signs else ""
    done = ", ".join(past.parts) or "no part"
    day = began[:16].replace("T", " ")
    print(printable(f"{past.id:4d}  {day}  {past.routine:<16} {how:<10}  {done}{signs}"))


def _forget(journal: Journal, past: list[Past], which: str, sure: bool) -> int:
    number = next((one.id for one in past if str(one.id) == which), None)
    if which != "all" and number is None:
        raise VoiceguideError(f"no session {which}; see: voiceguide history (or delete all)")
    what = f"all {len(past)} sessions" if which == "all" else f"session {number}"
    if not is_sure(f"delete {what}", sure):
        return 1
    journal.delete(number)
    print(f"{what} deleted")
    return 0


def _service(arguments: argparse.Namespace) -> int:
    from voiceguide.host import service

    unit = service.unit(arguments.system)
    if arguments.verb == "install":
        service.install(unit, print)
    elif arguments.verb == "uninstall":
        service.uninstall(unit, print)
    else:
        faults = service.faults(unit)
        for what, remedy in faults:
            print(f"{what}\n  -> {remedy}")
        if not faults:
            print(f"{unit.where}: enabled, and running")
        return 1 if faults else 0
    return 0
