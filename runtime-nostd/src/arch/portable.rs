//! Steps that a backend leaves to the portable code of the kernels. Without a backend, these are all of them.

#![cfg_attr(
    not(hadamrnn_arch = "portable"),
    allow(dead_code, reason = "a backend takes what it does not have itself")
)]

use heapless::VecView;

use super::channels::Channels;
use super::step::OwnStep;
#[cfg(hadamrnn_arch = "portable")]
use crate::format::Sections;
use crate::layer::Layer;
use crate::limits::METRIC_DIMENSIONS_OF_GROUP as GROUP;

/// Result of the checks of a backend when a model is read. Portable code has none.
#[cfg(hadamrnn_arch = "portable")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FastPath<'a>(core::marker::PhantomData<&'a ()>);

#[cfg(hadamrnn_arch = "portable")]
impl FastPath<'_> {
    /// Always none: portable code has no plan.
    pub const fn new(_: &Layer<'_>, _: &Sections<'_>, _: usize) -> Option<Self> {
        None
    }
}

/// Advances no model.
#[inline(always)]
pub(crate) const fn step(_: &mut [u32], _: &OwnStep<'_>) -> bool {
    false
}

/// Advances no second layer.
#[inline(always)]
pub(crate) const fn step_second(_: &mut [u32], _: &Layer<'_>, _: &[i32], _: i32) -> bool {
    false
}

/// Standardises nothing.
#[inline(always)]
pub(crate) const fn standardise(_: &Channels<'_>, _: &[i16], _: &mut VecView<i32>) -> Option<i32> {
    None
}

/// Adds nothing.
#[inline(always)]
pub(crate) const fn add_columns(_: &[i32; 8], _: &[u32], _: &mut [i32]) -> bool {
    false
}

/// Adds nothing.
#[inline(always)]
pub(crate) const fn add_rectified(_: &[u32], _: &mut [u32]) -> bool {
    false
}

/// Adds nothing.
#[inline(always)]
pub(crate) const fn add_products(_: &mut [u32], _: &[u32], _: &[i32]) -> bool {
    false
}

/// Projects nothing.
#[inline(always)]
pub(crate) const fn project_pooled(_: &[u32], _: &[u32], _: u32) -> Option<[i32; GROUP]> {
    None
}
