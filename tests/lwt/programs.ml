(* The small programs of programs.c, in the same order, on real Lwt. What they
   print is in table.txt; `make lwt-oracle` compares.

   A value is an int here, for ours are numbers too. Where Lwt returns unit, we
   return 0; OCaml represents () by 0, and `unit` says that it may pass for it. *)

exception E of int

let words = Buffer.create 100

let say format =
  Printf.ksprintf
    (fun word -> Buffer.add_char words ' '; Buffer.add_string words word)
    format

let program name body =
  Buffer.clear words;
  body ();
  Printf.printf "%s:%s\n%!" name (Buffer.contents words)

let unit : 'a. 'a Lwt.t -> int Lwt.t = Obj.magic

let name_of = function
  | E n -> Printf.sprintf "Fail-%d" n
  | Lwt.Canceled -> "Canceled"
  | Lwt_unix.Timeout -> "Timeout"
  | Lwt_switch.Off -> "Off"
  | exn -> Printexc.to_string exn

let tell p =
  match Lwt.state (unit p) with
  | Lwt.Sleep -> say "Sleep"
  | Lwt.Return v -> say "Return-%d" v
  | Lwt.Fail exn -> say "%s" (name_of exn)

let run main = tell (let p = main () in
  try Lwt.return (Lwt_main.run (unit p)) with exn -> Lwt.fail exn)

let wait () : int Lwt.t * int Lwt.u = Lwt.wait ()
let task () : int Lwt.t * int Lwt.u = Lwt.task ()
let wakeup = Lwt.wakeup_later
let wakeup_exn = Lwt.wakeup_later_exn
let join ps = unit (Lwt.join (Obj.magic (ps : int Lwt.t list)))
let fail n : int Lwt.t = Lwt.fail (E n)

(* What may follow a promise. *)
let plus n v = Lwt.return (v + n)
let plus_map n v = v + n
let says name v = say "%s-%d" name v; Lwt.return v
let fails n _ = fail n
let gives p _ = p
let handles name exn = say "%s-%s" name (name_of exn); Lwt.return 0
let pauses name v =
  say "%s-%d" name v; Lwt.bind (unit (Lwt.pause ())) (fun _ -> Lwt.return v)
let clean name () = say "%s" name; Lwt.return ()
let clean_fails n () : unit Lwt.t = Lwt.fail (E n)
let finalize p f : int Lwt.t = Lwt.finalize (fun () -> p) f
let catch p h : int Lwt.t = Lwt.catch (fun () -> p) h
let try_bind p f h : int Lwt.t = Lwt.try_bind (fun () -> p) f h
let heard name () = say "%s" name
let show p name = ignore (try_bind p (says name) (handles name))
let values p = Lwt.bind p (fun vs ->
  List.iter (say "%d") vs; Lwt.return (List.length vs))
let (>>=) = Lwt.bind

