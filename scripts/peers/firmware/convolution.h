// A convolution over time, as model.h lists them.
#pragma once
#include <stdint.h>

struct convolution {
    int32_t steps, channels, taps, stride, padding, out_steps, filters, input_offset, output_offset;
    const int8_t *weights;
    const int32_t *bias, *multipliers, *shifts;
};
