//! A model and its session in memory that the caller owns.

use core::mem::MaybeUninit;
use core::ptr::NonNull;

use hadamrnn_runtime::format::Crc32;
use hadamrnn_runtime::kernel::{FwhtPacked, Kernel};
use hadamrnn_runtime::taught::{Judged, Taught, judge};
use hadamrnn_runtime::{Metric, Model, Place, RoomOf, Session, SessionError};

use crate::error::Error;
use crate::shape::Shape;
use crate::{HADAMRNN_ALIGNMENT, HADAMRNN_MOST_INPUTS};

/// A session of any capacity.
pub(crate) trait Run {
    fn push(&mut self, sample: &[i16]) -> Result<(), SessionError>;
    fn push_token(&mut self, token: u16) -> Result<(), SessionError>;
    fn class(&self) -> usize;
    /// Writes as many logits as there is room for.
    fn logits(&self, logits: &mut [i32]);
    /// Where the session is in the space of a metric; none in a library without the feature.
    fn place(&self, metric: &Metric<'_>) -> Option<Place>;
    fn steps(&self) -> u32;
    fn reset(&mut self);
}

/// The session of a class of models: capacities for hidden units, a pooled readout, which stands for a hidden layer in the
/// readout as well (that one is on the stack, while logits are read), and a second layer.
type Sized<K, const N: usize, const POOL: usize, const SECOND: usize> =
    Session<'static, RoomOf<K, N, HADAMRNN_MOST_INPUTS, POOL, SECOND, POOL>>;

impl<K: Kernel, const N: usize, const POOL: usize, const SECOND: usize> Run
    for Sized<K, N, POOL, SECOND>
{
    fn push(&mut self, sample: &[i16]) -> Result<(), SessionError> {
        Session::push(self, sample)
    }

    fn push_token(&mut self, token: u16) -> Result<(), SessionError> {
        Session::push_token(self, token)
    }

    fn class(&self) -> usize {
        Session::class(self)
    }

    fn logits(&self, logits: &mut [i32]) {
        for (to, logit) in logits.iter_mut().zip(Session::logits(self)) {
            *to = logit;
        }
    }

    fn place(&self, metric: &Metric<'_>) -> Option<Place> {
        // Without the feature there is no code for it.
        cfg!(feature = "metric").then(|| Session::place(self, metric))
    }

    fn steps(&self) -> u32 {
        Session::steps(self)
    }

    fn reset(&mut self) {
        Session::reset(self);
    }
}

// Only ever shared by reference, as the session borrows the model; what changes is the session, behind its pointer.
/// A network: a model, its state and nothing else. Its content is private to the library.
pub struct Net {
    model: Model<'static>,
    /// Session of the model. It lies in the same memory, behind this.
    session: NonNull<dyn Run>,
}

/// How a network lies in its memory.
#[repr(C)]
struct Placed<S> {
    net: MaybeUninit<Net>,
    session: MaybeUninit<S>,
}

impl Net {
    /// Makes a network in `memory`, from the bytes of a model, whose checksum `crc32` computes.
    ///
    /// # Safety
    /// Until the network is used for the last time, `model` must stay as it is, and `memory` must be writable, aligned to
    /// [`HADAMRNN_ALIGNMENT`], and used by nobody else.
    pub(crate) unsafe fn place(
        memory: &mut [u8],
        model: &'static [u8],
        crc32: impl Crc32,
    ) -> Result<NonNull<Self>, Error> {
        let model = Model::from_bytes_with(model, crc32)?;
        let shape = Shape::of(&model);
        let place = match shape.capacity {
            #[cfg(feature = "hidden-64")]
            64 => with_kernel::<64>(shape),
            #[cfg(feature = "hidden-128")]
            128 => with_kernel::<128>(shape),
            #[cfg(feature = "hidden-256")]
            256 => with_kernel::<256>(shape),
            #[cfg(feature = "hidden-512")]
            512 => with_kernel::<512>(shape),
            #[cfg(feature = "hidden-1024")]
            1024 => with_kernel::<1024>(shape),
            _ => None,
        };
        let place = place.ok_or(Error::HadamrnnErrorCapacity)?;
        if memory.len() < shape.memory_bytes(size_of::<usize>()) {
            return Err(Error::HadamrnnErrorMemorySize);
        }
        // SAFETY: the memory is as long as the shape's sessions need, aligned, and this caller's alone.
        unsafe { place(memory.as_mut_ptr(), model) }
    }

