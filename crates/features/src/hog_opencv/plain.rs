//! OpenCV's HOG as its formulas read, one pixel after the other: what the fast one is held against.

use super::OpenCvHogParams;
use super::windows::{Frame, reflect};
use std::f64::consts::PI;

/// The two bins of a pixel and their shares.
type Shares = [(usize, f32); 2];

/// The shares of every pixel of the padded image.
pub(super) fn shares(params: &OpenCvHogParams, frame: Frame, pixels: &[u8]) -> Vec<Vec<Shares>> {
    let [height, width] = frame.sides();
    let level = |y: i64, x: i64, channel: usize| {
        let y = reflect(y - frame.padding[0] as i64, frame.size.height);
        let x = reflect(x - frame.padding[1] as i64, frame.size.width);
        let at = (y * frame.size.width + x) * frame.size.channels + channel;
        let level = f32::from(pixels[at]);
        if params.gamma_correction { level.sqrt() } else { level }
    };
    let gradient = |y: usize, x: usize| {
        let (y_, x_) = (y as i64, x as i64);
        let of = |channel| {
            let dx = level(y_, x_ + 1, channel) - level(y_, x_ - 1, channel);
            let dy = level(y_ + 1, x_, channel) - level(y_ - 1, x_, channel);
            (dx, dy)
        };
        // In OpenCV's order blue, green, red, but in whole groups of four columns only.
        let in_fours = x < width / 4 * 4;
        let channels = match (frame.size.channels, in_fours) {
            (1, _) => vec![0],
            (_, true) => vec![2, 1, 0],
            (_, false) => vec![0, 1, 2],
        };
        let square = |(dx, dy): (f32, f32)| dx * dx + dy * dy;
        let mut best = of(channels[0]);
        for &channel in &channels[1..] {
            if square(of(channel)) > square(best) {
                best = of(channel);
            }
        }
        best
    };
    let scalar_from = if width % 1024 < 16 { width / 1024 * 1024 } else { width };
    let pixel = |y: usize, x: usize| share(params, gradient(y, x), x >= scalar_from);
    (0..height).map(|y| (0..width).map(|x| pixel(y, x)).collect()).collect()
}

fn share(params: &OpenCvHogParams, (dx, dy): (f32, f32), scalar: bool) -> Shares {
    let bins = params.orientations;
    let turn = if params.signed_gradient { 2.0 * PI } else { PI };
    let magnitude = dx.mul_add(dx, dy * dy).sqrt();
    let place = angle(dx, dy, scalar) * (bins as f64 / turn) as f32 - 0.5;
    let below = place.floor();
    let fraction = place - below;
    let bin = (below as i64).rem_euclid(bins as i64) as usize;
    // With one bin, OpenCV's second vote overwrites the first.
    let first = if bins == 1 { 0.0 } else { magnitude * (1.0 - fraction) };
    [(bin, first), ((bin + 1) % bins, magnitude * fraction)]
}

/// `cv::fastAtan2` for rows, in radians.
fn angle(x: f32, y: f32, scalar: bool) -> f32 {
    let degree = (180.0 / PI) as f32;
    #[expect(clippy::excessive_precision, reason = "as OpenCV writes them")]
    let [p1, p3, p5, p7] = [
        0.9997878412794807_f32 * degree,
        -0.3258083974640975_f32 * degree,
        0.1555786518463281_f32 * degree,
        -0.04432655554792128_f32 * degree,
    ];
    let (ax, ay) = (x.abs(), y.abs());
    let c = ax.min(ay) / (ax.max(ay) + f64::EPSILON as f32);
    let p = (c * c).mul_add(p7, p5).mul_add(c * c, p3).mul_add(c * c, p1);
    let mut degrees = match (ax >= ay, scalar) {
        (true, _) => p * c,
        (false, false) => 90.0 - p * c,
        (false, true) => (-p).mul_add(c, 90.0),
    };
    if x < 0.0 {
        degrees = 180.0 - degrees;
    }
    if y < 0.0 {
        degrees = 360.0 - degrees;
    }
    degrees * (PI / 180.0) as f32
}

/// The block with this upper left corner.
pub(super) fn block(
    params: &OpenCvHogParams,
    shares: &[Vec<Shares>],
    [top, left]: [usize; 2],
) -> Vec<f32> {
    let [height, width] = params.block_size;
    let [cell_height, cell_width] = params.cell_size.map(|side| side as f32);
    let [rows, columns] = [height / params.cell_size[0], width / params.cell_size[1]];
    let sigma = params.sigma.unwrap_or((height + width) as f64 / 8.0) as f32;
    let scale = 1.0 / (sigma * sigma * 2.0);
    let mut numbers = vec![0.0_f32; rows * columns * params.orientations];
    for kind in [1, 2, 4] {
        for x in 0..width {
            for y in 0..height {
                let dy = y as f32 - height as f32 * 0.5;
                let dx = x as f32 - width as f32 * 0.5;
                let gauss = (-(dy * dy + dx * dx) * scale).exp();
                let cell_x = (x as f32 + 0.5) / cell_width - 0.5;
                let cell_y = (y as f32 + 0.5) / cell_height - 0.5;
                let near = |place: f32, cell: f32, count: usize| {
                    let inside = cell >= 0.0 && cell < count as f32;
                    let below = place - place.floor();
                    inside.then_some(if cell > place { below } else { 1.0 - below })
                };
                let mut votes = Vec::new();
                for column in [cell_x.floor(), cell_x.floor() + 1.0] {
                    for row in [cell_y.floor(), cell_y.floor() + 1.0] {
                        let across = near(cell_x, column, columns);
                        let down = near(cell_y, row, rows);
                        if let (Some(across), Some(down)) = (across, down) {
                            let cell = column as usize * rows + row as usize;
                            votes.push((cell, gauss * (across * down)));
                        }
                    }
                }
                if votes.len() == kind {
                    for (cell, weight) in votes {
                        for (bin, share) in shares[top + y][left + x] {
                            numbers[cell * params.orientations + bin] += share * weight;
                        }
                    }
                }
            }
        }
    }
    normalise(&mut numbers, params.clip as f32);
    numbers
}

fn normalise(numbers: &mut [f32], clip: f32) {
    let scale = 1.0 / (length(numbers) + numbers.len() as f32 * 0.1);
    numbers.iter_mut().for_each(|number| *number = (*number * scale).min(clip));
    let scale = 1.0 / (length(numbers) + 1e-3);
    numbers.iter_mut().for_each(|number| *number *= scale);
}

fn length(numbers: &[f32]) -> f32 {
    let whole = numbers.len() / 4 * 4;
    let mut sums = [0.0_f32; 4];
    for (place, number) in numbers[..whole].iter().enumerate() {
        sums[place % 4] += number * number;
    }
    let start = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    numbers[whole..].iter().fold(start, |sum, number| sum + number * number).sqrt()
}
