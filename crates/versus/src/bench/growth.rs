//! How times grow with the number of rows, as a picture.

use super::Row;
use anyhow::{Context, Result, bail};
use image::RgbImage;
use plotters::prelude::*;
use plotters::style::register_font;
use std::collections::BTreeMap;
use std::path::Path;

const FONT: &[u8] = include_bytes!("../../../report/assets/DejaVuSans-subset.ttf");
const SIZE: (u32, u32) = (1200, 800);

/// One measured time.
pub(super) struct Point {
    who: &'static str,
    threads: usize,
    rows: usize,
    seconds: f64,
}

impl Point {
    /// Both times of a row.
    pub(super) fn pair(rows: usize, row: &Row) -> [Self; 2] {
        [("this project", row.ours_s), (row.rival, row.rival_s)].map(|(who, seconds)| Self {
            who,
            threads: row.threads,
            rows,
            seconds,
        })
    }
}

/// Seconds over rows, both on a logarithmic scale, one line per program and number of threads.
/// Of several measurements of one point the fastest counts.
///
/// # Errors
/// If there is no point, or the file cannot be written.
pub(super) fn draw(points: &[Point], path: &Path) -> Result<()> {
    if points.is_empty() {
        bail!("--plot: no fit on a growing number of rows was measured");
    }
    let mut pixels = vec![0; 3 * SIZE.0 as usize * SIZE.1 as usize];
    chart(&lines(points), &mut pixels).map_err(|error| anyhow::anyhow!("--plot: {error}"))?;
    let picture = RgbImage::from_raw(SIZE.0, SIZE.1, pixels).context("the buffer has this size")?;
    picture.save(path).with_context(|| path.display().to_string())
}

type Lines = BTreeMap<(&'static str, usize), BTreeMap<usize, f64>>;

fn lines(points: &[Point]) -> Lines {
    let mut lines = Lines::new();
    for point in points {
        let line = lines.entry((point.who, point.threads)).or_default();
        let seconds = line.entry(point.rows).or_insert(f64::INFINITY);
        *seconds = seconds.min(point.seconds);
    }
    lines
}

fn chart(lines: &Lines, pixels: &mut [u8]) -> Result<(), Box<dyn std::error::Error>> {
    register_font("sans-serif", FontStyle::Normal, FONT).map_err(|_| "the font is damaged")?;
    let values = || lines.values().flatten();
    let rows = values().map(|(&rows, _)| rows as f64);
    let seconds = values().map(|(_, &seconds)| seconds);
    let (x, y) = (range(rows), range(seconds));
    let area = BitMapBackend::with_buffer(pixels, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(20)
        .set_label_area_size(LabelAreaPosition::Left, 80)
        .set_label_area_size(LabelAreaPosition::Bottom, 60)
        .build_cartesian_2d((x.0..x.1).log_scale(), (y.0..y.1).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("training rows")
        .y_desc("seconds of one fit")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y}"))
        .label_style(("sans-serif", 20))
        .draw()?;
    for (at, ((who, threads), line)) in lines.iter().enumerate() {
        let colour = Palette99::pick(at).to_rgba();
        let points: Vec<(f64, f64)> = line.iter().map(|(&x, &y)| (x as f64, y)).collect();
        let plural = if *threads == 1 { "" } else { "s" };
        chart
            .draw_series(LineSeries::new(points.clone(), colour.stroke_width(3)))?
            .label(format!("{who}, {threads} thread{plural}"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], colour.stroke_width(3)));
        chart.draw_series(points.into_iter().map(|at| Circle::new(at, 5, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK)
        .label_font(("sans-serif", 20))
        .draw()?;
    area.present()?;
    Ok(())
}

/// Somewhat more than what the values span.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    (low / 1.5, high * 1.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_of_several_measurements_counts_and_a_picture_is_drawn() {
        let point = |who, rows, seconds| Point { who, threads: 1, rows, seconds };
        let points = [point("a", 100, 2.0), point("a", 100, 1.0), point("b", 1000, 30.0)];
        assert_eq!(lines(&points)[&("a", 1)], BTreeMap::from([(100, 1.0)]));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("growth.png");
        draw(&points, &path).unwrap();
        let drawn = image::open(&path).unwrap().into_rgb8();
        assert_eq!(drawn.dimensions(), SIZE);
        assert!(drawn.pixels().any(|pixel| pixel.0 != [255; 3]), "something is drawn");
        assert!(draw(&[], &path).is_err());
    }
}
