//! Minting, reading and renewing.
