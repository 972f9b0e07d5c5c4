//! Which request is what: route, user, defect. A pure function of the request's number and due
//! instant, so that any worker gives the same answer and a run can be told again from its seed.

use std::time::Duration;

use crate::seed::{Stream, unit};

/// With which token a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// The user's own, good one.
    Own,
    /// One with a defect.
    Defective {
        /// Position of the kind among the prepared ones.
        kind: usize,
        /// Picks the token of that kind.
        bits: u64,
    },
}

/// A share of requests that carry a defect, at all times or in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct DefectShare {
    /// From the start of load.
    pub from: Duration,
    /// From the start of load; [`Duration::MAX`] for always.
    pub until: Duration,
    /// Of all requests due in the window, 0 to 1.
    pub share: f64,
    /// Positions among the prepared kinds; each is as likely as the others.
    pub kinds: Vec<usize>,
}

/// The choices of a run.
#[derive(Clone, Debug)]
pub struct Mix {
    stream: Stream,
    /// Running sums of the routes' weights.
    weights: Vec<u64>,
    defects: Vec<DefectShare>,
}

/// What one request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Index of the route.
    pub route: usize,
    /// Random bits that choose the user.
    pub user_bits: u64,
    /// The kind of defect, if it carries one.
    pub defect: Option<usize>,
}

impl Mix {
    /// Routes with these weights, and these defects. Where windows overlap, shares add up.
    pub fn new(
        stream: Stream,
        weights: impl IntoIterator<Item = u32>,
        defects: Vec<DefectShare>,
    ) -> Self {
        let mut sum = 0;
        let weights = weights
            .into_iter()
            .map(|weight| {
                sum += u64::from(weight);
                sum
            })
            .collect();
        Self { stream, weights, defects }
    }

    /// The request with this number, due so long after the start of load.
    pub fn choose(&self, seq: u64, due: Duration) -> Choice {
        let base = seq.wrapping_mul(4);
        let route_draw = self.stream.at(base) % self.weights.last().copied().unwrap_or(1).max(1);
        Choice {
            route: self.weights.partition_point(|&sum| sum <= route_draw),
            user_bits: self.stream.at(base.wrapping_add(1)),
            defect: self.defect(base, due),
        }
    }

    /// Random bits that pick the token of a request that carries a defect.
    pub fn defect_bits(&self, seq: u64) -> u64 {
        self.stream.at(seq.wrapping_mul(4).wrapping_add(3))
    }

    fn defect(&self, base: u64, due: Duration) -> Option<usize> {
        if self.defects.is_empty() {
            return None;
        }
        let bits = self.stream.at(base.wrapping_add(2));
        let mut draw = unit(bits);
        for defect in self.defects.iter().filter(|d| d.from <= due && due < d.until) {
            if draw < defect.share {
                // What is left of the draw is again uniform, so it can choose the kind.
                let position = draw / defect.share * defect.kinds.len() as f64;
                return defect.kinds.get(position as usize).copied();
            }
            draw -= defect.share;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn mix() -> Mix {
        let window = DefectShare {
            from: Duration::from_secs(1),
            until: Duration::from_secs(2),
            share: 0.2,
            kinds: vec![0, 1],
        };
        let always =
            DefectShare { from: Duration::ZERO, until: Duration::MAX, share: 0.1, kinds: vec![2] };
        Mix::new(Seed(1).stream("mix"), [9, 1], vec![window, always])
    }

    fn shares(due: Duration) -> ([f64; 2], [f64; 3]) {
        let (mut routes, mut defects) = ([0.0; 2], [0.0; 3]);
        let n = 100_000;
        for seq in 0..n {
            let choice = mix().choose(seq, due);
            routes[choice.route] += 1.0 / n as f64;
            if let Some(kind) = choice.defect {
                defects[kind] += 1.0 / n as f64;
            }
        }
        (routes, defects)
    }

    #[test]
    fn shares_are_what_was_asked_for() {
        // Five standard deviations of a share of 0.1 among 100,000 are 0.005.
        let near = |found: f64, asked: f64| (found - asked).abs() < 0.005;
        let (routes, inside) = shares(Duration::from_millis(1_500));
        assert!(near(routes[0], 0.9), "{routes:?}");
        assert!(near(inside[0], 0.1) && near(inside[1], 0.1) && near(inside[2], 0.1), "{inside:?}");
        let (_, outside) = shares(Duration::from_secs(2));
        assert!(outside[0] + outside[1] == 0.0 && near(outside[2], 0.1), "{outside:?}");
    }

    #[test]
    fn a_request_is_a_function_of_its_number() {
        let due = Duration::from_millis(1_500);
        assert_eq!(mix().choose(812, due), mix().choose(812, due));
        assert_ne!(mix().choose(812, due).user_bits, mix().choose(813, due).user_bits);
    }
}
