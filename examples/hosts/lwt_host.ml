(* The host is Lwt's own main loop: the case that ocaml-lwt-interop is about.
   lwt_stubs.c lends OCaml the C functions. *)
external notification_new : unit -> Unix.file_descr = "host_notification_new"
external run_pending : Unix.file_descr -> unit = "host_run_pending" [@@noalloc]
external guest_start : unit -> unit = "host_guest_start"
external guest_beat : unit -> unit = "host_guest_beat" [@@noalloc]
external guest_done : unit -> bool = "host_guest_done" [@@noalloc]
external drop : unit -> unit = "host_drop"
external guest_report : string -> int = "host_guest_report"

let () =
  let fd = notification_new () in
  let finished, finish = Lwt.wait () in
  (* Not Lwt_unix.wait_read in a loop: it returns at once while fd is readable,
     and beside a task that always wakes itself Lwt would never have a turn. *)
  let watch = Lwt_engine.on_readable fd (fun _ ->
      run_pending fd;
      if guest_done () && Lwt.is_sleeping finished then Lwt.wakeup finish ()) in
  let beat = Lwt_engine.on_timer 0.01 true (fun _ -> guest_beat ()) in
  guest_start ();
  Lwt_main.run finished;
  Lwt_engine.stop_event watch;
  Lwt_engine.stop_event beat;
  drop ();
  exit (guest_report "lwt")
