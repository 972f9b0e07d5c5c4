//! What determines the tokens of a population, in one digest.

use super::super::store::Minting;
use super::format::{Digest, MAGIC, sha256};
use crate::identity::UserIndex;

/// Users whose claims stand for everybody's.
const SAMPLES: u32 = 64;

/// SHA-256 over the layout's version, the number of users, the key, the header, and what a sample
/// of the users would have in their tokens if these were issued in 1970.
///
/// The sample covers whatever shapes the claims, so that nothing can be forgotten here: issuer,
/// audience, lifetime, further claims, how subjects are spelt, and the seed, on which each `jti`
/// and each subject depends.
pub(super) fn of(minting: &Minting, users: u32) -> Digest {
    let mut all = Vec::new();
    let mut field = |bytes: &[u8]| {
        // Lengths in front, so that no two lists of fields read alike.
        all.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        all.extend_from_slice(bytes);
    };
    field(&MAGIC);
    field(&users.to_le_bytes());
    field(minting.signer().fingerprint().as_bytes());
    field(minting.signer().head());
    let (mut subject, mut payload) = (String::new(), Vec::new());
    for sample in 0..SAMPLES.min(users) {
        // The first, the last, and evenly between.
        let user = u64::from(users - 1) * u64::from(sample) / u64::from(SAMPLES.min(users));
        let user = if sample + 1 == SAMPLES.min(users) { users - 1 } else { user as u32 };
        subject.clear();
        minting.write_subject(UserIndex(user), &mut subject);
        payload.clear();
        minting.claims().write(UserIndex(user), 0, &subject, 0, &mut payload);
        field(&payload);
    }
    sha256(&all)
}

/// In hexadecimal, as in a file's name.
pub(super) fn hex(digest: &Digest) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
