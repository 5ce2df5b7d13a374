/*
 * hadamrnn: integer-only recurrent networks for microcontrollers.
 *
 * Three calls lead to an answer. `hadamrnn export MODEL --c har2.h` writes har2.h, which has the model as an array and
 * says how much memory it runs in:
 *
 *     #include "hadamrnn.h"
 *     #include "har2.h"
 *
 *     static uint64_t memory[HAR2_MEMORY_WORDS];
 *
 *     hadamrnn *net;
 *     hadamrnn_error error = hadamrnn_start(&net, memory, sizeof memory, har2_model, sizeof har2_model);
 *     while (!error && hadamrnn_steps(net) < 128)
 *         error = hadamrnn_push(net, next_sample(), HAR2_SAMPLE_SIZE);
 *     if (!error)
 *         answer(hadamrnn_class(net));
 *
 * The library allocates nothing, keeps no state of its own, and calls nothing but memcpy and its like, which it has with
 * it. Different networks may be used at the same time; one network by one thread or interrupt at a time. All integers
 * are exact: the same model and samples give the same answers on every core.
 *
 * Generated from runtime-nostd/c/src; `HADAMRNN_BLESS=1 cargo test -p hadamrnn-c` writes it anew.
 */

#ifndef HADAMRNN_H
#define HADAMRNN_H

#include <stddef.h>
#include <stdint.h>

/**
 * Alignment of the memory of a network, in bytes. An array of uint64_t has it.
 */
#define HADAMRNN_ALIGNMENT 8

/**
 * Inputs of a model, at most: they are on the stack during hadamrnn_push().
 */
#define HADAMRNN_MOST_INPUTS 64

/**
 * Logits of a model that decides, at most.
 */
#define HADAMRNN_MOST_DECIDED_OUTPUTS 32

/**
 * Words of a hadamrnn_decisions.
 */
#define HADAMRNN_DECISION_WORDS 24

/**
 * Whether a call succeeded, and why not. The numbers are part of the interface: none is ever used anew.
 */
enum hadamrnn_error
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Success.
   */
  HADAMRNN_OK = 0,
  /**
   * A pointer is null.
   */
  HADAMRNN_ERROR_NULL = 1,
  /**
   * The memory is smaller than hadamrnn_memory_size() says.
   */
  HADAMRNN_ERROR_MEMORY_SIZE = 2,
  /**
   * The memory does not start on a boundary of HADAMRNN_ALIGNMENT bytes.
   */
  HADAMRNN_ERROR_MEMORY_ALIGNMENT = 3,
  /**
   * The model does not start on a boundary of four bytes.
   */
  HADAMRNN_ERROR_MODEL_ALIGNMENT = 4,
  /**
   * The bytes are not a model: they do not start with HDRN.
   */
  HADAMRNN_ERROR_NOT_A_MODEL = 5,
  /**
   * The model has a format version that this library does not read.
   */
  HADAMRNN_ERROR_VERSION = 6,
  /**
   * The model has fewer or more bytes than it says.
   */
  HADAMRNN_ERROR_MODEL_LENGTH = 7,
  /**
   * The model is corrupted: its checksum does not match.
   */
  HADAMRNN_ERROR_CHECKSUM = 8,
  /**
   * A field of the model is out of its range; `hadamrnn inspect` tells which.
   */
  HADAMRNN_ERROR_MODEL_INVALID = 9,
  /**
   * The library was built without room for a model of this size or kind; see the features of its Cargo.toml.
   */
  HADAMRNN_ERROR_CAPACITY = 10,
  /**
   * No kernel of the library takes the model: build it with the features fallback and wide.
   */
  HADAMRNN_ERROR_KERNEL = 11,
  /**
   * A token for a model of numbers, or numbers for a model of tokens.
   */
  HADAMRNN_ERROR_INPUT_KIND = 12,
  /**
   * A token that is not in the model's vocabulary.
   */
  HADAMRNN_ERROR_TOKEN = 13,
  /**
   * A sample or a row of logits has another length than the model's.
   */
  HADAMRNN_ERROR_LENGTH = 14,
  /**
   * The model has no metric, by which "none of these" is told.
   */
  HADAMRNN_ERROR_NO_METRIC = 15,
  /**
   * The model has no decision, which says when answers count.
   */
  HADAMRNN_ERROR_NO_DECISION = 16,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum hadamrnn_error hadamrnn_error;
