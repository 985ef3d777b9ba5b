//! The report of made-up runs: the same bytes every time, no name unescaped, nothing asked of the
//! network, and the numbers of the summary.

mod fixture;

use eval::record::Family;
use eval::run::Run;
use eval::store::RunDirectory;
use eval::summary::{Summary, hold_out_name};
use fixture::{HOSTILE, Set, digits, hostile_pipelines, hostile_set, pipeline};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// All files of the report, by name.
fn report_files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for name in ["report.html", "summary.json"] {
        files.insert(name.to_owned(), fs::read(root.join(name)).unwrap());
    }
    for entry in fs::read_dir(root.join("figures")).unwrap() {
        let entry = entry.unwrap();
        let name = format!("figures/{}", entry.file_name().to_str().unwrap());
        files.insert(name, fs::read(entry.path()).unwrap());
    }
    files
}

fn page(root: &Path) -> String {
    let path = report::write(root).unwrap().page;
    assert_eq!(path, root.join("report.html"));
    fs::read_to_string(path).unwrap()
}

/// What follows every occurrence of `start`, up to `end`.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).map(move |rest| rest.split(end).next().unwrap())
}

/// Text as HTML has to have it.
fn escaped(text: &str) -> String {
    let text = text.replace('\u{7}', "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The cells of a row of a table, without tags and no-break spaces.
fn cells(row: &str) -> Vec<String> {
    let cell = |html: &str| {
        let text: String =
            html.split('<').map(|part| part.split_once('>').map_or("", |p| p.1)).collect();
        text.replace('\u{a0}', " ")
    };
    let cells = row.split("<td").skip(1);
    cells.map(|html| cell(&format!("<td{}", html.split("</td>").next().unwrap()))).collect()
}

#[test]
fn a_hostile_run_gives_a_harmless_page_and_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fixture::write_run(root, &[digits(), hostile_set()], &hostile_pipelines());
    let html = page(root);
    let files = report_files(root);

    page(root);
    assert!(report_files(root) == files, "a second writing gave other bytes");

    harmless(&html);
    for (name, bytes) in &files {
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "/.-".contains(c)), "{name}");
        match name.rsplit_once('.').unwrap().1 {
            "svg" => harmless_svg(name, std::str::from_utf8(bytes).unwrap()),
            "png" => drawn_png(name, bytes, &files),
            _ => {}
        }
    }
    // The hostile names are there, escaped: as text, and in attributes.
    for name in HOSTILE {
        assert!(html.contains(&escaped(name)), "{name} is not on the page");
    }
    assert!(html.contains(&format!("alt=\"test image {}", escaped("image 0"))));
    for section in ["learning", "robustness", "pareto", "seeds", "repeated"] {
        assert!(html.contains(&format!("id=\"{section}-1\"")), "{section}");
    }
    assert!(html.contains("Break-even size"));
    the_images_that_occur_twice_are_listed(&html);
    assert!(html.contains(", 7 of 600\u{a0}images disputed"));
    the_scoreboard_is_that_of_the_summary(root, &html);
    the_spread_is_that_of_the_trainings(root, &html);
    the_folds_are_those_of_the_champions(root, &html);
}

/// Those of the fixture: two groups of equal images, twenty that look alike, one that belongs
/// together.
fn the_images_that_occur_twice_are_listed(html: &str) {
    let html = html.replace('\u{a0}', " ");
    let digits = between(&html, "<h3 id=\"data-1\"", "<h3").next().unwrap();
    assert!(digits.contains("Equal images with two labels: </strong>in 1 group,"), "{digits}");
    assert!(digits.contains("Test images that were trained on: </strong>1 group of equal images"));
    assert!(digits.contains("No test image looks like a training image."));
    let lists: Vec<&str> = between(digits, "<ul class=\"copies\">", "</ul>").collect();
    let shown: Vec<usize> = lists.iter().map(|list| list.matches("<li>").count()).collect();
    assert_eq!(shown, [2, 12, 1]);
    let items: Vec<&str> = between(lists[0], "<li>", "</li>").collect();
    assert!(items[0].contains(&escaped(HOSTILE[0])), "{}", items[0]);
    for (what, found) in [("in both parts", [1, 0]), ("two labels", [1, 0]), ("<img", [0, 0])] {
        assert_eq!([0, 1].map(|item| items[item].matches(what).count()), found, "{what}");
    }
    assert!(items[0].contains("<bdi>0</bdi>, training") && items[0].contains("</bdi>, test"));
    assert!(digits.contains("And 8 more, which are in data/<bdi>digits</bdi>.json."));
    assert!(lists[2].contains("and 15 more"));
}

