//! Models that are part of a program: checked, and given the room that they need, when it is compiled.

use core::marker::PhantomData;

use crate::capacities::Capacities;
use crate::error::{KERNEL_RANGE, SessionError};
use crate::format::{Header, ModelError};
use crate::kernel::Kernel;
use crate::model::Model;
use crate::room::Room;
use crate::session::Session;

/// A model file that is part of a program, and the names of its classes. Made by [`model!`](crate::model).
///
/// `R` is the room that its sessions need.
pub struct Embedded<R> {
    file: &'static [u8],
    class_names: &'static [&'static str],
    room: PhantomData<fn() -> R>,
}

impl<R: Room> Embedded<R> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(file: &'static [u8], class_names: &'static [&'static str]) -> Self {
        Self {
            file,
            class_names,
            room: PhantomData,
        }
    }

    /// The model, with the proof that no input overflows its arithmetic. Keep it: a session reads it in place.
    ///
    /// # Errors
    /// The weights could overflow, or flash is damaged: all else is checked when the program is compiled.
    pub fn model(&self) -> Result<Model<'static>, ModelError> {
        Model::from_bytes(self.file)
    }

    /// A session of the model, at the zero state.
    ///
    /// # Errors
    /// The model is another one and needs more room; or the kernel has no code for it, as the feature `fallback` is off.
    pub fn session<'m>(&self, model: &'m Model<'m>) -> Result<Session<'m, R>, SessionError> {
        Session::new(model)
    }

    /// The bytes of the file, on a boundary of four bytes.
    #[must_use]
    pub const fn file(&self) -> &'static [u8] {
        self.file
    }

    /// The names of the classes, in their order; none where none were given.
    #[must_use]
    pub const fn class_names(&self) -> &'static [&'static str] {
        self.class_names
    }

    /// The name of a class; empty where it has none.
    #[must_use]
    pub fn class_name(&self, class: usize) -> &'static str {
        self.class_names.get(class).copied().unwrap_or_default()
    }
}

/// Capacities that a session of the model in `file` needs if the kernel `K` computes it. `class_names` is the number of
/// class names, 0 if there are none; otherwise it must be the model's number of classes.
///
/// # Errors
/// A text for people: the file is not a model, the kernel cannot run it, or the number of names is another one.
#[doc(hidden)]
pub const fn needs<K: Kernel>(file: &[u8], class_names: usize) -> Result<Capacities, &'static str> {
    let header = match Header::read(file) {
        Ok(header) => header,
        Err(error) => return Err(error.text()),
    };
    if !computes::<K>(header.state_bits, header.log2_block) {
        return Err(KERNEL_RANGE);
    }
    if let Some(second) = header.extension.second
        && !computes::<K>(second.state_bits, second.log2_block)
    {
        return Err(KERNEL_RANGE);
    }
    if class_names != 0 && class_names != header.class_count() {
        return Err("the model has not as many classes as there are names");
    }
    Ok(Capacities::of(&header))
}

const fn computes<K: Kernel>(state_bits: u8, log2_block: u8) -> bool {
    state_bits as u32 + log2_block as u32 <= K::MOST_BITS
}

/// Embeds a model file: a `static` that holds it, and a type that is the room its sessions need.
///
/// The file is read when the program is compiled. If it is not a model, or the kernel cannot compute it, that is an error of
/// the compiler, with the reason. The path is resolved like that of [`include_bytes!`].
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
/// let model = MOVEMENTS.model()?;
/// let mut session = MOVEMENTS.session(&model)?;
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
/// `classes`, the last one, may be left out. A `Session<'_, Movements>` is a session of the model above.
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
        #[allow(non_upper_case_globals, long_running_const_eval)]
        const $room: $crate::Capacities = {
            const CLASSES: &[&str] = &$crate::model!(@classes $($classes)?);
            match $crate::embedded::needs::<$crate::model!(@kernel $($kernel)?)>(
                include_bytes!($path),
                CLASSES.len(),
            ) {
                Ok(needs) => needs,
                Err(reason) => panic!("{}", reason),
            }
        };
        /// The room that sessions of the model need.
        $vis type $room = $crate::RoomOf<
            $crate::model!(@kernel $($kernel)?),
            { $room.hidden as usize },
            { $room.inputs as usize },
            { $room.pool as usize },
            { $room.second as usize },
            { $room.read as usize },
        >;
        $(#[$meta])*
        $vis static $name: $crate::Embedded<$room> = $crate::Embedded::new(
            $crate::include_model!($path),
            &$crate::model!(@classes $($classes)?),
        );
    };
}
