// The last layer of the CMSIS-NN networks.
#pragma once
#include "arm_nnfunctions.h"
#include "model.h"
#include "peer.h"

static int dense(const int8_t *features, int32_t *scores) {
    const cmsis_nn_context none = {0};
    const cmsis_nn_fc_params params = {DENSE_INPUT_OFFSET, 0, DENSE_OUTPUT_OFFSET, {-128, 127}};
    const cmsis_nn_per_tensor_quant_params quant = {DENSE_MULTIPLIER, DENSE_SHIFT};
    const cmsis_nn_dims in = {1, 1, 1, DENSE_INPUTS}, filter = {DENSE_INPUTS, 1, 1, CLASSES}, out = {1, 1, 1, CLASSES};
    const cmsis_nn_dims bias = {1, 1, 1, CLASSES};
    int8_t logits[CLASSES];
    if (arm_fully_connected_s8(&none, &params, &quant, &in, features, &filter, DENSE_WEIGHTS, &bias, DENSE_BIAS, &out,
                               logits) != ARM_CMSIS_NN_SUCCESS)
        return -1;
    for (int i = 0; i < CLASSES; i++) scores[i] = logits[i];
    return argmax(scores, CLASSES);
}
