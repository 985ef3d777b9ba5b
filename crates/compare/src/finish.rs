//! What is worked out from the finished trials: predictions side by side, example images, the
//! report, and the answer on the terminal.

use crate::args::Extras;
use crate::pipelines::Pipelines;
use crate::plan::Plan;
use crate::run::BadRequest;
use crate::sets::OpenSet;
use crate::tensorboard;
use crate::text::counted;
use anyhow::Context;
use base::Images;
use eval::record::{Family, Manifest, PipelineInfo, SearchMethod};
use eval::repeated::takes_part;
use eval::run::Run;
use eval::seeds::trainings;
use eval::store::{RunDirectory, StoreError};
use eval::summary::{
    PipelineSummary, SetSummary, Summary, Unfinished, example_path, predictions_csv,
};
use eval::verdict::Decision;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use report::Written;
use std::io::{Cursor, ErrorKind, Write};
use std::path::Path;

/// Most images stored per set and side for the report to show.
const MAX_EXAMPLES: usize = 50;

/// Writes `predictions/` and `examples/`.
pub(crate) fn outputs(directory: &RunDirectory, sets: &[OpenSet]) -> anyhow::Result<()> {
    let run = Run::load(directory.root())?;
    for (summary, set) in Summary::of(&run)?.sets.iter().zip(sets) {
        let csv = predictions_csv(summary, &set.record, &set.hold_out);
        directory.write_file(&format!("predictions/{}.csv", set.record.name), csv.as_bytes())?;
        let mut rows = eval::duplicates::shown_rows(&set.record, &set.hold_out);
        if let Some(differ) = summary.disagreements(&set.record, &set.hold_out) {
            rows.extend([spread(&differ.only_classical), spread(&differ.only_deep)].concat());
        }
        for row in rows {
            let png = png(set.data.images(), row)?;
            directory.write_file(&example_path(&set.record.name, row), &png)?;
        }
    }
    Ok(())
}

/// At most [`MAX_EXAMPLES`] of the rows, evenly spread: sets are often sorted by class.
fn spread(rows: &[usize]) -> Vec<usize> {
    let kept = rows.len().min(MAX_EXAMPLES);
    (0..kept).map(|position| rows[position * rows.len() / kept]).collect()
}

/// Carries out `cargo xtask report`.
pub(crate) fn report_of(root: &Path, extras: Extras) -> anyhow::Result<()> {
    match RunDirectory::new(root).manifest() {
        Ok(Some(_)) => report(root, extras),
        Ok(None) => {
            Err(BadRequest(vec![StoreError::NoRun { path: root.to_owned() }.to_string()]).into())
        }
        Err(error) => Err(BadRequest(vec![error.to_string()]).into()),
    }
}

/// Writes the report of a run directory and says on stdout where it is and what it answers.
pub(crate) fn report(root: &Path, extras: Extras) -> anyhow::Result<()> {
    let Written { page, summary } = report::write(root)?;
    let events = if extras.tensorboard { Some(event_files(root)?) } else { None };
    RunDirectory::new(root).clear_partial()?;
    let manifest = RunDirectory::new(root).manifest()?;
    let missing = manifest.map_or(0, |manifest| {
        summary.sets.iter().map(|set| missing(set, &manifest)).sum::<usize>()
    });
    if missing > 0 {
        eprintln!(
            "warning: {}: the run is not finished ({}); give the same `compare` command again",
            root.display(),
            counted(missing, "result is missing", "results are missing")
        );
    }
    let mut lines: Vec<String> = summary.sets.iter().map(answer_line).collect();
    lines.push(format!("report: {}", page.display()));
    lines.extend(events);
    print(&lines)
}

/// Writes `tensorboard/`, and says where it is and what is in it.
fn event_files(root: &Path) -> anyhow::Result<String> {
    let written = tensorboard::write(&Run::load(root)?)?;
    if written == 0 {
        return Ok("tensorboard: none of the trainings has epochs".to_owned());
    }
    let folder = root.join(tensorboard::FOLDER);
    Ok(format!("tensorboard: {} ({})", folder.display(), counted(written, "training", "trainings")))
}

