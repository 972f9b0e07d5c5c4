//! Stores of users, and how changes travel between them.
