//! Channels that are the axes of one sensor, by their names.

use std::collections::BTreeMap;

use super::import::axis;

/// Three channels that are the axes of one sensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sensor {
    /// Part that their names have in common.
    pub name: String,
    /// Numbers of the channels of x, y and z.
    pub axes: [usize; 3],
}

/// The sensors with three axes among channels of these names, by name.
pub(crate) fn sensors<'a>(channels: impl IntoIterator<Item = &'a str>) -> Vec<Sensor> {
    let mut by_name: BTreeMap<String, [Option<usize>; 3]> = BTreeMap::new();
    for (number, channel) in channels.into_iter().enumerate() {
        if let Some((sensor, letter)) = axis(channel) {
            let place = (letter as usize).wrapping_sub('x' as usize);
            if let Some(axis) = by_name.entry(sensor).or_default().get_mut(place) {
                *axis = Some(number);
            }
        }
    }
    let whole = |(name, axes): (String, [Option<usize>; 3])| {
        let [x, y, z] = axes;
        Some(Sensor {
            name,
            axes: [x?, y?, z?],
        })
    };
    by_name.into_iter().filter_map(whole).collect()
}
