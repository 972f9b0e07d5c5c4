//! Links: TCP paths that the harness sits on, and what it does to them.
