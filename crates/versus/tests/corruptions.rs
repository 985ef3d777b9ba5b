//! The reference values that lie beside the tests of `data`.

use std::path::Path;
use versus::golden::corruptions;

fn data_tests() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/tests/golden")
}

#[test]
fn every_public_case_passes() {
    let report = corruptions::run(&data_tests().join("corruptions.json")).unwrap();
    let failures: Vec<String> = report.failures().collect();
    assert!(report.passed(), "{}", failures.join("\n"));
    assert!(report.to_string().ends_with("    42      0"), "{report}");
}

#[test]
fn a_wrong_pixel_and_an_unknown_operation_fail() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.json");
    let cases = r#"{"deterministic": [
        {"op": "inverse", "arg": null, "x": [[0.25]], "y": [[0.7499]]},
        {"op": "rain", "arg": 1, "x": [[0.25]], "y": [[0.25]]}
    ]}"#;
    std::fs::write(&file, cases).unwrap();
    let report = corruptions::run(&file).unwrap();
    assert!(!report.passed());
    assert_eq!(report.failures().count(), 2);
}
