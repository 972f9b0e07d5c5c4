//! What runs beside the load, and how it ends: faults are healed first, every task is waited for, and
//! only then may an error leave. A run that fails in one of them must not go on changing users while
//! another part of it undoes the changes.

use std::io;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::error::RunError;

/// The tasks beside the load; `G` is what is gathered.
pub struct Beside<G> {
    /// Ends every fault, and the renewal of tokens.
    pub heal: CancellationToken,
    /// Gathers and writes what workers and faults report; ends when they have nothing more to say.
    pub gathering: JoinHandle<io::Result<G>>,
    /// Carries faults out.
    pub faults: JoinHandle<()>,
    /// Renews tokens, and counts those that were renewed too late.
    pub renewal: JoinHandle<Result<u64, RunError>>,
}

impl<G> Beside<G> {
    /// Ends all of them after the last worker, and `readers`, which feed the workers or are fed by
    /// them. Gives the count of late renewals, what was gathered, and what the readers say; or the
    /// first error, when all have ended.
    pub async fn end<T>(self, readers: impl Future<Output = T>) -> Result<(u64, G, T), RunError> {
        self.heal.cancel();
        let faults = self.faults.await;
        let readers = readers.await;
        let renewal = self.renewal.await;
        let gathered = self.gathering.await;
        faults.map_err(|error| RunError::bug("the fault timeline", &error))?;
        let late = renewal.map_err(|error| RunError::bug("token renewal", &error))??;
        let gathered = gathered.map_err(|error| RunError::bug("the collector", &error))?;
        Ok((late, gathered.map_err(RunError::Record)?, readers))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::time::Duration;

    use super::*;

    /// Which of the tasks panics.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Bad {
        Faults,
        Renewal,
        Gathering,
        None,
    }

    /// Three tasks that wait to be healed, take their time, and count when they have ended.
    fn beside(bad: Bad, ended: &Arc<AtomicU32>) -> Beside<&'static str> {
        let heal = CancellationToken::new();
        let task = |it: Bad| {
            let (heal, ended) = (heal.clone(), Arc::clone(ended));
            async move {
                heal.cancelled().await;
                tokio::time::sleep(Duration::from_millis(20)).await;
                ended.fetch_add(1, Relaxed);
                assert_ne!(it, bad, "as it should");
            }
        };
        let (renewal, gathering) = (task(Bad::Renewal), task(Bad::Gathering));
        Beside {
            faults: tokio::spawn(task(Bad::Faults)),
            renewal: tokio::spawn(async move {
                renewal.await;
                Ok(3)
            }),
            gathering: tokio::spawn(async move {
                gathering.await;
                Ok("gathered")
            }),
            heal,
        }
    }

    #[tokio::test]
    async fn whatever_fails_everything_is_healed_and_has_ended_before_it_is_told() {
        let parts = [
            (Bad::Faults, "the fault timeline"),
            (Bad::Renewal, "token renewal"),
            (Bad::Gathering, "the collector"),
        ];
        for (bad, part) in parts {
            let ended = Arc::new(AtomicU32::new(0));
            let error = beside(bad, &ended).end(async {}).await.unwrap_err();
            assert!(matches!(error, RunError::Bug { part: told, .. } if told == part), "{error}");
            assert_eq!(ended.load(Relaxed), 3, "{bad:?}: all have ended");
        }
    }

    #[tokio::test]
    async fn readers_that_fail_keep_nothing_from_ending() {
        let ended = Arc::new(AtomicU32::new(0));
        let heal_seen = Arc::clone(&ended);
        let beside = beside(Bad::None, &ended);
        let readers = async move {
            // The faults were healed before.
            (heal_seen.load(Relaxed) >= 1, Err::<(), _>("unreadable"))
        };
        let all = beside.end(readers).await.unwrap();
        assert_eq!(all, (3, "gathered", (true, Err("unreadable"))));
        assert_eq!(ended.load(Relaxed), 3);
    }
}
