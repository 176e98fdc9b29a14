# Expect: look at the flag first
/^    if (flag->set)/d
