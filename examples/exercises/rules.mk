# The exercises of examples/exercises/, for students and those who teach them.
# The README.md of that folder is for the student, that of tests/exercises/ for
# the teacher.
EXERCISE = @CC='$(CC)' BUILD='$(BUILD)' sh tests/exercises/exercise.sh

.PHONY: exercises exercise hint watch solution reset grade check-exercises

#: make exercises            the classroom exercises: how far you are, and the next
exercises:
	$(EXERCISE) list

#: make exercise             check the next one, or N=01 (TRACE=1: all events); hint, watch,
#:                           solution and reset take N=01 too
exercise: $(CHECK_FLAGS)
	$(EXERCISE) run '$(N)'

hint:
	$(EXERCISE) hint '$(N)'

watch: $(CHECK_FLAGS)
	$(EXERCISE) watch '$(N)'

solution: $(CHECK_FLAGS)
	$(EXERCISE) solution '$(N)'

reset:
	$(EXERCISE) reset '$(N)'

#: make grade                check all, and write the points to build/grade/
grade: $(CHECK_FLAGS)
	$(EXERCISE) grade

#: make check-exercises      for teachers: check stubs, solutions and wrong answers
check-exercises: $(CHECK_FLAGS)
	@CC='$(CC)' BUILD='$(BUILD)' sh tests/exercises/check.sh $(N)
