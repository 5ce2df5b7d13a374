// Counts to int8: normalisation by channel and the scale of the input tensor are one multiplication.
#pragma once
#include "model.h"
#include "peer.h"

static inline void quantise(const int16_t *counts, int8_t *q) {
    for (int c = 0; c < CHANNELS; c++) {
        int32_t value = (counts[c] * INPUT_MULTIPLIER[c] + INPUT_ADD[c]) >> INPUT_SHIFT;
        q[c] = (int8_t)(value > 127 ? 127 : value < -128 ? -128 : value);
    }
}
