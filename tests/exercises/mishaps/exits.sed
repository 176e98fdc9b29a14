# Expect: It ended the program, with status 0, while the check waited for poll number 1 of countdown to return
s/^    self->left--;/    exit(0);/
