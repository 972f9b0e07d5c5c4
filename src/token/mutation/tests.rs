//! Conformance of every kind in the registry.
