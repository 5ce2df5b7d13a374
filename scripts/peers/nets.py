"""The three networks that are trained here, in JAX, and their training. Inputs are normalised windows [N, 128, 9]."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from data import CHANNELS

UNITS = 32
# (taps, stride, filters) of the convolutions of the small CNN, "same" padding; the mean over time and a dense layer follow.
CONVOLUTIONS = [(8, 2, 8), (5, 2, 12), (5, 2, 16)]


def _glorot(key, *shape):
    fan_in, fan_out = np.prod(shape[:-1]), shape[-1]
    return jax.random.normal(key, shape) * jnp.sqrt(2.0 / (fan_in + fan_out))


def init(net, key, classes):
    """Start weights of "lstm", "fastgrnn" or "cnn"."""
    keys = jax.random.split(key, 8)
    if net == "cnn":
        sizes = [CHANNELS] + [filters for _, _, filters in CONVOLUTIONS]
        layers = [
            {"kernel": _glorot(k, taps, sizes[i], filters), "bias": jnp.zeros(filters)}
            for i, ((taps, _, filters), k) in enumerate(zip(CONVOLUTIONS, keys))
        ]
        return {"layers": layers, "out": _glorot(keys[7], sizes[-1], classes), "out_bias": jnp.zeros(classes)}
    readout = {"out": _glorot(keys[7], UNITS, classes), "out_bias": jnp.zeros(classes)}
    orthogonal = jax.nn.initializers.orthogonal()
    if net == "lstm":
        # Gates in the order input, forget, cell, output.
        bias = jnp.zeros(4 * UNITS).at[UNITS : 2 * UNITS].set(1.0)
        u = jnp.concatenate([orthogonal(k, (UNITS, UNITS)) for k in keys[1:5]], axis=1)
        return readout | {"w": _glorot(keys[0], CHANNELS, 4 * UNITS), "u": u, "b": bias}
    # FastGRNN: one W and one U for gate and update; zeta and nu before their sigmoid start as published.
    return readout | {
        "w": 0.1 * jax.random.normal(keys[0], (CHANNELS, UNITS)),
        "u": 0.1 * jax.random.normal(keys[1], (UNITS, UNITS)),
        "bg": jnp.ones(UNITS),
        "bh": jnp.ones(UNITS),
        "zeta": jnp.array(1.0),
        "nu": jnp.array(-4.0),
    }


def hidden_states(net, params, x):
    """States of a recurrent network after each step, [128, N, 32], and whatever else its calibration needs."""

    def lstm(carry, pre):
        h, c = carry
        i, f, g, o = jnp.split(pre + h @ params["u"], 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    def fastgrnn(h, pre):
        pre = pre + h @ params["u"]
        z = jax.nn.sigmoid(pre + params["bg"])
        update = jnp.tanh(pre + params["bh"])
        h = z * h + (jax.nn.sigmoid(params["zeta"]) * (1 - z) + jax.nn.sigmoid(params["nu"])) * update
        return h, h

    pre = jnp.swapaxes(x, 0, 1) @ params["w"]
    zeros = jnp.zeros((x.shape[0], UNITS))
    if net == "lstm":
        return jax.lax.scan(lstm, (zeros, zeros), pre + params["b"])[1]
    return jax.lax.scan(fastgrnn, zeros, pre)[1]


def _convolved(x, kernel, stride):
    """Convolution over time with "same" padding, as one product of unfolded windows: on a CPU faster than XLA's own."""
    steps, taps = x.shape[1], kernel.shape[0]
    out = -(-steps // stride)
    padding = max((out - 1) * stride + taps - steps, 0)
    x = jnp.pad(x, ((0, 0), (padding // 2, padding - padding // 2), (0, 0)))
    unfolded = [x[:, tap : tap + (out - 1) * stride + 1 : stride] for tap in range(taps)]
    return jnp.concatenate(unfolded, axis=2) @ kernel.reshape(-1, kernel.shape[2])


def logits(net, params, x):
    """Logits [N, classes]."""
    if net == "cnn":
        for layer, (_, stride, _) in zip(params["layers"], CONVOLUTIONS):
            x = jax.nn.relu(_convolved(x, layer["kernel"], stride) + layer["bias"])
        features = x.mean(axis=1)
    else:
        features = hidden_states(net, params, x)[-1]
    return features @ params["out"] + params["out_bias"]


def _rotated(key, x, degrees):
    """Windows turned by random rotations of some `degrees`, one for each window and the same for its three sensors."""
    vector = jax.random.normal(key, (x.shape[0], 3)) * jnp.deg2rad(degrees)
    angle = jnp.linalg.norm(vector, axis=1)[:, None, None]
    x_, y_, z_ = (vector / angle[:, 0]).T
    zero = jnp.zeros_like(x_)
    axis = jnp.stack([zero, -z_, y_, z_, zero, -x_, -y_, x_, zero], axis=1).reshape(-1, 3, 3)
    turn = jnp.eye(3) + jnp.sin(angle) * axis + (1 - jnp.cos(angle)) * axis @ axis
    return jnp.einsum("nij,ntsj->ntsi", turn, x.reshape(*x.shape[:2], 3, 3)).reshape(x.shape)


def train(net, x, y, mean, deviation, classes, seed, epochs, rate, rotation, batch=128):
    """Trains on windows `x` in physical units; gives the weights. Adam, rate falling to zero by a cosine."""
    per_epoch = len(x) // batch
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(rate, epochs * per_epoch)))
    key = jax.random.PRNGKey(seed)
    params = init(net, key, classes)

    def loss(params, x, y):
        return optax.softmax_cross_entropy_with_integer_labels(logits(net, params, x), y).mean()

    @jax.jit
    def step(params, state, key, x, y):
        if rotation:
            x = _rotated(key, x, rotation)
        value, gradient = jax.value_and_grad(loss)(params, (x - mean) / deviation, y)
        updates, state = optimiser.update(gradient, state)
        return optax.apply_updates(params, updates), state, value

    state, order = optimiser.init(params), np.random.default_rng(seed)
    for _ in range(epochs):
        rows = order.permutation(len(x))[: per_epoch * batch].reshape(per_epoch, batch)
        for chosen in rows:
            key, used = jax.random.split(key)
            params, state, _ = step(params, state, used, x[chosen], y[chosen])
    return jax.tree.map(np.asarray, params)