    pub(crate) fn model(&self) -> &Model<'static> {
        &self.model
    }

    /// What the session's state is by the model's metric, and by what the model was taught.
    ///
    /// # Safety
    /// Nobody else writes to the network now.
    pub(crate) unsafe fn judged(&self) -> Result<Judged, Error> {
        // SAFETY: this function asks for the same.
        let session = unsafe { self.session.as_ref() };
        let metric = Metric::of(&self.model)?.ok_or(Error::HadamrnnErrorNoMetric)?;
        let taught = Taught::of(&self.model)?;
        let place = session.place(&metric).ok_or(Error::HadamrnnErrorCapacity)?;
        Ok(judge(&metric, taught.as_ref(), &place, session.class()))
    }

    /// Session of the network: valid for as long as the network is, and shared by everybody who has the network.
    pub(crate) fn session(&self) -> NonNull<dyn Run> {
        self.session
    }
}

/// Makes a network; see [`place`] for what it needs.
type Start = unsafe fn(*mut u8, Model<'static>) -> Result<NonNull<Net>, Error>;

/// The way to make a session of capacity `N`; none that this build has no code for.
fn with_kernel<const N: usize>(shape: Shape) -> Option<Start> {
    #[cfg(feature = "wide")]
    if shape.wide {
        return with_kind::<hadamrnn_runtime::kernel::Fwht, N>(shape);
    }
    // Without the feature, the packed kernel itself refuses.
    with_kind::<FwhtPacked, N>(shape)
}

fn with_kind<K: Kernel + 'static, const N: usize>(shape: Shape) -> Option<Start> {
    match shape {
        Shape { layered: true, .. } => {
            #[cfg(feature = "layered")]
            return Some(place::<K, N, N, N>);
            #[cfg(not(feature = "layered"))]
            None
        }
        Shape { pooled: true, .. } => {
            #[cfg(feature = "pooled")]
            return Some(place::<K, N, N, 0>);
            #[cfg(not(feature = "pooled"))]
            None
        }
        _ => Some(place::<K, N, 0, 0>),
    }
}

/// Makes a network of the given capacities.
///
/// # Safety
/// `memory` must be writable for [`Shape::memory_bytes`] of these capacities, aligned to [`HADAMRNN_ALIGNMENT`], and used by nobody
/// else for as long as the network is.
unsafe fn place<K: Kernel + 'static, const N: usize, const POOL: usize, const SECOND: usize>(
    memory: *mut u8,
    model: Model<'static>,
) -> Result<NonNull<Net>, Error> {
    const {
        let shape = Shape {
            capacity: N,
            layered: SECOND > 0,
            pooled: POOL > 0,
            wide: K::UNIT_BYTES > FwhtPacked::UNIT_BYTES,
        };
        let size = size_of::<Placed<Sized<K, N, POOL, SECOND>>>();
        assert!(
            size <= shape.memory_bytes(size_of::<usize>()),
            "raise HEAD_POINTERS or HEAD_BYTES in shape.rs"
        );
        assert!(align_of::<Placed<Sized<K, N, POOL, SECOND>>>() <= HADAMRNN_ALIGNMENT);
    }
    let placed: *mut Placed<Sized<K, N, POOL, SECOND>> = memory.cast();
    // SAFETY: by the assertions and what this function asks for, `placed` points to writable memory of its size and
    // alignment; so do the pointers to its fields.
    let (net, session) = unsafe { (&raw mut (*placed).net, &raw mut (*placed).session) };
    let net: *mut Net = net.cast();
    let any: *mut dyn Run = session.cast::<Sized<K, N, POOL, SECOND>>();
    let any = NonNull::new(any).ok_or(Error::HadamrnnErrorNull)?;
    // SAFETY: as above. A model has nothing to drop, nor has what may lie there.
    unsafe {
        net.write(Net {
            model,
            session: any,
        });
    }
    // SAFETY: the model has just been written, and nobody ever makes a mutable reference to it or writes to it again; it
    // stays where it is for as long as the session lives, which lies in the same memory.
    let model: &'static Model<'static> = unsafe { &(*net).model };
    let started = Session::new(model)?;
    // SAFETY: as above.
    unsafe { session.write(MaybeUninit::new(started)) };
    NonNull::new(net).ok_or(Error::HadamrnnErrorNull)
}
