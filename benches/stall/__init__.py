"""Whether the times that Substorm reports are true: against a server that stands still for a second, and
against one whose delay is known.
"""
