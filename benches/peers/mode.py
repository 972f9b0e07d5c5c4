"""One comparison, and the table of a closed one."""

from dataclasses import dataclass, field

from peers import tables


@dataclass
class Mode:
    """One comparison. `limits` are the ratios of Substorm to a peer that the median may reach; None is
    a peer that is shown only."""

    name: str
    title: str
    about: str
    tools: tuple
    port: str = "plain"
    does: str = "closed"
    streams: int = 1
    references: tuple = ()
    limits: dict = field(default_factory=dict)
    seconds: int = 5
    rates: tuple = (0,)
    """Requests a second of an open loop; 0 is a closed one."""

    def table(self, rounds, tools, connections):
        """Markdown lines, and whether all limits hold."""
        seconds = rounds[0].seconds
        about = self.about.format(connections=connections, rounds=len(rounds), seconds=seconds)
        ours, hold = tables.against(rounds, self.limits)
        lines = [*about.split("\n"), "", *tables.cost(rounds, tools, self.references), "", *ours]
        return lines + tables.remarks(rounds), hold
