# Expect: Is something kept outside of the struct, where all races share it
s/^    for (int i = 0; i < 2; i++) {$/    static int i;\
    for (i = 0; i < 2; i++) {/
