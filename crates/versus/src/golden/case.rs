//! Cases as they lie in a folder, and how results are compared with them.

use anyhow::{Context, Result, anyhow, bail, ensure};
use ndarray::{Array2, Array3, ArrayD};
use ndarray_npy::{ReadNpyExt, ReadableElement};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// One result of another program.
#[derive(Debug)]
pub struct Case {
    folder: PathBuf,
    cascades: PathBuf,
    entry: Entry,
    tolerance: Tolerance,
    /// Names of the settings that were asked for.
    asked: RefCell<BTreeSet<String>>,
}

/// A case as it is written in a family's file.
#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    oracle: String,
    image: Option<String>,
    params: BTreeMap<String, Value>,
    file: Option<String>,
    dtype: Option<String>,
    value: Option<Value>,
    tolerance: Option<String>,
}

/// How far a number may lie from the reference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// Not at all.
    Exact,
    /// By so much.
    Absolute(f64),
    /// By this part of the reference.
    Relative(f64),
}

/// How near a result came.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Every number is equal to the reference, bit for bit (NaN to NaN, and 0 to -0).
    pub exact: bool,
    /// Every number lies within the tolerance.
    pub passed: bool,
    /// The largest difference; infinite if the shapes differ or one side is not finite.
    pub difference: f64,
}

#[derive(Deserialize)]
struct Manifest {
    families: BTreeMap<String, Value>,
}

/// The families that a folder's manifest names.
pub(super) fn families(folder: &Path) -> Result<Vec<String>> {
    let manifest: Manifest = read_json(&folder.join("manifest.json"))?;
    Ok(manifest.families.into_keys().collect())
}

/// All cases of a family.
pub(super) fn read(folder: &Path, family: &str, cascades: &Path) -> Result<Vec<Case>> {
    let path = folder.join(format!("{family}.json"));
    let entries: Vec<Entry> = read_json(&path)?;
    let case = |entry: Entry| {
        let tolerance = match &entry.tolerance {
            Some(text) => Tolerance::parse(text).with_context(|| entry.id.clone())?,
            None => Tolerance::Exact,
        };
        Ok(Case {
            folder: folder.to_owned(),
            cascades: cascades.to_owned(),
            entry,
            tolerance,
            asked: RefCell::default(),
        })
    };
    let cases: Result<Vec<Case>> = entries.into_iter().map(case).collect();
    cases.with_context(|| path.display().to_string())
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&nan_as_null(&text)).with_context(|| path.display().to_string())
}

/// Python writes the word `NaN`, which JSON does not have.
fn nan_as_null(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") {
        return Cow::Borrowed(text);
    }
    let mut in_text = false;
    // Quotes within texts are escaped; the pieces between the others are in turn outside and inside.
    let pieces = text.split_inclusive('"').map(|piece| {
        let outside = !in_text;
        in_text ^= piece.ends_with('"') && !(in_text && ends_escaped(piece));
        if outside { Cow::Owned(piece.replace("NaN", "null")) } else { Cow::Borrowed(piece) }
    });
    Cow::Owned(pieces.collect())
}

/// Whether the quote at the end belongs to the text before it.
fn ends_escaped(piece: &str) -> bool {
    let before = piece.strip_suffix('"').unwrap_or(piece);
    (before.len() - before.trim_end_matches('\\').len()) % 2 == 1
}

impl Case {
    /// Its name, unique in the folder.
    pub fn id(&self) -> &str {
        &self.entry.id
    }

    /// The function of the other program that gave the result.
    pub fn oracle(&self) -> &str {
        &self.entry.oracle
    }

    /// Name of the image, "none" if it has none.
    pub fn image_name(&self) -> &str {
        self.entry.image.as_deref().unwrap_or("none")
    }

    /// How far results may lie from the reference; exact if the case says nothing.
    pub fn tolerance(&self) -> Tolerance {
        self.tolerance
    }

    /// Type of the numbers in the reference array, in numpy's words.
    pub fn dtype(&self) -> &str {
        self.entry.dtype.as_deref().unwrap_or_default()
    }

    /// The settings that nothing asked for yet.
    pub(super) fn unread(&self) -> Vec<&str> {
        let asked = self.asked.borrow();
        let names = self.entry.params.keys().map(String::as_str);
        names.filter(|&name| !asked.contains(name)).collect()
    }

