//! Stores of users, and how changes travel between them.
//!
//! A *primary* directory is the identity provider's and is where users change; a *replica* is the
//! gateway's and is where they are looked up. [`SqliteStore`] is the store behind both.
//! [`sync`] carries changes from one to the other, and can be told to do it badly.
//! [`replica`] answers lookups and announces what changed. [`scim`] is the client with which the
//! harness changes users, here or in anybody's directory.
//!
//! What is not here: the primary's own HTTP server, which is the identity provider's.

pub mod load;
pub mod lookup;
pub mod replica;
pub mod scim;
pub mod serve;
pub mod store;
pub mod sync;

pub use load::Load;
pub use store::{SqliteStore, StoreError, UserChange};
