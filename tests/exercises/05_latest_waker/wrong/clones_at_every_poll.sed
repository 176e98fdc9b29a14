# Expect: Either nothing is compared
s/if (!will_wake(\(.*\), cx->waker))/if (\1 != cx->waker)/
