// What every peer implements: a window of sensor counts in, a class out.
#pragma once
#include <stdint.h>

enum { STEPS = 128, CHANNELS = 9 };

// Classifies one window, sensor counts as docs/DATA.md has them; writes a score for each class.
int classify(const int16_t window[STEPS][CHANNELS], int32_t *scores);

static inline int argmax(const int32_t *scores, int classes) {
    int best = 0;
    for (int i = 1; i < classes; i++) best = scores[i] > scores[best] ? i : best;
    return best;
}
