"""RESULTS.md: one section a mode, each replaced when its mode is measured again."""

from pathlib import Path

FILE = Path(__file__).resolve().parent / "RESULTS.md"
HEAD = """\
# Results

Printed by `benches/peers/run.sh … --write`; each section says when and where. Absolute figures are those of that
machine in that hour. The ratios within a round are what lasts.
"""


def write(title, text):
    """Puts a section in, in place of the one with the same title, or at the end."""
    sections = _sections(FILE.read_text() if FILE.exists() else HEAD)
    sections[title] = text.strip() + "\n"
    sections[""] = HEAD
    FILE.write_text("\n".join(body if not name else f"## {name}\n\n{body}" for name, body in sections.items()))


def _sections(text):
    """Titles and bodies in their order; what stands before the first title is under the empty one."""
    head, *rest = ("\n" + text).split("\n## ")
    sections = {"": head.strip() + "\n"}
    for each in rest:
        title, _, body = each.partition("\n")
        sections[title.strip()] = body.strip() + "\n"
    return sections
