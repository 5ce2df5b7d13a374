//! Models that are part of a program: checked, and given the room that they need, when it is compiled.

use core::marker::PhantomData;

use crate::capacities::Capacities;
use crate::error::{KERNEL_RANGE, NO_FALLBACK, SessionError};
use crate::format::{Header, ModelError, constant};
use crate::kernel::{self, Kernel};
use crate::layer::Layer;
use crate::model::Model;
use crate::room::{self, Room};
use crate::session::{self, Session};
use crate::source::{self, Source};

/// A model that is part of a program: [`model!`](crate::model) makes a type for each and implements this for it.
pub trait EmbeddedModel {
    /// The room that its sessions need.
    type Room: Room;
    /// The file, on a boundary of four bytes.
    const FILE: &'static [u8];
    /// The model, which the compiler has read and checked.
    const MODEL: &'static Model<'static>;
    /// The names of the classes, in their order; none where none were given.
    const CLASS_NAMES: &'static [&'static str];
}

/// A session of an embedded model that reads no file; see [`Embedded::start`].
pub type EmbeddedSession<M> = Session<'static, M, Known<M>>;

/// The room of its sessions.
impl<M: EmbeddedModel> Room for M {
    type Kernel = <M::Room as Room>::Kernel;
    type State = <M::Room as Room>::State;
    type Second = <M::Room as Room>::Second;
    type InputTile = <M::Room as Room>::InputTile;
    type Pool = <M::Room as Room>::Pool;
    type Read = <M::Room as Room>::Read;
    type Inputs = <M::Room as Room>::Inputs;
    type Sample = <M::Room as Room>::Sample;
    const CAPACITIES: Capacities = <M::Room as Room>::CAPACITIES;
}

impl<M: EmbeddedModel> room::sealed::Sealed for M {}

/// A model that the compiler knows: sessions keep nothing of it, and its sizes are constants of their code.
pub struct Known<M>(PhantomData<fn() -> M>);

impl<M: EmbeddedModel> source::sealed::Sealed for Known<M> {}

impl<M: EmbeddedModel> Source for Known<M> {
    type Stored<'m> = ();
    const KNOWN: Option<&'static Model<'static>> = Some(M::MODEL);

    #[inline(always)]
    fn model<'m>((): ()) -> &'m Model<'m> {
        M::MODEL
    }
}

/// A model file that is part of a program, and the names of its classes. Made by [`model!`](crate::model).
pub struct Embedded<M>(PhantomData<fn() -> M>);

impl<M: EmbeddedModel> Embedded<M> {
    /// Fails to compile where the room of its sessions is not that of the model.
    const FITS: () = match session::check::<M>(M::MODEL) {
        Ok(()) => (),
        Err(_) => panic!("the model does not fit the room of its sessions"),
    };

    #[doc(hidden)]
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// A session of the model as the compiler has checked it, at the zero state.
    ///
    /// A program that has no other session contains neither the reader of model files nor its proofs, and of the kernel only
    /// what the model needs. It has the weights alone, and reads them from flash as they are: damaged flash shows as wrong
    /// answers, which [`model`](Self::model) finds by the checksum when a program starts.
    #[must_use]
    pub const fn start(&self) -> EmbeddedSession<M> {
        let () = Self::FITS;
        Session::of(())
    }

    /// The model, read from the file again: its checksum shows whether flash is damaged. Keep it: a session reads it in
    /// place.
    ///
    /// # Errors
    /// Flash is damaged: all else is checked when the program is compiled.
    pub fn model(&self) -> Result<Model<'static>, ModelError> {
        Model::from_bytes(M::FILE)
    }

    /// A session of the model that [`model`](Self::model) has read, at the zero state.
    ///
    /// # Errors
    /// The model is another one and needs more room.
    pub fn session<'m>(&self, model: &'m Model<'m>) -> Result<Session<'m, M>, SessionError> {
        Session::new(model)
    }

    /// The bytes of the file, on a boundary of four bytes.
    #[must_use]
    pub const fn file(&self) -> &'static [u8] {
        M::FILE
    }

    /// The names of the classes, in their order; none where none were given.
    #[must_use]
    pub const fn class_names(&self) -> &'static [&'static str] {
        M::CLASS_NAMES
    }

    /// The name of a class; empty where it has none.
    #[must_use]
    pub fn class_name(&self, class: usize) -> &'static str {
        M::CLASS_NAMES.get(class).copied().unwrap_or_default()
    }
}

