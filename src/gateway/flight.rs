//! Single flight: at most one lookup of a key at a time, with the others waiting for its answer.
//!
//! The first to ask is the pilot, and later ones are passengers. A pilot whose client goes away
//! vanishes without an answer; then one of the passengers takes over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// The lookups under way. `T` is the answer.
#[derive(Debug)]
pub struct Flights<T> {
    table: Mutex<HashMap<Arc<str>, watch::Receiver<Option<T>>>>,
}

/// A place on a lookup.
#[derive(Debug)]
pub enum Seat<'a, T> {
    /// To look up, and then [`Pilot::land`].
    Pilot(Pilot<'a, T>),
    /// Another's answer; `None` if it vanished, and one should ask for a seat again.
    Passenger(Option<T>),
}

/// Who looks up. Dropping it lets the passengers go without an answer.
#[derive(Debug)]
pub struct Pilot<'a, T> {
    flights: &'a Flights<T>,
    key: Arc<str>,
    answer: watch::Sender<Option<T>>,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self { table: Mutex::default() }
    }
}

impl<T: Clone> Flights<T> {
    /// Takes a seat. As a passenger, waits for the answer first.
    pub async fn board(&self, key: &Arc<str>) -> Seat<'_, T> {
        let mut under_way = {
            let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(under_way) = table.get(key) {
                under_way.clone()
            } else {
                let (answer, under_way) = watch::channel(None);
                table.insert(Arc::clone(key), under_way);
                return Seat::Pilot(Pilot { flights: self, key: Arc::clone(key), answer });
            }
        };
        let answer = under_way.wait_for(Option::is_some).await;
        Seat::Passenger(answer.ok().and_then(|answer| answer.clone()))
    }

    /// Lets nobody else board the lookup under way: what it will say may be old.
    pub fn close_boarding(&self, key: &str) {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// As [`Flights::close_boarding`], for every lookup.
    pub fn close_all(&self) {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl<T> Pilot<'_, T> {
    /// Gives the answer to all on board.
    pub fn land(self, answer: T) {
        // First out of the table: who comes from now on asks the cache.
        self.leave_table();
        self.answer.send_replace(Some(answer));
    }

    /// Removes this flight, but not a younger one that took its place.
    fn leave_table(&self) {
        let mut table = self.flights.table.lock().unwrap_or_else(PoisonError::into_inner);
        let own = self.answer.subscribe();
        if table.get(&self.key).is_some_and(|listed| listed.same_channel(&own)) {
            table.remove(&self.key);
        }
    }
}

impl<T> Drop for Pilot<'_, T> {
    fn drop(&mut self) {
        self.leave_table();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn pilot<'a>(flights: &'a Flights<u32>, key: &Arc<str>) -> Pilot<'a, u32> {
        match flights.board(key).await {
            Seat::Pilot(pilot) => pilot,
            Seat::Passenger(answer) => panic!("a passenger with {answer:?}"),
        }
    }

    async fn answer(flights: &Flights<u32>, key: &Arc<str>) -> Option<u32> {
        match flights.board(key).await {
            Seat::Pilot(_) => panic!("a second pilot"),
            Seat::Passenger(answer) => answer,
        }
    }

    #[tokio::test]
    async fn passengers_get_the_pilots_answer() {
        let flights = Flights::default();
        let key: Arc<str> = "a".into();
        let first = pilot(&flights, &key).await;
        let other = pilot(&flights, &"b".into()).await;
        let (one, two, ()) = tokio::join!(answer(&flights, &key), answer(&flights, &key), async {
            tokio::task::yield_now().await;
            first.land(7);
        });
        assert_eq!((one, two), (Some(7), Some(7)));
        drop(other);
        drop(pilot(&flights, &key).await);
        assert!(flights.table.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_vanished_pilot_is_replaced() {
        let flights = Flights::default();
        let key: Arc<str> = "a".into();
        let first = pilot(&flights, &key).await;
        let waiting = async {
            assert_eq!(answer(&flights, &key).await, None);
            pilot(&flights, &key).await.land(8);
        };
        let all = async {
            tokio::join!(waiting, async {
                tokio::task::yield_now().await;
                drop(first);
            })
        };
        tokio::time::timeout(Duration::from_secs(5), all).await.expect("nobody is stranded");
    }

    #[tokio::test]
    async fn nobody_boards_a_lookup_that_began_before_a_change() {
        let flights = Flights::default();
        let key: Arc<str> = "a".into();
        let old = pilot(&flights, &key).await;
        flights.close_boarding("a");
        let young = pilot(&flights, &key).await;
        old.land(1);
        let (answer, ()) = tokio::join!(answer(&flights, &key), async {
            tokio::task::yield_now().await;
            young.land(2);
        });
        assert_eq!(answer, Some(2));
    }
}
