//! The reference values that lie beside the tests of `eval`.

use std::path::Path;
use versus::golden::stats;

/// `stats_more.json` is written by `stats_more.py` with SciPy, statsmodels, scikit-learn,
/// scikit-posthocs, baycomp and networkx; the file names their versions and each tolerance.
#[test]
fn random_cases_of_other_programs_come_out_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../eval/tests/golden");
    let report = stats::run(&folder.join("stats_more.json")).unwrap();
    let failures: Vec<String> = report.failures().collect();
    assert!(report.passed(), "{}", failures.join("\n"));
    assert_eq!(report.cases(), 166);
}
