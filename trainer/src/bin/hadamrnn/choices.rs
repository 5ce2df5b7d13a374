//! Options whose values are a choice of the library.

use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use hadamrnn::choice::{Choice, UnknownWord};

/// Parser of the words of a choice, which help and messages list.
pub fn choice<T>() -> impl TypedValueParser<Value = T>
where
    T: Choice + FromStr<Err = UnknownWord>,
{
    let value = |choice: &T| {
        let value = PossibleValue::new(choice.word()).help(choice.meaning());
        value.aliases(choice.other_word())
    };
    PossibleValuesParser::new(T::CHOICES.iter().map(value)).try_map(|word| word.parse())
}
