"""Substorm beside other load generators: what a request costs each, and how well each keeps time."""
