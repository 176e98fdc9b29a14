# Expect: was polled after it was ready
/future_drop(self->children\[i\]);$/{
/for/!d
}
/children\[i\] = NULL;/d
