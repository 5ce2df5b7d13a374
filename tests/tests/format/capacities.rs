//! Sessions of other capacities than a model needs, and samples of another kind.

use hadamrnn_runtime::kernel::{Fwht, Kernel};
use hadamrnn_runtime::{Model, RoomOf, Session, SessionError};
use hadamrnn_tests::models::AlignedBytes;

use crate::examples::*;

#[test]
fn capacities_and_kinds_that_do_not_fit_are_errors() {
    let file = AlignedBytes::new(&example_2_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let error = Session::<RoomOf<Fwht, 16, 0, 8, 16>>::new(&model).err();
    let (needed, capacity) = (16, 8);
    assert_eq!(error, Some(SessionError::PoolCapacity { needed, capacity }));
    let error = Session::<RoomOf<Fwht, 16, 0, 16, 8>>::new(&model).err();
    assert_eq!(
        error,
        Some(SessionError::SecondCapacity { needed, capacity })
    );
    let mut session = Session::<RoomOf<Fwht, 16, 0, 16, 16>>::new(&model).expect("fits");
    session.push_token(1).expect("in the vocabulary");
    let error = SessionError::Token {
        vocabulary: 2,
        found: 2,
    };
    assert_eq!(session.push_token(2), Err(error));
    assert_eq!(session.push(&[1]), Err(SessionError::InputKind));
    let error = SessionError::SampleLength {
        expected: 1,
        found: 2,
    };
    assert_eq!(session.push_raw(&[1, 1]), Err(error));
    assert_eq!(session.steps(), 1, "a refused sample changes nothing");
    let file = AlignedBytes::new(&example_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let mut session = Session::<RoomOf<Fwht, 16, 1>>::new(&model).expect("fits");
    assert_eq!(session.push_token(0), Err(SessionError::InputKind));
}

#[test]
fn a_hidden_readout_layer_needs_its_capacity() {
    let file = AlignedBytes::new(&example_3_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let error = Session::<RoomOf<Fwht, 16, 1, 0, 0, 8>>::new(&model).err();
    let (needed, capacity) = (16, 8);
    assert_eq!(
        error,
        Some(SessionError::ReadoutCapacity { needed, capacity })
    );
    assert!(Session::<RoomOf<Fwht, 16, 1, 0, 0, 16>>::new(&model).is_ok());
}

/// A board's RAM is compared with these bytes before a firmware is built.
#[test]
fn the_bytes_of_a_session_are_those_of_its_arrays() {
    use hadamrnn_runtime::Room;
    use hadamrnn_runtime::kernel::FwhtPacked;
    fn beside_arrays<R: Room>() -> usize {
        let arrays = R::CAPACITIES.session_bytes(R::Kernel::UNIT_BYTES);
        size_of::<Session<'static, R>>() - arrays
    }
    let words = beside_arrays::<RoomOf<Fwht, 16, 1>>();
    assert!(words <= 3 * size_of::<usize>(), "{words}");
    assert_eq!(beside_arrays::<RoomOf<FwhtPacked, 128, 9>>(), words);
    assert_eq!(
        beside_arrays::<RoomOf<FwhtPacked, 128, 9, 64, 32, 48>>(),
        words
    );
    assert_eq!(
        beside_arrays::<RoomOf<Fwht, 1024, 64, 1024, 512, 1024>>(),
        words
    );
    let room = RoomOf::<Fwht, 1024, 64, 0, 0, 48>::CAPACITIES;
    assert_eq!(room.stack_bytes(), 4 * 64, "inputs, or a hidden readout");
    let room = RoomOf::<Fwht, 1024, 9, 0, 0, 48>::CAPACITIES;
    assert_eq!(room.stack_bytes(), 4 * 48);
}

/// Capacities that a model does not use cost nothing: the default session is the first layer's state alone.
#[test]
fn a_session_pays_only_for_what_its_model_uses() {
    use hadamrnn_runtime::kernel::FwhtPacked;
    let plain = size_of::<Session<'static, RoomOf<FwhtPacked, 128, 9>>>();
    assert_eq!(
        plain - size_of::<usize>(),
        (2 * 128 + 4 + 2 + 2usize).next_multiple_of(align_of::<usize>())
    );
    let pooled = size_of::<Session<'static, RoomOf<FwhtPacked, 128, 9, 128>>>();
    assert_eq!(pooled - plain, 4 * 128);
    let two = size_of::<Session<'static, RoomOf<FwhtPacked, 128, 9, 0, 128>>>();
    assert_eq!(two - plain, (2 + 4) * 128);
    let hidden = size_of::<Session<'static, RoomOf<FwhtPacked, 128, 9, 0, 0, 128>>>();
    assert_eq!(hidden, plain);
}

#[test]
fn sessions_that_are_too_small_and_samples_of_the_wrong_length_are_errors() {
    let file = AlignedBytes::new(&example_bytes());
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let error = Session::<RoomOf<Fwht, 8, 1>>::new(&model).err();
    assert_eq!(
        error,
        Some(SessionError::HiddenCapacity {
            needed: 16,
            capacity: 8
        })
    );
    let error = Session::<RoomOf<Fwht, 16, 0>>::new(&model).err();
    assert_eq!(
        error,
        Some(SessionError::InputCapacity {
            needed: 1,
            capacity: 0
        })
    );
    let mut session = Session::<RoomOf<Fwht, 16, 4>>::new(&model).expect("fits");
    session.push(&[5]).expect("one channel");
    let before: Vec<i16> = session.states().collect();
    assert_eq!(
        session.push(&[1, 2]),
        Err(SessionError::SampleLength {
            expected: 1,
            found: 2
        })
    );
    assert_eq!(
        session.states().collect::<Vec<_>>(),
        before,
        "a refused sample changes nothing"
    );
    assert_eq!(session.steps(), 1);
    session.reset();
    assert!(session.states().all(|state| state == 0));
    assert_eq!(Fwht::NAME, "fwht");
}
