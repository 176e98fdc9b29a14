# Expect: It does not compile:
$d
