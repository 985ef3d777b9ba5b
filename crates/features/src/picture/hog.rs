//! Pictures of HOG cells: lines, stars, and the weights of a linear model.

use super::gray_image;
use super::svg::Svg;
use image::{GrayImage, Rgb, RgbImage};
use ndarray::{Array2, Array3, ArrayView3, ArrayView5};
use std::f64::consts::PI;

/// Colour of weights above 0, red, green, blue.
pub const POSITIVE: [u8; 3] = [255, 160, 40];
/// Colour of weights below 0. It differs from [`POSITIVE`] in brightness too.
pub const NEGATIVE: [u8; 3] = [60, 130, 255];

/// A line per cell and orientation, along the edge (across the gradient) and as bright as the
/// orientation has votes; lines that cross add up. Takes [`crate::Hog::cells`], shape `(cell rows,
/// cell columns, orientations)`; gives shape `(cell rows * height, cell columns * width)`, in the
/// unit of the votes. A larger `cell_size` (height, width in pixels) than that of the descriptor
/// enlarges the picture.
///
/// Reference implementation: the picture of `skimage.feature.hog(..., visualize=True)` of
/// scikit-image 0.26, number for number, for cells of at least 2 pixels.
pub fn hog_lines(cells: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> Array2<f64> {
    let (rows, columns, _) = cells.dim();
    let [height, width] = cell_size;
    let mut picture = Array2::zeros((rows * height, columns * width));
    for edge in edges(cells, cell_size) {
        line(pixel(edge.from), pixel(edge.to), |at| picture[at] += f64::from(edge.votes));
    }
    picture
}

/// [`hog_lines`] as an image: the brightest place is white, a place without votes black.
///
/// ```
/// use features::{Hog, HogParams, hog_glyphs};
/// let edge = ndarray::Array3::from_shape_fn((8, 8, 1), |(_, x, _)| if x < 4 { 0 } else { 99 });
/// let cells = Hog::new(&HogParams::default()).unwrap().cells(edge.view()).unwrap();
/// let picture = hog_glyphs(cells.view(), [16, 16]);
/// assert_eq!(picture.dimensions(), (32, 32));
/// // The edge runs downwards, and so do the lines.
/// assert_eq!(picture.get_pixel(8, 4).0, [255]);
/// assert_eq!(picture.get_pixel(4, 8).0, [0]);
/// ```
pub fn hog_glyphs(cells: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> GrayImage {
    let lines = hog_lines(cells, cell_size);
    let brightest = lines.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    gray_image(lines.view(), |value| (value / brightest * 255.0).round() as u8)
}

/// The lines of [`hog_lines`] as SVG, on black: the strongest line is white, weaker ones more
/// transparent.
pub fn hog_glyphs_svg(cells: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> String {
    let strongest = largest(cells);
    let mut svg = canvas(cells, cell_size);
    for Stroke { from, to, votes } in edges(cells, cell_size) {
        if votes > 0.0 {
            svg.line(from, to, [255; 3], f64::from(votes) / strongest);
        }
    }
    svg.finish()
}

/// A star per cell: a ray both ways along the gradient for each orientation, as long as the
/// orientation has votes; the strongest reaches the side of its cell. White on black.
///
/// Takes what [`hog_lines`] takes; votes below 0 have no ray.
pub fn hog_stars(cells: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> GrayImage {
    let (rows, columns, _) = cells.dim();
    let mut picture = Array2::<u8>::zeros((rows * cell_size[0], columns * cell_size[1]));
    for ray in rays(cells, cell_size) {
        let [from, to] = [ray.from, ray.to].map(|end| pixel(end.map(f64::round)));
        line(from, to, |at| picture[at] = 255);
    }
    gray_image(picture.view(), |level| level)
}

/// The picture of [`hog_stars`] as SVG.
pub fn hog_stars_svg(cells: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> String {
    let mut svg = canvas(cells, cell_size);
    for Stroke { from, to, .. } in rays(cells, cell_size) {
        svg.line(from, to, [255; 3], 1.0);
    }
    svg.finish()
}

/// What a linear model looks for in each cell: the lines of [`hog_lines`], those with a weight
/// above 0 in [`POSITIVE`], those below in [`NEGATIVE`], on black and on one scale: the strongest
/// place has the full colour.
///
/// `weights` has shape `(cell rows, cell columns, orientations)`; [`hog_cell_weights`] makes it of
/// the weights for a descriptor in blocks.
///
/// ```
/// // Two cells, one orientation: an edge that speaks for the class, and one that speaks against.
/// let weights = ndarray::array![[[2.0_f32], [-1.0]]];
/// let picture = features::hog_weights(weights.view(), [8, 8]);
/// assert_eq!(picture.get_pixel(4, 4).0, features::POSITIVE);
/// assert_eq!(picture.get_pixel(12, 4).0, features::NEGATIVE.map(|level: u8| level.div_ceil(2)));
/// ```
pub fn hog_weights(weights: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> RgbImage {
    let positive = hog_lines(weights.mapv(|weight| weight.max(0.0)).view(), cell_size);
    let negative = hog_lines(weights.mapv(|weight| (-weight).max(0.0)).view(), cell_size);
    let all = positive.iter().chain(&negative);
    let strongest = all.copied().fold(f64::MIN_POSITIVE, f64::max);
    let (height, width) = positive.dim();
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let at = [y as usize, x as usize];
        let [positive, negative] = [positive[at], negative[at]].map(|sum| sum / strongest);
        Rgb([0, 1, 2].map(|channel| {
            let level =
                positive * f64::from(POSITIVE[channel]) + negative * f64::from(NEGATIVE[channel]);
            level.round().min(255.0) as u8
        }))
    })
}

/// The lines of [`hog_weights`] as SVG.
pub fn hog_weights_svg(weights: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> String {
    let strongest = largest(weights);
    let mut svg = canvas(weights, cell_size);
    for Stroke { from, to, votes: weight } in edges(weights, cell_size) {
        let colour = if weight > 0.0 { POSITIVE } else { NEGATIVE };
        if weight != 0.0 {
            svg.line(from, to, colour, f64::from(weight.abs()) / strongest);
        }
    }
    svg.finish()
}

/// The weight of each orientation in each cell, summed over the blocks that hold the cell: shape
/// `(cell rows, cell columns, orientations)`, for weights of [`crate::Hog::shape`], blocks that
/// start at every cell.
///
/// ```
/// // Three cells side by side in two blocks; the one in the middle is in both.
/// let weights = ndarray::Array5::from_elem((1, 2, 1, 2, 9), 0.5);
/// let cells = features::hog_cell_weights(weights.view());
/// assert_eq!(cells.dim(), (1, 3, 9));
/// assert_eq!([cells[[0, 0, 3]], cells[[0, 1, 3]], cells[[0, 2, 3]]], [0.5, 1.0, 0.5]);
/// ```
pub fn hog_cell_weights(weights: ArrayView5<'_, f32>) -> Array3<f32> {
    let (rows, columns, height, width, orientations) = weights.dim();
    let sides = [rows + height, columns + width].map(|sum| sum.saturating_sub(1));
    let mut cells = Array3::zeros((sides[0], sides[1], orientations));
    for ((row, column, down, across, orientation), weight) in weights.indexed_iter() {
        cells[[row + down, column + across, orientation]] += weight;
    }
    cells
}

/// A line through the middle of a cell for an orientation.
struct Stroke {
    /// Row and column in pixels.
    from: [f64; 2],
    to: [f64; 2],
    votes: f32,
}

/// Strokes of all cells, each along `direction(angle)` (down, across; of length 1) by `reach` of
/// the votes either way, in units of scikit-image's radius.
fn strokes(
    cells: ArrayView3<'_, f32>,
    [height, width]: [usize; 2],
    direction: impl Fn(f64) -> [f64; 2],
    reach: impl Fn(f32) -> f64,
) -> Vec<Stroke> {
    let radius = (height.min(width) / 2).saturating_sub(1) as f64;
    let stroke = |((row, column, orientation), &votes): ((usize, usize, usize), &f32)| {
        let [down, across] = direction(PI * (orientation as f64 + 0.5) / cells.dim().2 as f64);
        let middle = [row * height + height / 2, column * width + width / 2];
        let [y, x] = middle.map(|place| place as f64);
        let length = radius * reach(votes);
        Stroke {
            from: [y - length * down, x - length * across],
            to: [y + length * down, x + length * across],
            votes,
        }
    };
    cells.indexed_iter().map(stroke).collect()
}

/// Strokes across the gradient, of equal length.
fn edges(cells: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> Vec<Stroke> {
    strokes(cells, cell_size, |angle| [angle.cos(), -angle.sin()], |_| 1.0)
}

/// Strokes along the gradient, as long as it has votes.
fn rays(cells: ArrayView3<'_, f32>, cell_size: [usize; 2]) -> Vec<Stroke> {
    let strongest = largest(cells);
    let reach = |votes: f32| f64::from(votes).max(0.0) / strongest;
    let mut rays = strokes(cells, cell_size, |angle| [angle.sin(), angle.cos()], reach);
    rays.retain(|ray| ray.votes > 0.0);
    rays
}

/// The largest number without its sign; not 0.
fn largest(cells: ArrayView3<'_, f32>) -> f64 {
    cells.iter().fold(f64::MIN_POSITIVE, |largest, &votes| largest.max(f64::from(votes.abs())))
}

/// As large as the cells together.
fn canvas(cells: ArrayView3<'_, f32>, [height, width]: [usize; 2]) -> Svg {
    let (rows, columns, _) = cells.dim();
    Svg::new([rows * height, columns * width])
}

fn pixel(place: [f64; 2]) -> [usize; 2] {
    place.map(|side| side as usize)
}

/// Visits the pixels (row, column) of a line, both ends included, by Bresenham's algorithm with
/// the rounding of `skimage.draw.line`.
fn line(from: [usize; 2], to: [usize; 2], mut visit: impl FnMut([usize; 2])) {
    let distance = [0, 1].map(|axis| from[axis].abs_diff(to[axis]) as isize);
    let step = [0, 1].map(|axis| if to[axis] > from[axis] { 1 } else { -1 });
    // Along the major axis every step moves, along the minor one some do.
    let (major, minor) = if distance[0] > distance[1] { (0, 1) } else { (1, 0) };
    let mut at = from;
    let mut error = 2 * distance[minor] - distance[major];
    for _ in 0..distance[major] {
        visit(at);
        if error >= 0 {
            at[minor] = at[minor].wrapping_add_signed(step[minor]);
            error -= 2 * distance[major];
        }
        at[major] = at[major].wrapping_add_signed(step[major]);
        error += 2 * distance[minor];
    }
    visit(to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_cells_have_one_dot() {
        let cells = Array3::from_elem((2, 2, 3), 1.0);
        assert!(hog_lines(cells.view(), [1, 1]).iter().all(|&votes| votes == 3.0));
    }

    /// Of two orientations, the middles of the bins are 45 and 135 degrees.
    #[test]
    fn rays_lie_along_the_gradient_and_are_as_long_as_it_is_strong() {
        let mut cells = Array3::zeros((1, 1, 2));
        cells[[0, 0, 0]] = 2.0;
        let picture = hog_stars(cells.view(), [20, 20]);
        assert_eq!(picture.get_pixel(15, 15).0, [255]);
        assert_eq!(picture.get_pixel(5, 5).0, [255]);
        assert_eq!(picture.get_pixel(15, 5).0, [0]);
        cells[[0, 0, 1]] = 1.0;
        let picture = hog_stars(cells.view(), [20, 20]);
        assert_eq!(picture.get_pixel(12, 8).0, [255]);
        assert_eq!(picture.get_pixel(15, 5).0, [0]);
    }

    #[test]
    fn drawings_have_a_line_per_vote() {
        let cells = ndarray::array![[[1.0_f32, 0.0, -2.0]]];
        let lines = |svg: String| svg.matches("<line").count();
        assert_eq!(lines(hog_glyphs_svg(cells.view(), [8, 8])), 1);
        assert_eq!(lines(hog_stars_svg(cells.view(), [8, 8])), 1);
        let weights = hog_weights_svg(cells.view(), [8, 8]);
        assert!(weights.contains("#ffa028") && weights.contains("#3c82ff"), "{weights}");
        assert_eq!(lines(weights), 2);
    }

    #[test]
    fn no_cells_give_no_picture() {
        let cells = Array3::zeros((0, 3, 9));
        assert_eq!(hog_glyphs(cells.view(), [8, 8]).dimensions(), (24, 0));
        assert_eq!(hog_weights(cells.view(), [8, 8]).dimensions(), (24, 0));
        assert_eq!(hog_stars(cells.view(), [8, 8]).dimensions(), (24, 0));
    }
}
