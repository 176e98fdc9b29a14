# The exercises of examples/exercises/, for students and those who teach them.
# NOTES.md says how, under "For the student" and "For the teacher".
EXERCISE = @CC='$(CC)' BUILD='$(BUILD)' sh tests/exercises/exercise.sh

# For make format.
SOURCES += $(wildcard examples/exercises/*.[ch] tests/exercises/*.[ch] \
    tests/exercises/*/*.[ch] tests/exercises/*/*/*.[ch])

.PHONY: exercises exercise hint watch solution reset grade check-exercises

exercises:
	$(EXERCISE) list

exercise: build/check.flags
	$(EXERCISE) run '$(N)'

hint:
	$(EXERCISE) hint '$(N)'

watch: build/check.flags
	$(EXERCISE) watch '$(N)'

solution: build/check.flags
	$(EXERCISE) solution '$(N)'

reset:
	$(EXERCISE) reset '$(N)'

grade: build/check.flags
	$(EXERCISE) grade

check-exercises: build/check.flags
	@CC='$(CC)' BUILD='$(BUILD)' sh tests/exercises/check.sh $(N)
