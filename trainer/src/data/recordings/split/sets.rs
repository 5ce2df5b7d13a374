//! Sets of things that belong together.

use std::collections::HashMap;

/// Sets of keys that are joined.
#[derive(Default)]
pub(super) struct Sets {
    numbers: HashMap<usize, usize>,
    parents: Vec<usize>,
}

impl Sets {
    pub fn of(&mut self, key: usize) -> usize {
        let new = self.parents.len();
        let number = *self.numbers.entry(key).or_insert(new);
        if number == new {
            self.parents.push(new);
        }
        number
    }

    pub fn root(&mut self, mut set: usize) -> usize {
        while self.parents[set] != set {
            self.parents[set] = self.parents[self.parents[set]];
            set = self.parents[set];
        }
        set
    }

    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }
}
