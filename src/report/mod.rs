//! From figures to what a person reads: one file a format.