/// Only tags and attributes that this crate writes, and nothing from elsewhere.
fn harmless(html: &str) {
    for tag in ["<script", "<img src=x", "<svg onload", "<iframe", "<object", "<embed", "<base"] {
        assert!(!html.contains(tag), "{tag}");
    }
    for attribute in ["src=\"", "href=\"", "xlink:href=\"", "srcset=\"", "action=\""] {
        for value in between(html, attribute, "\"") {
            assert!(value.starts_with('#') || value.starts_with("data:"), "{attribute}{value}");
        }
    }
    assert!(!html.contains("url(") && !html.contains("@import"), "the style asks for a file");
    // A tag's attributes are name="value" without any event handler.
    for tag in between(html, "<", ">") {
        let outside: String = tag.split('"').step_by(2).collect();
        let names = outside.split_whitespace().filter(|word| word.ends_with('='));
        for name in names {
            assert!(!name.starts_with("on"), "<{tag}>");
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "<{tag}>");
    }
    assert_eq!(html.matches("<html").count(), 1);
    assert_eq!(html.matches("</style>").count(), 1);
    assert!(html.contains("<meta charset=\"utf-8\">") && html.contains("<html lang=\"en\">"));
    let ids: Vec<&str> = between(html, " id=\"", "\"").collect();
    for anchor in between(html, "href=\"#", "\"") {
        assert!(ids.contains(&anchor), "#{anchor} leads nowhere");
    }
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "an id is used twice");
}

/// Elements of plotters only, properly closed, and no character that XML does not know.
fn harmless_svg(name: &str, svg: &str) {
    assert!(svg.starts_with("<?xml") && svg.trim_end().ends_with("</svg>"), "{name}");
    for tag in between(svg, "<", ">") {
        let element = tag.trim_start_matches(['/', '?']).split_whitespace().next().unwrap();
        let known = ["xml", "svg", "text", "line", "polyline", "polygon", "circle", "rect"];
        assert!(known.contains(&element), "{name}: <{tag}>");
        assert!(!tag.contains(" on") || tag.contains("aria-label"), "{name}: <{tag}>");
    }
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count(), "{name}");
    assert!(!svg.chars().any(|c| c.is_control() && c != '\n'), "{name}");
}

/// Twice as large as the SVG says, white at the edge, and something on it.
fn drawn_png(name: &str, png: &[u8], files: &BTreeMap<String, Vec<u8>>) {
    let image = image::load_from_memory(png).unwrap().to_rgb8();
    let svg = std::str::from_utf8(&files[&name.replace(".png", ".svg")]).unwrap();
    let size = |attribute| between(svg, attribute, "\"").next().unwrap().parse::<u32>().unwrap();
    assert_eq!(image.dimensions(), (2 * size(" width=\""), 2 * size(" height=\"")), "{name}");
    let (width, height) = image.dimensions();
    let ink = |x: u32, y: u32| image.get_pixel(x, y).0 != [255; 3];
    let inked = image.as_raw().chunks_exact(3).filter(|pixel| *pixel != [255; 3]).count();
    let share = inked as f64 / f64::from(width * height);
    assert!((0.01..0.7).contains(&share), "{name}: {share} of it is drawn");
    let edge = (0..width).flat_map(|x| [(x, 0), (x, height - 1)]);
    let edge = edge.chain((0..height).flat_map(|y| [(0, y), (width - 1, y)]));
    for (x, y) in edge {
        assert!(!ink(x, y), "{name}: something is cut off at ({x}, {y})");
    }
}

fn the_scoreboard_is_that_of_the_summary(root: &Path, html: &str) {
    let summary = Summary::of(&Run::load(root).unwrap()).unwrap();
    let stored = fs::read_to_string(root.join("summary.json")).unwrap();
    assert!(stored.trim_end() == serde_json::to_string_pretty(&summary).unwrap());

    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let tables: Vec<&str> =
        between(html, "<table class=\"wide scoreboard\">", "</table>").collect();
    assert_eq!(tables.len(), summary.sets.len());
    for (table, set) in tables.into_iter().zip(&summary.sets) {
        let rows: Vec<&str> = between(table, "<tr", "</tr>").skip(1).collect();
        assert_eq!(rows.len(), set.pipelines.len());
        for pipeline in &set.pipelines {
            let name = format!("<bdi>{}</bdi>", escaped(&pipeline.name));
            let row = rows.iter().find(|row| row.contains(&name)).expect(&name);
            let cells = cells(row);
            let search = pipeline.search.as_ref().unwrap();
            assert_eq!(cells[3], percent(search.accuracy), "{name}");
            match &pipeline.result {
                Ok(result) => {
                    assert_eq!(cells[0], percent(result.accuracy), "{name}");
                    let low = format!("{:.1}", 100.0 * result.interval.low);
                    assert_eq!(cells[1], format!("{low} – {}", percent(result.interval.high)));
                    assert_eq!(cells[2], percent(result.macro_f1), "{name}");
                }
                Err(_) => {
                    assert_eq!(cells[..3], ["–", "–", "–"], "{name}");
                    assert!(cells[5].starts_with("failed: "), "{name}: {}", cells[5]);
                }
            }
        }
        let accuracies: Vec<f64> =
            rows.iter().filter_map(|row| cells(row)[0].strip_suffix(" %")?.parse().ok()).collect();
        assert!(accuracies.is_sorted_by(|a, b| a >= b), "{accuracies:?}");
    }
    assert!(html.contains("did not converge within 1,000,000\u{a0}iterations"));
    assert!(html.contains("at the edge of its grid"));
}

