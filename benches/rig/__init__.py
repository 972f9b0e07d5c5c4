"""The rig of the benches that drive whole programs: a place for temporary files, processes on cores of
their own, an nginx, tokens, and Substorm itself.

What it does not do: build or install anything, or send anything beyond loopback.
"""