let () =
  (* One promise. *)
  program "return" (fun () -> tell (Lwt.return 1));
  program "fail" (fun () -> tell (fail 7));
  program "wait" (fun () -> tell (fst (wait ())));
  program "task" (fun () -> tell (fst (task ())));
  program "wait_woken" (fun () ->
    let p, r = wait () in wakeup r 1; tell p);
  program "wait_woken_exn" (fun () ->
    let p, r = wait () in wakeup_exn r (E 7); tell p);

  (* bind *)
  program "bind_resolved" (fun () -> tell (Lwt.return 1 >>= plus 2));
  program "bind_failed" (fun () -> tell (fail 7 >>= says "f"));
  program "bind_calls_at_once" (fun () ->
    let p = Lwt.return 1 >>= says "f" in say "after"; tell p);
  program "bind_f_fails" (fun () -> tell (Lwt.return 1 >>= fails 7));
  program "bind_pending" (fun () ->
    let p, r = wait () in
    let q = p >>= plus 2 in
    tell q; wakeup r 1; tell q; tell p);
  program "bind_pending_fails" (fun () ->
    let p, r = wait () in
    let q = p >>= says "f" in
    wakeup_exn r (E 7); tell q);
  program "bind_pending_f_fails" (fun () ->
    let p, r = wait () in
    let q = p >>= fails 7 in
    wakeup r 1; tell q; tell p);
  program "bind_gives_pending" (fun () ->
    let p, r = wait () in
    let q = Lwt.return 0 >>= gives p in
    tell q; wakeup r 1; tell q);
  program "bind_becomes_pending" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = p >>= gives p' in
    wakeup r 1; tell q; wakeup r' 2; tell q);
  program "bind_becomes_failing" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = p >>= gives p' in
    wakeup r 1; wakeup_exn r' (E 7); tell q);
  program "bind_chain" (fun () ->
    let p, r = wait () in
    let q = p >>= says "a" >>= plus 1 >>= says "b" >>= plus 1 >>= says "c" in
    wakeup r 1; tell q);
  program "bind_nested" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = p >>= fun v -> says "outer" v >>= fun v ->
      p' >>= fun w -> says "inner" (v + w) in
    wakeup r 1; tell q; wakeup r' 2; tell q);
  program "bind_error_in_chain" (fun () ->
    let p, r = wait () in
    let q = p >>= says "a" >>= fails 7 >>= says "b" in
    wakeup r 1; tell q);
  program "bind_later_callback" (fun () ->
    let p, r = wait () in
    let p' , r' = wait () in
    let q = p >>= gives p' in
    wakeup r 1; show q "q"; say "registered"; wakeup r' 2);

  (* map, catch, try_bind *)
  program "map_resolved" (fun () -> tell (Lwt.map (plus_map 2) (Lwt.return 1)));
  program "map_failed" (fun () -> tell (Lwt.map (plus_map 2) (fail 7)));
  program "map_pending" (fun () ->
    let p, r = wait () in
    let q = Lwt.map (plus_map 2) p in
    tell q; wakeup r 1; tell q);
  program "map_pending_fails" (fun () ->
    let p, r = wait () in
    let q = Lwt.map (plus_map 2) p in
    wakeup_exn r (E 7); tell q);
  program "catch_value" (fun () ->
    tell (catch (Lwt.return 1) (handles "h")));
  program "catch_failure" (fun () -> tell (catch (fail 7) (handles "h")));
  program "catch_pending" (fun () ->
    let p, r = wait () in
    let q = catch p (handles "h") in
    tell q; wakeup_exn r (E 7); tell q);
  program "catch_pending_value" (fun () ->
    let p, r = wait () in
    let q = catch p (handles "h") in
    wakeup r 1; tell q);
  program "catch_fails_again" (fun () -> tell (catch (fail 7) (fails 16)));
  program "catch_gives_pending" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = catch p (gives p') in
    wakeup_exn r (E 7); tell q; wakeup r' 1; tell q);
  program "try_bind_value" (fun () ->
    tell (try_bind (Lwt.return 1) (says "f") (handles "h")));
  program "try_bind_failure" (fun () ->
    tell (try_bind (fail 7) (says "f") (handles "h")));
  program "try_bind_pending" (fun () ->
    let p, r = wait () in
    let q = try_bind p (says "f") (handles "h") in
    wakeup r 1; tell q);
  program "try_bind_pending_fails" (fun () ->
    let p, r = wait () in
    let q = try_bind p (says "f") (handles "h") in
    wakeup_exn r (E 7); tell q);

  (* finalize *)
  program "finalize_value" (fun () ->
    tell (finalize (Lwt.return 1) (clean "clean")));
  program "finalize_failure" (fun () ->
    tell (finalize (fail 7) (clean "clean")));
  program "finalize_cleanup_fails" (fun () ->
    tell (finalize (Lwt.return 1) (clean_fails 16)));
  program "finalize_both_fail" (fun () ->
    tell (finalize (fail 7) (clean_fails 16)));
  program "finalize_pending" (fun () ->
    let p, r = wait () in
    let q = finalize p (clean "clean") in
    say "before"; wakeup r 1; tell q);
  program "finalize_waits" (fun () ->
    let p, r = Lwt.wait () in
    let q = finalize (fail 7) (fun () -> p) in
    tell q; wakeup r (); tell q);
  program "finalize_cancelled" (fun () ->
    let p, _ = task () in
    let q = finalize p (clean "clean") in
    Lwt.cancel q; tell q);

  (* cancel *)
  program "cancel_task" (fun () ->
    let p, _ = task () in Lwt.cancel p; tell p);
  program "cancel_wait" (fun () ->
    let p, r = wait () in Lwt.cancel p; tell p; wakeup r 1; tell p);
  program "cancel_then_wakeup" (fun () ->
    let p, r = task () in Lwt.cancel p; wakeup r 1; tell p);
  program "cancel_then_wakeup_exn" (fun () ->
    let p, r = task () in Lwt.cancel p; wakeup_exn r (E 7); tell p);
  program "cancel_twice" (fun () ->
    let p, _ = task () in
    Lwt.on_cancel p (heard "heard"); Lwt.cancel p; Lwt.cancel p; tell p);
  program "cancel_resolved" (fun () ->
    let p = Lwt.return 1 in Lwt.cancel p; tell p);
  program "cancel_bind" (fun () ->
    let p, _ = task () in
    let q = p >>= says "f" in
    Lwt.cancel q; tell p; tell q);
  program "cancel_bind_of_wait" (fun () ->
    let p, r = wait () in
    let q = p >>= says "f" in
    Lwt.cancel q; tell p; tell q; wakeup r 1; tell q);
  program "cancel_inner" (fun () ->
    let p, r = wait () and p', _ = task () in
    let q = p >>= gives p' in
    wakeup r 1; Lwt.cancel q; tell q; tell p; tell p');
  program "cancel_inner_bind" (fun () ->
    let p, r = wait () and p', _ = task () in
    let q = p >>= fun _ -> p' >>= says "f" in
    wakeup r 1; Lwt.cancel q; tell q; tell p');
  program "cancel_inner_twice_removed" (fun () ->
    let p, r = wait () and p', r' = wait () and p'', _ = task () in
    let q = p >>= fun _ -> p' >>= gives p'' in
    wakeup r 1; wakeup r' 1; Lwt.cancel q; tell q; tell p'');
  program "cancel_inner_of_inner" (fun () ->
    let p, r = wait () and p', r' = wait () and p'', _ = task () in
    let a = p >>= gives p'' in
    wakeup r 1;
    let q = p' >>= gives a in
    wakeup r' 1; Lwt.cancel q; tell q; tell a; tell p'');
  program "cancel_chain" (fun () ->
    let p, _ = task () in
    let q = p >>= says "a" >>= says "b" >>= says "c" in
    Lwt.cancel q; tell p; tell q);
  program "cancel_caught" (fun () ->
    let p, _ = task () in
    let q = catch p (handles "h") in
    Lwt.cancel q; tell q);
  program "cancel_map" (fun () ->
    let p, _ = task () in
    let q = Lwt.map (plus_map 1) p in
    Lwt.cancel q; tell q);
  program "cancel_source_tells_bind" (fun () ->
    let p, _ = task () in
    let q = p >>= says "f" in
    Lwt.cancel p; tell q);
  program "fail_canceled" (fun () ->
    let p, r = wait () in
    Lwt.on_cancel p (heard "heard"); wakeup_exn r Lwt.Canceled; tell p);
  program "on_cancel" (fun () ->
    let p, _ = task () in
    Lwt.on_cancel p (heard "heard"); Lwt.cancel p; tell p);
  program "on_cancel_value" (fun () ->
    let p, r = task () in
    Lwt.on_cancel p (heard "heard"); wakeup r 1; tell p);
  program "on_cancel_failure" (fun () ->
    let p, r = task () in
    Lwt.on_cancel p (heard "heard"); wakeup_exn r (E 7); tell p);
  program "on_cancel_goes_first" (fun () ->
    let p, _ = task () in
    show p "p"; Lwt.on_cancel p (heard "heard"); Lwt.cancel p);
  program "on_cancel_newest_first" (fun () ->
    let p, _ = task () in
    Lwt.on_cancel p (heard "first"); Lwt.on_cancel p (heard "second");
    Lwt.cancel p);
  program "on_cancel_too_late" (fun () ->
    let p, _ = task () in
    Lwt.cancel p; Lwt.on_cancel p (heard "heard"); tell p);
  program "on_cancel_of_bind" (fun () ->
    let p, _ = task () in
    let q = p >>= says "f" in
    Lwt.on_cancel q (heard "q"); Lwt.on_cancel p (heard "p");
    Lwt.cancel q);
  program "protected" (fun () ->
    let p, r = task () in
    let q = Lwt.protected p in
    Lwt.cancel q; tell p; tell q; wakeup r 1; tell p; tell q);
  program "protected_value" (fun () ->
    let p, r = task () in
    let q = Lwt.protected p in
    wakeup r 1; tell q);
  program "protected_resolved" (fun () ->
    let q = Lwt.protected (Lwt.return 1) in Lwt.cancel q; tell q);
  program "no_cancel" (fun () ->
    let p, r = task () in
    let q = Lwt.no_cancel p in
    Lwt.cancel q; tell p; tell q; wakeup r 1; tell q);
  program "no_cancel_source" (fun () ->
    let p, _ = task () in
    let q = Lwt.no_cancel p in
    Lwt.cancel p; tell q);

  (* join, both, all *)
  program "join_none" (fun () -> tell (join []));
  program "join_resolved" (fun () ->
    tell (join [Lwt.return 0; Lwt.return 0]));
  program "join_pending" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = join [p; p'] in
    wakeup r' 0; tell q; wakeup r 0; tell q);
  program "join_failure_waits" (fun () ->
    let p, r = wait () in
    let q = join [fail 7; p] in
    tell q; wakeup r 0; tell q);
  program "join_first_failure_in_time" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = join [p; p'] in
    wakeup_exn r' (E 16); wakeup_exn r (E 7); tell q);
  program "join_first_failure_in_list" (fun () ->
    tell (join [Lwt.return 0; fail 7; fail 16]));
  program "join_cancel" (fun () ->
    let p, _ = task () and p', r' = wait () in
    let q = join [p; p'] in
    Lwt.cancel q; tell p; tell p'; tell q; wakeup r' 0; tell q);
  program "join_one_twice" (fun () ->
    let p, r = wait () in
    let q = join [p; p] in
    wakeup r 0; tell q);
  program "both" (fun () ->
    tell (Lwt.both (Lwt.return 1) (Lwt.return 2) >>= fun (a, b) ->
      say "%d %d" a b; Lwt.return 0));
  program "both_pending" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = Lwt.both p p' >>= fun (a, b) -> say "%d %d" a b; Lwt.return 0 in
    wakeup r' 2; tell q; wakeup r 1; tell q);
  program "both_failure_waits" (fun () ->
    let p, r = wait () in
    let q = Lwt.both (fail 7) p in
    tell q; wakeup r 1; tell q);
  program "all" (fun () ->
    tell (values (Lwt.all [Lwt.return 1; Lwt.return 2; Lwt.return 3])
          >>= gives (Lwt.return 0)));
  program "all_keeps_the_order" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = values (Lwt.all [p; Lwt.return 2; p']) >>= gives (Lwt.return 0) in
    wakeup r' 3; wakeup r 1; tell q);
  program "all_failure_waits" (fun () ->
    let p, r = wait () in
    let q = Lwt.all [Lwt.return 1; fail 7; p] in
    tell q; wakeup r 1; tell q);

  (* choose, pick, nchoose *)
  program "choose_resolved" (fun () ->
    let p, _ = wait () in tell (Lwt.choose [p; Lwt.return 2]));
  program "choose_failures_first" (fun () ->
    tell (Lwt.choose [Lwt.return 1; fail 7; Lwt.return 2]));
  program "choose_pending" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = Lwt.choose [p; p'] in
    tell q; wakeup r' 2; tell q; wakeup r 1; tell q);
  program "choose_pending_fails" (fun () ->
    let p, r = wait () and p', _ = wait () in
    let q = Lwt.choose [p; p'] in
    wakeup_exn r (E 7); tell q);
  program "choose_leaves_the_loser" (fun () ->
    let p, r = task () and p', _ = task () in
    let q = Lwt.choose [p; p'] in
    wakeup r 1; tell q; tell p');
  program "choose_cancel" (fun () ->
    let p, _ = task () and p', _ = task () in
    let q = Lwt.choose [p; p'] in
    Lwt.cancel q; tell q; tell p; tell p');
  program "pick_resolved" (fun () ->
    let p, _ = task () in
    tell (Lwt.pick [p; Lwt.return 2]); tell p);
  program "pick_failures_first" (fun () ->
    let p, _ = task () in
    tell (Lwt.pick [Lwt.return 1; p; fail 7]); tell p);
  program "pick_pending" (fun () ->
    let p, r = task () and p', _ = task () and p'', _ = wait () in
    let q = Lwt.pick [p; p'; p''] in
    tell q; wakeup r 1; tell q; tell p'; tell p'');
  program "pick_pending_fails" (fun () ->
    let p, r = task () and p', _ = task () in
    let q = Lwt.pick [p; p'] in
    wakeup_exn r (E 7); tell q; tell p');
  program "pick_tells_the_loser_first" (fun () ->
    let p, r = task () and p', _ = task () in
    Lwt.on_cancel p' (heard "loser");
    let q = Lwt.pick [p; p'] in
    show q "q"; wakeup r 1);
  program "pick_tells_through_binds" (fun () ->
    let p, r = task () and p', _ = task () in
    let loser = p' >>= says "never" >>= says "never" in
    show loser "loser";
    let q = Lwt.pick [p >>= says "winner"; loser] in
    show q "q"; wakeup r 1);
  program "pick_cancel" (fun () ->
    let p, _ = task () and p', _ = task () in
    let q = Lwt.pick [p; p'] in
    Lwt.cancel q; tell q; tell p; tell p');
  program "nchoose_resolved" (fun () ->
    let p, _ = wait () in
    tell (values (Lwt.nchoose [Lwt.return 1; p; Lwt.return 3])));
  program "nchoose_pending" (fun () ->
    let p, r = wait () and p', r' = wait () in
    let q = values (Lwt.nchoose [p; p']) in
    tell q; wakeup r' 2; tell q; wakeup r 1; tell q);
  program "nchoose_failure" (fun () ->
    tell (values (Lwt.nchoose [Lwt.return 1; fail 7])));
  program "nchoose_pending_fails" (fun () ->
    let p, r = wait () and p', _ = wait () in
    let q = values (Lwt.nchoose [p; p']) in
    wakeup_exn r (E 7); tell q);

  (* Lwt_list *)
  let iter_s f l = unit (Lwt_list.iter_s (Obj.magic f) l)
  and iter_p f l = unit (Lwt_list.iter_p (Obj.magic f) l) in
  program "iter_s" (fun () -> tell (iter_s (says "f") [1; 2; 3]));
  program "iter_s_none" (fun () -> tell (iter_s (says "f") []));
  program "iter_s_stops" (fun () ->
    tell (iter_s (fun v -> say "f-%d" v; if v = 2 then fail 7
                 else Lwt.return v) [1; 2; 3]));
  program "iter_s_pending" (fun () ->
    run (fun () -> iter_s (pauses "f") [1; 2; 3]));
  program "iter_p" (fun () ->
    run (fun () -> iter_p (fun v -> pauses "f" v >>= says "g") [1; 2; 3]));
  program "iter_p_failures" (fun () ->
    tell (iter_p (fun v -> fail v) [1; 2; 3]));
  program "map_s" (fun () ->
    tell (values (Lwt_list.map_s (plus 10) [1; 2; 3])));
  program "map_s_pending" (fun () ->
    run (fun () -> values (Lwt_list.map_s (pauses "f") [1; 2; 3])));
  program "map_p_pending" (fun () ->
    run (fun () -> values (Lwt_list.map_p (pauses "f") [1; 2; 3])));
  program "map_p_failures" (fun () ->
    tell (values (Lwt_list.map_p (fun v -> fail v) [1; 2; 3])));
  program "map_p_failure_waits" (fun () ->
    let p, r = wait () in
    let q = values (Lwt_list.map_p
      (fun v -> if v = 1 then fail 7 else p) [1; 2]) in
    tell q; wakeup r 1; tell q);
  program "map_p_failure_does_not_wait" (fun () ->
    let p, _ = wait () in
    tell (values (Lwt_list.map_p
      (fun v -> if v = 1 then p else fail 7) [1; 2])));

  (* Lwt_mutex *)
  let with_lock m f : int Lwt.t = Lwt_mutex.with_lock m f in
  program "mutex_lock" (fun () ->
    let m = Lwt_mutex.create () in
    tell (Lwt_mutex.lock m); tell (Lwt_mutex.lock m));
  program "mutex_in_order" (fun () ->
    let m = Lwt_mutex.create () in
    ignore (Lwt_mutex.lock m);
    show (unit (Lwt_mutex.lock m)) "a"; show (unit (Lwt_mutex.lock m)) "b";
    Lwt_mutex.unlock m; say "unlocked"; Lwt_mutex.unlock m);
  program "mutex_with_lock" (fun () ->
    let m = Lwt_mutex.create () in
    run (fun () -> join
      (List.map (fun v ->
         with_lock m (fun () -> pauses "in" v >>= says "out")) [1; 2; 3])));
  program "mutex_after_with_lock" (fun () ->
    let m = Lwt_mutex.create () and p, r = wait () in
    show (with_lock m (fun () -> p)) "done";
    ignore (with_lock m (fun () -> says "second" 2));
    wakeup r 1);
  program "mutex_failure" (fun () ->
    let m = Lwt_mutex.create () in
    tell (with_lock m (fun () -> fail 7)); tell (Lwt_mutex.lock m));
  program "mutex_cancelled_waiter" (fun () ->
    let m = Lwt_mutex.create () in
    ignore (Lwt_mutex.lock m);
    let p = with_lock m (fun () -> says "a" 1) in
    let q = with_lock m (fun () -> says "b" 2) in
    Lwt.cancel p; tell p; Lwt_mutex.unlock m; tell q);
  program "mutex_unlock_unlocked" (fun () ->
    let m = Lwt_mutex.create () in
    Lwt_mutex.unlock m; tell (Lwt_mutex.lock m));

  (* Lwt_condition *)
  let cond_wait ?mutex c : int Lwt.t = Lwt_condition.wait ?mutex c in
  program "condition_signal" (fun () ->
    let c = Lwt_condition.create () in
    let p = cond_wait c in
    let q = cond_wait c in
    Lwt_condition.signal c 1; tell p; tell q);
  program "condition_signal_lost" (fun () ->
    let c = Lwt_condition.create () in
    Lwt_condition.signal c 1; tell (cond_wait c));
  program "condition_broadcast" (fun () ->
    let c = Lwt_condition.create () in
    let p = cond_wait c in
    let q = cond_wait c in
    Lwt_condition.broadcast c 1; tell p; tell q);
  program "condition_broadcast_again" (fun () ->
    let c = Lwt_condition.create () in
    ignore (cond_wait c >>= fun v -> say "again"; show (cond_wait c) "w";
      Lwt.return v);
    Lwt_condition.broadcast c 1; say "broadcast"; Lwt_condition.broadcast c 2);
  program "condition_cancelled_waiter" (fun () ->
    let c = Lwt_condition.create () in
    let p = cond_wait c in
    let q = cond_wait c in
    Lwt.cancel p; Lwt_condition.signal c 1; tell p; tell q);
  program "condition_mutex" (fun () ->
    let c = Lwt_condition.create () and m = Lwt_mutex.create () in
    ignore (Lwt_mutex.lock m);
    let p = cond_wait ~mutex:m c in
    tell (Lwt_mutex.lock m);
    Lwt_condition.signal c 1; tell p; Lwt_mutex.unlock m; tell p);
  program "condition_mutex_cancelled" (fun () ->
    let c = Lwt_condition.create () and m = Lwt_mutex.create () in
    ignore (Lwt_mutex.lock m);
    let p = cond_wait ~mutex:m c in
    Lwt.cancel p; tell p; tell (Lwt_mutex.lock m));

  (* Lwt_switch *)
  let add s hook = Lwt_switch.add_hook (Some s) hook in
  program "switch" (fun () ->
    let s = Lwt_switch.create () in
    add s (clean "first"); add s (clean "second");
    tell (Lwt_switch.turn_off s));
  program "switch_waits" (fun () ->
    let s = Lwt_switch.create () and p, r = Lwt.wait () in
    add s (fun () -> p); add s (clean "hook");
    let q = Lwt_switch.turn_off s in
    tell q; wakeup r (); tell q);
  program "switch_hook_fails" (fun () ->
    let s = Lwt_switch.create () in
    add s (clean "hook"); add s (clean_fails 7);
    tell (Lwt_switch.turn_off s));
  program "switch_off" (fun () ->
    let s = Lwt_switch.create () in
    ignore (Lwt_switch.turn_off s);
    (try add s (clean "hook") with exn -> tell (Lwt.fail exn));
    tell (Lwt_switch.turn_off s));
  program "switch_none" (fun () ->
    Lwt_switch.add_hook None (clean "hook"); say "nothing");

  (* The loop: Lwt_main, Lwt_unix *)
  let steps name =
    unit (Lwt_list.iter_s (fun v ->
      say "%s%d" name v; Lwt.pause ()) [0; 1; 2]) in
  program "pause_takes_turns" (fun () ->
    run (fun () ->
      let a = steps "a" in let b = steps "b" in join [a; b]));
  program "pause_cancelled" (fun () ->
    run (fun () -> let p = Lwt.pause () in Lwt.cancel p; p));
  program "sleep_in_order" (fun () ->
    run (fun () -> join
      [ unit (Lwt_unix.sleep 0.02) >>= says "late";
        unit (Lwt_unix.sleep 0.01) >>= says "early" ]));
  program "sleep_cancelled" (fun () ->
    run (fun () -> let p = Lwt_unix.sleep 9. in Lwt.cancel p; p));
  program "timeout_value" (fun () ->
    run (fun () -> Lwt_unix.with_timeout 9. (fun () -> Lwt.return 1)));
  program "timeout_value_later" (fun () ->
    run (fun () -> Lwt_unix.with_timeout 9. (fun () ->
      unit (Lwt.pause ()) >>= plus 1)));
  program "timeout_passes" (fun () ->
    let p, _ = task () in
    Lwt.on_cancel p (heard "cancelled");
    run (fun () -> Lwt_unix.with_timeout 0.01 (fun () -> p)));
  program "timeout_failure" (fun () ->
    run (fun () -> Lwt_unix.with_timeout 9. (fun () -> fail 7)));
  Lwt.async_exception_hook := (fun exn -> say "hook-%s" (name_of exn));
  program "async" (fun () ->
    Lwt.async Lwt.return; say "after");
  program "async_failure" (fun () ->
    Lwt.async (clean_fails 7); say "after");
  program "async_failure_later" (fun () ->
    let p, r = Lwt.wait () in
    Lwt.async (fun () -> p); say "after"; wakeup_exn r (E 7));
  program "main_run_failure" (fun () -> run (fun () -> fail 7));

  (* Order *)
  program "order_of_callbacks" (fun () ->
    let p, r = wait () in
    show p "first"; show p "second"; wakeup r 1);
  program "order_wakeup_in_callback" (fun () ->
    let p, r = wait () and p', r' = wait () in
    show p' "p'";
    show (p >>= fun v -> wakeup r' 2; say "woken"; Lwt.return v) "p";
    wakeup r 1);
  program "order_wakeup_goes_last" (fun () ->
    let p, r = wait () and p', r' = wait () in
    show p' "p'"; show p "p";
    ignore (p >>= fun v -> wakeup r' 2; say "woken"; Lwt.return v);
    show p "p"; wakeup r 1);
  program "order_wakeup_after_cancel" (fun () ->
    let p, r = wait () and p', r' = wait () and p'', r'' = wait () in
    let q, _ = task () in
    show p' "p'"; show p'' "p''"; show q "q";
    ignore (p >>= fun v ->
      wakeup r' 2; Lwt.cancel q; wakeup r'' 3; Lwt.return v);
    wakeup r 1);
  program "order_of_consequences" (fun () ->
    let p, r = wait () in
    let q = p >>= says "a" in
    show (q >>= says "b") "c"; wakeup r 1);
  program "order_state_in_callback" (fun () ->
    let p, r = wait () in
    let q = p >>= says "f" in
    ignore (p >>= fun v -> tell q; Lwt.return v);
    wakeup r 1);
  program "order_of_callback_and_proxy" (fun () ->
    let p, r = wait () and p', r' = wait () in
    show p' "inner";
    let q = p >>= gives p' in
    show q "outer"; wakeup r 1; wakeup r' 2);
  program "order_cancel_in_callback" (fun () ->
    let p, r = wait () and p', _ = task () in
    let q = p' >>= says "f" in
    ignore (p >>= fun v -> Lwt.cancel q; tell p'; tell q; Lwt.return v);
    wakeup r 1; tell q);
  program "bind_gives_itself" (fun () ->
    let p, r = wait () in
    let q = ref p in
    q := (p >>= fun _ -> !q);
    wakeup r 1; tell !q)
