// The host is a Rust program: std alone, a thread that parks. Its notification
// is the thread's handle, and to wake it is to unpark.
use std::{ffi::*, ptr::addr_of_mut, thread, time::{Duration, Instant}};

#[repr(C)]
struct Waker(*const [extern "C" fn(*mut thread::Thread); 3], *mut thread::Thread);

extern "C" {
    fn local_executor_new(notification: *mut Waker) -> *mut c_void;
    fn local_executor_run_pending(executor: *mut c_void) -> usize;
    fn local_executor_drop(executor: *mut c_void);
    fn guest_start(executor: *mut c_void);
    fn guest_beat();
    fn guest_done() -> bool;
    fn guest_report(host: *const c_char) -> c_int;
}

extern "C" fn nothing(_: *mut thread::Thread) {} // the handle lives for ever
extern "C" fn wake(host: *mut thread::Thread) { unsafe { (*host).unpark() } }
static VTABLE: [extern "C" fn(*mut thread::Thread); 3] = [nothing, wake, nothing];

fn main() {
    let host = Box::into_raw(Box::new(thread::current()));
    let mut beat = Instant::now();
    unsafe {
        let executor = local_executor_new(addr_of_mut!(*Box::leak(Box::new(Waker(&VTABLE, host)))));
        guest_start(executor);
        while !guest_done() {
            thread::park_timeout(beat.saturating_duration_since(Instant::now()));
            local_executor_run_pending(executor);
            if Instant::now() < beat { continue; }
            guest_beat();
            beat = Instant::now() + Duration::from_millis(10);
        }
        local_executor_drop(executor);
        std::process::exit(guest_report(b"rust\0".as_ptr().cast()));
    }
}
