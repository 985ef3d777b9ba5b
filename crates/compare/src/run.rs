//! One run from the command line to the report.

use crate::args::CompareArgs;
use crate::curves;
use crate::environment::{environment, git_revision, lock_sha256, program_sha256, repository};
use crate::finish;
use crate::pipelines::{self, Pipelines};
use crate::place::{check_place, check_same_run, make_place, set_aside};
use crate::plan::Plan;
use crate::progress::{Progress, weight};
use crate::robustness;
use crate::runner::{Stage, Work};
use crate::sets::{self, OpenSet};
use anyhow::Context;
use eval::record::{
    Family, Manifest, PipelineInfo, Protocol, SCHEMA, SplitRecord, canonical_sha256,
};
use eval::run::Run;
use eval::store::RunDirectory;
use eval::summary::Summary;
use std::path::PathBuf;

/// A request that cannot be carried out: what is wrong, a line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub(crate) struct BadRequest(pub(crate) Vec<String>);

impl From<anyhow::Error> for BadRequest {
    fn from(error: anyhow::Error) -> Self {
        Self(vec![format!("{error:#}")])
    }
}

/// Carries out `cargo xtask compare`.
pub(crate) fn compare(args: &CompareArgs) -> anyhow::Result<()> {
    let mut plan = requested_plan(args)?;
    pipelines::complete(&mut plan);
    let pipelines = Pipelines::build(&plan).map_err(BadRequest)?;
    if let Some(threads) = args.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into());
        pool.build_global().context("the threads cannot be started")?;
    }
    let sets = sets::open_all(&plan, &pipelines).map_err(BadRequest)?;
    let root = args.out.clone().unwrap_or_else(|| repository().join("reports").join(&plan.name));
    check_place(&root, &plan)?;
    let directory = RunDirectory::new(&root);
    let manifest = manifest(&plan, &pipelines, &sets)?;
    if !args.fresh {
        check_same_run(&directory, &manifest)?;
    }
    if args.dry_run {
        return finish::print_plan(&plan, &pipelines, &sets);
    }
    if args.fresh {
        set_aside(&root)?;
    }
    make_place(&root)?;
    write_inputs(&directory, &manifest, &sets)?;
    let progress = Progress::new(total_weight(&pipelines, &sets, &plan.protocol));
    for warning in sets.iter().flat_map(|set| &set.notices) {
        progress.warn(warning);
    }
    for (family, side) in [(Family::Classical, "classical"), (Family::Deep, "deep")] {
        if manifest.pipelines.iter().all(|pipeline| pipeline.family != family) {
            progress.warn(&format!("the plan has no {side} pipeline, so there will be no answer"));
        }
    }
    let conditions =
        robustness::conditions(&plan.protocol).map_err(|fault| BadRequest(vec![fault]))?;
    let works = sets.iter().map(|set| Work {
        manifest: &manifest,
        directory: &directory,
        data: &set.record,
        images: set.data.images(),
        labels: &set.labels,
        stages: stages(set, &plan.protocol),
        repeats: &set.repeats,
        conditions: &conditions,
        progress: &progress,
    });
    let works: Vec<Work<'_>> = works.collect();
    works.iter().try_for_each(|work| work.run(&pipelines))?;
    if plan.protocol.repeated.is_some() {
        let summary = Summary::of(&Run::load(&root)?)?;
        let mut works = works.iter().zip(&summary.sets);
        works.try_for_each(|(work, found)| work.repeated(&pipelines, found))?;
    }
    progress.finish();
    finish::outputs(&directory, &sets)?;
    finish::report(&root, args.extras)
}

/// The plan of the command line: a preset or a file, with what the options change.
fn requested_plan(args: &CompareArgs) -> Result<Plan, BadRequest> {
    let mut plan = match &args.plan {
        Some(path) => Plan::read(path)?,
        None => args.preset.plan(&repository()),
    };
    if let [first, ..] = &args.data[..] {
        plan.name = sets::file_name(first);
        plan.data.clone_from(&args.data);
        plan.folder = PathBuf::new();
    }
    plan.size = args.size.or(plan.size);
    plan.group_pattern = args.group_pattern.clone().or(plan.group_pattern);
    plan.seed = args.seed.unwrap_or(plan.seed);
    plan.protocol.folds = args.folds.unwrap_or(plan.protocol.folds);
    if let Some(points) = args.margin {
        plan.protocol.margin = points / 100.0;
    }
    if plan.name.is_empty() || plan.name != sets::slug(&plan.name) {
        let fault = format!(
            "the plan's name `{}` becomes a folder; use letters, digits, `-` and `_` only",
            plan.name
        );
        return Err(BadRequest(vec![fault]));
    }
    Ok(plan)
}

