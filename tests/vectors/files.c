#include "vectors/vectors.h"

const struct vectors_file vectors_files[VECTORS_FILES] = {
    {"access", vectors_access},
    {"chunk", vectors_chunk},
    {"frames", vectors_frames},
    {"graphs", vectors_graphs},
    {"log", vectors_log},
    {"refusals", vectors_refusals},
    {"saved", vectors_saved},
    {"sync", vectors_sync},
    {"text", vectors_text},
};
