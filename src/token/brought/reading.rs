//! From lines to tokens: what a file has come to so far.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::super::store::{SHARD, Shard};
use super::place::{Place, Said, Subject, look};
use super::{BroughtError, BroughtTokens, Span, Subjects, WrongLines, hash};
use crate::identity::UserIndex;

/// What a file has come to so far.
pub(super) struct Reading {
    tokens: BroughtTokens,
    span: Span,
    wrong: WrongLines,
    /// The shard that is being filled.
    bytes: Vec<u8>,
    ends: Vec<u32>,
    places: Vec<Place>,
    /// Where lines were passed over: the user after them, and how far line and user are apart.
    gaps: Vec<(u32, u64)>,
    /// Room to work in.
    payload: Vec<u8>,
}

impl Reading {
    pub(super) fn new(path: &Path, span: Span) -> Self {
        Self {
            tokens: BroughtTokens {
                path: path.to_owned(),
                shards: Vec::new(),
                count: 0,
                subjects: None,
                expired: 0,
                ending: Vec::new(),
            },
            span,
            wrong: WrongLines { path: path.to_owned(), count: 0, first: Vec::new() },
            bytes: Vec::new(),
            ends: Vec::new(),
            places: Vec::new(),
            gaps: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// How many tokens there are.
    pub(super) fn count(&self) -> u32 {
        self.tokens.count
    }

    /// Takes a token, or what is wrong with its line.
    pub(super) fn take(&mut self, line: u64, token: Result<&[u8], String>) {
        let token = match token {
            Ok(token) => token,
            Err(what) => return self.wrong.add(line, what),
        };
        let Said { subject, expires } = look(token, &mut self.payload);
        // The first one decides what they all are.
        let named = !self.places.is_empty();
        match subject {
            Subject::Unfit(what) => return self.wrong.add(line, format!("has {what}")),
            Subject::None if named => {
                return self.wrong.add(line, "is no JWT with a `sub`, as those before it are");
            }
            Subject::At(_) if !named && self.count() > 0 => {
                return self.wrong.add(line, "has a `sub`, which those before it have not");
            }
            Subject::At(place) => self.places.push(place),
            Subject::None => {}
        }
        let user = UserIndex(self.count());
        let apart = line - u64::from(user.0);
        if self.gaps.last().is_none_or(|(_, last)| *last != apart) {
            self.gaps.push((user.0, apart));
        }
        if let Some(expires) = expires.filter(|expires| *expires <= self.span.end) {
            self.tokens.expired += u32::from(expires <= self.span.now);
            self.tokens.ending.push((user, expires));
        }
        self.bytes.extend_from_slice(token);
        // A shard of the longest tokens has 64 MiB.
        self.ends.push(self.bytes.len() as u32);
        self.tokens.count += 1;
        if self.ends.len() == SHARD as usize {
            self.close_shard();
        }
    }

    fn close_shard(&mut self) {
        let shard = Shard::owned(&self.ends, &self.bytes, self.span.now, 0);
        self.tokens.shards.push(Arc::new(shard));
        self.ends.clear();
        self.bytes.clear();
    }

    /// The tokens, if nothing is wrong.
    pub(super) fn finish(mut self) -> Result<BroughtTokens, BroughtError> {
        if !self.ends.is_empty() {
            self.close_shard();
        }
        self.bytes = Vec::new();
        let path = || self.tokens.path.clone();
        if self.tokens.count == 0 && self.wrong.count == 0 {
            return Err(BroughtError::Empty { path: path() });
        }
        if self.tokens.count > 0 && self.tokens.expired == self.tokens.count {
            return Err(BroughtError::Expired { path: path(), count: self.tokens.count });
        }
        if !self.places.is_empty() {
            self.places.shrink_to_fit();
            let places = std::mem::take(&mut self.places);
            self.tokens.subjects = Some(Subjects { places, by_hash: Vec::new() });
            self.index();
        }
        if self.wrong.count > 0 {
            return Err(BroughtError::Lines(self.wrong));
        }
        Ok(self.tokens)
    }

    /// Makes users findable by their subjects; two with the same are wrong.
    fn index(&mut self) {
        let Some(subjects) = &self.tokens.subjects else { return };
        let subject = |user: u32| {
            let place = subjects.places[user as usize];
            let token = self.tokens.token(UserIndex(user));
            move |f: &mut dyn FnMut(&str)| place.read(token, f)
        };
        let mut by_hash = Vec::with_capacity(self.tokens.count as usize);
        for user in 0..self.tokens.count {
            subject(user)(&mut |text| by_hash.push(hash(text) << 32 | u64::from(user)));
        }
        by_hash.sort_unstable();
        let mut twins = Vec::new();
        for alike in by_hash.chunk_by(|a, b| a >> 32 == b >> 32).filter(|alike| alike.len() > 1) {
            let mut first: HashMap<String, u32> = HashMap::new();
            for user in alike.iter().map(|entry| *entry as u32) {
                subject(user)(&mut |text| match first.get(text) {
                    Some(earlier) => twins.push((user, *earlier)),
                    None => {
                        first.insert(text.to_owned(), user);
                    }
                });
            }
        }
        twins.sort_unstable();
        for (user, earlier) in twins {
            let what = format!("has the `sub` of line {}", self.line_of(earlier));
            self.wrong.add(self.line_of(user), what);
        }
        if let Some(subjects) = &mut self.tokens.subjects {
            subjects.by_hash = by_hash;
        }
    }

    /// The line that a user's token stood in.
    fn line_of(&self, user: u32) -> u64 {
        let after = self.gaps.partition_point(|(first, _)| *first <= user);
        let apart = after.checked_sub(1).map_or(1, |at| self.gaps[at].1);
        u64::from(user) + apart
    }
}
