# Expect: watch was ready with -EEXIST
/^struct poll watch/,/^}/{
/unwatch(/d
}
