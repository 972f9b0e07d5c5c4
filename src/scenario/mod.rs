//! From the scenario file to a plan, with every error at once.
