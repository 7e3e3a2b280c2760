"""What breaks a schema, in a parent's words: what is wrong, and what to write instead.

The words of jsonschema are for programmers. Here each kind of mistake has a plain sentence; what to write
instead comes from the schema itself: its descriptions, which are phrases, and its examples. A ``$ref``
in a schema names a place in the same schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from voiceguide.errors import FileError
from voiceguide.files.wording import LONGEST_QUOTE, closest, code, nearest, quoted

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

    from voiceguide.files.source import Document

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
    "null": "empty",
}


def how_to_start(schema: Schema) -> str:
    """What to write in an empty file."""
    for name in schema.get("required", ()):
        return f"begin with {_entry(schema, [schema], name)}"
    return "write `key: value` lines"


@dataclass(frozen=True, slots=True)
class _Violation:
    """What jsonschema found, with what the messages need."""

    rule: str
    """The keyword of the schema that is broken, as in "maxLength"."""
    limit: Any
    """What the schema says for it."""
    value: Any
    path: tuple[str | int, ...]
    schema: Any
    """The schema that holds the rule."""
    schemas: list[Schema]
    """The schemas that hold for the value, the most particular first."""

    @property
    def name(self) -> str:
        return _named(self.path)


def of_violation(error: ValidationError, document: Document, root: Schema) -> Iterator[FileError]:
    """The mistakes behind one violation of the schema ``root``."""
    where = tuple(error.absolute_path)
    steps = list(error.absolute_schema_path)[:-1]
    found = _Violation(
        rule=str(error.validator),
        limit=error.validator_value,
        value=error.instance,
        path=where,
        schema=error.schema,
        schemas=_schemas(root, steps),
    )
    if "propertyNames" in steps:
        what = f"{code(found.value)} cannot be a key here"
        yield document.error((*where, found.value), what, _write(found.schemas), key=True)
    elif found.rule == "type" and not where:
        yield document.error(where, _of_type(found)[0], how_to_start(root))
    elif found.rule in ("anyOf", "oneOf"):
        yield from _of_choice(found, list(error.context or ()), document, root)
    elif found.rule in _OF_ENTRIES:
        yield from _OF_ENTRIES[found.rule](found, document, root)
    else:
        yield document.error(where, *_OF_VALUE.get(found.rule, _of_other)(found))


def _of_missing(found: _Violation, document: Document, root: Schema) -> Iterator[FileError]:
    for name in found.limit:
        if name not in found.value:
            instead = f"add {_entry(root, found.schemas, name)}"
            yield document.error(found.path, f"{found.name} has no {code(name)}", instead, key=True)


def _of_unknown(found: _Violation, document: Document, root: Schema) -> Iterator[FileError]:
    known = list(found.schema.get("properties", ()))
    patterns = list(found.schema.get("patternProperties", ()))
    for name in found.value:
        if name not in known and not any(re.search(pattern, name) for pattern in patterns):
            free = [other for other in known if other not in found.value]
            instead = (
                nearest(name, free) if closest(name, free) or not free else f"delete it, or {nearest(name, free)}"
            )
            yield document.error((*found.path, name), f"{code(name)} is not known here", instead, key=True)


def _of_twice(found: _Violation, document: Document, root: Schema) -> Iterator[FileError]:
    for index, item in enumerate(found.value):
        if item in found.value[:index]:
            where = (*found.path, index)
            yield document.error(where, f"{_named(where)} is there twice", "keep only one of the two")


_OF_ENTRIES: Mapping[str, Callable[[_Violation, Document, Schema], Iterator[FileError]]] = {
    "required": _of_missing,
    "additionalProperties": _of_unknown,
    "uniqueItems": _of_twice,
}

_Said: TypeAlias = tuple[str, str]


def _of_type(found: _Violation) -> _Said:
    value = found.value
    types = [found.limit] if isinstance(found.limit, str) else list(found.limit)
    instead = _write(found.schemas)
    if value is None or value == "":
        return f"{found.name} is empty", instead
    if "string" in types and isinstance(value, bool | int | float):
        instead = f'put it in quotes: "{json.dumps(value)}"'
    elif "string" in types and isinstance(value, dict):
        instead = "put quotes around the whole text if the colon is part of it"
    elif types == ["array"] and isinstance(value, str) and _of_texts(_about(found.schemas)[1]):
        instead = f"write [{quoted(value)}]"
    wanted = " or ".join(_KINDS[kind] for kind in types)
    return f"{found.name} must be {wanted}, not {_kind_of(value)}", instead


def _of_texts(example: object) -> bool:
    return isinstance(example, list) and all(isinstance(one, str) for one in example)


def _of_enum(found: _Violation) -> _Said:
    known = [str(one) for one in (found.limit if found.rule == "enum" else [found.limit])]
    return f"{found.name} cannot be {_shown(found.value)}", nearest(str(found.value), known)


def _of_text(found: _Violation) -> _Said:
    if not found.value.strip():
        return f"{found.name} is empty", _write(found.schemas)
    return f"{found.name} cannot be {quoted(found.value)}", _write(found.schemas)


def _of_long_text(found: _Violation) -> _Said:
    what = f"{found.name} is {len(found.value)} characters long; at most {found.limit} fit"
    return what, "make it shorter"


def _of_few(found: _Violation) -> _Said:
    if not found.value:
        return f"{found.name} is empty", _write(found.schemas)
    return f"{found.name} has {len(found.value)} entries, and needs {found.limit}", _write(found.schemas)


def _of_many(found: _Violation) -> _Said:
    return f"{found.name} has {len(found.value)} entries; at most {found.limit} fit", "leave some out"


def _of_bound(found: _Violation) -> _Said:
    bound = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}
    word = bound.get(found.rule, "less than")
    return f"{found.name} is {_shown(found.value)}, and must be {word} {found.limit}", _write(found.schemas)


def _of_other(found: _Violation) -> _Said:
    return f"{found.name} does not fit here", _write(found.schemas)


_OF_VALUE: Mapping[str, Callable[[_Violation], _Said]] = {
    "type": _of_type,
    "enum": _of_enum,
    "const": _of_enum,
    "pattern": _of_text,
    "minLength": _of_text,
    "maxLength": _of_long_text,
    "minItems": _of_few,
    "minProperties": _of_few,
    "maxItems": _of_many,
    "maxProperties": _of_many,
    "minimum": _of_bound,
    "maximum": _of_bound,
    "exclusiveMinimum": _of_bound,
    "exclusiveMaximum": _of_bound,
}


def _of_choice(
    found: _Violation, inner: Sequence[ValidationError], document: Document, root: Schema
) -> Iterator[FileError]:
    """Of several schemas none fits or, of oneOf, more than one."""
    asked = [branch.get("required") for branch in found.limit]
    if all(asked) and isinstance(found.value, dict):  # a choice of keys
        names = [name for needs in asked for name in needs]
        there = [code(name) for name in names if name in found.value]
        if not inner:
            what = f"{found.name} has {' and '.join(there)}"
            yield document.error(found.path, what, "keep only one of them", key=True)
            return
        if not there:
            what = f"{found.name} has none of {', '.join(map(code, names))}"
            yield document.error(found.path, what, "add one of them", key=True)
            return
    branches: dict[Any, list[ValidationError]] = {}
    for error in inner:
        branches.setdefault(error.relative_schema_path[0], []).append(error)
    # The branch that the author meant is the one for this kind of value; its mistakes are the ones to tell.
    fitting = [
        errors
        for errors in branches.values()
        if not any(not one.relative_path and one.validator in ("type", "const", "enum") for one in errors)
    ]
    if fitting:
        for error in min(fitting, key=len):
            yield from of_violation(error, document, root)
    else:
        yield document.error(found.path, *_of_other(found))


def _named(path: Sequence[str | int]) -> str:
    """How a message names the value at ``path``."""
    if not path:
        return "the file"
    last = path[-1]
    return code(last) if isinstance(last, str) else f"entry {last + 1} of {_named(path[:-1])}"


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "a group of `key: value` lines"


def _shown(value: object) -> str:
    return quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:LONGEST_QUOTE]


def _schemas(root: Schema, steps: Sequence[str | int]) -> list[Schema]:
    """The schemas for the value at the end of ``steps`` (a schema path), the most particular first."""
    here: Any = root
    found = [root]
    rest = iter(steps)
    for step in rest:
        # jsonschema leaves "$ref" out of its paths.
        while step not in here and "$ref" in here:
            here = _target(root, here["$ref"])
            found.append(here)
        here = here[step]
        if step in ("properties", "patternProperties", "prefixItems"):
            here = here[next(rest)]
            found = [here]
        elif step in ("allOf", "anyOf", "oneOf"):
            here = here[next(rest)]
            found.append(here)
        elif step in ("then", "else", "not"):
            found.append(here)
        else:  # items, additionalProperties, propertyNames …
            found = [here]
    while "$ref" in here:
        here = _target(root, here["$ref"])
        found.append(here)
    return found


def _target(root: Schema, reference: str) -> Any:
    """What a ``$ref`` within the same schema names."""
    here: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        here = here[part]
    return here


def _about(schemas: Sequence[Schema]) -> tuple[str, Any]:
    """Description (a phrase, or "") and example (or None) that tell what to write."""
    described = next((schema["description"] for schema in schemas if "description" in schema), "")
    phrase = described.strip().rstrip(".")
    if not phrase[1:2].isupper():  # not an abbreviation
        phrase = phrase[:1].lower() + phrase[1:]
    return phrase, next((schema["examples"][0] for schema in schemas if schema.get("examples")), None)


def _write(schemas: Sequence[Schema]) -> str:
    phrase, example = _about(schemas)
    if example is None:
        return f"write {phrase}" if phrase else "compare it with a file that works"
    return f"write for example {_short(example)}" + (f" ({phrase})" if phrase else "")


def _entry(root: Schema, schemas: Sequence[Schema], name: str) -> str:
    """`name: example` (description), for a key that is missing."""
    for schema in schemas:
        own = schema.get("properties", {}).get(name)
        if own is not None:
            chain = [own, _target(root, own["$ref"])] if "$ref" in own else [own]
            phrase, example = _about(chain)
            entry = f"`{name}: {_short(example) if example is not None else '…'}`"
            return entry + (f" ({phrase})" if phrase else "")
    return f"`{name}: …`"


def _short(example: object) -> str:
    text = _yaml(example)
    return text if len(text) <= _LONGEST_EXAMPLE else text[: _LONGEST_EXAMPLE - 1] + "…"


def _yaml(value: object) -> str:
    """A value as it can be written in YAML, on one line."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in ("true", "false", "null")
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        quoting = (json.dumps(v, ensure_ascii=False) if isinstance(v, str) else _yaml(v) for v in value)
        return f"[{', '.join(quoting)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_yaml(inner)}' for key, inner in value.items())}}}"
    return json.dumps(value)
