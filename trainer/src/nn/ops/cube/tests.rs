//! The layout, which needs no device; the kernels are run by the tests of the operations.

use super::layout::{Layout, Pass};
use super::transform::{index_of, padded};

/// Sizes with full and partial passes, blocks of every size, cubes at and below their largest.
fn layouts() -> Vec<Layout> {
    let sizes = (0..=10).flat_map(|q| [1, 3, 8].map(|blocks| (blocks << q, q)));
    let limits = [1, 7, 64, 1024];
    let layouts = sizes.flat_map(|(n, q)| limits.map(|units| Layout::new(n, q, units)));
    layouts.collect()
}

fn passes(layout: &Layout) -> Vec<Pass> {
    (0..layout.passes())
        .map(|index| layout.pass(index))
        .collect()
}

#[test]
fn cubes_are_within_their_limit_and_hold_the_whole_state() {
    for units in [1, 7, 64, 1024] {
        let layout = Layout::new(512, 9, units);
        assert!(layout.units <= units);
        assert_eq!(layout.units * layout.held(), 512);
    }
    assert_eq!(Layout::new(512, 9, 1024).units, 64);
}

#[test]
fn passes_do_every_stage_once_in_order() {
    for layout in layouts() {
        let stages = passes(&layout)
            .into_iter()
            .flat_map(|pass| pass.low..pass.low + pass.stages);
        assert_eq!(
            stages.collect::<Vec<_>>(),
            (0..layout.log2_block).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_pass_holds_every_number_once() {
    for layout in layouts() {
        for pass in passes(&layout).into_iter().chain([layout.rest()]) {
            let slots = |unit| (0..layout.held()).map(move |slot| (unit, slot));
            let held = (0..layout.units).flat_map(slots);
            let mut held: Vec<_> = held
                .map(|(unit, slot)| index_of(unit, slot, pass, layout.units))
                .collect();
            held.sort_unstable();
            assert_eq!(
                held,
                (0..layout.hidden).collect::<Vec<_>>(),
                "{layout:?} {pass:?}"
            );
        }
    }
}

#[test]
fn the_pairs_of_a_stage_are_in_one_unit() {
    for layout in layouts() {
        for pass in passes(&layout) {
            for (unit, slot) in
                (0..layout.units).flat_map(|unit| (0..layout.held()).map(move |slot| (unit, slot)))
            {
                for stage in (0..pass.stages).filter(|stage| slot >> stage & 1 == 0) {
                    let index = |slot| index_of(unit, slot, pass, layout.units);
                    assert_eq!(
                        index(slot + (1 << stage)),
                        index(slot) + (1 << (pass.low + stage))
                    );
                }
            }
        }
    }
}

#[test]
fn shared_memory_has_room_for_every_number() {
    for layout in layouts() {
        assert!(
            padded(layout.hidden - 1) < layout.shared_len().max(1),
            "{layout:?}"
        );
    }
}
