// The narration of trale.c, as the harness uses it.
#ifndef NARRATION_H
#define NARRATION_H

#include <stdarg.h>
#include <stdbool.h>

// Starts the clock of the narration, and turns it on.
void narration_begin(void);
bool narration_switch(bool on); // returns whether it was on
void narration_event(const char *task, const char *event, const char *format,
                     va_list args);

#endif
