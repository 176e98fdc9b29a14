# Expect: two tasks like A starve a third
/^    \/\/ Our turn/,/^    }/d
