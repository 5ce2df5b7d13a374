// CMSIS-NN, int8 LSTM and a dense layer on its last state.
//
// With STREAMING the samples go in one by one and the state stays in `hidden_state`, which releases after 7.0.0 have.
// Without it a window goes in as one, as TFLite Micro does: the library starts at zero, and keeps the states of all steps.
#include <string.h>

#include "dense.h"
#include "int8_input.h"

#define GATE(name, function)                                                                                             \
    {name##_INPUT_MULTIPLIER, name##_INPUT_SHIFT, name##_INPUT_WEIGHTS, name##_INPUT_BIAS, name##_HIDDEN_MULTIPLIER,    \
     name##_HIDDEN_SHIFT,     name##_HIDDEN_WEIGHTS, name##_HIDDEN_BIAS, 0, function}

static const cmsis_nn_lstm_params PARAMS = {
    .time_major = 0,
    .batch_size = 1,
#ifdef STREAMING
    .time_steps = 1,
#else
    .time_steps = STEPS,
#endif
    .input_size = CHANNELS,
    .hidden_size = UNITS,
    .input_offset = LSTM_INPUT_OFFSET,
    .forget_to_cell_multiplier = FORGET_TO_CELL_MULTIPLIER,
    .forget_to_cell_shift = FORGET_TO_CELL_SHIFT,
    .input_to_cell_multiplier = INPUT_TO_CELL_MULTIPLIER,
    .input_to_cell_shift = INPUT_TO_CELL_SHIFT,
    .cell_clip = INT16_MAX,
    .cell_scale_power = CELL_SCALE_POWER,
    .output_multiplier = OUTPUT_MULTIPLIER,
    .output_shift = OUTPUT_SHIFT,
    .output_offset = OUTPUT_OFFSET,
    .forget_gate = GATE(FORGET, ARM_SIGMOID),
    .input_gate = GATE(INPUT, ARM_SIGMOID),
    .cell_gate = GATE(CELL, ARM_TANH),
    .output_gate = GATE(OUTPUT, ARM_SIGMOID),
};

static int16_t scratch[2][UNITS], cell[UNITS];

#ifdef STREAMING
static int8_t state[UNITS], output[UNITS];

int classify(const int16_t window[STEPS][CHANNELS], int32_t *scores) {
    cmsis_nn_lstm_context buffers = {scratch[0], scratch[1], cell, state};
    memset(cell, 0, sizeof cell);
    memset(state, OUTPUT_OFFSET, sizeof state);
    for (int t = 0; t < STEPS; t++) {
        int8_t input[CHANNELS];
        quantise(window[t], input);
        if (arm_lstm_unidirectional_s8(input, output, &PARAMS, &buffers) != ARM_CMSIS_NN_SUCCESS) return -1;
    }
    return dense(state, scores);
}
#else
static int8_t input[STEPS][CHANNELS], output[STEPS][UNITS];

int classify(const int16_t window[STEPS][CHANNELS], int32_t *scores) {
    cmsis_nn_lstm_context buffers = {.temp1 = scratch[0], .temp2 = scratch[1], .cell_state = cell};
    for (int t = 0; t < STEPS; t++) quantise(window[t], input[t]);
    if (arm_lstm_unidirectional_s8(input[0], output[0], &PARAMS, &buffers) != ARM_CMSIS_NN_SUCCESS) return -1;
    return dense(output[STEPS - 1], scores);
}
#endif