/// Number of words of all weight sections of a model file; 0 for a file that is no model.
#[doc(hidden)]
#[must_use]
pub const fn word_count(file: &[u8]) -> usize {
    constant::name_and_sections(file).1.len() / 4
}

/// Number of bytes of the name in a model file; 0 for a file that is no model.
#[doc(hidden)]
#[must_use]
pub const fn name_length(file: &[u8]) -> usize {
    constant::name_and_sections(file).0.len()
}

/// The bytes of the name in a model file, `N` of which it has. A copy: a reference into the file would keep all of the file
/// in a program.
#[doc(hidden)]
#[must_use]
pub const fn name<const N: usize>(file: &[u8]) -> [u8; N] {
    match constant::name_and_sections(file).0.as_bytes().first_chunk() {
        Some(name) => *name,
        None => [0; N],
    }
}

/// The words of all weight sections of a model file, `N` of which it has.
#[doc(hidden)]
#[must_use]
pub const fn words<const N: usize>(file: &[u8]) -> [u32; N] {
    let (mut words, mut at) = ([0; N], 0);
    let bytes = constant::name_and_sections(file).1;
    // By hand: the compiler takes ten times as long for calls of functions, and large models have many words.
    while at < N && at < bytes.len() / 4 {
        let low = bytes[4 * at] as u32 | (bytes[4 * at + 1] as u32) << 8;
        let high = bytes[4 * at + 2] as u32 | (bytes[4 * at + 3] as u32) << 8;
        words[at] = low | high << 16;
        at += 1;
    }
    words
}

/// The model of a file whose name and sections are `name` and `words`, with every check and proof of [`Model::from_bytes`].
///
/// # Errors
/// Those of [`Model::from_bytes`], but for that of the alignment.
#[doc(hidden)]
pub const fn model<'a>(
    file: &'a [u8],
    name: &'a [u8],
    words: &'a [u32],
) -> Result<Model<'a>, ModelError> {
    let header = match constant::read(file) {
        Ok((header, _)) => header,
        Err(error) => return Err(error),
    };
    let Ok(name) = str::from_utf8(name) else {
        return Err(ModelError::Malformed);
    };
    Model::of_parts(Header { name, ..header }, words)
}

/// Capacities that a session of a model needs if the kernel `K` computes it. `class_names` is the number of class names, 0
/// if there are none; otherwise it must be the model's number of classes.
///
/// # Errors
/// A text for people: the kernel cannot run the model, or the number of names is another one.
#[doc(hidden)]
pub const fn needs<K: Kernel>(
    model: &Model<'_>,
    class_names: usize,
) -> Result<Capacities, &'static str> {
    if let Some(reason) = not_computed::<K>(model.layer()) {
        return Err(reason);
    }
    if let Some(second) = model.second()
        && let Some(reason) = not_computed::<K>(second.layer())
    {
        return Err(reason);
    }
    if class_names != 0 && class_names != model.class_count() {
        return Err("the model has not as many classes as there are names");
    }
    Ok(Capacities::needed_by(model))
}

