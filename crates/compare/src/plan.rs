//! What to compare: a plan file as it is written, with every default visible.

use crate::calibration::CalibrationParams;
use anyhow::Context;
use eval::record::Protocol;
use eval::search::space::Space;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Settings of one recipe, as its crate reads them.
pub(crate) type Settings = BTreeMap<String, Value>;

/// What to search, by setting: a list of values, or a range.
pub(crate) type Grid = Space;

/// A plan file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// Names the run directory.
    pub(crate) name: String,
    /// All randomness follows from it.
    #[serde(default = "one")]
    pub(crate) seed: u64,
    /// Image folders; relative ones start at [`Self::folder`].
    pub(crate) data: Vec<PathBuf>,
    /// Folder of the plan file. Not recorded: results do not depend on it.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
    /// Height and width all images are brought to; unset: see `data::ReadOptions`.
    #[serde(default)]
    pub(crate) size: Option<[usize; 2]>,
    /// A regular expression whose first parentheses hold the group of an image, taken from its
    /// name; images of one group stay together. See `data::ReadOptions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group_pattern: Option<String>,
    /// Splits, margin and level.
    #[serde(default)]
    pub(crate) protocol: Protocol,
    /// Fixed descriptors; every classifier runs on each.
    #[serde(default)]
    pub(crate) extractor: Vec<ExtractorEntry>,
    /// Classifiers over descriptors.
    #[serde(default)]
    pub(crate) classifier: Vec<ClassifierEntry>,
    /// Models that learn features from the images; every classifier runs on those too.
    #[serde(default)]
    pub(crate) model: Vec<ModelEntry>,
}

/// `[[extractor]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ExtractorEntry {
    /// Name in tables.
    pub(crate) name: String,
    /// One of the catalogue's `EXTRACTORS`, or `join`.
    pub(crate) kind: String,
    /// For `join`: names of extractors above, whose numbers are strung together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<String>,
    /// What the extractor itself reads.
    #[serde(flatten)]
    pub(crate) settings: Settings,
}

/// `[[classifier]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClassifierEntry {
    /// Name in tables.
    pub(crate) name: String,
    /// One of the catalogue's `CLASSIFIERS`.
    pub(crate) kind: String,
    /// Whether features are brought to mean 0 and deviation 1, learned from the training rows.
    #[serde(default)]
    pub(crate) standardise: bool,
    /// Maps that the features pass through, in this order, each learned from the training rows: a
    /// name of the catalogue's `TRANSFORMS`, or a table of one name and its settings. Instead of
    /// `standardise`, which is one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) transforms: Vec<Value>,
    /// How its scores become probabilities; unset: they stay what they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) calibration: Option<CalibrationParams>,
    /// Names of the only extractors and models whose features it runs on; unset: all.
    #[serde(default)]
    pub(crate) on: Option<Vec<String>>,
    /// What to search; the other settings are fixed. Lists go from simple to complex: the first of
    /// equal ones wins.
    #[serde(default)]
    pub(crate) grid: Grid,
    /// What the classifier itself reads.
    #[serde(flatten)]
    pub(crate) settings: Settings,
}

/// `[[model]]`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ModelEntry {
    /// Name in tables.
    pub(crate) name: String,
    /// One of the catalogue's `MODELS`.
    pub(crate) kind: String,
    /// Values to search.
    #[serde(default)]
    pub(crate) grid: Grid,
    /// What the model itself reads.
    #[serde(flatten)]
    pub(crate) settings: Settings,
}

fn one() -> u64 {
    1
}

/// A plan that comes with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Preset {
    /// Small grids, one network: a first answer in minutes
    Quick,
    /// Wider grids, more descriptors, linfa-svm beside our own solver: about 20 minutes
    Full,
}

impl Preset {
    fn text(self) -> &'static str {
        match self {
            Self::Quick => include_str!("../presets/quick.toml"),
            Self::Standard => include_str!("../presets/standard.toml"),
            Self::Full => include_str!("../presets/full.toml"),
        }
    }

    /// The plan; its data folders lie below `root`, the top of the repository.
    pub(crate) fn plan(self, root: &Path) -> Plan {
        let plan = Plan::parse(self.text(), root);
        plan.expect("presets are tested")
    }
}

impl Plan {
    /// Reads a plan file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, folder).map_err(|error| {
            // The parser draws the line and a caret; one line is what a message has.
            let line = error.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" ");
            anyhow::anyhow!("{}: {line}", path.display())
        })
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, toml::de::Error> {
        Ok(Self { folder: folder.to_owned(), ..toml::from_str(text)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_file_says_what_is_wrong_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.toml");
        std::fs::write(&path, "name = 'x'\ndata = []\nseeds = 3\n").unwrap();
        let error = Plan::read(&path).unwrap_err().to_string();
        assert!(error.contains("plan.toml") && error.contains("seeds"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
