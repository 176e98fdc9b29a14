# Expect: release has returned, but has not closed descriptor
/close(\*fd)/d
