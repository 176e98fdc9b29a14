# Expect: receive was ready when the other three bytes had come with the value
s/^    while (inbox->have/    inbox->have = 0;\
&/
