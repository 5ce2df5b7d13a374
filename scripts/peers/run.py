#!/usr/bin/env python3
"""Trains the peers on the six activities of UCI HAR, compiles them for an emulated Cortex-M4, and prints a line of JSON for each.

HAR-2 is read from the same answer: whether the activity is one of its three. docs/PEERS.md has the commands and the results.
"""

import argparse
import json
import os
import pickle
from pathlib import Path

# One thread, and quiet libraries; before they are loaded.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np

import build
import data

# Epochs, rate, degrees of the random rotation.
SETTINGS = {"cnn": (40, 1e-2, 15.0), "fastgrnn": (25, 1e-2, 15.0), "lstm": (12, 1e-2, 15.0)}
# Trees, least windows in a leaf.
FORESTS = {"forest-10": (10, 5), "forest-30": (30, 5)}
# Training windows that the int8 ranges are taken from.
CALIBRATION = 256
# Test windows that the emulated core classifies too, spread over the test part.
WINDOWS_ON_CORE = 16


def shares(answers, activities):
    """Accuracies of the two tasks."""
    both = (answers, activities), (data.har2(answers), data.har2(activities))
    return [round(float((found == truth).mean()), 5) for found, truth in both]


def normalised(counts, mean, deviation):
    return ((counts / data.COUNTS_PER_UNIT - mean) / deviation).astype(np.float32)


def train(net, seed, split, settings):
    """Weights of a network, and the mean and deviation of its inputs."""
    import nets

    counts, y = split
    x = (counts / data.COUNTS_PER_UNIT).astype(np.float32)
    mean, deviation = x.mean((0, 1)), x.std((0, 1))
    return nets.train(net, x, y, mean, deviation, data.CLASSES, seed, *settings), mean, deviation


def float_answers(net, trained, counts):
    """Answers of the float network."""
    import jax
    import nets

    params, mean, deviation = trained
    return np.asarray(jax.jit(lambda x: nets.logits(net, params, x))(normalised(counts, mean, deviation)))


def network(net, seed, parts, folder):
    """model.h of a network, trained or from `folder`, and what is known of it."""
    import nets
    import quantise

    learnt, (test, activities) = data.split(parts, validate=False)
    kept = folder / "weights.pickle"
    if not kept.exists():
        kept.write_bytes(pickle.dumps(train(net, seed, learnt, SETTINGS[net])))
    params, mean, deviation = trained = pickle.loads(kept.read_bytes())
    x = normalised(learnt[0], mean, deviation)
    row = {"float": shares(float_answers(net, trained, test).argmax(1), activities)}
    if net == "fastgrnn":
        states = np.asarray(nets.hidden_states(net, params, x))
        sums = np.concatenate([np.zeros_like(states[:1]), states[:-1]]) @ params["u"] + np.swapaxes(x, 0, 1) @ params["w"]
        # EdgeML's tables take sums below 16; larger ones wrap around.
        row["wrapped"] = float(np.mean([np.abs(sums + params[bias]) >= 16 for bias in ("bg", "bh")]))
        peak = {"state": np.abs(states).max(), "logit": np.abs(float_answers(net, trained, learnt[0])).max()}
        return quantise.q15_header(params, mean, deviation, peak, data.CLASSES), row
    content = quantise.tflite(net, params, data.CLASSES, x[:: len(x) // CALIBRATION])
    (folder / "model.tflite").write_bytes(content)
    row["tflite"] = shares(quantise.Model(content).classify(normalised(test, mean, deviation)), activities)
    return quantise.int8_header(net, content, mean, deviation, data.CLASSES), row


def forest(name, seed, parts, features):
    """model.h of a forest on the `features` of both parts, and what is known of it."""
    import emlearn
    from sklearn.ensemble import RandomForestClassifier

    trees, leaf = FORESTS[name]
    model = RandomForestClassifier(trees, min_samples_leaf=leaf, random_state=seed).fit(features["train"], parts["train"][1])
    text = emlearn.convert(model, method="inline").save(name="forest", include_proba=False)
    row = {
        "float": shares(model.predict(features["test"]), parts["test"][1]),
        "nodes": sum(tree.tree_.node_count for tree in model.estimators_),
    }
    return f"#define CLASSES {data.CLASSES}\n{text}", row


def peers(name, options):
    """The firmware of a peer, by variant."""
    cache = options.work / "library"
    if name in FORESTS:
        return {"": build.emlearn(cache / "emlearn")}
    if name == "fastgrnn":
        return {"": build.edgeml(options.edgeml, cache / "edgeml")}
    make = lambda *defines: build.cmsis_nn(options.cmsis_nn, cache / "cmsis-nn", f"{name}.c", defines)
    # Before the state could be kept between calls, only whole windows were possible.
    return {"": make()} | ({"streaming": make("STREAMING")} if name == "lstm" and options.streaming else {})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="archive of UCI HAR, tar or zip")
    parser.add_argument("--cmsis-nn", type=Path, required=True, help="checkout of ARM-software/CMSIS-NN")
    parser.add_argument("--edgeml", type=Path, required=True, help="checkout of microsoft/EdgeML")
    parser.add_argument("--work", type=Path, required=True, help="folder for weights, models and firmware; later calls go on there")
    parser.add_argument("--peers", nargs="+", default=[*FORESTS, *SETTINGS], choices=[*FORESTS, *SETTINGS])
    parser.add_argument("--seeds", nargs="+", type=int, default=[101, 102, 103, 104, 105])
    parser.add_argument("--streaming", action="store_true", help="the LSTM sample by sample too; needs a CMSIS-NN after 7.0.0")
    parser.add_argument(
        "--validate",
        nargs=3,
        type=float,
        metavar=("EPOCHS", "RATE", "DEGREES"),
        help="train without four persons with these settings, and print accuracies on them; networks only",
    )
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.validate and set(options.peers) & set(FORESTS):
        parser.error("--validate is for networks: name them with --peers")
    parts = data.load(options.data)
    for name in options.peers:
        if name in FORESTS:
            features = {part: build.window_features(options.work, parts[part][0]) for part in parts}
        for seed in options.seeds:
            row = {"peer": name, "seed": seed}
            if options.validate:
                learnt, (counts, activities) = data.split(parts, validate=True)
                epochs, rate, degrees = options.validate
                trained = train(name, seed, learnt, (int(epochs), rate, degrees))
                row["validation"] = shares(float_answers(name, trained, counts).argmax(1), activities)
                print(json.dumps(row), flush=True)
                continue
            folder = options.work / f"{name}-{seed}"
            folder.mkdir(exist_ok=True)
            if name in FORESTS:
                text, found = forest(name, seed, parts, features)
            else:
                text, found = network(name, seed, parts, folder)
            (folder / "model.h").write_text(text)
            test, activities = parts["test"][:2]
            for variant, peer in peers(name, options).items():
                answers, scores = peer.classify(folder, test, data.CLASSES)
                some = slice(0, None, len(test) // WINDOWS_ON_CORE)
                measured = peer.measure(folder, test[some], (answers[some], scores[some]))
                measured |= {"accuracy": shares(answers, activities), "model": peer.model_bytes(folder)}
                print(json.dumps(row | {"variant": variant} | found | measured), flush=True)


if __name__ == "__main__":
    main()
