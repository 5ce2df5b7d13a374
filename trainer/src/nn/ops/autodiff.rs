//! Gradients of the two operations.
//!
//! Where the signs are frozen, neither the kernel nor the states are kept, and only the gradient of the other input is
//! computed.

use super::HadamBackend;
use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

impl<B: HadamBackend, C: CheckpointStrategy> HadamBackend for Autodiff<B, C> {
    fn hadam_kernel(
        signs: FloatTensor<Self>,
        input: FloatTensor<Self>,
        log2_block: usize,
        steps: usize,
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
                let kernel = B::hadam_kernel(signs.clone(), input.clone(), log2_block, steps);
                let forward = trained.then(|| (input, kernel.clone()));
                prep.finish((signs, forward, log2_block, steps), kernel)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::hadam_kernel(signs, input, log2_block, steps))
            }
        }
    }

    fn hadam_scan(
        signs: FloatTensor<Self>,
        drive: FloatTensor<Self>,
        log2_block: usize,
    ) -> FloatTensor<Self> {
        let trained = signs.is_tracked();
        let nodes = [signs.node(), drive.node()];
        let (signs, drive) = (signs.into_primitive(), drive.into_primitive());
        match ScanBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let states = B::hadam_scan(signs.clone(), drive.clone(), log2_block);
                let forward = trained.then(|| (drive, states.clone()));
                prep.finish((signs, forward, log2_block), states)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::hadam_scan(signs, drive, log2_block)),
        }
    }
}

/// The other input and the output of an operation, kept where the signs are trained.
type Kept<B> = Option<(FloatTensor<B>, FloatTensor<B>)>;

#[derive(Debug)]
struct KernelBackward;

impl<B: HadamBackend> Backward<B, 2> for KernelBackward {
    type State = (FloatTensor<B>, Kept<B>, usize, usize);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [signs_node, input_node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let (signs, forward, log2_block, steps) = ops.state;
        let (signs_grad, input_grad) = match forward {
            Some((input, kernel)) => {
                let both = B::hadam_kernel_grads(signs, input, kernel, grad, log2_block, steps);
                (Some(both.0), both.1)
            }
            None => (
                None,
                B::hadam_kernel_input_grad(signs, grad, log2_block, steps),
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
    type State = (FloatTensor<B>, Kept<B>, usize);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [signs_node, drive_node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let (signs, forward, log2_block) = ops.state;
        let (signs_grad, drive_grad) = match forward {
            Some((drive, states)) => {
                let both = B::hadam_scan_grads(signs, drive, states, grad, log2_block);
                (Some(both.0), both.1)
            }
            None => (None, B::hadam_scan_drive_grad(signs, grad, log2_block)),
        };
        if let (Some(node), Some(grad)) = (signs_node, signs_grad) {
            grads.register::<B>(node.id, grad);
        }
        if let Some(node) = drive_node {
            grads.register::<B>(node.id, drive_grad);
        }
    }
}
