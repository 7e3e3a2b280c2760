"""Says in a parent's words what doesn't fit a JSON Schema, and what to write instead.

jsonschema's own messages are for programmers. What to write instead comes from the schema: its descriptions, which
are phrases, and its examples. A ``$ref`` points into the same schema; of the keywords that choose between schemas,
only ``if`` and an ``anyOf`` of required keys are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from voiceguide.files.wording import LONGEST_QUOTE, closest, code, nearest, quoted

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Schema: TypeAlias = Mapping[str, Any]

_LONGEST_EXAMPLE = 80
_PLAIN = re.compile(r"[A-Za-z][\w' -]*(?<! )")
_KINDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of `key: value` lines",
}
_PYTHON = {str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}
_BOUNDS = {"minimum": "at least", "maximum": "at most"}


class Misfit(NamedTuple):
    """Where data don't fit a schema."""

    path: tuple[str | int, ...]
    what: str
    instead: str
    at_key: bool = False
    """Whether the key at ``path`` is meant, not its value."""


def misfits(data: object, schema: Schema) -> Iterator[Misfit]:
    """Everything in ``data`` that doesn't fit ``schema``, in no order."""
    from jsonschema.validators import Draft202012Validator  # takes a tenth of a second: only if a file is read

    for error in Draft202012Validator(schema).iter_errors(data):
        yield from _explained(error, schema)


def how_to_start(schema: Schema) -> str:
    """What to write in an empty file."""
    for name in schema.get("required", ()):
        return f"begin with {_entry(schema, schema, name)}"
    return "write `key: value` lines"


def _explained(error: ValidationError, root: Schema) -> Iterator[Misfit]:
    path = tuple(error.absolute_path)
    value: Any = error.instance
    limit: Any = error.validator_value
    rule: Any = error.schema  # the part of the schema with the rule
    if "propertyNames" in error.absolute_schema_path:
        yield Misfit((*path, value), f"{code(value)} cannot be a key here", _write(rule), at_key=True)
        return
    about = {**rule, **_about(root, path)}
    name, write = _named(path), _write(about)
    match error.validator:
        case "required":
            for key in limit:
                if key not in value:
                    yield Misfit(path, f"{name} has no {code(key)}", f"add {_entry(root, about, key)}", at_key=True)
        case "additionalProperties":
            known = rule.get("properties", {})
            free = [key for key in known if key not in value]
            for key in value:
                if key not in known:
                    instead = nearest(key, free) if closest(key, free) else f"delete it, or {nearest(key, free)}"
                    instead = instead if free else "delete it"
                    yield Misfit((*path, key), f"{code(key)} is not known here", instead, at_key=True)
        case "anyOf":
            keys = ", ".join(code(key) for branch in limit for key in branch["required"])
            yield Misfit(path, f"{name} has none of {keys}", "add one of them", at_key=True)
        case "type":
            yield Misfit(path, *_of_type(name, value, limit, write if path else how_to_start(root)))
        case "enum":
            values = list(map(str, limit))
            # If there are few, name them all: "her" is most like "he".
            instead = nearest(str(value) if len(values) > 3 else "", values)
            yield Misfit(path, f"{name} cannot be {_shown(value)}", instead)
        case "pattern" | "minLength" | "minItems" | "minProperties":
            empty = not (value.strip() if isinstance(value, str) else value)
            yield Misfit(path, f"{name} is empty" if empty else f"{name} cannot be {_shown(value)}", write)
        case "maxLength":
            what = f"{name} is {len(value)} characters long, and at most {limit} fit"
            yield Misfit(path, what, "make it shorter")
        case "maxItems" | "maxProperties":
            yield Misfit(path, f"{name} has {len(value)} entries, and at most {limit} fit", "leave some out")
        case "minimum" | "maximum" as bound:
            yield Misfit(path, f"{name} is {_shown(value)}, and must be {_BOUNDS[bound]} {limit}", write)
        case "uniqueItems":
            yield Misfit(path, f"{name} has an entry twice", "keep only one of the two")
        case _:
            yield Misfit(path, f"{name} does not fit here", write)


def _of_type(name: str, value: Any, types: str | list[str], write: str) -> tuple[str, str]:
    types = [types] if isinstance(types, str) else types
    if value is None or value == "":
        return f"{name} is empty", write
    if "string" in types and isinstance(value, bool | int | float):
        write = f'put it in quotes: "{json.dumps(value)}"'
    elif "string" in types and isinstance(value, dict):
        write = "put quotes around the whole text if the colon is part of it"
    elif types == ["array"] and isinstance(value, str):
        write = f"write it as a list, like [{quoted(value)}]"
    wanted = " or ".join(_KINDS[kind] for kind in types)
    return f"{name} must be {wanted}, not {_KINDS[_PYTHON[type(value)]]}", write


def _named(path: Sequence[str | int]) -> str:
    """How a message names the value at ``path``."""
    if not path:
        return "the file"
    last = path[-1]
    return code(last) if isinstance(last, str) else f"entry {last + 1} of {_named(path[:-1])}"


def _shown(value: object) -> str:
    return quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:LONGEST_QUOTE]


def _about(root: Schema, path: Sequence[str | int]) -> Schema:
    """What the schema ``root`` says about the value at ``path``."""
    found = root
    for name in path:
        found = _inner(root, found, name)
    return found


def _inner(root: Schema, schema: Schema, name: str | int) -> Schema:
    """What a schema says about the value ``name`` inside; empty if it says nothing."""
    if isinstance(name, int):
        inner = schema.get("items")
    else:
        inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
    if isinstance(inner, Mapping):
        return _whole(root, inner)
    branches = (_whole(root, schema[kind]) for kind in ("then", "else") if kind in schema)
    return next(filter(None, (_inner(root, branch, name) for branch in branches)), {})


def _whole(root: Schema, schema: Schema) -> Schema:
    """A schema with what its ``$ref`` says; its own keys win."""
    if "$ref" not in schema:
        return schema
    target: Any = root
    for part in schema["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return {**_whole(root, target), **schema}


def _write(schema: Schema) -> str:
    phrase, example = _phrase(schema), _example(schema)
    if example is None:
        return f"write {phrase}" if phrase else "compare it with a file that works"
    return f"write for example {example}" + (f" ({phrase})" if phrase else "")


def _entry(root: Schema, schema: Schema, name: str) -> str:
    """`name: example` (description), for a key that is missing."""
    about = _inner(root, schema, name)
    phrase = _phrase(about)
    return f"`{name}: {_example(about) or '…'}`" + (f" ({phrase})" if phrase else "")


def _phrase(schema: Schema) -> str:
    described: str = schema.get("description", "").strip().rstrip(".")
    return (
        described if described[1:2].isupper() else described[:1].lower() + described[1:]
    )  # unless it begins with an abbreviation


def _example(schema: Schema) -> str | None:
    if not schema.get("examples"):
        return None
    text = _yaml(schema["examples"][0])
    return text if len(text) <= _LONGEST_EXAMPLE else text[: _LONGEST_EXAMPLE - 1] + "…"


def _yaml(value: object) -> str:
    """A value as it can be written in YAML, on one line."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in ("true", "false", "null"):
        return value
    if isinstance(value, list):  # in brackets a comma would end a text
        return f"[{', '.join(json.dumps(v, ensure_ascii=False) if isinstance(v, str) else _yaml(v) for v in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_yaml(inner)}' for key, inner in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)
