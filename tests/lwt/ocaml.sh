#!/bin/sh
# Builds FOLDER/NAME from an OCaml source, NAME.ml, that uses Lwt. Fails, aloud,
# where OCaml or its Lwt is not installed.
#
#     sh tests/lwt/ocaml.sh NAME.ml FOLDER
set -eu
name=$(basename "$1" .ml)

if ! ocamlfind query lwt.unix > "$2/log" 2>&1; then
    echo "skip    there is no OCaml with Lwt here (Debian: ocaml-findlib," \
        "liblwt-ocaml-dev)"
    exit 1
fi
cp "$1" "$2/"
cd "$2"
ocamlfind ocamlopt -w -a -O3 -thread -package lwt.unix,threads -linkpkg \
    "$name.ml" -o "$name" > log 2>&1 || { cat log; exit 2; }