    /// All settings together.
    pub fn params<T: DeserializeOwned>(&self) -> Result<T> {
        self.asked.borrow_mut().extend(self.entry.params.keys().cloned());
        let params = self.entry.params.clone().into_iter().collect();
        serde_json::from_value(Value::Object(params)).context("settings")
    }

    /// A setting that the case must have.
    pub fn param<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        self.optional(name)?.ok_or_else(|| anyhow!("the case has no `{name}`"))
    }

    /// A setting that the case may have; null counts as absent.
    pub fn optional<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        self.asked.borrow_mut().insert(name.to_owned());
        let value = self.entry.params.get(name).filter(|value| !value.is_null());
        let read = |value: &Value| {
            serde_json::from_value(value.clone()).with_context(|| format!("setting `{name}`"))
        };
        value.map(read).transpose()
    }

    /// A setting that is on or off, which Python may write as 1 or 0.
    pub fn flag(&self, name: &str) -> Result<Option<bool>> {
        Ok(match self.optional::<Value>(name)? {
            None => None,
            Some(Value::Bool(on)) => Some(on),
            Some(value) if value == 0 => Some(false),
            Some(value) if value == 1 => Some(true),
            Some(value) => bail!("setting `{name}`: {value} is neither true nor false"),
        })
    }

    /// The image in colour or grey, shape `(height, width, channels)`.
    pub fn picture(&self) -> Result<Array3<u8>> {
        let name = self.entry.image.as_deref().context("the case has no image")?;
        let path = self.folder.join("img").join(format!("{name}.png"));
        match image::open(&path).with_context(|| path.display().to_string())? {
            image::DynamicImage::ImageLuma8(image) => Ok(features::view(&image).to_owned()),
            image::DynamicImage::ImageRgb8(image) => Ok(features::view(&image).to_owned()),
            other => bail!("{}: neither grey nor RGB but {:?}", path.display(), other.color()),
        }
    }

    /// The image in grey, shape `(height, width)`.
    pub fn gray(&self) -> Result<Array2<u8>> {
        Ok(features::gray(self.picture()?.view()).into_owned())
    }

    /// The file of a cascade that the case names, which lies outside the folder.
    pub fn cascade_path(&self) -> Result<PathBuf> {
        let path = self.cascades.join(self.param::<String>("cascade")?);
        ensure!(
            path.exists(),
            "{} is missing: install Debian's opencv-data, or give --cascades DIR",
            path.display()
        );
        Ok(path)
    }

    /// The reference array, which must hold numbers of type `T`.
    pub fn array<T: ReadableElement>(&self) -> Result<ArrayD<T>> {
        let file = self.entry.file.as_deref().context("the case has no array")?;
        let path = self.folder.join(file);
        let open = File::open(&path).with_context(|| path.display().to_string())?;
        ArrayD::<T>::read_npy(open).with_context(|| path.display().to_string())
    }

    /// The reference array, whatever the type of its numbers.
    pub fn numbers(&self) -> Result<ArrayD<f64>> {
        Ok(match self.dtype() {
            "uint8" => self.array::<u8>()?.mapv(f64::from),
            "uint16" => self.array::<u16>()?.mapv(f64::from),
            "uint32" => self.array::<u32>()?.mapv(f64::from),
            "int32" => self.array::<i32>()?.mapv(f64::from),
            // Sums of squares of 8 bits are far below 2^53.
            "int64" => self.array::<i64>()?.mapv(|value| value as f64),
            "float32" => self.array::<f32>()?.mapv(f64::from),
            "float64" => self.array::<f64>()?,
            other => bail!("arrays of type {other} are not read"),
        })
    }

    /// The reference as it is written in the case.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T> {
        let value = self.entry.value.as_ref().context("the case has no value")?;
        serde_json::from_value(value.clone()).context("value")
    }

    /// Compares with the reference array, shape and all.
    pub fn compare<T: Copy + Into<f64>>(&self, shape: &[usize], got: &[T]) -> Result<Outcome> {
        let expected = self.numbers()?;
        if expected.shape() != shape {
            bail!("the result has shape {shape:?}, the reference {:?}", expected.shape());
        }
        let got = got.iter().map(|&value| value.into());
        Ok(Outcome::of(got, expected.iter().copied(), self.tolerance))
    }
}

