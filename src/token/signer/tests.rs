//! Signatures against plain `jsonwebtoken`.
