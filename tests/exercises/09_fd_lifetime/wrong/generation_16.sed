# Expect: An event was fetched, the registration was renewed 65536 times, and then
/^    event\.data\.u64 = (uint64_t)source->generation << 32 | (uint32_t)fd;$/c\
    event.data.u64 = (uint64_t)(uint16_t)source->generation << 32 | (uint32_t)fd;
/^    if (sources\[fd\]\.generation != event\.data\.u64 >> 32) return;$/c\
    if ((uint16_t)sources[fd].generation != event.data.u64 >> 32) return;
