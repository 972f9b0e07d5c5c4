//! What is due goes before what was answered.
//!
//! Answers come in bursts: a server that stood still for a millisecond writes all of them at once.
//! A worker that reads each before it looks at its schedule again sends whatever is due meanwhile
//! late, by some microseconds for every answer. So an answer that has come lets what is due go
//! first, once; it does not wait for more than that, however far behind the worker is.
//!
//! That is in two steps, because the worker's schedule is looked at when its runtime has nothing
//! else to do: the worker has a turn, in which it hands out what is due, and then the lanes that
//! were given it have theirs.

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

    /// Whether a request is due that the worker has not handed out. Where none will be, the clock
    /// need not be looked at.
    fn is_due(&self) -> bool {
        let due = self.due.get();
        due != Tick::MAX && due <= self.clock.now()
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
        if self.handed_out.get() == 0 && self.is_due() {
            tokio::task::yield_now().await;
        }
        if self.handed_out.get() > 0 {
            behind_all_that_are_ready().await;
        }
        answer.await
    }
}

/// Unlike [`yield_now`](tokio::task::yield_now), which looks for more answers first, and puts those
/// that wait in the reverse of their order.
async fn behind_all_that_are_ready() {
    let mut was_put_back = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut was_put_back, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::runtime::{Builder, LocalOptions};
    use tokio::sync::oneshot;
    use tokio::task::{spawn_local, yield_now};

    use super::*;

    /// What a worker's runtime does with a burst of five answers, each of which takes a moment to
    /// read, and one request: the order in which they are through. `due` says after how many
    /// moments it is; what it is handed out by is the runtime's main future, as with a worker.
    fn order(due: Option<u64>) -> Vec<&'static str> {
        const MOMENT: Duration = Duration::from_millis(2);
        let runtime = Builder::new_current_thread().build_local(LocalOptions::default()).unwrap();
        let clock = Clock::start();
        runtime.block_on(async move {
            let precedence = Rc::new(Precedence::new(clock));
            let order = Rc::new(RefCell::new(Vec::new()));
            let (come, mut tasks): (Vec<_>, Vec<_>) = ["1", "2", "3", "4", "5"]
                .map(|name| {
                    let (send, receive) = oneshot::channel::<()>();
                    let (precedence, order) = (Rc::clone(&precedence), Rc::clone(&order));
                    let answer = spawn_local(async move {
                        precedence.before(receive).await.unwrap();
                        let read = clock.now() + MOMENT;
                        while clock.now() < read {}
                        order.borrow_mut().push(name);
                    });
                    (send, answer)
                })
                .into_iter()
                .unzip();
            yield_now().await;
            let due = due.map_or(Tick::MAX, |moments| clock.now() + MOMENT * moments as u32);
            precedence.next_due(due);
            for answer in come {
                answer.send(()).unwrap();
            }
            while due != Tick::MAX && clock.now() < due {
                yield_now().await;
            }
            precedence.next_due(Tick::MAX);
            if due != Tick::MAX {
                precedence.handed_out();
                let (precedence, order) = (Rc::clone(&precedence), Rc::clone(&order));
                tasks.push(spawn_local(async move {
                    precedence.begun();
                    order.borrow_mut().push("request");
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
            order.take()
        })
    }

    #[test]
    fn what_is_due_goes_before_the_rest_of_a_burst() {
        assert_eq!(order(None), ["1", "2", "3", "4", "5"]);
        // Due when all have come and none is read: they keep their order behind it.
        assert_eq!(order(Some(0)), ["request", "1", "2", "3", "4", "5"]);
        // Due while the second is read, unless this machine stood still before.
        let late = order(Some(1));
        let place = late.iter().position(|name| *name == "request").unwrap();
        assert!((1..=2).contains(&place), "{late:?}");
    }

    #[tokio::test]
    async fn an_answer_waits_once() {
        let precedence = Precedence::new(Clock::start());
        // Overdue for good, and yet the answer is read.
        precedence.next_due(Tick::ZERO);
        precedence.handed_out();
        let answer = async {
            yield_now().await;
            7
        };
        assert_eq!(precedence.before(answer).await, 7);
    }
}
