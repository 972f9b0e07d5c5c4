//! The identity provider: discovery, key set, primary directory.
