(* The workloads of bench.c on real Lwt. *)

let n = 1_000_000
and chain = 10_000

let add_one value = Lwt.return (value + 1)

let bind_resolved () =
  let p = ref (Lwt.return 0) in
  for _ = 1 to n do p := Lwt.bind !p add_one done

let wait_bind_wakeup () =
  for i = 1 to n do
    let p, r = Lwt.wait () in
    let q = Lwt.bind p add_one in
    Lwt.wakeup_later r i;
    ignore (Sys.opaque_identity q)
  done

let chain_of_binds () =
  for _ = 1 to n / chain do
    let p, r = Lwt.wait () in
    let q = ref p in
    for _ = 1 to chain do q := Lwt.bind !q add_one done;
    Lwt.wakeup_later r 0;
    ignore (Sys.opaque_identity !q)
  done

let pause_loop () =
  let rec round left =
    if left = 0 then Lwt.return_unit
    else Lwt.bind (Lwt.pause ()) (fun () -> round (left - 1)) in
  Lwt_main.run (round n)

let measure name run =
  let start = Unix.gettimeofday () in
  run ();
  let seconds = Unix.gettimeofday () -. start in
  Printf.printf "%s %.1f\n%!" name (seconds *. 1e9 /. float n)

let () =
  measure "bind_on_a_resolved_promise" bind_resolved;
  measure "wait_bind_wakeup" wait_bind_wakeup;
  measure "each_bind_of_a_chain" chain_of_binds;
  measure "pause_in_a_loop" pause_loop
