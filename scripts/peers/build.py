"""Compiles a peer for this machine and for an emulated Cortex-M4, and counts instructions and bytes."""

import ctypes
import re
import subprocess
from pathlib import Path

import numpy as np

from data import CHANNELS, STEPS
from quantise import array

FIRMWARE = Path(__file__).parent / "firmware"
HOST = ["gcc", "-O2", "-shared", "-fPIC", "-ffunction-sections", "-Wl,-z,defs,--gc-sections"]
# The last is an option of CMSIS-NN after 7.0.0; answers are compared with those of the host, which has not got it.
CORTEX_M4 = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft", "-O3", "-ffunction-sections", "-fdata-sections",
             "-DCMSIS_NN_USE_REQUANTIZE_INLINE_ASSEMBLY"]
CORTEX_M4_LINK = ["-nostartfiles", "--specs=nano.specs", f"-T{FIRMWARE}/link.ld", "-Wl,--gc-sections,--no-warn-rwx-segments"]
QEMU = (
    "timeout 600 qemu-system-arm -machine mps2-an386 -icount shift=7,align=off,sleep=off "
    "-semihosting-config enable=on,target=native -nographic -monitor none -serial none -kernel"
).split()


def output_of(*command):
    """What a command prints."""
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


class Peer:
    """Sources of a peer beside its model.h, and those of its library, compiled once into the folder `cache`."""

    def __init__(self, cache, sources, library=(), includes=(), defines=()):
        self.cache, self.library = cache.resolve(), [file.resolve() for file in library]
        self.sources = [FIRMWARE / source for source in sources]
        self.flags = [f"-I{path.resolve()}" for path in (FIRMWARE, *includes)] + [f"-D{name}" for name in defines]

    def _objects(self, compiler):
        folder = self.cache / compiler[0]
        if self.library and not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            unfinished.mkdir(parents=True, exist_ok=True)
            subprocess.run([*compiler, *self.flags, "-c", *map(str, self.library)], cwd=unfinished, check=True)
            unfinished.rename(folder)
        return sorted(map(str, folder.glob("*.o")))

    def _compile(self, compiler, folder, output, more):
        sources = [*map(str, self.sources), *self._objects(compiler)]
        subprocess.run([*compiler, f"-I{folder}", *self.flags, *sources, *more, "-o", str(folder / output)], check=True)
        return folder / output

    def classify(self, folder, windows, classes):
        """Classes [N] and scores [N, classes] by the C code on this machine."""
        library = ctypes.CDLL(str(self._compile(HOST, folder, f"peer-{self.serial(folder)}.so", [])))
        scores, found = np.zeros((len(windows), classes), np.int32), np.zeros(len(windows), int)
        for i, window in enumerate(np.ascontiguousarray(windows, np.int16)):
            found[i] = library.classify(window.ctypes.data_as(ctypes.c_void_p), scores[i].ctypes.data_as(ctypes.c_void_p))
        if (found < 0).any():
            raise SystemExit(f"{folder}: the library refuses the model")
        return found, scores

    def model_bytes(self, folder):
        """Bytes of the model: constants beside the peer's code, and the code of a forest."""
        own = [f"-I{folder}", *self.flags, "-c", str(self.sources[0]), "-o", str(folder / "model.o")]
        subprocess.run([*CORTEX_M4, "-fno-inline", *own], check=True)
        listed = output_of("arm-none-eabi-size", "-A", folder / "model.o")
        return sum(int(size) for size in re.findall(r"^\.(?:rodata|text\.forest)\S*\s+(\d+)", listed, re.MULTILINE))

    @staticmethod
    def serial(folder):
        """A number that no library of `folder` has yet: a loaded one must not be overwritten."""
        return len(list(folder.glob("peer-*.so")))

    def measure(self, folder, windows, expected):
        """Instructions, stack, flash and static RAM on the emulated core, which must answer as `expected`: (classes, scores)."""
        (folder / "windows.h").write_text(
            f"enum {{ WINDOWS = {len(windows)} }};\n#define SCORES {expected[1].shape[1]}\n"
            + array("int16_t", "windows", windows).replace("windows[]", f"windows[][{STEPS}][{CHANNELS}]")
        )
        main = [str(FIRMWARE / "main.c"), *CORTEX_M4_LINK]
        counting = self._compile(CORTEX_M4, folder, "count.elf", ["-DCOUNT", *main])
        printed = subprocess.run([*QEMU, str(counting)], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        rows = np.array([line.split() for line in printed.stderr.splitlines()], dtype=int)
        if len(rows) != len(windows) or (rows[:, 0] != expected[0]).any() or (rows[:, 3:] != expected[1]).any():
            raise SystemExit(f"{folder}: the emulated core does not answer as this machine does:\n{printed.stderr}")
        bare = self._compile(CORTEX_M4, folder, "bare.elf", [f"-DSCORES={expected[1].shape[1]}", *main])
        text, data, bss = map(int, re.findall(r"\d+", output_of("arm-none-eabi-size", bare).splitlines()[1])[:3])
        return {"instructions": int(rows[:, 1].max()), "flash": text + data, "static": data + bss, "stack": int(rows[:, 2].max())}


def cmsis_nn(checkout, cache, source, defines=()):
    """A peer on CMSIS-NN: what an int8 LSTM, an int8 convolution, a mean and a dense layer need of it."""
    needed = {
        "LSTMFunctions": "lstm_unidirectional_s8",
        "ActivationFunctions": "nn_activation_s16",
        "BasicMathFunctions": "elementwise_mul_(s16|s16_s8|acc_s16)",
        "ConvolutionFunctions": "convolve_(1x1_s8.*|1_x_n_s8|s8|wrapper_s8|get_buffer_sizes_s8)|nn_mat_mult_.*s8(_s16)?",
        "PoolingFunctions": "avgpool_(s8|get_buffer_sizes_s8)",
        "FullyConnectedFunctions": "fully_connected_s8",
        "NNSupportFunctions": "nntables|(nn_lstm|nn_vec_mat_mul|nn_mat_mul|q7_to_q15|s8_to_s16).*",
    }
    files = [
        file
        for kind, names in needed.items()
        for file in sorted((checkout / "Source" / kind).glob("*.c"))
        if re.fullmatch(f"arm_({names})", file.stem) and not re.search("_s4|_f16|_f32|(step|gate)_s16", file.stem)
    ]
    return Peer(cache, [source], files, [checkout / "Include"], defines)


def edgeml(checkout, cache):
    """FastGRNN on EdgeML's reference in C, built with shifts and unrolled loops."""
    reference = checkout / "c_reference"
    library = [reference / "src" / f"quantized_{name}.c" for name in ("fastgrnn", "utils")]
    return Peer(cache, ["fastgrnn.c"], library, [reference / "include"], ["SHIFT", "LOOP_UNROLL"])


def emlearn(cache):
    """A forest; model.h is emlearn's."""
    import emlearn as package

    return Peer(cache, ["trees.c", "window_features.c"], includes=[Path(package.__file__).parent])


def window_features(folder, windows):
    """Features [N, F] of windows by window_features.c."""
    output = folder / "features.so"
    if not output.exists():
        subprocess.run([*HOST, f"-I{FIRMWARE}", str(FIRMWARE / "window_features.c"), "-o", str(output)], check=True)
    library = ctypes.CDLL(str(output))
    features = np.zeros((len(windows), ctypes.c_int.in_dll(library, "window_feature_count").value), np.int16)
    for window, row in zip(np.ascontiguousarray(windows, np.int16), features):
        library.window_features(window.ctypes.data_as(ctypes.c_void_p), row.ctypes.data_as(ctypes.c_void_p))
    return features
