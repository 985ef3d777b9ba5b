//! Sparse data files of LIBSVM and SVMlight.
//!
//! A line is a row: `LABEL INDEX:VALUE INDEX:VALUE ...`, indices from 1 and ascending; numbers
//! that are 0 may be left out. What follows `#` is a comment; `qid:NUMBER`, which SVMlight uses to
//! rank, is passed over. Labels are numbers, as in T. Joachims' SVMlight 6 and LIBSVM 3; several
//! labels per row, which LIBSVM's collection has too, are refused.

use crate::sparse_text::{LineFault, Lines, SparseRows, TextError, number};
use base::{LabelError, Labels, Matrix};
use std::collections::BTreeMap;
use std::io::BufRead;

/// What a file should be like. By default all is taken from the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SvmlightOptions {
    /// Numbers per row, at least the highest index of the file, which is taken without it. A test
    /// part needs that of its training part: its own highest index may be lower.
    pub features: Option<usize>,
    /// Names of the classes, numbers such as `-1`. Without it they are the labels of the file in
    /// ascending order. A test part needs those of its training part.
    pub classes: Option<Vec<String>>,
}

/// Reads rows of shape `(rows, features)` and their classes.
///
/// ```
/// use classic::{SvmlightOptions, read_svmlight};
/// let text = "+1 1:0.5 3:2 # a comment\n-1 2:1e-3\n";
/// let (x, y) = read_svmlight(text.as_bytes(), &SvmlightOptions::default()).unwrap();
/// assert_eq!(x, ndarray::array![[0.5, 0.0, 2.0], [0.0, 1e-3, 0.0]]);
/// assert_eq!((y.classes(), y.ids()), (["-1".to_owned(), "1".to_owned()].as_slice(), [1, 0].as_slice()));
/// ```
///
/// # Errors
/// If a line is not as above (it is named), the source cannot be read, the dense rows would take
/// more than 1 GiB, or a name of `options` is given twice.
pub fn read_svmlight(
    source: impl BufRead,
    options: &SvmlightOptions,
) -> Result<(Matrix, Labels), TextError> {
    let mut lines = Lines::new(source);
    let mut rows = SparseRows::default();
    let mut labels = Vec::new();
    while let Some(line) = lines.next()? {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let Some(label) = words.next() else { continue };
        let read = number::<f64>(label).and_then(|label| {
            rows.push(words.filter(|word| !word.starts_with("qid:")))?;
            Ok(label)
        });
        let label = read.map_err(|fault| lines.fault(fault))?;
        check_row(&rows, label, options).map_err(|fault| lines.fault(fault))?;
        labels.push(label);
    }
    let features = options.features.unwrap_or(rows.features());
    Ok((rows.dense(features)?, classes(&labels, options.classes.as_deref())?))
}

/// Refuses a row that does not fit to what was asked for.
fn check_row(rows: &SparseRows, label: f64, options: &SvmlightOptions) -> Result<(), LineFault> {
    if let Some(features) = options.features.filter(|&features| rows.features() > features) {
        return Err(LineFault::TooHigh { index: rows.features(), features });
    }
    let name = name(label);
    match &options.classes {
        Some(classes) if !classes.contains(&name) => Err(LineFault::UnknownClass(name)),
        _ => Ok(()),
    }
}

/// `known` holds every label, if it is given.
fn classes(labels: &[f64], known: Option<&[String]>) -> Result<Labels, LabelError> {
    let names = known.map_or_else(
        || {
            let mut sorted = labels.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            let mut names: Vec<String> = sorted.into_iter().map(name).collect();
            names.dedup();
            names
        },
        <[String]>::to_vec,
    );
    let ids: BTreeMap<&str, usize> =
        names.iter().enumerate().map(|(id, name)| (name.as_str(), id)).collect();
    let ids = labels.iter().map(|&label| ids[name(label).as_str()]).collect();
    Labels::new(ids, &names)
}

/// `1` for `+1`, `1.0` and the like.
fn name(label: f64) -> String {
    // -0 is 0.
    (label + 0.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, options: &SvmlightOptions) -> Result<(Matrix, Labels), String> {
        read_svmlight(text.as_bytes(), options).map_err(|error| error.to_string())
    }

    #[test]
    fn comments_ranks_blanks_and_ends_of_lines_are_passed_over() {
        let text = "# head\r\n\r\n2 qid:3 2:-1.5 4:1e2\r\n  -0\t1:.5 # tail 3:x\n2.0";
        let (x, y) = read(text, &SvmlightOptions::default()).unwrap();
        let want = [[0.0, -1.5, 0.0, 100.0], [0.5, 0.0, 0.0, 0.0], [0.0; 4]];
        assert_eq!(x, ndarray::arr2(&want));
        assert_eq!(y.classes(), ["0", "2"]);
        assert_eq!(y.ids(), [1, 0, 1]);
    }

    #[test]
    fn a_test_part_is_read_as_its_training_part() {
        let options = SvmlightOptions {
            features: Some(3),
            classes: Some(["-1", "1"].map(str::to_owned).to_vec()),
        };
        let (x, y) = read("1 1:1", &options).unwrap();
        assert_eq!((x.dim(), y.ids(), y.class_count()), ((1, 3), [1].as_slice(), 2));
        assert_eq!(
            read("1 1:1\n1 4:1", &options).unwrap_err(),
            "line 2: index 4 is above the number of features, 3"
        );
        assert_eq!(read("3 1:1", &options).unwrap_err(), "line 1: class `3` is not known");
        let classes = Some(vec!["1".to_owned(); 2]);
        let twice = read("1 1:1", &SvmlightOptions { features: None, classes });
        assert_eq!(twice.unwrap_err(), "the class name `1` is given twice");
    }

    #[test]
    fn faults_name_the_line() {
        for (text, fault) in [
            ("a 1:1", "`a` is not a finite number"),
            ("1,2 1:1", "`1,2` is not a finite number"),
            ("nan 1:1", "`nan` is not a finite number"),
            ("1 1", "`1` is not INDEX:VALUE"),
            ("1 0:1", "index `0` is not a whole number from 1 to 4294967295"),
            ("1 4294967296:1", "index `4294967296` is not a whole number from 1 to 4294967295"),
            ("1 2:1 2:1", "index 2 follows 2; they must ascend"),
            ("1 1:1e99", "`1e99` is not a finite number"),
            ("1 1:", "`` is not a finite number"),
        ] {
            let error = read(&format!("1 1:1\n{text}\n"), &SvmlightOptions::default());
            assert_eq!(error.unwrap_err(), format!("line 2: {fault}"));
        }
        let error = read_svmlight(&b"1 1:1\n\xff\n"[..], &SvmlightOptions::default());
        assert_eq!(error.unwrap_err().to_string(), "line 2: is not text");
    }

    #[test]
    fn one_large_index_does_not_take_all_memory() {
        let error = read("1 4294967295:1", &SvmlightOptions::default()).unwrap_err();
        let want = "1 rows x 4294967295 features are too many: at most 268435456 numbers";
        assert_eq!(error, want);
    }
}