/// Mean and ends of the accuracies, and no test of them.
fn the_spread_is_that_of_the_trainings(root: &Path, html: &str) {
    let summary = Summary::of(&Run::load(root).unwrap()).unwrap();
    let section = between(html, "<section id=\"seeds\">", "</section>").next().unwrap();
    assert!(section.contains("never tested as evidence") && !section.contains("mid-p"));
    let tables: Vec<&str> = between(section, "<table", "</table>").collect();
    assert_eq!(tables.len(), summary.sets.len());
    for (table, set) in tables.into_iter().zip(&summary.sets) {
        let rows: Vec<&str> = between(table, "<tr", "</tr>").skip(1).collect();
        let trained: Vec<_> = set.pipelines.iter().filter(|it| !it.trainings.is_empty()).collect();
        assert_eq!((rows.len(), trained.len()), (3, 3), "the networks");
        for pipeline in trained {
            let name = format!("<bdi>{}</bdi>", escaped(&pipeline.name));
            let cells = cells(rows.iter().find(|row| row.contains(&name)).expect(&name));
            let accuracies: Vec<f64> = pipeline.trainings.iter().map(|it| it.unwrap()).collect();
            assert_eq!(accuracies[0], pipeline.result.as_ref().unwrap().accuracy);
            let percent = |share: f64| format!("{:.1}", 100.0 * share);
            let mean = accuracies.iter().sum::<f64>() / fixture::SEEDS as f64;
            let ends = |fold: fn(f64, f64) -> f64| accuracies.iter().copied().reduce(fold).unwrap();
            assert_eq!(cells[0], fixture::SEEDS.to_string());
            assert_eq!(cells[2], format!("{} %", percent(mean)), "{name}");
            let range = format!("{} – {} %", percent(ends(f64::min)), percent(ends(f64::max)));
            assert_eq!(cells[4], range, "{name}");
        }
    }
}

/// Mean differences, with the tests that the scheme has and the caution that it needs.
fn the_folds_are_those_of_the_champions(root: &Path, html: &str) {
    let summary = Summary::of(&Run::load(root).unwrap()).unwrap();
    let section = between(html, "<section id=\"repeated\">", "</section>").next().unwrap();
    let section = section.replace('\u{a0}', " ");
    assert!(section.contains("chosen on these same training images"));
    assert!(section.contains("Dietterich 1998") && section.contains("Alpaydın 1999"));
    for set in &summary.sets {
        let (answer, champions) = (set.repeated.as_ref().unwrap(), set.answer.as_ref().unwrap());
        let of = |index: usize| &set.pipelines[index].repeated;
        let differences = of(champions.classical).iter().zip(of(champions.deep));
        let differences: Vec<f64> = differences.map(|(a, b)| a - b).collect();
        assert_eq!((answer.differences.len(), &answer.differences), (10, &differences));
        let mean = 100.0 * differences.iter().sum::<f64>() / 10.0;
        let told = format!("Classical − deep <strong>{mean:+.1} points").replace('-', "−");
        assert!(section.contains(&told), "{told}");
        let p = answer.five_by_two().unwrap().f().unwrap().p;
        assert!(section.contains(&format!("{p:.3}")) || p < 0.001, "{p}");
    }
}

/// One pipeline on either side and one pair of classes.
fn small(classical: f64, deep: f64, test: usize) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let classes = ["cat", "dog"].map(str::to_owned).to_vec();
    let set = Set { name: "pets".to_owned(), classes, train: 60, test };
    let pipelines = [
        pipeline(Family::Classical, "hog", "svm", Some(classical), 0.1),
        pipeline(Family::Deep, "cnn", "own output layer", Some(deep), 1.0),
    ];
    fixture::write_run(folder.path(), &[set], &pipelines);
    let html = page(folder.path());
    harmless(&html);
    (folder, html.replace('\u{a0}', " "))
}

