# Expect: receive was ready when one byte of four had come
s/while (inbox->have < sizeof(inbox->bytes))/while (inbox->have == 0)/
