// emlearn's forest on the features of a window.
#include "window_features.h"
#include "model.h"

int classify(const int16_t window[STEPS][CHANNELS], int32_t *scores) {
    int16_t features[FEATURES];
    window_features(window, features);
    int answer = forest_predict(features, FEATURES);
    for (int i = 0; i < CLASSES; i++) scores[i] = i == answer;
    return answer;
}