fn manifest(plan: &Plan, pipelines: &Pipelines, sets: &[OpenSet]) -> anyhow::Result<Manifest> {
    let plan_value = serde_json::to_value(plan)?;
    Ok(Manifest {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        name: plan.name.clone(),
        plan_sha256: canonical_sha256(&plan_value),
        plan: plan_value,
        command: command(),
        git_revision: git_revision(),
        lock_sha256: lock_sha256(),
        program_sha256: program_sha256()?,
        seed: plan.seed,
        protocol: plan.protocol.clone(),
        datasets: sets.iter().map(|set| set.record.name.clone()).collect(),
        pipelines: pipelines.infos(),
    })
}

/// The command that was given, as one would type it.
fn command() -> String {
    let arguments = std::env::args().skip(1).map(|argument| {
        let plain = |c: char| c.is_alphanumeric() || "-_./=,".contains(c);
        if !argument.is_empty() && argument.chars().all(plain) {
            argument
        } else {
            format!("'{}'", argument.replace('\'', r"'\''"))
        }
    });
    ["cargo", "xtask"].map(str::to_owned).into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

fn write_inputs(
    directory: &RunDirectory,
    manifest: &Manifest,
    sets: &[OpenSet],
) -> anyhow::Result<()> {
    directory.write_manifest(manifest)?;
    directory.write_environment(&environment())?;
    for set in sets {
        directory.write_data(&set.record)?;
        for Stage { test, folds, curves, .. } in stages(set, &manifest.protocol) {
            let splits = folds.iter().chain(curves).chain([test]);
            splits.into_iter().try_for_each(|split| directory.write_split(split))?;
        }
        set.repeats.iter().flatten().try_for_each(|split| directory.write_split(split))?;
    }
    Ok(())
}

/// Where the pipelines are searched and scored: see [`Work::stages`].
fn stages<'a>(set: &'a OpenSet, protocol: &Protocol) -> Vec<Stage<'a>> {
    let (test, folds, seeds) = (&set.hold_out, &set.folds[..], protocol.seeds);
    let mut stages = vec![Stage { test, folds, curves: &set.curves, seeds, timed: true }];
    let outer = |(test, folds)| Stage { test, folds, curves: &[], seeds: 1, timed: false };
    stages.extend(set.outer.iter().map(|(test, folds)| outer((test, &folds[..]))));
    stages
}

/// Of searches that end early, too much; the bar jumps then.
fn total_weight(pipelines: &Pipelines, sets: &[OpenSet], protocol: &Protocol) -> u64 {
    let points = pipelines.points();
    let of_stage = |Stage { test, folds, curves, seeds, .. }: &Stage<'_>| -> u64 {
        let rows_of = |splits: &[SplitRecord]| splits.iter().map(|split| split.train.len()).sum();
        let (fold_rows, curve_rows): (usize, usize) = (rows_of(folds), rows_of(curves));
        let rows = |info: &PipelineInfo, count: usize| {
            let curve = if curves::has_curve(info) { curve_rows } else { 0 };
            let trainings = if info.seeded { *seeds } else { 1 };
            fold_rows * count + trainings * test.train.len() + curve
        };
        points.iter().map(|(info, count)| weight(&info.settings, rows(info, *count))).sum()
    };
    let repeated = |set: &OpenSet| -> u64 {
        let rows = set.repeats.iter().flatten().map(|split| split.train.len()).sum();
        let weights = |family| {
            let of_family = points.iter().filter(move |(info, _)| info.family == family);
            of_family.map(move |(info, _)| weight(&info.settings, rows))
        };
        // Nobody knows the champions yet; the heaviest of each side stands for them.
        let champions = [Family::Classical, Family::Deep].map(|side| weights(side).max());
        champions.into_iter().flatten().chain(weights(Family::Reference)).sum()
    };
    let of_set = |set: &OpenSet| -> u64 {
        stages(set, protocol).iter().map(of_stage).sum::<u64>() + repeated(set)
    };
    sets.iter().map(of_set).sum()
}
