"""Finds routines by name, in a language, and starts new ones."""

from __future__ import annotations

from pathlib import Path

from voiceguide.errors import VoiceguideError
from voiceguide.files.wording import code, nearest, printable, quoted
from voiceguide.routine import loading
from voiceguide.routine.loading import is_file, load, schema
from voiceguide.routine.routine import Routine
from voiceguide.routine.rules import ID


def all_routines() -> list[Path]:
    """The files of the routines in the box, by name."""
    return sorted(loading.folder_of_routines().glob("*.yaml"), key=lambda path: path.stem)


def find(name_or_path: str) -> Path:
    """The file of a routine: by the name of one in the box, or as a file (``.yaml`` may be left out).

    Raises VoiceguideError when there is none.
    """
    known = [path.stem for path in all_routines()]
    if name_or_path in known:
        return loading.folder_of_routines() / f"{name_or_path}.yaml"
    for path in (Path(name_or_path), Path(f"{name_or_path}.yaml")):
        if is_file(path):
            return path
    instead = f"{nearest(name_or_path, known)}, or the path of a file" if known else "write the path of a file"
    listed = ", ".join(known) or "none"
    raise VoiceguideError(f"there is no routine {quoted(name_or_path)} (there is: {listed}); {instead}")


def in_language(name_or_path: str, language: str | None) -> Routine:
    """The routine of that name; with a ``language`` that is not its own, its translation beside it.

    The translation of NAME into a language is NAME-LANGUAGE, as infant-massage-es. Raises VoiceguideError."""
    path = find(name_or_path)
    routine = load(path)
    if language is None or language.partition("-")[0] == routine.language.partition("-")[0]:
        return routine
    name = routine.id.removesuffix(f"-{routine.language}")
    for other in (f"{name}-{language}", name):
        if is_file(path.with_name(f"{other}.yaml")):
            translated = load(path.with_name(f"{other}.yaml"))
            if translated.language == language:
                return translated
    raise VoiceguideError(
        f"there is no {name}-{language}: {routine.id} is in the language {routine.language!r}; "
        f"choose a routine in {language!r} (voiceguide routines), or another language"
    )


def new(name: str, folder: Path) -> Path:
    """Writes NAME.yaml from the template into ``folder``, and returns its path. Raises VoiceguideError."""
    if not ID.fullmatch(name) or len(name) > schema()["$defs"]["id"]["maxLength"]:
        raise VoiceguideError(
            f"{quoted(name)} cannot name a routine; use small letters, digits and hyphens, as in my-routine"
        )
    if any(path.stem == name for path in all_routines()):
        raise VoiceguideError(f"there is a routine named {code(name)} already; choose another name")
    path = folder / f"{name}.yaml"
    shown = printable(str(path))
    template = Path(__file__).with_name("template.yaml").read_text("utf-8")
    text = template.replace("my-routine", name).replace("My routine", name.replace("-", " ").capitalize())
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise VoiceguideError(f"{shown} exists already; choose another name, or move it") from None
    except OSError as error:
        raise VoiceguideError(f"{shown} cannot be written ({error.strerror}); choose another folder") from None
    return path