impl Tolerance {
    /// Reads "exact ...", "abs 1e-6 ..." or "rel 1e-9 ..."; what follows explains.
    fn parse(text: &str) -> Result<Self> {
        let separators = |c: char| c.is_whitespace() || c == ';' || c == ',';
        let mut words = text.split(separators).filter(|word| !word.is_empty());
        let kind = words.next().unwrap_or_default();
        let mut size = || {
            let word = words.next().unwrap_or_default();
            word.parse().with_context(|| format!("tolerance `{text}`"))
        };
        Ok(match kind {
            "abs" => Self::Absolute(size()?),
            "rel" => Self::Relative(size()?),
            // "weights exact (f64 sum of f32 leaves)"
            _ if text.contains("exact") => Self::Exact,
            _ => bail!("tolerance `{text}` is not understood"),
        })
    }

    fn allows(self, got: f64, expected: f64) -> bool {
        let apart = (got - expected).abs();
        match self {
            Self::Exact => got == expected,
            Self::Absolute(size) => apart <= size,
            Self::Relative(size) => apart <= size * expected.abs(),
        }
    }
}

impl Outcome {
    /// Compares number by number.
    pub fn of(
        got: impl IntoIterator<Item = f64>,
        expected: impl IntoIterator<Item = f64>,
        tolerance: Tolerance,
    ) -> Self {
        let (mut got, mut expected) = (got.into_iter(), expected.into_iter());
        let mut outcome = Self { exact: true, passed: true, difference: 0.0 };
        loop {
            match (got.next(), expected.next()) {
                (None, None) => return outcome,
                (Some(got), Some(expected)) => {
                    if got == expected || (got.is_nan() && expected.is_nan()) {
                        continue;
                    }
                    outcome.exact = false;
                    outcome.passed &= tolerance.allows(got, expected);
                    let apart = (got - expected).abs();
                    let apart = if apart.is_nan() { f64::INFINITY } else { apart };
                    outcome.difference = outcome.difference.max(apart);
                }
                _ => return Self { exact: false, passed: false, difference: f64::INFINITY },
            }
        }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            exact: self.exact && other.exact,
            passed: self.passed && other.passed,
            difference: self.difference.max(other.difference),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_are_read_from_their_first_words() {
        let parse = |text| Tolerance::parse(text).unwrap();
        assert_eq!(parse("exact"), Tolerance::Exact);
        assert_eq!(parse("weights exact (f64 sum of f32 leaves)"), Tolerance::Exact);
        assert_eq!(parse("abs 2e-6; windows row-major"), Tolerance::Absolute(2e-6));
        assert_eq!(parse("rel 1e-9 (NaN where variance is 0)"), Tolerance::Relative(1e-9));
        assert!(Tolerance::parse("about right").is_err());
        assert!(Tolerance::parse("abs much").is_err());
    }

    #[test]
    fn nan_is_read_outside_of_texts() {
        assert_eq!(nan_as_null("[NaN, 1]"), "[null, 1]");
        let text = r#"{"NaN": [NaN, "a \\\" NaN", "\\", NaN]}"#;
        let read: Value = serde_json::from_str(&nan_as_null(text)).unwrap();
        assert_eq!(read, serde_json::json!({"NaN": [null, "a \\\" NaN", "\\", null]}));
    }

    #[test]
    fn numbers_are_compared_one_by_one() {
        let of = |got: &[f64], expected: &[f64], tolerance| {
            Outcome::of(got.iter().copied(), expected.iter().copied(), tolerance)
        };
        let nan = f64::NAN;
        let same = of(&[1.0, nan, 0.0], &[1.0, nan, -0.0], Tolerance::Exact);
        assert_eq!(same, Outcome { exact: true, passed: true, difference: 0.0 });
        let near = of(&[1.0, 2.5], &[1.0, 2.0], Tolerance::Absolute(0.5));
        assert_eq!(near, Outcome { exact: false, passed: true, difference: 0.5 });
        assert!(!of(&[1.0, 2.5], &[1.0, 2.0], Tolerance::Relative(0.2)).passed);
        assert!(!of(&[nan], &[1.0], Tolerance::Absolute(9.0)).passed);
        assert!(!of(&[1.0], &[nan], Tolerance::Absolute(9.0)).passed);
        assert!(!of(&[1.0], &[1.0, 1.0], Tolerance::Absolute(9.0)).passed);
    }
}
