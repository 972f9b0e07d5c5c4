//! A run, phase by phase. Alone owns tasks and signals.
