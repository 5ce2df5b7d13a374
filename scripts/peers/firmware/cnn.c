// CMSIS-NN, int8 convolutions over time, the mean over time, and a dense layer.
#include "dense.h"
#include "int8_input.h"

// Activations, which layers use in turn, and the library's scratch: unfolded inputs, then sums of the mean.
static int8_t activations[2][STEPS * CHANNELS];
static int32_t unfolded[UNFOLDED_BYTES / 4];
static const cmsis_nn_context CONTEXT = {unfolded, sizeof unfolded};

static arm_cmsis_nn_status convolve(const struct convolution *layer, const int8_t *in, int8_t *out) {
    const cmsis_nn_conv_params params = {layer->input_offset, layer->output_offset, {layer->stride, 1}, {layer->padding, 0},
                                         {1, 1},              {-128, 127}};
    const cmsis_nn_per_channel_quant_params quant = {(int32_t *)layer->multipliers, (int32_t *)layer->shifts};
    const cmsis_nn_dims input = {1, 1, layer->steps, layer->channels}, output = {1, 1, layer->out_steps, layer->filters};
    const cmsis_nn_dims filter = {layer->filters, 1, layer->taps, layer->channels}, bias = {1, 1, 1, layer->filters};
    if (arm_convolve_wrapper_s8_get_buffer_size(&params, &input, &filter, &output) > (int32_t)sizeof unfolded)
        return ARM_CMSIS_NN_ARG_ERROR;
    return arm_convolve_wrapper_s8(&CONTEXT, &params, &quant, &input, in, &filter, layer->weights, &bias, layer->bias,
                                   &output, out);
}

int classify(const int16_t window[STEPS][CHANNELS], int32_t *scores) {
    for (int t = 0; t < STEPS; t++) quantise(window[t], &activations[0][t * CHANNELS]);
    int8_t *in = activations[0], *out = activations[1];
    for (int i = 0; i < LAYERS; i++) {
        if (convolve(&CONVOLUTIONS[i], in, out) != ARM_CMSIS_NN_SUCCESS) return -1;
        int8_t *free = in;
        in = out, out = free;
    }
    const struct convolution *last = &CONVOLUTIONS[LAYERS - 1];
    const cmsis_nn_pool_params pool = {{1, 1}, {0, 0}, {-128, 127}};
    const cmsis_nn_dims input = {1, 1, last->out_steps, last->filters}, filter = {1, 1, last->out_steps, 1};
    const cmsis_nn_dims output = {1, 1, 1, last->filters};
    if (arm_avgpool_s8(&CONTEXT, &pool, &input, in, &filter, &output, out) != ARM_CMSIS_NN_SUCCESS) return -1;
    return dense(out, scores);
}
