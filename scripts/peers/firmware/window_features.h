// Features of a window in the time domain, in whole numbers, as forests for activity recognition take them.
#pragma once
#include "peer.h"

// Of each channel: mean, standard deviation, root mean square, least, greatest, mean step, crossings of the mean.
// Of each pair of axes of one sensor: correlation in 1/4096. Crossings are in 1/64, all others in counts.
enum { PER_CHANNEL = 7, FEATURES = CHANNELS * PER_CHANNEL + CHANNELS, CORRELATION_ONE = 4096, CROSSING_ONE = 64 };

void window_features(const int16_t window[STEPS][CHANNELS], int16_t *features);
