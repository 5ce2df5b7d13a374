//! Host side of hadamrnn: data sets, training with Burn, export, verification.
