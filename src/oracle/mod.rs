//! What ought to have happened, and whether it did.
