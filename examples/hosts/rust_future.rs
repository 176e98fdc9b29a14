// The other way round: no executor of ours at all. Leaf futures of trale are
// futures of Rust here, polled by an executor that knows only Rust's std, with
// Rust's waker. trale's reactor wakes that, as it wakes any other.
use std::{ffi::c_void, future::Future, pin::{pin, Pin}, sync::Arc, thread};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

#[repr(C)]
struct CWaker(*const [extern "C" fn(*const Waker); 3], *const Waker);
#[repr(C)]
struct CContext(*const CWaker);
#[repr(C)]
struct CPoll { ready: bool, value: isize }

extern "C" {
    fn timer_sleep(nanos: i64) -> *mut c_void; // a struct duration is an int64_t
    fn future_poll(future: *mut c_void, cx: *const CContext) -> CPoll;
    fn future_drop(future: *mut c_void);
}

// All clones of a C waker have the same data, and count: that is an Arc.
extern "C" fn clone(data: *const Waker) { unsafe { Arc::increment_strong_count(data) } }
extern "C" fn wake(data: *const Waker) { unsafe { Arc::from_raw(data).wake_by_ref() } }
extern "C" fn drop_waker(data: *const Waker) { unsafe { drop(Arc::from_raw(data)) } }
static VTABLE: [extern "C" fn(*const Waker); 3] = [clone, wake, drop_waker];

struct Leaf(*mut c_void);

impl Future for Leaf {
    type Output = isize;
    fn poll(self: Pin<&mut Self>, cx: &mut Context) -> Poll<isize> {
        let waker = Arc::new(cx.waker().clone());
        let lent = CContext(&CWaker(&VTABLE, Arc::as_ptr(&waker)));
        let poll = unsafe { future_poll(self.0, &lent) };
        if poll.ready { Poll::Ready(poll.value) } else { Poll::Pending }
    }
}

impl Drop for Leaf {
    fn drop(&mut self) { unsafe { future_drop(self.0) } }
}

fn sleep(millis: i64) -> Leaf { Leaf(unsafe { timer_sleep(millis * 1_000_000) }) }

// The smallest executor of std: it parks, and a wake unparks it.
struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) { self.0.unpark() }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park_timeout(Duration::from_secs(5)); // lost a wake? Then it is late
    }
}

fn main() {
    let start = Instant::now();
    let output = block_on(async {
        let mut hour = pin!(sleep(3_600_000)); // polled once, then dropped
        let pending = std::future::poll_fn(|cx| Poll::Ready(hour.as_mut().poll(cx).is_pending()));
        assert!(pending.await);
        sleep(100).await + sleep(200).await
    });
    let millis = start.elapsed().as_millis();
    let ok = output == 0 && (300..2000).contains(&millis);
    println!("rust's own executor: two sleeps of trale's reactor took {} ms: {}", millis,
             if ok { "ok" } else { "FAILED" });
    std::process::exit(!ok as i32);
}