#else
typedef int32_t hadamrnn_error;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A network: a model, its state and nothing else. Its content is private to the library.
 */
typedef struct hadamrnn hadamrnn;

/**
 * What a stream's answers have decided so far. Zero it before the first answer: `hadamrnn_decisions decisions = {0};`. It is changed by
 * hadamrnn_decide() alone. Its content is private to the library.
 */
typedef struct hadamrnn_decisions {
  /**
   * Private: whether there was an answer, and what the answers have decided.
   */
  uint64_t words[HADAMRNN_DECISION_WORDS];
} hadamrnn_decisions;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Bytes of memory that a model runs in, for hadamrnn_start(); 0 if the bytes are not a model.
 *
 * Checks the whole model, as hadamrnn_start() does. The file that `hadamrnn export --c` writes has this number as a
 * constant.
 *
 * Needs:
 * `model` must be null or point to `length` readable bytes.
 */
size_t hadamrnn_memory_size(const void *model, size_t length);

/**
 * Makes a network of a model, in memory that the caller provides, and sets `*net`. It starts at the zero state.
 *
 * The model is checked: a proof that no sample can overflow the arithmetic is part of that. It is not copied, so it can
 * stay in flash, where it must start on a boundary of four bytes. There is nothing to free: to be done with a network,
 * use its memory for something else. The call needs as much stack as the network has memory.
 *
 * Needs:
 * `net` must be null or point to a writable pointer, `memory` be null or point to `size` writable bytes, and `model` be
 * null or point to `length` readable bytes. Until the network is used for the last time, nobody else may write to the
 * model, or use the memory.
 */
hadamrnn_error hadamrnn_start(struct hadamrnn **net, void *memory, size_t size, const void *model, size_t length);

/**
 * Makes a network like hadamrnn_start(), with the checksum of the model computed by `crc32`: a chip's own unit, for a large
 * model. The library's own takes 7 instructions a byte on Cortex-M4, and is used where `crc32` is null.
 *
 * `crc32` is called with `context` and the bytes of the model before its last four, and returns their CRC-32 as zlib, Ethernet
 * and PNG have it. That damaged models are refused rests on it.
 *
 * Needs:
 * As for hadamrnn_start(). `crc32` must be null or a function that may be called with `context`.
 */
hadamrnn_error hadamrnn_start_with_crc32(struct hadamrnn **net,
                                         void *memory,
                                         size_t size,
                                         const void *model,
                                         size_t length,
                                         uint32_t (*crc32)(void *context, const uint8_t *bytes, size_t length),
                                         void *context);

/**
 * Advances by one sample: `count` raw sensor counts, one a channel, in the order and the units of the model's card.
 *
 * `count` must be hadamrnn_sample_size(). After an error the state is what it was.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else uses now, and `sample` be null or point to `count`
 * readable values.
 */
hadamrnn_error hadamrnn_push(struct hadamrnn *net,
                             const int16_t *sample,
                             size_t count);

/**
 * Advances a model of tokens by one token. After an error the state is what it was.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else uses now.
 */
hadamrnn_error hadamrnn_push_token(struct hadamrnn *net, uint16_t token);

/**
 * The network's class of the current state, from 0 on: the first largest logit, or with a single logit whether it is positive. -1
 * if `net` is null.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else writes to now.
 */
int32_t hadamrnn_class(const struct hadamrnn *net);

/**
 * The class of the current state, from 0 on, where what the model was taught (`hadamrnn teach`) may overrule its network: a
 * new class has a number from hadamrnn_classes() on. hadamrnn_class() for a model that was taught nothing. -1 if `net` is
 * null, or the library or the model has no room for it: hadamrnn_novelty() says why.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else writes to now.
 */
int32_t hadamrnn_taught_class(const struct hadamrnn *net);

/**
 * Classes that hadamrnn_taught_class() tells apart; 0 if `net` is null, or what the model was taught is damaged.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start().
 */
size_t hadamrnn_taught_classes(const struct hadamrnn *net);

