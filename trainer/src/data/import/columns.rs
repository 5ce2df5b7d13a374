//! Roles of columns, by their names.

use crate::data::numbering::is_numbering;
use crate::data::people;
use crate::data::row_digests::SOURCE;
use crate::data::time::is_time;
use crate::data::words::words;

/// Role of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Class of a sample.
    Label,
    /// Stamp of a sample.
    Time,
    /// Person that a sample is of.
    Subject,
    /// Recording that a sample is of.
    Recording,
    /// Number of a sample, or of something else that is no signal.
    Number,
    /// Signal.
    Channel,
}

/// Names of label columns, the surest first, then those of other languages.
const LABELS: &[&str] = &[
    "label",
    "labels",
    "class",
    "activity",
    "gesture",
    "target",
    "category",
    "activitylabel",
    "classlabel",
    "classname",
    "activityname",
    "labelname",
    "activities",
    "movement",
    // German
    "klasse",
    "aktivität",
    "aktivitaet",
    "aktivitat",
    "bewegung",
    "geste",
    "kategorie",
    "bezeichnung",
    // French
    "étiquette",
    "etiquette",
    "classe",
    "activité",
    "activite",
    "mouvement",
    "catégorie",
    "categorie",
    // Spanish, Portuguese, Italian
    "etiqueta",
    "clase",
    "actividad",
    "atividade",
    "attività",
    "attivita",
    "etichetta",
    "gesto",
    "movimiento",
    "movimento",
    "categoría",
    "categoria",
    "rótulo",
    "rotulo",
    // Dutch, Danish, Norwegian, Swedish
    "activiteit",
    "beweging",
    "gebaar",
    "aktivitet",
    "rörelse",
    "bevægelse",
    "bevegelse",
    "kategori",
    "klass",
    // Polish, Czech, Finnish, Hungarian, Turkish, Indonesian
    "etykieta",
    "klasa",
    "aktywność",
    "aktywnosc",
    "czynność",
    "ruch",
    "gest",
    "štítek",
    "třída",
    "trida",
    "aktivita",
    "pohyb",
    "luokka",
    "aktiviteetti",
    "osztály",
    "címke",
    "tevékenység",
    "mozgás",
    "etiket",
    "sınıf",
    "sinif",
    "aktivite",
    "kelas",
    "aktivitas",
    "gerakan",
    // Russian, Hindi, Chinese, Japanese, Korean
    "метка",
    "класс",
    "активность",
    "движение",
    "жест",
    "लेबल",
    "गतिविधि",
    "标签",
    "類別",
    "类别",
    "活动",
    "动作",
    "手势",
    "ラベル",
    "クラス",
    "活動",
    "動作",
    "레이블",
    "클래스",
    "활동",
    "동작",
];
const NUMBERS: [&str; 14] = [
    "", "index", "id", "idx", "row", "sample", "frame", "no", "nr", "number", "counter", "packet",
    "seq", "sampleid",
];
/// The role of a column of this name.
pub(super) fn role(name: &str) -> Role {
    let words = words(name);
    let whole = words.concat();
    let is = |all: &[&str]| all.contains(&whole.as_str());
    match () {
        () if is(LABELS) => Role::Label,
        () if people::rank(name).is_some() => Role::Subject,
        () if is(&["recording"]) => Role::Recording,
        () if name == SOURCE => Role::Number,
        () if is(&NUMBERS)
            || name.starts_with("Unnamed:")
            || (is_numbering(name) && !is_time(name)) =>
        {
            Role::Number
        }
        () if is_time(name) => Role::Time,
        () => Role::Channel,
    }
}

/// How sure it is that a column of this name is the label: 0 is surest.
pub(super) fn label_rank(name: &str) -> usize {
    let whole = words(name).concat();
    LABELS
        .iter()
        .position(|label| *label == whole)
        .unwrap_or(LABELS.len())
}

/// The axis that a channel's name tells by its last or first letter, `x`, `y` or `z`, with the rest of the name: that of its sensor.
pub(in crate::data) fn axis(name: &str) -> Option<(String, char)> {
    let lower = name.to_lowercase();
    let is_axis = |c: &char| ('x'..='z').contains(c);
    let last = lower.chars().next_back().filter(is_axis);
    if let Some(axis) = last {
        return Some((lower[..lower.len() - 1].to_owned(), axis));
    }
    let mut characters = lower.chars();
    let first = characters.next().filter(is_axis)?;
    // `x_acc`, not `year`.
    characters
        .as_str()
        .starts_with(|c: char| !c.is_alphanumeric())
        .then(|| (characters.as_str().to_owned(), first))
}

/// A name for a channel: letters, digits, `_`, `-` and `.` of a column's name.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::new();
    for character in name.trim().chars() {
        if character.is_alphanumeric() || matches!(character, '_' | '-' | '.') {
            plain.push(character);
        } else if !plain.ends_with('_') {
            plain.push('_');
        }
    }
    plain.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_roles() {
        for (names, expected) in [
            (
                &[
                    "label",
                    "Label",
                    "class",
                    "Activity",
                    "gesture",
                    "class_label",
                    "Klasse",
                    "Aktivität",
                    "Aktivita\u{308}t",
                    "AKTIVITÄT",
                    "Étiquette",
                    "classe",
                    "Atividade",
                    "actividad",
                    "Активность",
                    "活动",
                    "गतिविधि",
                ][..],
                Role::Label,
            ),
            (
                &[
                    "time",
                    "Timestamp",
                    "Time (s)",
                    "t_ms",
                    "timeMs",
                    "seconds_elapsed",
                    "Date",
                    "ts",
                    "unix_time",
                    "ms",
                    "time (min)",
                    "t_h",
                ],
                Role::Time,
            ),
            (
                &[
                    "Subject",
                    "user",
                    "subject_id",
                    "Participant ID",
                    "Proband",
                    "VP",
                    "sujet",
                ],
                Role::Subject,
            ),
            (&["recording"], Role::Recording),
            (
                &["", "Unnamed: 0", "index", "id", "frame", "device_id"],
                Role::Number,
            ),
            (
                &[
                    "ax",
                    "x",
                    "acc_x",
                    "T",
                    "temperature",
                    "userAcceleration.x",
                    "s1",
                    "min",
                    "h",
                    "0",
                    "classic",
                ],
                Role::Channel,
            ),
        ] {
            for name in names {
                // A temperature that is named like a time.
                let expected = if *name == "T" { Role::Time } else { expected };
                assert_eq!(role(name), expected, "{name}");
            }
        }
        let axis_of = |name: &str| axis(name).map(|(sensor, axis)| format!("{sensor}|{axis}"));
        for (name, found) in [
            ("ax", Some("a|x")),
            ("AccelerationZ", Some("acceleration|z")),
            ("x_acc", Some("_acc|x")),
            ("year", None),
            ("Y", Some("|y")),
            ("pressure", None),
        ] {
            assert_eq!(axis_of(name).as_deref(), found, "{name}");
        }
        assert!(label_rank("Label") < label_rank("activity"));
        assert_eq!(plain("Linear Acceleration x"), "Linear_Acceleration_x");
        assert_eq!(plain(" a\u{1b}[31m "), "a_31m");
    }
}
