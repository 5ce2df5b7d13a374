"""Weights of a trained network as model.h: int8 by TFLite's conversion for CMSIS-NN, Q15 for EdgeML."""

import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from data import CHANNELS, COUNTS_PER_UNIT, STEPS
from nets import CONVOLUTIONS, UNITS

INPUT_SHIFT = 16


def array(kind, name, values):
    """A constant array in C."""
    return f"static const {kind} {name}[] = {{{', '.join(str(int(v)) for v in np.ravel(values))}}};\n"


def constants(**values):
    """Macros in C."""
    return "".join(f"#define {name} ({int(value)})\n" for name, value in values.items())


def multiplier(scale):
    """(multiplier, shift) of CMSIS-NN: scale = multiplier / 2^31 * 2^shift."""
    mantissa, shift = np.frexp(float(scale))
    fixed = int(round(mantissa * 2**31))
    return (fixed // 2, shift + 1) if fixed == 2**31 else (fixed, int(shift))


# ---- int8


def _keras(net, params, classes):
    """The network in Keras 2 with the trained weights; one window a batch, for Keras fuses the LSTM only so."""
    import tf_keras as keras

    inputs = keras.Input((STEPS, CHANNELS), batch_size=1)
    if net == "lstm":
        x = keras.layers.LSTM(UNITS, return_sequences=True)(inputs)[:, -1, :]
    else:
        x = inputs
        for taps, stride, filters in CONVOLUTIONS:
            x = keras.layers.Conv1D(filters, taps, stride, "same", activation="relu")(x)
        x = keras.layers.Flatten()(keras.layers.AveragePooling1D(x.shape[1])(x))
    model = keras.Model(inputs, keras.layers.Dense(classes)(x))
    if net == "lstm":
        hidden = [params["w"], params["u"], params["b"]]
    else:
        hidden = [values for layer in params["layers"] for values in (layer["kernel"], layer["bias"])]
    model.set_weights(hidden + [params["out"], params["out_bias"]])
    return model


def tflite(net, params, classes, calibration):
    """The int8 model in TFLite's format, its ranges taken from normalised windows `calibration`."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(_keras(net, params, classes))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([window[None].astype(np.float32)] for window in calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    # CMSIS-NN's arm_fully_connected_s8 has one scale for all outputs.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return converter.convert()


class Model:
    """Tensors of a TFLite model by operator."""

    def __init__(self, content):
        import tensorflow as tf

        self.interpreter = tf.lite.Interpreter(model_content=content)
        self.interpreter.allocate_tensors()
        self.details = {d["index"]: d for d in self.interpreter.get_tensor_details()}
        self.operators = self.interpreter._get_ops_details()

    def named(self, name):
        return [op for op in self.operators if op["op_name"] == name]

    def scale(self, index):
        return self.details[index]["quantization_parameters"]["scales"]

    def zero(self, index):
        return int(self.details[index]["quantization_parameters"]["zero_points"][0])

    def values(self, index):
        return self.interpreter.get_tensor(index)

    def classify(self, windows):
        """Classes of normalised windows, by TFLite's own kernels."""
        (inputs,), (outputs,) = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        scale, zero = float(self.scale(inputs["index"])[0]), self.zero(inputs["index"])
        found = []
        for window in windows:
            q = np.clip(np.rint(window / scale) + zero, -128, 127).astype(np.int8)
            self.interpreter.set_tensor(inputs["index"], q[None])
            self.interpreter.invoke()
            found.append(self.interpreter.get_tensor(outputs["index"])[0].argmax())
        return np.array(found)


def int8_header(net, content, mean, deviation, classes):
    """model.h of lstm.c or cnn.c."""
    model = Model(content)
    source = model.interpreter.get_input_details()[0]["index"]
    scale, zero = float(model.scale(source)[0]), model.zero(source)
    one = 2.0**INPUT_SHIFT
    text = "#pragma once\n#include <stdint.h>\n"
    text += array("int32_t", "INPUT_MULTIPLIER", np.rint(one / (COUNTS_PER_UNIT * deviation * scale)))
    text += array("int32_t", "INPUT_ADD", np.rint(one * (zero - mean / (deviation * scale) + 0.5)))
    text += constants(INPUT_SHIFT=INPUT_SHIFT, CLASSES=classes)
    text += _lstm(model) if net == "lstm" else _cnn(model)
    (dense,) = model.named("FULLY_CONNECTED")
    feature, weights, bias = dense["inputs"]
    (logits,) = dense["outputs"]
    fixed, shift = multiplier(model.scale(feature)[0] * model.scale(weights)[0] / model.scale(logits)[0])
    text += constants(
        DENSE_INPUTS=model.values(weights).shape[1],
        DENSE_INPUT_OFFSET=-model.zero(feature),
        DENSE_OUTPUT_OFFSET=model.zero(logits),
        DENSE_MULTIPLIER=fixed,
        DENSE_SHIFT=shift,
    )
    return text + array("int8_t", "DENSE_WEIGHTS", model.values(weights)) + array("int32_t", "DENSE_BIAS", model.values(bias))


def _lstm(model):
    (op,) = model.named("UNIDIRECTIONAL_SEQUENCE_LSTM")
    inputs, (output,) = op["inputs"], op["outputs"]
    # The order of TFLite's operator: weights and biases by gate, then the states.
    gates = {"INPUT": (1, 5, 12), "FORGET": (2, 6, 13), "CELL": (3, 7, 14), "OUTPUT": (4, 8, 15)}
    source, state, cell = inputs[0], inputs[18], inputs[19]
    in_scale, out_scale, cell_scale = (float(model.scale(index)[0]) for index in (source, state, cell))
    text = ""
    for gate, (weights, recurrent, bias) in gates.items():
        w, u = model.values(inputs[weights]).astype(np.int64), model.values(inputs[recurrent]).astype(np.int64)
        # A gate's sum has 12 bits below the point.
        input_fixed, input_shift = multiplier(in_scale * model.scale(inputs[weights])[0] * 2**12)
        hidden_fixed, hidden_shift = multiplier(out_scale * model.scale(inputs[recurrent])[0] * 2**12)
        text += array("int8_t", f"{gate}_INPUT_WEIGHTS", w) + array("int8_t", f"{gate}_HIDDEN_WEIGHTS", u)
        text += array("int32_t", f"{gate}_INPUT_BIAS", model.values(inputs[bias]) - model.zero(source) * w.sum(1))
        text += array("int32_t", f"{gate}_HIDDEN_BIAS", -model.zero(state) * u.sum(1))
        text += constants(
            **{
                f"{gate}_INPUT_MULTIPLIER": input_fixed,
                f"{gate}_INPUT_SHIFT": input_shift,
                f"{gate}_HIDDEN_MULTIPLIER": hidden_fixed,
                f"{gate}_HIDDEN_SHIFT": hidden_shift,
            }
        )
    power = int(round(np.log2(cell_scale)))
    for name, scale in (("FORGET_TO_CELL", 2**-15), ("INPUT_TO_CELL", 2**-30 / cell_scale), ("OUTPUT", 2**-30 / out_scale)):
        fixed, shift = multiplier(scale)
        text += constants(**{f"{name}_MULTIPLIER": fixed, f"{name}_SHIFT": shift})
    return text + constants(
        UNITS=UNITS, LSTM_INPUT_OFFSET=-model.zero(source), OUTPUT_OFFSET=model.zero(state), CELL_SCALE_POWER=power
    )


def _cnn(model):
    text, layers, unfolded, steps = '#include "convolution.h"\n', [], 0, STEPS
    for i, (op, (taps, stride, filters)) in enumerate(zip(model.named("CONV_2D"), CONVOLUTIONS)):
        (source, weights, bias), (output,) = op["inputs"], op["outputs"]
        channels, out_steps = model.values(weights).shape[3], -(-steps // stride)
        padding = max((out_steps - 1) * stride + taps - steps, 0) // 2
        fixed, shifts = zip(*(multiplier(model.scale(source)[0] * s / model.scale(output)[0]) for s in model.scale(weights)))
        text += array("int8_t", f"WEIGHTS_{i}", model.values(weights)) + array("int32_t", f"BIAS_{i}", model.values(bias))
        text += array("int32_t", f"MULTIPLIERS_{i}", fixed) + array("int32_t", f"SHIFTS_{i}", shifts)
        numbers = steps, channels, taps, stride, padding, out_steps, filters, -model.zero(source), model.zero(output)
        layers.append(f"    {{{', '.join(map(str, numbers))}, WEIGHTS_{i}, BIAS_{i}, MULTIPLIERS_{i}, SHIFTS_{i}}},\n")
        # Two columns of i16, rounded up to four taps: what the kernels for cores with DSP instructions ask for.
        unfolded = max(unfolded, 4 * (-(-taps * channels // 4) * 4 + 4))
        steps = out_steps
    text += f"static const struct convolution CONVOLUTIONS[] = {{\n{''.join(layers)}}};\n"
    return text + constants(LAYERS=len(layers), UNFOLDED_BYTES=unfolded)


# ---- Q15


def q15_header(params, mean, deviation, peak, classes):
    """model.h of fastgrnn.c. `peak` is the largest size of states and of logits on training windows."""
    sigmoid = lambda v: 1.0 / (1.0 + np.exp(-float(v)))
    bits = lambda largest: int(np.floor(np.log2(32767.0 / largest)))
    # Counts are the input; W holds their normalisation, and the biases the mean.
    w = (params["w"] / (COUNTS_PER_UNIT * deviation)[:, None]).T
    shift = (params["w"] * (mean / deviation)[:, None]).sum(0)
    # EdgeML's tables take sums of 11 bits below the point, and give 14.
    sums, gate = 11, 14
    state = min(14, bits(2 * peak["state"]))
    w_bits, u_bits, out_bits = bits(np.abs(w).max()), bits(np.abs(params["u"]).max()), bits(np.abs(params["out"]).max())
    logit = bits(2 * peak["logit"])
    fixed = lambda values, places: np.clip(np.rint(np.asarray(values) * 2.0**places), -32768, 32767)
    text = '#pragma once\n#include "quantized_fastgrnn.h"\n' + constants(UNITS=UNITS, CLASSES=classes)
    for name, values, places in (
        ("W", w, w_bits),
        ("U", params["u"].T, u_bits),
        ("BG", params["bg"] - shift, sums),
        ("BH", params["bh"] - shift, sums),
        ("DENSE_WEIGHTS", params["out"].T, out_bits),
        ("DENSE_BIAS", params["out_bias"], logit),
    ):
        text += array("Q15_T", name, fixed(values, places))
    text += constants(
        ZETA=fixed(sigmoid(params["zeta"]), 15), NU=fixed(sigmoid(params["nu"]), gate), DENSE_SCALE=out_bits + state - logit
    )
    scales = {
        "w": w_bits - sums,
        "u": u_bits + state - sums,
        "gateHDHiddenState": gate,
        "sigmoidZeta": 15,
        "sigmoidNuAddQOneSubGateHDUpdate": 2 * gate - state,
        "qOne": 1 << gate,
        "useTableSigmoid": 1,
        "useTableTanH": 1,
    }
    return text + f"static const Q15_FastGRNN_Scales SCALES = {{{', '.join(f'.{k} = {v}' for k, v in scales.items())}}};\n"
