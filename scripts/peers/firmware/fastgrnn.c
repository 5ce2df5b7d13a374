// EdgeML's FastGRNN in Q15, and a dense layer on its last state. Counts are the input as they are: W and biases hold the normalisation.
#include <string.h>

#include "model.h"
#include "peer.h"
#include "quantized_fastgrnn.h"

static Q15_T state[UNITS], first[UNITS], second[UNITS], third[UNITS], features[CHANNELS];

int classify(const int16_t window[STEPS][CHANNELS], int32_t *scores) {
    static const Q15_FastGRNN_Params params = {.W = W, .U = U, .Bg = BG, .Bh = BH, .sigmoid_zeta = ZETA, .sigmoid_nu = NU};
    Q15_FastGRNN_Buffers buffers = {first, second, third, features};
    memset(state, 0, sizeof state);
    if (q15_fastgrnn(state, UNITS, window[0], CHANNELS, STEPS, &params, &buffers, &SCALES, 0, 0) != 0) return -1;
    Q15_T logits[CLASSES];
    q15_m_mulvec(DENSE_WEIGHTS, state, CLASSES, UNITS, logits, DENSE_SCALE, 0, 0);
    q15_v_add(logits, DENSE_BIAS, CLASSES, logits, 0, 0, 0, 0);
    for (int i = 0; i < CLASSES; i++) scores[i] = logits[i];
    return argmax(scores, CLASSES);
}
