//! What workers did with their time, and what they were kept from.

use std::time::Duration;

/// Of one worker over some time, or of several added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// How long it was.
    pub wall: Duration,
    /// CPU time of the thread.
    pub cpu: Duration,
    /// Of that, spent waiting for due instants without sleeping.
    pub spun: Duration,
    /// Time in which the thread was ready and did not run; `None` where the system does not tell.
    pub run_delay: Option<Duration>,
    /// Requests that were due while every connection was busy, and had to wait for one.
    pub waited: u64,
}

impl Effort {
    /// Adds what came later, or what another worker did.
    pub fn add(&mut self, other: &Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
        self.spun += other.spun;
        self.run_delay = match (self.run_delay, other.run_delay) {
            (Some(delay), Some(other)) => Some(delay + other),
            (delay, other) => delay.or(other),
        };
        self.waited += other.waited;
    }

    /// CPU time that went into requests.
    pub fn busy(&self) -> Duration {
        self.cpu.saturating_sub(self.spun)
    }

    /// [`busy`](Self::busy) as a share of the time: 1 is a whole core. 0 over no time.
    pub fn busy_share(&self) -> f64 {
        self.share(self.busy())
    }

    /// The spinning as a share of the time.
    pub fn spin_share(&self) -> f64 {
        self.share(self.spun)
    }

    /// The share of the time in which the thread was ready and did not run.
    pub fn run_delay_share(&self) -> Option<f64> {
        self.run_delay.map(|delay| self.share(delay))
    }

    fn share(&self, part: Duration) -> f64 {
        if self.wall.is_zero() { 0.0 } else { part.as_secs_f64() / self.wall.as_secs_f64() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spinning_is_no_work_and_nothing_is_no_zero() {
        let ms = Duration::from_millis;
        let second =
            Effort { wall: ms(1_000), cpu: ms(900), spun: ms(600), run_delay: None, waited: 2 };
        let mut sum = Effort::default();
        sum.add(&second);
        assert_eq!((sum.busy(), sum.run_delay_share()), (ms(300), None));
        sum.add(&Effort { run_delay: Some(ms(50)), ..second });
        assert_eq!((sum.wall, sum.waited), (ms(2_000), 4));
        assert!((sum.busy_share() - 0.3).abs() < 1e-9 && (sum.spin_share() - 0.6).abs() < 1e-9);
        assert!((sum.run_delay_share().unwrap() - 0.025).abs() < 1e-9);
        assert!(Effort::default().busy_share().abs() < 1e-9);
    }
}
