"""The manual page and the shell's completion, made from the parser.

python -m voiceguide.cli.manual man > voiceguide.1
python -m voiceguide.cli.manual bash > ~/.local/share/bash-completion/completions/voiceguide
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from voiceguide import __version__
from voiceguide.cli.commands import parser

EXIT_CODES = {
    0: "fine",
    1: "something failed; one line on standard error says what, and what to do",
    2: "wrong usage",
    3: "no sound device",
    4: "no recognition model",
    130: "interrupted",
}


def man() -> str:
    """The page voiceguide(1), in roff."""
    return "\n".join(_page(parser())) + "\n"


def bash() -> str:
    """A completion for bash: commands, what may follow each, then files."""
    commands = _commands(parser())
    cases = "\n".join(
        f'    {name}) words="{" ".join(dict.fromkeys(_words(command)))}" ;;' for name, command in commands.items()
    )
    return f"""\
# Completion of voiceguide for bash.
_voiceguide() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} command='' word words
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in -*) ;; *) command=$word; break ;; esac
  done
  case $command in
    '') words="{" ".join([*commands, *_options(parser())])}" ;;
{cases}
    *) words='' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _voiceguide voiceguide
"""


def _commands(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands that a parser has, by name; of a command, its verbs."""
    found = (action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    return {name: command for action in found for name, command in action.choices.items()}


def _options(command: argparse.ArgumentParser) -> list[str]:
    return [option for action in command._actions for option in action.option_strings if option.startswith("--")]


def _words(command: argparse.ArgumentParser) -> Iterator[str]:
    """Whatever may follow a command, files apart."""
    for action in command._actions:
        if action.choices is not None:
            yield from map(str, action.choices)
    yield from _options(command)
    for verb in _commands(command).values():
        yield from _options(verb)


def _page(top: argparse.ArgumentParser) -> Iterator[str]:
    yield f'.TH VOICEGUIDE 1 "" "voiceguide {__version__}" "User Commands"'
    yield ".SH NAME\nvoiceguide \\- a hands-free, offline voice guide for massaging a baby"
    yield ".SH SYNOPSIS\n.B voiceguide\n.RI [ COMMAND ]\n.RI [ OPTION \\|.\\|.\\|.]"
    yield f".SH DESCRIPTION\n{_roff(top.description or '')}"
    yield ".PP\nThis is not medical advice. In an emergency call 999 (UK), 112 (Europe) or 911 (North America)."
    yield ".SH COMMANDS"
    for name, command in _commands(top).items():
        yield f".SS {name}\n{_roff(command.description or '')}"
        yield from _arguments(command)
        for verb, more in _commands(command).items():
            yield f'.TP\n.B "{name} {verb}"\n{_roff(more.description or _help(command, verb))}'
    yield ".SH EXIT STATUS"
    for code, meaning in EXIT_CODES.items():
        yield f".TP\n.B {code}\n{_roff(meaning)}"


def _arguments(command: argparse.ArgumentParser) -> Iterator[str]:
    for action in command._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        names = ", ".join(action.option_strings) or str(action.metavar or action.dest).upper()
        value = f" {action.metavar}" if action.option_strings and action.metavar else ""
        yield f".TP\n.B {_roff(names)}{_roff(value)}\n{_roff((action.help or '') % vars(action))}"


def _help(command: argparse.ArgumentParser, verb: str) -> str:
    """What the list of a command's verbs says of one."""
    found = (action for action in command._actions if isinstance(action, argparse._SubParsersAction))
    return next((str(one.help) for action in found for one in action._choices_actions if one.dest == verb), "")


def _roff(text: str) -> str:
    """A text in which nothing has a meaning for roff."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    kinds = {"man": man, "bash": bash}
    if len(sys.argv) != 2 or sys.argv[1] not in kinds:
        sys.exit("usage: python -m voiceguide.cli.manual man|bash")
    print(kinds[sys.argv[1]](), end="")
