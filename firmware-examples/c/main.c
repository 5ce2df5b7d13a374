/*
 * Classifies windows of sensor samples with a model that `hadamrnn export MODEL --c model.h` has written.
 *
 * classify() is what a product would have. The rest reads the windows from a file of the emulator, where a product would
 * read its sensor, and prints the answers: a line for each window, with its class and its logits.
 */
#include "board.h"
#include "hadamrnn.h"
#include "model.h"

/* The network's memory: nothing else of it is in RAM. The model stays in flash. */
static uint64_t memory[MODEL_MEMORY_WORDS];

/* One window, sample by sample. */
static hadamrnn_error classify(hadamrnn *net, struct file *samples, unsigned steps)
{
    hadamrnn_error error = HADAMRNN_OK;

    hadamrnn_reset(net);
    while (!error && hadamrnn_steps(net) < steps) {
        int16_t sample[MODEL_SAMPLE_SIZE];
        read_file(samples, sample, sizeof sample);
        error = hadamrnn_push(net, sample, MODEL_SAMPLE_SIZE);
    }
    return error;
}

static void print_answer(const hadamrnn *net, unsigned window)
{
    int32_t logits[MODEL_OUTPUTS];

    hadamrnn_logits(net, logits, MODEL_OUTPUTS);
    print_number(window);
    print(": class ");
    print_number(hadamrnn_class(net));
    print(", logits");
    for (unsigned i = 0; i < MODEL_OUTPUTS; i++) {
        print(" ");
        print_number(logits[i]);
    }
    print("\n");
}

/* Reports an error and ends. */
static void check(hadamrnn_error error)
{
    if (error) {
        print("error: ");
        print(hadamrnn_error_text(error));
        print("\n");
        stop(1);
    }
}

int main(void)
{
    /* The header of a window file: magic, version, channels, steps, windows (runtime-nostd/device/src/windows.rs). */
    uint16_t header[6];
    struct file file = open_file("windows.bin");
    hadamrnn *net;

    read_file(&file, header, sizeof header);
    check(header[3] == MODEL_SAMPLE_SIZE ? HADAMRNN_OK : HADAMRNN_ERROR_LENGTH);
    check(hadamrnn_start(&net, memory, sizeof memory, model_model, sizeof model_model));
    for (unsigned window = 0; window < header[5]; window++) {
        check(classify(net, &file, header[4]));
        print_answer(net, window);
    }
    return 0;
}
