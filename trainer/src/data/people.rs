//! Names of columns, arrays and folders that name people: one list for recordings of every form.

use super::words::words;

/// Words for a person or an animal that wears a sensor, the surest first, then those of other languages.
const PEOPLE: &[&str] = &[
    "subject",
    "person",
    "participant",
    "volunteer",
    "user",
    "patient",
    "proband",
    "subj",
    "individual",
    "respondent",
    "wearer",
    "tester",
    "testperson",
    "testsubject",
    "uid",
    "pid",
    "human",
    "student",
    "pupil",
    "child",
    "athlete",
    "player",
    "worker",
    "employee",
    "operator",
    "actor",
    "driver",
    "rider",
    "animal",
    "horse",
    "dog",
    "cow",
    // German
    "probanden",
    "probandin",
    "versuchsperson",
    "versuchspersonen",
    "vp",
    "vpn",
    "teilnehmer",
    "teilnehmerin",
    "nutzer",
    "benutzer",
    "patientin",
    "fahrer",
    "schüler",
    "schueler",
    "sportler",
    "spieler",
    "reiter",
    "tier",
    "pferd",
    "hund",
    // French
    "sujet",
    "personne",
    "participante",
    "utilisateur",
    "volontaire",
    "individu",
    "élève",
    "eleve",
    "conducteur",
    // Spanish, Portuguese, Italian
    "sujeto",
    "persona",
    "usuario",
    "paciente",
    "voluntario",
    "individuo",
    "sujeito",
    "pessoa",
    "usuário",
    "utilizador",
    "voluntário",
    "indivíduo",
    "soggetto",
    "partecipante",
    "utente",
    "paziente",
    "volontario",
    // Dutch, Danish, Norwegian, Swedish
    "proefpersoon",
    "persoon",
    "deelnemer",
    "gebruiker",
    "patiënt",
    "deltager",
    "deltagare",
    "deltaker",
    "forsøgsperson",
    "forsøksperson",
    "försöksperson",
    "bruger",
    "bruker",
    "användare",
    // Polish, Czech, Finnish, Hungarian, Turkish, Indonesian
    "osoba",
    "uczestnik",
    "pacjent",
    "użytkownik",
    "účastník",
    "ucastnik",
    "pacient",
    "uživatel",
    "henkilö",
    "osallistuja",
    "potilas",
    "käyttäjä",
    "személy",
    "résztvevő",
    "felhasználó",
    "kişi",
    "katılımcı",
    "katilimci",
    "denek",
    "hasta",
    "kullanıcı",
    "subjek",
    "peserta",
    "pasien",
    "pengguna",
    // Russian, Hindi, Chinese, Japanese, Korean
    "испытуемый",
    "участник",
    "пациент",
    "пользователь",
    "человек",
    "субъект",
    "व्यक्ति",
    "प्रतिभागी",
    "受试者",
    "被试",
    "参与者",
    "用户",
    "患者",
    "志愿者",
    "被験者",
    "参加者",
    "ユーザー",
    "피험자",
    "참가자",
    "사용자",
    "환자",
];

/// Words that say that a person is told by a number or a name.
const IDENTIFIERS: [&str; 12] = [
    "id", "ids", "name", "number", "num", "no", "nr", "nummer", "numero", "número", "code", "index",
];

/// Endings by which a word for a person goes on to say the same: `subjectid`, `vpnr`.
const ENDINGS: [&str; 5] = ["id", "nr", "no", "code", "name"];

/// How sure it is that a column of this name names people, 0 being the surest; none where it does not: `user id` does,
/// `user acceleration x` is a signal.
pub(super) fn rank(name: &str) -> Option<usize> {
    let mut words = words(name);
    words.retain(|word| !is_identifier(word));
    rank_of_word(&words.concat())
}

/// Whether a word names a person, alone or with an identifier at its end.
pub(super) fn is_person(word: &str) -> bool {
    rank_of_word(word).is_some()
}

/// The surest of the columns that name people.
pub(super) fn column(names: &[String]) -> Option<usize> {
    let ranks = names.iter().zip(0..);
    let found = ranks.filter_map(|(name, column)| Some((rank(name)?, column)));
    found.min().map(|(_, column)| column)
}

fn is_identifier(word: &str) -> bool {
    IDENTIFIERS.contains(&word) || word.parse::<u32>().is_ok()
}

fn rank_of_word(word: &str) -> Option<usize> {
    let place = |word: &str| PEOPLE.iter().position(|person| *person == word);
    let without = |ending: &&str| place(word.strip_suffix(ending)?);
    place(word).or_else(|| ENDINGS.iter().find_map(without))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_in_many_languages() {
        for name in [
            "patient",
            "patient_id",
            "Proband",
            "probanden_id",
            "Versuchsperson",
            "VP",
            "vpNr",
            "Teilnehmer",
            "Nutzer",
            "sujet",
            "sujeto",
            "pessoa",
            "subj",
            "subj_no",
            "uid",
            "PID",
            "student",
            "driver",
            "participant",
            "Participant ID",
            "userID",
            "SubjectID",
            "id_sujet",
            "user 1",
            "испытуемый",
            "被験者",
            "Te\u{301}st_subject",
        ] {
            // `Tést` is no word for a person.
            assert_eq!(
                rank(name).is_some(),
                !name.starts_with("Te\u{301}"),
                "{name}"
            );
        }
        for name in [
            "ax",
            "id",
            "name",
            "",
            "userAcceleration.x",
            "user_acc",
            "sample_id",
            "s1",
            "p",
            "human_activity",
            "tierce",
            "label",
            "session",
            "pidx",
        ] {
            assert_eq!(rank(name), None, "{name}");
        }
        let header = ["driver", "label", "subject_id"].map(String::from);
        assert_eq!(column(&header), Some(2));
    }
}
