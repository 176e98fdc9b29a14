# Expect: release closed descriptor 3 twice: when the future had read the end, and
/\*fd = -1;/d
