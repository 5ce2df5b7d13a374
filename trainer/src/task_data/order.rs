//! Classes and channels of recordings by the names that a model has for them.

use anyhow::{Result, bail};

use super::Windows;
use crate::data::words::composed;
use crate::data::{Sequences, Targets, Values};
use crate::standardise::Standardisation;
use crate::visible;

impl Windows {
    /// Puts classes and channels into another order, by name.
    pub(super) fn order(&mut self, classes: &[String], channels: &[String]) -> Result<()> {
        let class_order = places("classes", &self.data.classes, classes)?;
        let channel_order = places("channels", &self.data.channel_names, channels)?;
        let new = self.own.as_mut().map(|own| &mut own.new);
        let data = &mut self.data;
        let splits = [&mut data.train, &mut data.valid, &mut data.test];
        for split in splits.into_iter().chain(new) {
            reorder(split, class_order.as_deref(), channel_order.as_deref());
        }
        if class_order.is_some() {
            data.classes = classes.to_vec();
        }
        if let Some(order) = channel_order {
            data.channel_names = channels.to_vec();
            data.input_lsb = order.iter().map(|&from| data.input_lsb[from]).collect();
            self.standardisation = reordered(&self.standardisation, &order);
        }
        Ok(())
    }
}

/// The same of channels in another order.
fn reordered(before: &Standardisation, order: &[usize]) -> Standardisation {
    let mut after = Standardisation {
        source: Vec::new(),
        mean: Vec::new(),
        deviation: Vec::new(),
        clamp: before.clamp,
    };
    for (channel, &from) in order.iter().enumerate() {
        let inputs = (0..before.source.len()).filter(|&input| before.source[input] == from);
        for input in inputs {
            after.source.push(channel);
            after.mean.push(before.mean[input]);
            after.deviation.push(before.deviation[input]);
        }
    }
    after
}

/// Where each of the model's names is among those of the data; none where the order is the same.
fn places(what: &str, of_data: &[String], of_model: &[String]) -> Result<Option<Vec<usize>>> {
    if of_data == of_model {
        return Ok(None);
    }
    let is = |a: &str, b: &str| a == b || composed(a) == composed(b);
    let place = |name: &String| of_data.iter().position(|other| is(other, name));
    let order: Option<Vec<usize>> = of_model.iter().map(place).collect();
    match order {
        Some(order) if order.len() == of_data.len() => Ok(Some(order)),
        _ => bail!(
            "the {what} of the data are {}, not {}, which the model has: give data with the same",
            visible::names(of_data),
            visible::names(of_model)
        ),
    }
}

fn reorder(sequences: &mut Sequences, classes: Option<&[usize]>, channels: Option<&[usize]>) {
    if let (Some(order), Targets::Class(targets)) = (classes, &mut sequences.targets) {
        for class in targets {
            let new = order.iter().position(|&from| from == *class as usize);
            *class = new.map_or(*class, |new| new as u32);
        }
    }
    if let (Some(order), Values::Numbers(values)) = (channels, &mut sequences.values) {
        for row in values.samples_mut().chunks_exact_mut(order.len()) {
            let before = row.to_vec();
            for (value, &from) in row.iter_mut().zip(order) {
                *value = before[from];
            }
        }
        for stream in &mut sequences.streams {
            stream.reorder_channels(order);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.into()).collect()
    }

    #[test]
    fn names_are_reordered_or_refused_with_both_lists() {
        let model = names(&["x", "y", "z"]);
        assert_eq!(places("channels", &model, &model).unwrap(), None);
        let order = places("channels", &names(&["z", "x", "y"]), &model).unwrap();
        assert_eq!(order, Some(vec![1, 2, 0]));
        let classes = places(
            "classes",
            &names(&["\u{fc}", "a"]),
            &names(&["a", "u\u{308}"]),
        );
        assert_eq!(classes.unwrap(), Some(vec![1, 0]));
        for other in [
            names(&["x", "y"]),
            names(&["x", "y", "w"]),
            names(&["x", "y", "z", "w"]),
        ] {
            let error = places("channels", &other, &model).unwrap_err().to_string();
            let expected = format!("are {}, not x, y, z", other.join(", "));
            assert!(error.contains(&expected), "{error}");
        }
    }

    #[test]
    fn inputs_follow_their_channels() {
        let before = Standardisation {
            source: vec![0, 1, 1],
            mean: vec![10.0, 20.0, 20.0],
            deviation: vec![1.0, 2.0, 0.5],
            clamp: Some(3.0),
        };
        let after = reordered(&before, &[1, 0]);
        assert_eq!(after.source, [0, 0, 1]);
        assert_eq!(after.mean, [20.0, 20.0, 10.0]);
        let (moved, plain) = (after.apply(&[21.0, 11.0]), before.apply(&[11.0, 21.0]));
        assert_eq!(moved, [plain[1], plain[2], plain[0]]);
    }

    #[test]
    fn values_and_targets_follow_their_names() {
        let mut sequences = Sequences::new(
            3,
            1,
            vec![3.0, 1.0, 2.0, 30.0, 10.0, 20.0],
            Targets::Class(vec![0, 1]),
            vec![],
        )
        .unwrap();
        reorder(&mut sequences, Some(&[1, 0]), Some(&[1, 2, 0]));
        assert_eq!(
            sequences.values.numbers().to_vec(),
            [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]
        );
        assert_eq!(sequences.targets.values(), [1, 0]);
    }
}
