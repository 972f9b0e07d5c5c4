//! What is due goes before what was answered.
//!
//! Answers come in bursts: a server that stood still for a millisecond writes all of them at once.
//! A worker that reads each before it looks at its schedule again sends whatever is due meanwhile
//! late, by some microseconds for every answer. So an answer that has come lets the requests that
//! are due go first, once; it does not wait for more than that, however far behind the worker is.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use crate::clock::{Clock, Tick};

/// What one worker is to send.
#[derive(Debug)]
pub struct Precedence {
    clock: Clock,
    due: Cell<Tick>,
    handed_out: Cell<u32>,
}

impl Precedence {
    /// Nothing is due.
    pub fn new(clock: Clock) -> Self {
        Self { clock, due: Cell::new(Tick::MAX), handed_out: Cell::new(0) }
    }

    /// The next request that a lane is free for is due at `at`; [`Tick::MAX`] if there is none.
    pub fn next_due(&self, at: Tick) {
        self.due.set(at);
    }

    /// A lane was given a request and has not had its turn yet.
    pub fn handed_out(&self) {
        self.handed_out.set(self.handed_out.get() + 1);
    }

    /// It has its turn now.
    pub fn begun(&self) {
        self.handed_out.set(self.handed_out.get().saturating_sub(1));
    }

    /// Whether a request is due and not sent.
    fn is_claimed(&self) -> bool {
        let due = self.due.get();
        // A closed loop has no such instants, and need not look at the clock.
        self.handed_out.get() > 0 || due != Tick::MAX && due <= self.clock.now()
    }

    /// What `answer` gives; if it does not give that at once, what is due when it has come goes
    /// first.
    pub async fn before<T>(&self, answer: impl Future<Output = T>) -> T {
        let mut answer = pin!(answer);
        let mut asked = false;
        let at_once = poll_fn(|cx| {
            // The second time it is because something has come.
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(None);
            }
            answer.as_mut().poll(cx).map(Some)
        });
        if let Some(answer) = at_once.await {
            return answer;
        }
        if self.is_claimed() {
            tokio::task::yield_now().await;
        }
        answer.await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use tokio::sync::oneshot;
    use tokio::task::{LocalSet, spawn_local};

    use super::*;

    /// In which order a burst of answers and a request have their turns; the request is handed out
    /// when all answers have come.
    async fn order(claimed: bool) -> Vec<&'static str> {
        let precedence = Rc::new(Precedence::new(Clock::start()));
        let order = Rc::new(RefCell::new(Vec::new()));
        let mut tasks = Vec::new();
        let mut come = Vec::new();
        for name in ["first", "second"] {
            let (send, receive) = oneshot::channel::<()>();
            let (precedence, order) = (Rc::clone(&precedence), Rc::clone(&order));
            come.push(send);
            tasks.push(spawn_local(async move {
                precedence.before(receive).await.unwrap();
                order.borrow_mut().push(name);
            }));
        }
        tokio::task::yield_now().await;
        for answer in come {
            answer.send(()).unwrap();
        }
        if claimed {
            precedence.handed_out();
        }
        let sent = Rc::clone(&order);
        tasks.push(spawn_local(async move {
            precedence.begun();
            sent.borrow_mut().push("request");
        }));
        for task in tasks {
            task.await.unwrap();
        }
        order.take()
    }

    #[tokio::test]
    async fn what_is_due_goes_first() {
        let set = LocalSet::new();
        assert_eq!(set.run_until(order(true)).await[0], "request");
        assert_eq!(set.run_until(order(false)).await, ["first", "second", "request"]);
    }

    #[tokio::test]
    async fn an_answer_waits_once() {
        let precedence = Precedence::new(Clock::start());
        precedence.next_due(Tick::ZERO);
        assert!(precedence.is_claimed());
        // Overdue for good, and yet the answer is read.
        let answer = async {
            tokio::task::yield_now().await;
            7
        };
        assert_eq!(precedence.before(answer).await, 7);
        precedence.next_due(Tick::MAX);
        assert!(!precedence.is_claimed());
    }
}
