//! Where a session has its model from.

use crate::model::Model;

/// Where a session has its model from: it is [`Loaded`], or known to the compiler.
pub trait Source: sealed::Sealed {
    /// What a session keeps of it.
    type Stored<'m>: Copy;
    /// The model, if the compiler knows it. Then its sizes are constants, and code for other models is not compiled.
    const KNOWN: Option<&'static Model<'static>>;

    /// The model.
    fn model<'m>(stored: Self::Stored<'m>) -> &'m Model<'m>;
}

/// A model that was read and checked when the program ran, by [`Model::from_bytes`].
pub enum Loaded {}

impl Source for Loaded {
    type Stored<'m> = &'m Model<'m>;
    const KNOWN: Option<&'static Model<'static>> = None;

    #[inline(always)]
    fn model<'m>(stored: Self::Stored<'m>) -> &'m Model<'m> {
        stored
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Loaded {}
}
