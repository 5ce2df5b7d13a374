//! Gradients of the two operations.
//!
//! Where the signs are frozen, neither the kernel nor the states are kept, and only the gradient of the other input is
//! computed.

use super::{HadamBackend, SequencePlan};
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend};

impl<B: HadamBackend, C: CheckpointStrategy> HadamBackend for Autodiff<B, C> {
    fn hadam_kernel(
        signs: FloatTensor<Self>,
        input: FloatTensor<Self>,
        log2_block: usize,
        steps: usize,
        leak_factor: f32,
    ) -> FloatTensor<Self> {
        let trained = signs.is_tracked();
        let nodes = [signs.node(), input.node()];
        let (signs, input) = (signs.into_primitive(), input.into_primitive());
        match KernelBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let kernel =
                    B::hadam_kernel(signs.clone(), input.clone(), log2_block, steps, leak_factor);
                let forward = trained.then(|| (input, kernel.clone()));
                prep.finish((signs, forward, (log2_block, steps, leak_factor)), kernel)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::hadam_kernel(
                signs,
                input,
                log2_block,
                steps,
                leak_factor,
            )),
        }
    }

    fn hadam_scan(
        signs: FloatTensor<Self>,
        layer_input: FloatTensor<Self>,
        log2_block: usize,
        leak_factor: f32,
    ) -> FloatTensor<Self> {
        let trained = signs.is_tracked();
        let nodes = [signs.node(), layer_input.node()];
        let (signs, layer_input) = (signs.into_primitive(), layer_input.into_primitive());
        match ScanBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let states =
                    B::hadam_scan(signs.clone(), layer_input.clone(), log2_block, leak_factor);
                let forward = trained.then(|| (layer_input, states.clone()));
                prep.finish((signs, forward, (log2_block, leak_factor)), states)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::hadam_scan(signs, layer_input, log2_block, leak_factor))
            }
        }
    }

    fn hadam_sequence(
        signs: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        x: FloatTensor<Self>,
        plan: SequencePlan,
        _keep: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let train_signs = signs.is_tracked();
        let plan = SequencePlan {
            signs_frozen: !train_signs,
            ..plan
        };
        let nodes = [signs.node(), weights.node()];
        let (signs, weights) = (signs.into_primitive(), weights.into_primitive());
        let x = x.into_primitive();
        let prepared = SequenceBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful();
        match prepared {
            OpsKind::Tracked(prep) => {
                let inputs = [signs.clone(), weights.clone(), x.clone()];
                let (output, kept) = B::hadam_sequence(signs, weights, x, plan.clone(), true);
                let nothing = Self::from_inner(kept.clone());
                (
                    prep.finish((inputs, kept, plan, train_signs), output),
                    nothing,
                )
            }
            OpsKind::UnTracked(prep) => {
                let (output, kept) = B::hadam_sequence(signs, weights, x, plan, false);
                (prep.finish(output), Self::from_inner(kept))
            }
        }
    }
}

/// The other input and the output of an operation, kept where the signs are trained.
type Kept<B> = Option<(FloatTensor<B>, FloatTensor<B>)>;

#[derive(Debug)]
struct KernelBackward;

impl<B: HadamBackend> Backward<B, 2> for KernelBackward {
    type State = (FloatTensor<B>, Kept<B>, (usize, usize, f32));

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [signs_node, input_node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let (signs, forward, (log2_block, steps, leak_factor)) = ops.state;
        let (signs_grad, input_grad) = match forward {
            Some((input, kernel)) => {
                let both = B::hadam_kernel_grads(
                    signs,
                    input,
                    kernel,
                    grad,
                    log2_block,
                    steps,
                    leak_factor,
                );
                (Some(both.0), both.1)
            }
            None => (
                None,
                B::hadam_kernel_input_grad(signs, grad, log2_block, steps, leak_factor),
            ),
        };
        if let (Some(node), Some(grad)) = (signs_node, signs_grad) {
            grads.register::<B>(node.id, grad);
        }
        if let Some(node) = input_node {
            grads.register::<B>(node.id, input_grad);
        }
    }
}

#[derive(Debug)]
struct ScanBackward;

impl<B: HadamBackend> Backward<B, 2> for ScanBackward {
    type State = (FloatTensor<B>, Kept<B>, (usize, f32));

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [signs_node, drive_node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let (signs, forward, (log2_block, leak_factor)) = ops.state;
        let (signs_grad, drive_grad) = match forward {
            Some((layer_input, states)) => {
                let both =
                    B::hadam_scan_grads(signs, layer_input, states, grad, log2_block, leak_factor);
                (Some(both.0), both.1)
            }
            None => (
                None,
                B::hadam_scan_input_grad(signs, grad, log2_block, leak_factor),
            ),
        };
        if let (Some(node), Some(grad)) = (signs_node, signs_grad) {
            grads.register::<B>(node.id, grad);
        }
        if let Some(node) = drive_node {
            grads.register::<B>(node.id, drive_grad);
        }
    }
}

#[derive(Debug)]
struct SequenceBackward;

impl<B: HadamBackend> Backward<B, 2> for SequenceBackward {
    type State = ([FloatTensor<B>; 3], FloatTensor<B>, SequencePlan, bool);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [signs_node, weights_node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let ([signs, weights, x], kept, plan, train_signs) = ops.state;
        let (signs_grad, weights_grad) =
            B::hadam_sequence_grads(signs, weights, x, kept, grad, plan, train_signs);
        if let Some(node) = signs_node {
            grads.register::<B>(node.id, signs_grad);
        }
        if let Some(node) = weights_node {
            grads.register::<B>(node.id, weights_grad);
        }
    }
}
