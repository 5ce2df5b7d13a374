//! Clipping of the gradient of all weights together.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Gradients, Tensor};

use crate::nn::HadamRnn;

/// Factor that shortens the gradient of all parameters of `network` together to the norm `longest`:
/// `min(1, longest / norm)`. None if no parameter has a gradient.
pub(super) fn factor(network: &HadamRnn, gradients: &Gradients, longest: f32) -> Option<Tensor<1>> {
    let mut squares = Squares {
        gradients,
        sum: None,
    };
    network.visit(&mut squares);
    let norm = squares.sum?.sqrt();
    Some(norm.clamp_min(longest).recip().mul_scalar(longest))
}

/// Multiplies what `gradients` holds of `network`'s parameters.
pub(super) fn scale(network: &HadamRnn, gradients: &mut GradientsParams, factor: Tensor<1>) {
    network.visit(&mut Scale { gradients, factor });
}

/// Sums the squares of all gradients.
struct Squares<'a> {
    gradients: &'a Gradients,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            let square = gradient.powi_scalar(2).sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            let factor = self.factor.clone().reshape([1; D]);
            self.gradients.register(param.id, gradient * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;
    use crate::data::Task;
    use crate::nn::{Input, Inputs};
    use burn::tensor::Device;

    #[test]
    fn all_gradients_together_get_the_norm() {
        let device = Device::default().autodiff();
        let config = RunConfig::for_task(Task::Har6).network(Input::Numbers(2), 3);
        let network = config.init(1, &device).expect("valid");
        let inputs = Inputs::Numbers(Tensor::ones([2, 5, 2], &device));
        let gradients = || network.logits(&inputs).sum().backward();
        let norm = |gradients: &Gradients, factor: Option<f32>| -> f32 {
            let mut squares = Squares {
                gradients,
                sum: None,
            };
            network.visit(&mut squares);
            let sum: f32 = squares.sum.expect("gradients").into_scalar();
            sum.sqrt() * factor.unwrap_or(1.0)
        };
        let whole = norm(&gradients(), None);
        for (longest, expected) in [(0.25 * whole, 0.25), (4.0 * whole, 1.0)] {
            let mut gradients = gradients();
            let factor = factor(&network, &gradients, longest).expect("gradients");
            let value: f32 = factor.clone().into_scalar();
            assert!((value - expected).abs() < 1e-5, "{value} {expected}");
            let before = network.bias.val().grad(&gradients).expect("a gradient");
            let mut params =
                GradientsParams::from_params(&mut gradients, &network, &[network.bias.id]);
            scale(&network, &mut params, factor);
            let after = params.get::<1>(network.bias.id).expect("a gradient");
            let error: f32 = (after - before.mul_scalar(expected))
                .abs()
                .max()
                .into_scalar();
            assert!(error < 1e-4, "{error}");
        }
    }
}
