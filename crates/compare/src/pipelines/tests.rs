use super::*;
use crate::environment::repository;
use crate::plan::Preset;
use eval::record::Family;
use serde_json::json;

#[test]
fn presets_build_and_hold_both_sides_and_the_baselines() {
    for preset in [Preset::Quick, Preset::Standard, Preset::Full] {
        let mut plan = preset.plan(&repository());
        complete(&mut plan);
        let pipelines = Pipelines::build(&plan).map_err(|faults| faults.join("\n")).unwrap();
        let infos = pipelines.infos();
        for family in [Family::Classical, Family::Deep, Family::Reference] {
            assert!(infos.iter().any(|info| info.family == family), "{preset:?}: {family:?}");
        }
        for baseline in ["pixels + majority", "pixels + 1-nn", "pixels + svm-linear"] {
            assert!(infos.iter().any(|info| info.name == baseline), "{preset:?}: {baseline}");
        }
        assert!(plan.data.iter().all(|set| plan.folder.join(set).is_dir()), "{preset:?}");
    }
}

#[test]
fn every_plan_of_the_repository_builds_and_its_image_sets_are_there() {
    let mut built = Vec::new();
    for entry in std::fs::read_dir(repository().join("plans")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let mut plan = Plan::read(&path).unwrap();
        complete(&mut plan);
        let faults = Pipelines::build(&plan).err();
        assert_eq!(faults, None, "{}", path.display());
        for set in &plan.data {
            assert!(plan.folder.join(set).is_dir(), "{}: {}", path.display(), set.display());
        }
        built.push(plan.name);
    }
    assert!(built.contains(&"vanishing-gradients".to_owned()), "{built:?}");
}

#[test]
fn boosted_features_stand_on_the_classical_side() {
    let mut plan = Preset::Full.plan(&repository());
    complete(&mut plan);
    let infos = Pipelines::build(&plan).map_err(|faults| faults.join("\n")).unwrap().infos();
    let boosted = infos.iter().filter(|info| info.extractor == "boosted-haar");
    assert!(boosted.clone().count() > 1 && boosted.clone().any(|info| info.name == "boosted-haar"));
    for info in boosted.filter(|info| info.family != Family::Reference) {
        assert_eq!(info.family, Family::Classical, "{}", info.name);
    }
}

#[test]
fn records_show_every_default() {
    let mut plan = Preset::Quick.plan(&repository());
    complete(&mut plan);
    let infos = Pipelines::build(&plan).map_err(|faults| faults.join("\n")).unwrap().infos();
    let hog = infos.iter().find(|info| info.name == "hog + svm-rbf").unwrap();
    assert_eq!(hog.settings["extractor"]["settings"]["orientations"], 9);
    assert_eq!(hog.settings["classifier"]["settings"]["gamma"], "scale");
}

/// A plan of one classifier with this line, built; or its faults.
fn with_line(line: &str) -> Result<Vec<PipelineInfo>, String> {
    let text = format!(
        "name = 'x'\ndata = []\n[[extractor]]\nname = 'pixels'\nkind = 'pixels'\n\
         [[classifier]]\nname = 'svm'\nkind = 'svm'\n{line}\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.toml");
    std::fs::write(&path, text).unwrap();
    let mut plan = Plan::read(&path).unwrap();
    complete(&mut plan);
    Pipelines::build(&plan).map(|built| built.infos()).map_err(|faults| faults.join("\n"))
}

#[test]
fn transforms_are_recorded_with_their_defaults_and_only_where_there_are_any() {
    let line = "transforms = ['hellinger', 'standardise', { pca = { components = 64 } }]";
    let settings = &with_line(line).unwrap()[0].settings["classifier"];
    let want = json!([
        { "hellinger": {} },
        { "standardise": {} },
        { "pca": { "components": 64, "whiten": false } },
    ]);
    assert_eq!(settings["transforms"], want);
    for line in ["", "standardise = true"] {
        let settings = &with_line(line).unwrap()[0].settings["classifier"];
        assert_eq!(settings.get("transforms"), None, "{line}");
    }
}

#[test]
fn calibration_is_recorded_with_its_defaults_and_only_where_there_is_one() {
    for method in ["sigmoid", "isotonic", "temperature", "coupling"] {
        let line = format!("calibration = {{ method = '{method}' }}\nstandardise = true");
        let settings = &with_line(&line).unwrap()[0].settings["classifier"];
        let want = json!({ "method": method, "folds": 5, "decide": "probability" });
        assert_eq!(settings["calibration"], want);
    }
    let settings = &with_line("").unwrap()[0].settings["classifier"];
    assert_eq!(settings.get("calibration"), None);
}

#[test]
fn calibration_that_cannot_be_is_told() {
    for (line, fault) in [
        ("calibration = { folds = 1 }", "`folds` is 1"),
        (
            "calibration = { method = 'coupling' }\nmulti_class = 'one_vs_rest'",
            "`multi_class` is one_vs_rest",
        ),
        (
            "calibration = { method = 'coupling' }\n[[classifier]]\nname = 'mean'\n\
             kind = 'nearest-mean'\ncalibration = { method = 'coupling' }",
            "`coupling` calibrates the pairs of an `svm`, and `nearest-mean` has none",
        ),
    ] {
        let faults = with_line(line).unwrap_err();
        assert!(faults.contains(fault), "{faults}");
    }
}

#[test]
fn every_transform_can_be_named_alone() {
    for kind in catalogue::TRANSFORMS {
        let built = with_line(&format!("transforms = ['{}']", kind.name()));
        assert_eq!(built.unwrap().len(), 1);
    }
}

#[test]
fn transforms_that_are_none_are_told() {
    for (line, fault) in [
        ("transforms = ['whiten']", "`whiten` is not known; there are: standardise, min-max"),
        ("transforms = [{ pca = { components = 0 } }]", "`components` is 0"),
        ("transforms = [{ pca = { size = 3 } }]", "unknown field `size`"),
        ("transforms = [{ hellinger = {}, pca = {} }]", "an entry is a name or"),
        ("transforms = [7]", "`transforms` holds 7"),
        ("transforms = ['pca']\nstandardise = true", "put \"standardise\" into that list"),
    ] {
        let faults = with_line(line).unwrap_err();
        assert!(faults.contains("classifier `svm`") && faults.contains(fault), "{faults}");
    }
}
