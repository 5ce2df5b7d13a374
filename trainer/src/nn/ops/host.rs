//! Float tensors as host slices, without a copy where the backend's storage allows it.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::{Device, FloatTensor};
use burn::backend::{Autodiff, Backend, Dispatch, try_read_sync};
use burn::tensor::TensorData;

/// An `f32` tensor in host memory, row-major.
pub enum HostFloats {
    /// Shares the tensor's own storage.
    #[cfg(feature = "flex")]
    Flex(FloatTensor<burn::backend::Flex>),
    /// Read back from the backend.
    Data(TensorData),
}

impl HostFloats {
    /// Every number, row-major.
    ///
    /// # Panics
    ///
    /// When the tensor is not `f32`.
    pub fn as_slice(&self) -> &[f32] {
        const MESSAGE: &str = "the recurrence computes in f32: convert the tensor first";
        match self {
            #[cfg(feature = "flex")]
            Self::Flex(tensor) => tensor.as_slice().expect(MESSAGE),
            Self::Data(data) => data.as_slice().expect(MESSAGE),
        }
    }
}

/// Backends whose float tensors can be read by the host.
pub trait HostRead: Backend {
    /// The numbers of `tensor`, waiting for the device where there is one.
    ///
    /// # Panics
    ///
    /// When the backend cannot hand its data over synchronously.
    fn read(tensor: FloatTensor<Self>) -> HostFloats {
        let data = try_read_sync(Self::float_into_data(tensor));
        let data = data.expect("this device cannot be read synchronously");
        HostFloats::Data(data.expect("the device failed while computing this tensor"))
    }
}

#[cfg(feature = "flex")]
impl HostRead for burn::backend::Flex {
    fn read(tensor: FloatTensor<Self>) -> HostFloats {
        HostFloats::Flex(tensor.to_contiguous())
    }
}

#[cfg(feature = "ndarray")]
impl HostRead for burn::backend::NdArray {}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl<B: burn::backend::fusion::FusionBackend + HostRead> HostRead
    for burn::backend::fusion::Fusion<B>
{
}

impl<B: HostRead, C: CheckpointStrategy> HostRead for Autodiff<B, C> {}

impl HostRead for Dispatch {}

/// Moves `values` to `device` as a tensor of shape `dims`.
pub(super) fn write<B: Backend>(
    values: Vec<f32>,
    dims: impl Into<Vec<usize>>,
    device: &Device<B>,
) -> FloatTensor<B> {
    B::float_from_data(TensorData::new(values, dims.into()), device)
}