/// Pipelines without a result, because the run was interrupted.
fn missing(set: &SetSummary, manifest: &Manifest) -> usize {
    let protocol = &manifest.protocol;
    let outer = protocol.nested.map_or(0, |nested| nested.folds);
    let unfinished = |(pipeline, info): &(&PipelineSummary, &PipelineInfo)| {
        // Of a single training there is the result only.
        let trained = pipeline.trainings.len().max(1);
        let more = pipeline.nested.len() < outer || trained < trainings(protocol, info);
        more || pipeline.search.is_none() || pipeline.result == Err(Unfinished::Missing)
    };
    let pipelines = set.pipelines.iter().zip(&manifest.pipelines);
    let repeated = protocol.repeated.map_or(0, |repeated| repeated.repeats * repeated.folds);
    let behind =
        |&place: &usize| takes_part(set, place) && set.pipelines[place].repeated.len() < repeated;
    pipelines.filter(unfinished).count()
        + (0..set.pipelines.len()).filter(behind).count()
        + usize::from(set.pipelines.is_empty())
}

/// Prints results; whoever has read enough may close the pipe.
fn print(lines: &[String]) -> anyhow::Result<()> {
    let text = lines.join("\n") + "\n";
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// "digits: enough (hog + svm-rbf 97.9 %, cnn 97.8 %, difference +0.1 [-0.8, +1.0] points)"
fn answer_line(set: &SetSummary) -> String {
    let accuracy = |index: usize| {
        let pipeline = &set.pipelines[index];
        let accuracy = pipeline.result.as_ref().map_or(f64::NAN, |result| result.accuracy);
        format!("{} {:.1} %", pipeline.name, 100.0 * accuracy)
    };
    let Some(answer) = &set.answer else {
        return format!("{}: no answer, since {}", set.dataset, no_answer(set));
    };
    let decision = match answer.verdict.decision {
        Decision::Enough => "enough".to_owned(),
        Decision::NotEnough => "not enough".to_owned(),
        Decision::CannotTell { more_images: Some(more) } => {
            let images = if more == 1 { "image" } else { "images" };
            format!("cannot tell yet; about {more} more test {images} would settle it")
        }
        Decision::CannotTell { more_images: None } => "cannot tell".to_owned(),
    };
    let verdict = &answer.verdict;
    format!(
        "{}: {decision} ({}, {}, difference {:+.1} [{:+.1}, {:+.1}] points)",
        set.dataset,
        accuracy(answer.classical),
        accuracy(answer.deep),
        100.0 * verdict.difference,
        100.0 * verdict.interval.low,
        100.0 * verdict.interval.high,
    )
}

/// Why the sides were not compared.
fn no_answer(set: &SetSummary) -> &'static str {
    match [Family::Classical, Family::Deep].map(|family| set.lacks(family)) {
        [true, false] => "the plan has no classical pipeline",
        [false, true] => "the plan has no deep pipeline",
        _ => "one side has no finished pipeline",
    }
}

/// What `--dry-run` shows.
pub(crate) fn print_plan(
    plan: &Plan,
    pipelines: &Pipelines,
    sets: &[OpenSet],
) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for set in sets {
        let record = &set.record;
        lines.push(format!(
            "{}: {} classes, {} training and {} test images of {}",
            record.name,
            record.classes.len(),
            set.hold_out.train.len(),
            set.hold_out.test.len(),
            record.size
        ));
    }
    let mut fits = 0;
    let protocol = &plan.protocol;
    let stages = 1 + protocol.nested.map_or(0, |nested| nested.folds);
    let at_most = match protocol.search {
        SearchMethod::Grid | SearchMethod::Random => "",
        SearchMethod::Halving | SearchMethod::Racing => "at most ",
    };
    for (info, points) in pipelines.points() {
        let again = trainings(protocol, &info) - 1;
        let own = (points * protocol.folds + 1) * stages + again;
        fits += own;
        let points = counted(points, "point", "points");
        lines.push(format!("{}: {points}, {at_most}{own} fits per set", info.name));
    }
    if let Some(repeated) = protocol.repeated {
        let infos = pipelines.infos();
        let references = infos.iter().filter(|info| info.family == Family::Reference).count();
        let own = repeated.repeats * repeated.folds * (2 + references);
        fits += own;
        lines.push(format!(
            "repeated cross-validation of both champions and {}: {own} fits per set",
            counted(references, "reference", "references")
        ));
    }
    lines.push(format!("{at_most}{} fits in all", fits * sets.len()));
    print(&lines)
}

fn png(images: &Images, row: usize) -> anyhow::Result<Vec<u8>> {
    let size = images.size();
    let pixels: Vec<u8> = images.image(row).iter().copied().collect();
    let (width, height) = (u32::try_from(size.width)?, u32::try_from(size.height)?);
    let picture = if size.channels == 1 {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::from)
    };
    let mut png = Vec::new();
    let picture = picture.context("an image has as many bytes as its size says")?;
    picture.write_to(&mut Cursor::new(&mut png), ImageFormat::Png)?;
    Ok(png)
}
