#include "window_features.h"

// Root of `x`, rounded down.
static uint32_t root(uint32_t x) {
    uint32_t found = 0;
    for (uint32_t bit = 1u << 15; bit; bit >>= 1)
        if ((found | bit) * (found | bit) <= x) found |= bit;
    return found;
}

void window_features(const int16_t window[STEPS][CHANNELS], int16_t *features) {
    int32_t mean[CHANNELS], deviation[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        int32_t sum = 0, steps = 0, least = window[0][c], greatest = least, before = least;
        int64_t squares = 0;
        for (int t = 0; t < STEPS; t++) {
            int32_t x = window[t][c];
            sum += x;
            squares += (int64_t)x * x;
            steps += x > before ? x - before : before - x;
            least = x < least ? x : least;
            greatest = x > greatest ? x : greatest;
            before = x;
        }
        mean[c] = sum / STEPS;
        uint32_t energy = (uint32_t)(squares / STEPS);
        int64_t variance = (squares * STEPS - (int64_t)sum * sum) / (STEPS * STEPS);
        deviation[c] = (int32_t)root((uint32_t)variance);
        int32_t crossings = 0;
        for (int t = 1; t < STEPS; t++) crossings += (window[t][c] > mean[c]) != (window[t - 1][c] > mean[c]);
        steps /= STEPS - 1;
        int16_t *to = features + c * PER_CHANNEL;
        to[0] = (int16_t)mean[c], to[1] = (int16_t)deviation[c], to[2] = (int16_t)root(energy), to[3] = (int16_t)least;
        to[4] = (int16_t)greatest, to[5] = (int16_t)(steps > INT16_MAX ? INT16_MAX : steps), to[6] = (int16_t)(crossings * CROSSING_ONE);
    }
    for (int c = 0; c < CHANNELS; c++) {
        int other = c % 3 == 2 ? c - 2 : c + 1;
        int64_t products = 0;
        for (int t = 0; t < STEPS; t++) products += (window[t][c] - mean[c]) * (window[t][other] - mean[other]);
        int32_t scale = deviation[c] * deviation[other];
        int64_t correlation = scale ? products * (CORRELATION_ONE / STEPS) / scale : 0;
        features[CHANNELS * PER_CHANNEL + c] = (int16_t)(correlation > 8192 ? 8192 : correlation < -8192 ? -8192 : correlation);
    }
}
const int window_feature_count = FEATURES;
