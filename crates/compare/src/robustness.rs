//! Corrupted copies of the test images, scored by refitted models.

use base::{Images, ParamError, Scores, Seed};
use data::corrupt::{self, CORRUPTIONS, Corruption, SEVERITIES};
use eval::corrupted::{self, Corrupted};
use eval::record::{CorruptionWord, Corruptions, Protocol};
use rayon::prelude::*;

/// A corruption at one severity.
pub(crate) struct Condition {
    corruption: &'static Corruption,
    severity: usize,
}

/// What a protocol asks for, in the order of reports, or what is wrong with it.
pub(crate) fn conditions(protocol: &Protocol) -> Result<Vec<Condition>, String> {
    let mut severities = protocol.severities.clone();
    severities.sort_unstable();
    severities.dedup();
    let fits = |severity: &usize| (1..=SEVERITIES).contains(severity);
    if severities.is_empty() || !severities.iter().all(fits) {
        return Err(format!("protocol: `severities` must be numbers from 1 to {SEVERITIES}"));
    }
    let wanted: Vec<&Corruption> = match &protocol.corruptions {
        Corruptions::Word(CorruptionWord::None) => Vec::new(),
        Corruptions::Word(CorruptionWord::All) => CORRUPTIONS.iter().collect(),
        Corruptions::Named(names) => {
            if let Some(name) = names.iter().find(|name| corrupt::find(name).is_none()) {
                let known: Vec<&str> = CORRUPTIONS.iter().map(|known| known.name).collect();
                return Err(format!(
                    "protocol: corruption `{name}` is not known; there are: {}",
                    known.join(", ")
                ));
            }
            let named = |known: &&Corruption| names.iter().any(|name| name == known.name);
            CORRUPTIONS.iter().filter(named).collect()
        }
    };
    let conditions = wanted.into_iter().flat_map(|corruption| {
        severities.iter().map(move |&severity| Condition { corruption, severity })
    });
    Ok(conditions.collect())
}

/// Predictions for the `test` images under each condition. Copies are made anew for each model:
/// seventy copies of a large test part would not fit into memory.
pub(crate) fn score(
    trial: &str,
    conditions: &[Condition],
    test: &Images,
    seed: Seed,
    scores: &(dyn Fn(&Images) -> Scores + Sync),
) -> Result<Corrupted, ParamError> {
    let predicted = conditions.par_iter().map(|Condition { corruption, severity }| {
        let worse = corruption.apply(*severity, test, seed)?;
        let predicted = scores(&worse).predicted();
        Ok(corrupted::Condition::new(corruption.name, *severity, &predicted))
    });
    let conditions = predicted.collect::<Result<_, ParamError>>()?;
    Ok(Corrupted { trial: trial.to_owned(), conditions })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protocol(corruptions: Corruptions, severities: &[usize]) -> Protocol {
        Protocol { corruptions, severities: severities.to_vec(), ..Protocol::default() }
    }

    #[test]
    fn plans_name_conditions_and_faults_name_the_cure() {
        let all = protocol(Corruptions::Word(CorruptionWord::All), &[1, 2, 3, 4, 5]);
        assert_eq!(conditions(&all).unwrap().len(), 5 * CORRUPTIONS.len());
        assert!(conditions(&Protocol::default()).unwrap().is_empty());
        let named = |name: &str| Corruptions::Named(vec![name.to_owned()]);
        assert_eq!(conditions(&protocol(named("jpeg"), &[5, 3, 3])).unwrap().len(), 2);
        let error = conditions(&protocol(named("rain"), &[1])).err().unwrap();
        assert!(error.contains("`rain`") && error.contains("gaussian-noise"), "{error}");
        for severities in [&[][..], &[0], &[6]] {
            assert!(conditions(&protocol(named("jpeg"), severities)).is_err());
        }
    }
}
