# Expect: There is no second look
s/^    return flag->set ? .*/    return POLL_PENDING;/