/**
 * Writes how far the current state is from all that the model was trained on and taught. Above
 * hadamrnn_novelty_threshold() it is none of the classes.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else writes to now, and `score` be null or point to a
 * writable value that nobody else uses now.
 */
hadamrnn_error hadamrnn_novelty(const struct hadamrnn *net, uint32_t *score);

/**
 * The largest score of hadamrnn_novelty() that is one of the classes; the largest number of all if `net` is null or the
 * model has no metric.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start().
 */
uint32_t hadamrnn_novelty_threshold(const struct hadamrnn *net);

/**
 * Writes the logits of the current state: `count` of them, which must be hadamrnn_outputs().
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else writes to now, and `logits` be null or point to
 * `count` writable values that nobody else uses now.
 */
hadamrnn_error hadamrnn_logits(const struct hadamrnn *net, int32_t *logits, size_t count);

/**
 * Back to the zero state, for a new sequence. Does nothing if `net` is null.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else uses now.
 */
void hadamrnn_reset(struct hadamrnn *net);

/**
 * Samples or tokens since the start or the last hadamrnn_reset(); 0 if `net` is null.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else writes to now.
 */
uint32_t hadamrnn_steps(const struct hadamrnn *net);

/**
 * Values of a sample, which are its channels; 1 for a model of tokens, 0 if `net` is null.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start().
 */
size_t hadamrnn_sample_size(const struct hadamrnn *net);

/**
 * Tokens that a model takes; 0 for a model of numbers or if `net` is null.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start().
 */
uint32_t hadamrnn_vocabulary(const struct hadamrnn *net);

/**
 * Hidden units of the first layer; 0 if `net` is null.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start().
 */
size_t hadamrnn_hidden_size(const struct hadamrnn *net);

/**
 * Logits; 0 if `net` is null.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start().
 */
size_t hadamrnn_outputs(const struct hadamrnn *net);

/**
 * Classes that hadamrnn_class() tells apart; 0 if `net` is null.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start().
 */
size_t hadamrnn_classes(const struct hadamrnn *net);

/**
 * Factor from an integer logit to the logit of the network as it was trained; 0 if `net` is null.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start().
 */
float hadamrnn_logit_scale(const struct hadamrnn *net);

/**
 * Writes what the model was trained for: as much of it as `size` bytes hold, with a zero byte at the end. Returns the
 * bytes of the whole name, without the zero; 0 if `net` is null. `text` may be null if `size` is 0.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start(), and `text` be null or point to `size` writable bytes that nobody
 * else uses now.
 */
size_t hadamrnn_name(const struct hadamrnn *net, char *text, size_t size);

/**
 * Text of an error: what it means and what to do about it. It ends with a zero byte and is never freed.
 */
const char *hadamrnn_error_text(int32_t error);

/**
 * Takes the current state as the next answer of a stream, and writes what is decided after it by the model's decision: a class, or
 * -1 for none of them. Sets `*starts`, where it is not null, to 1 if an event starts with this answer, else to 0. What is none of the
 * classes by the model's metric speaks for none, and a class that was taught for itself.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else writes to now. `decisions` must be null, or point to decisions
 * that were zero or came from this function, with a model of the same decision, and that nobody else uses now; `decided` and `starts` must
 * be null or point to writable values that nobody else uses now.
 */
hadamrnn_error hadamrnn_decide(const struct hadamrnn *net,
                               struct hadamrnn_decisions *decisions,
                               int32_t *decided,
                               int32_t *starts);

/**
 * Takes the current state as the next answer of a stream, and writes what is decided after it by the model's decision: a class, or
 * -1 for none of them. Sets `*starts`, where it is not null, to 1 if an event starts with this answer, else to 0. What is none of the
 * classes by the model's metric speaks for none, and a class that was taught for itself.
 *
 * Needs:
 * `net` must be null or a network of hadamrnn_start() that nobody else writes to now. `decisions` must be null, or point to decisions
 * that were zero or came from this function, with a model of the same decision, and that nobody else uses now; `decided` and `starts` must
 * be null or point to writable values that nobody else uses now.
 */
hadamrnn_error hadamrnn_decide(const struct hadamrnn *net,
                               struct hadamrnn_decisions *decisions,
                               int32_t *decided,
                               int32_t *starts);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HADAMRNN_H */