/// Why the kernel `K` does not compute a layer.
const fn not_computed<K: Kernel>(layer: &Layer<'_>) -> Option<&'static str> {
    match kernel::check::<K>(layer, layer.hidden_size) {
        Ok(()) => None,
        Err(_) if K::ANY_SHAPE || layer.fast_path => Some(KERNEL_RANGE),
        Err(_) => Some(NO_FALLBACK),
    }
}

/// Embeds a model file: a `static` that stands for it, and a type that is the room its sessions need.
///
/// The file is read when the program is compiled. If it is not a model, if an input could overflow it, or the kernel cannot
/// compute it, that is an error of the compiler, with the reason. The path is resolved like that of [`include_bytes!`].
///
/// ```
/// hadamrnn_runtime::model! {
///     /// Sitting, lying or walking upstairs, against the rest, from a telephone at the waist.
/// # /*
///     static MOVEMENTS: Movements = "movements.hdrn", classes = ["other", "resting or upstairs"];
/// # */ static MOVEMENTS: Movements = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/har2.hdrn"), classes = ["other", "resting or upstairs"];
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut session = MOVEMENTS.start();
/// for _ in 0..128 {
///     session.push(&[120, -36, 8, 3, 2, -1, 8192, -40, 1033])?; // raw sensor counts
/// }
/// let name = MOVEMENTS.class_name(session.class());
/// assert!(["other", "resting or upstairs"].contains(&name));
/// # Ok(())
/// # }
/// ```
///
/// `kernel = Fwht`, after the path, chooses another [kernel](crate::kernel) than [`FwhtPacked`](crate::kernel::FwhtPacked);
/// `classes`, the last one, may be left out. An [`EmbeddedSession<Movements>`](crate::EmbeddedSession) is a session of the model
/// above as [`start`](crate::Embedded::start) gives it, and a `Session<'_, Movements>` one that
/// [`session`](crate::Embedded::session) gives, of the model read again.
///
/// The compiler takes some seconds for a model of a megabyte.
///
/// This is not a model:
///
/// ```compile_fail
/// hadamrnn_runtime::model!(static TEXT: Text = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
/// ```
#[macro_export]
macro_rules! model {
    (@kernel) => { $crate::kernel::FwhtPacked };
    (@kernel $kernel:ty) => { $kernel };
    (@classes) => { [] };
    (@classes $classes:expr) => { $classes };
    (
        $(#[$meta:meta])*
        $vis:vis static $name:ident: $room:ident = $path:expr
        $(, kernel = $kernel:ty)?
        $(, classes = $classes:expr)?
        $(,)? $(;)?
    ) => {
        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        const $room: $crate::Capacities =
            match $crate::embedded::needs::<$crate::model!(@kernel $($kernel)?)>(
                <$room as $crate::EmbeddedModel>::MODEL,
                <$room as $crate::EmbeddedModel>::CLASS_NAMES.len(),
            ) {
                Ok(needs) => needs,
                Err(reason) => panic!("{}", reason),
            };
        /// The model as a type: the room that sessions of it need.
        $vis enum $room {}
        impl $crate::EmbeddedModel for $room {
            type Room = $crate::RoomOf<
                $crate::model!(@kernel $($kernel)?),
                { $room.hidden as usize },
                { $room.inputs as usize },
                { $room.pool as usize },
                { $room.second as usize },
                { $room.read as usize },
            >;
            const FILE: &'static [u8] = $crate::include_model!($path);
            #[allow(long_running_const_eval)]
            const MODEL: &'static $crate::Model<'static> = {
                const FILE: &[u8] = include_bytes!($path);
                const NAME: &[u8] =
                    &$crate::embedded::name::<{ $crate::embedded::name_length(FILE) }>(FILE);
                #[allow(long_running_const_eval)]
                const WORDS: &[u32] =
                    &$crate::embedded::words::<{ $crate::embedded::word_count(FILE) }>(FILE);
                #[allow(long_running_const_eval)]
                const MODEL: $crate::Model<'static> =
                    match $crate::embedded::model(FILE, NAME, WORDS) {
                        Ok(model) => model,
                        Err(error) => panic!("{}", error.text()),
                    };
                &MODEL
            };
            const CLASS_NAMES: &'static [&'static str] =
                &$crate::model!(@classes $($classes)?);
        }
        $(#[$meta])*
        $vis static $name: $crate::Embedded<$room> = $crate::Embedded::new();
    };
}
