# Expect: watch was ready with -EEXIST: the descriptor is in the epoll set already,
/^struct poll watch/,/^}/{
/unwatch(/d
}
