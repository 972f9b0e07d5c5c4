"""The tables that are printed and kept: from rounds to Markdown."""

from statistics import median

US = "{:.1f}"
RATIO = "{:.2f}"


def spread(values, form):
    """`min / median / max`, or a dash."""
    values = list(values)
    if not values:
        return "–"
    return " / ".join(form.format(value) for value in (min(values), median(values), max(values)))


def rows(head, lines):
    """A Markdown table."""
    shown = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return shown + ["| " + " | ".join(line) + " |" for line in lines]


def ratios(rounds, tool, peer, figure):
    """A figure of one tool over that of another, of the rounds in which both have it."""
    for each in rounds:
        above, below = each.samples.get(tool), each.samples.get(peer)
        if above is not None and below is not None and figure(below):
            yield figure(above) / figure(below)


def cost(rounds, tools, references):
    """What each tool's requests cost, and that over the reference of the same round."""
    head = ["tool", "CPU, µs/request", "requests/s", "peak memory, MiB"]
    head += [f"× {name}" for name in references]
    lines = []
    for tool in tools:
        samples = [each.samples[tool.name] for each in rounds if tool.name in each.samples]
        if not samples:
            continue
        line = [tool.name + ("" if tool.tokens else " (one request)")]
        line.append(spread((sample.cost_us for sample in samples), US))
        line.append(f"{median(sample.rate for sample in samples):,.0f}")
        line.append(f"{max(sample.peak_bytes for sample in samples) / 2**20:.1f}")
        line += [spread(ratios(rounds, tool.name, name, lambda s: s.cost_us), RATIO) for name in references]
        lines.append(line)
    return rows(head, lines)


def against(rounds, limits):
    """Substorm over each peer of the same round. Gives the table, and whether all limits hold; what was not
    measured does not."""
    lines, hold = [], any("substorm" in each.samples for each in rounds)
    for peer, limit in limits.items():
        found = list(ratios(rounds, "substorm", peer, lambda sample: sample.cost_us))
        if not found:
            continue
        verdict = ""
        if limit is not None:
            good = median(found) <= limit
            hold &= good
            verdict = "holds" if good else "**does not hold**"
        shown = "" if limit is None else RATIO.format(limit)
        lines.append([peer, spread(found, RATIO), shown, verdict])
    return rows(["CPU per request: Substorm ÷", "min / median / max", "at most", ""], lines) if lines else [], hold


def remarks(rounds):
    """What went wrong, each with how often."""
    seen = {}
    for each in rounds:
        for tool, trouble in each.troubles.items():
            seen.setdefault((tool, trouble), []).append(each)
        for tool, sample in each.samples.items():
            for doubt in sample.doubts:
                seen.setdefault((tool, doubt), []).append(each)
    lines = [f"- {tool}, in {len(times)} of {len(rounds)} rounds: {text}" for (tool, text), times in seen.items()]
    return (["", "Remarks:", ""] + lines) if lines else []