#[test]
fn the_answer_is_told_in_a_sentence_with_the_numbers_of_the_verdict() {
    for (classical, deep, test, word, half) in [
        (0.95, 0.93, 1000, "Enough", "less than the margin of 2 points"),
        (0.70, 0.95, 1000, "Not enough", "more than the margin of 2 points"),
        (0.90, 0.92, 50, "Cannot tell yet", "more test images"),
    ] {
        let (folder, html) = small(classical, deep, test);
        let card = between(&html, "<p class=\"answer\">", "</p>").next().unwrap();
        assert!(card.contains(&format!("</span> {word}</span>")), "{card}");
        assert!(card.contains(half) || card.contains("would do"), "{card}");
        let summary = Summary::of(&Run::load(folder.path()).unwrap()).unwrap();
        let verdict = summary.sets[0].answer.as_ref().unwrap().verdict;
        let low = format!("{:.1}", 100.0 * verdict.interval.low).replace('-', "−");
        assert!(card.contains(&low), "{card} does not say {low}");
    }
}

#[test]
fn one_is_said_in_the_singular() {
    use base::Convergence::{Completed, EarlyStopped, LimitReached};
    let folder = tempfile::tempdir().unwrap();
    let classes = ["cat", "dog"].map(str::to_owned).to_vec();
    let set = Set { name: "pets".to_owned(), classes, train: 60, test: 40 };
    let mut pipelines = Vec::new();
    for (family, name, convergence) in [
        (Family::Classical, "limited", LimitReached { iterations: 1 }),
        (Family::Classical, "boosted", Completed { iterations: 1 }),
        (Family::Deep, "short", Completed { iterations: 1 }),
        (Family::Deep, "stopped", EarlyStopped { iterations: 1, best: 1 }),
    ] {
        let usual = pipeline(family, name, "own", Some(0.9), 1.0);
        pipelines.push(fixture::Pipeline { convergence, ..usual });
    }
    fixture::write_run(folder.path(), &[set], &pipelines);
    let html = page(folder.path()).replace('\u{a0}', " ");
    for note in ["within 1 iteration", "its 1 round", "its 1 epoch", "after 1 epoch"] {
        assert!(html.contains(note) && !html.contains(&format!("{note}s")), "{note}");
    }
}

/// The hold-out of one pipeline only; of the other side nothing at all.
#[test]
fn an_unfinished_run_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let classes = ["cat", "dog"].map(str::to_owned).to_vec();
    let set = Set { name: "pets".to_owned(), classes, train: 60, test: 40 };
    let pipelines = [
        pipeline(Family::Classical, "hog", "svm", Some(0.9), 0.1),
        pipeline(Family::Deep, "cnn", "own output layer", Some(0.9), 1.0),
    ];
    fixture::write_run_where(root, &[set], &pipelines, |pipeline, _| pipeline.starts_with("hog"));
    let html = page(root).replace('\u{a0}', " ");
    harmless(&html);
    assert!(html.contains("This run is not finished"));
    assert!(html.contains("no deep pipeline has finished"));
    assert!(html.contains("not done yet"));
    assert!(!html.contains("id=\"confusion\""), "there are no champions to show");

    // Before the data set was split there is less still.
    fs::remove_file(root.join("splits").join(format!("{}.json", hold_out_name("pets")))).unwrap();
    let html = page(root);
    harmless(&html);
    assert!(html.contains("not split yet") && html.contains("This run is not finished"));
}

#[test]
fn a_folder_that_is_no_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = report::write(folder.path()).unwrap_err().to_string();
    assert!(error.contains("manifest.json"), "{error}");
    assert!(RunDirectory::new(folder.path()).manifest().unwrap().is_none());
    assert!(!folder.path().join("report.html").exists());
}

#[test]
fn a_hundred_classes_give_a_list_of_mistakes_instead_of_a_matrix() {
    let folder = tempfile::tempdir().unwrap();
    let classes = (0..100).map(|class| format!("class {class}")).collect();
    let set = Set { name: "faces".to_owned(), classes, train: 300, test: 200 };
    let pipelines = [
        pipeline(Family::Classical, "hog", "svm", Some(0.8), 0.1),
        pipeline(Family::Deep, "cnn", "own output layer", Some(0.7), 1.0),
    ];
    fixture::write_run(folder.path(), &[set], &pipelines);
    let html = page(folder.path());
    harmless(&html);
    assert!(!html.contains("class=\"matrix\"") && html.contains("Taken for"));
}
