// For the tests of what a single step consists of. They include the step's
// source, whose names are also trale's, and so cannot include test.h.
#ifndef STEP_H
#define STEP_H

#include <check.h>

// They add the tests of one step to the suite.
void s01_tests(Suite *suite);
void s02_tests(Suite *suite);
void s06_tests(Suite *suite);
void s07_tests(Suite *suite);
void s09e_tests(Suite *suite);

// As in test.h.
#define add_test(suite, test, seconds) add_test_(suite, #test, test, seconds)
void add_test_(Suite *suite, const char *name, const TTest *test,
               double seconds);

#endif
