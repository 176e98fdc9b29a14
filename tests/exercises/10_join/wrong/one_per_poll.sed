# Expect: All three children are ready, and join is still pending
/^        self->left--;$/a\
        break;
