"""Figures as tables in Markdown, for the output of a run and for the model card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from models.recipe.measures.coffee import PUBLISHED, over_snrs
from models.recipe.measures.figures import BARS, Bar, Figure, found, number, reaches, verdict
from models.recipe.measures.speech import VOICES

Figures = Mapping[str, Any]


def report(figures: Figures) -> str:
    """All tables that there are figures for, each with a heading."""
    parts = [f"## {heading}\n\n{table}" for heading, table in tables(figures).items()]
    return "\n\n".join(parts)


def tables(figures: Figures) -> dict[str, str]:
    """Heading and table of each test that has figures."""
    made = {"Bars": bars(figures)}
    for heading, name, table in (
        ("Commands", "commands", _commands),
        ("Commands, voice by voice", "commands", _voices),
        ("Reaction", "reaction", _reaction),
        ("What is no command", "out_of_grammar", _outside),
        ("Coffee orders by real people", "coffee", _coffee),
        ("Commands that nobody gave", "false_alarms", _alarms),
        ("Real people", "people", _people),
        ("Cost", "cost", _cost),
        ("Beside PocketSphinx", "pocketsphinx", _sphinx),
    ):
        if figures.get(name):
            made[heading] = table(figures[name])
    return made


def bars(figures: Figures) -> str:
    """The bars, and what was measured."""
    rows = []
    for bar in BARS:
        value = found(figures, bar.path)
        measured = "" if value is None else number(value, bar.unit) + _interval(figures, bar.path)
        rows.append(
            (
                bar.what,
                f"{bar.sign.replace('<=', '≤').replace('>=', '≥')} {number(bar.value, bar.unit)}",
                measured,
                verdict(value, bar) + _doubt(figures, bar.path, value, bar),
            )
        )
    return table(("", "bar", "measured", ""), rows)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    lines = [tuple(head), *map(tuple, rows)]
    lines.insert(1, ("---",) * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def share_text(figure: Figure) -> str:
    """``97.1 % of 480 (95.2-98.3)``"""
    if not figure["n"]:
        return "-"
    low, high = 100 * figure["low"], 100 * figure["high"]
    return f"{100 * figure['share']:.1f} % of {figure['n']} ({low:.1f}-{high:.1f})"


def rate_text(figure: Figure) -> str:
    """``2 in 0.84 h: 2.4/h (0.3-8.6)``"""
    if not figure["hours"]:
        return "-"
    per = f"{figure['per_hour']:.1f}/h ({figure['low']:.1f}-{figure['high']:.1f})"
    return f"{figure['count']} in {figure['hours']:.2f} h: {per}"


def spread_text(figure: Figure) -> str:
    """``12 / 150 ms of 480``: median and 95th percentile"""
    return f"{figure['median_ms']:.0f} / {figure['p95_ms']:.0f} ms of {figure['n']}" if figure["n"] else "-"


def _doubt(figures: Figures, path: tuple[str, ...], value: float | None, bar: Bar) -> str:
    """A remark if a rate meets its bar, but in too few hours to be sure."""
    if value is None or path[-1] != "per_hour" or not reaches(value, bar):
        return ""
    high = found(figures, (*path[:-1], "high"))
    return "" if high is None or reaches(high, bar) else ", in too few hours to show it"


def _interval(figures: Figures, path: tuple[str, ...]) -> str:
    """The interval of the share or rate that a bar is about."""
    holder: Any = figures
    for key in path[:-1]:
        holder = holder[key]
    if path[-1] == "share":
        return f" of {holder['n']} ({100 * holder['low']:.1f}-{100 * holder['high']:.1f})"
    if path[-1] == "per_hour":
        return f" ({holder['count']} in {holder['hours']:.2f} h, {holder['low']:.2f}-{holder['high']:.2f})"
    return ""


def _commands(figures: Figures) -> str:
    rows = [
        (
            condition,
            share_text(figure["obeyed"]),
            share_text(figure["wrong"]),
            share_text(figure["missed"]),
            spread_text(figure["decided"]["calming"]),
            spread_text(figure["decided"]["others"]),
        )
        for condition, figure in figures.items()
    ]
    head = ("", "obeyed", "wrong", "missed", "calming, decided after: median / p95", "others, decided after")
    return table(head, rows)


def _voices(figures: Figures) -> str:
    rows = [
        (condition, *(share_text(figure["voices"][v]["obeyed"]) if v in figure["voices"] else "-" for v in VOICES))
        for condition, figure in figures.items()
    ]
    return table(("obeyed", *VOICES), rows)


def _reaction(figures: Figures) -> str:
    rows = [
        (name, str(figure["given"]), str(figure["n"]), f"{figure['median_ms']:.0f} ms", f"{figure['p95_ms']:.0f} ms")
        for name, figure in figures.items()
        if "given" in figure
    ]
    made = table(("commands of", "spoken", "came to the phrase", "median", "p95"), rows)
    if exact := figures.get("exact phrase"):
        made += f"\n\nVosk alone gave exactly the phrase, word by word: {share_text(exact)}."
    return made


def _outside(figures: Figures) -> str:
    rows = [
        (name, *(share_text(figure[what]) for what in ("taken", "calmed", "advanced")))
        for name, figure in figures.items()
    ]
    accepted = "; ".join(
        f"{one['said']} → {', '.join(one['heard'])}" for one in figures.get("all", {}).get("accepted", ())
    )
    return table(("", "taken for a command", "calms", "moves on"), rows) + f"\n\n{accepted or 'None taken'}."


def _coffee(figures: Figures) -> str:
    rows = [(name, share_text(figure["right"]), share_text(figure["slots"])) for name, figure in figures.items()]
    if together := over_snrs(figures):
        rows.append(("6 to 24 dB together", share_text(together), ""))
    others = ", ".join(f"{name} {100 * value:.1f} %" for name, value in PUBLISHED.items())
    return table(("", "orders with all slots right", "slots right"), rows) + (
        f"\n\nThe benchmark publishes, 6 to 24 dB, with its own noises and all of its recordings: {others}."
    )


def _alarms(figures: Figures) -> str:
    rows = []
    for name, figure in figures.items():
        if not figure["files"]:
            continue
        heard = ", ".join(f"{phrase} {n}" for phrase, n in list(figure["heard"].items())[:6])
        label = {"held out": "**running sound, held out**", "all": "**running sound, all**"}.get(name, name)
        rows.append(
            (
                label,
                str(figure["files"]),
                share_text(figure["taken"]),
                share_text(figure["advanced"]),
                rate_text(figure["calming"]),
                rate_text(figure["advancing"]),
                heard,
            )
        )
    head = ("", "files", "taken for a command", "moves on", "false calming", "false advancing", "heard as")
    return table(head, rows)


def _people(figures: Figures) -> str:
    parts = []
    if commands := figures.get("commands"):
        rows = [("together", *(share_text(commands[what]) for what in ("obeyed", "wrong", "missed")))]
        rows += [(word, share_text(figure), "", "") for word, figure in commands["words"].items()]
        parts.append(table(("commands of one word", "obeyed", "wrong", "missed"), rows))
    others = {name: figures[name] for name in ("other words", "sentences") if name in figures}
    return "\n\n".join([*parts, _alarms(others)])


def _cost(figures: Figures) -> str:
    rows = [
        (name, f"{figure['rtf']:.4f}", f"{figure['rss_mb']:.0f} MB", f"{figure['load_s']:.2f} s")
        for name, figure in figures.items()
    ]
    vosk = figures.get("vosk", {})
    ready = f"\n\nUntil a session's recogniser is there: {vosk['ready_s']:.2f} s. On disk: {vosk['disk_mb']:.1f} MB."
    return table(("", "computing time over audio time", "memory, peak", "loading"), rows) + (ready if vosk else "")


def _sphinx(figures: Figures) -> str:
    rows = []
    for name, figure in figures.items():
        shares = (share_text(figure[key]) if key in figure else "-" for key in COMPARED)
        reaction = spread_text(figure["reaction"]) if "reaction" in figure else "-"
        rss = f"{figure['rss_mb']:.0f} MB" if "rss_mb" in figure else "-"
        rows.append((name, *shares, f"{figure['rtf']:.3f}", rss, reaction))
    head = ("", *COMPARED.values(), "RTF", "memory", "reaction, median / p95")
    return table(head, rows)


COMPARED = {
    "clean": "right, quiet",
    "cries 10 dB": "right, cries 10 dB",
    "kitchen 10 dB": "right, kitchen 10 dB",
    "outside": "no command, taken for one",
    "words": "single words of real people, taken",
}
