//! The reader of tokens that people bring: tokens that fit into a header, each user found by its
//! subject, or everything that is wrong.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use substorm::identity::{SubjectTable, UserIndex};
use substorm::token::{BroughtTokens, Span, TokenStore};

fuzz_target!(|bytes: &[u8]| {
    let span = Span { now: 1_800_000_000, end: 1_800_000_100 };
    let tokens = match BroughtTokens::read_from(bytes, Path::new("tokens"), None, span) {
        Ok(tokens) => tokens,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let store = TokenStore::brought(&tokens);
    assert_eq!(store.len(), tokens.len());
    let mut subject = String::new();
    for user in (0..tokens.len()).map(UserIndex) {
        store.with_token(user, |token| {
            assert!(!token.is_empty() && token.iter().all(u8::is_ascii_graphic));
        });
        subject.clear();
        tokens.write(user, &mut subject);
        assert!(!subject.is_empty());
        assert_eq!(tokens.find(&subject), Some(user));
    }
});
