//! Pictures of maps: grey, side by side, or as heat over an image; bytes of shape
//! `(height, width, channels)`, as images have everywhere in this project.

use ndarray::{Array2, Array3, ArrayView2, ArrayView3, s};

/// Pixels between the maps of a sheet, and their grey.
const GAP: usize = 1;
const GAP_GREY: u8 = 128;

/// A map in grey, from its smallest number (black) to its largest (white); grey 0 everywhere if all
/// are equal. Shape `(height, width, 1)`.
///
/// ```
/// let picture = deep::inspect::grey(ndarray::array![[-1.0, 0.0], [1.0, -1.0]].view());
/// assert_eq!(picture, ndarray::array![[[0_u8], [128]], [[255], [0]]]);
/// ```
pub fn grey(map: ArrayView2<'_, f32>) -> Array3<u8> {
    let lowest = map.iter().copied().fold(f32::INFINITY, f32::min);
    let highest = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let scale = if highest > lowest { 255.0 / (highest - lowest) } else { 0.0 };
    let (height, width) = map.dim();
    // A cast to bytes saturates, and makes 0 of NaN.
    Array3::from_shape_fn((height, width, 1), |(y, x, _)| {
        ((map[[y, x]] - lowest) * scale).round() as u8
    })
}

/// Maps side by side, each in its own [`grey`], in rows of about as many as there are rows.
///
/// # Panics
/// If there is no map or no pixel.
pub fn sheet(maps: ArrayView3<'_, f32>) -> Array3<u8> {
    let (count, height, width) = maps.dim();
    assert!(!maps.is_empty(), "maps with pixels");
    let columns = count.isqrt() + usize::from(count.isqrt().pow(2) < count);
    let rows = count.div_ceil(columns);
    let sides = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 1);
    let mut sheet = Array3::from_elem(sides, GAP_GREY);
    for (index, map) in maps.outer_iter().enumerate() {
        let (top, left) = (index / columns * (height + GAP), index % columns * (width + GAP));
        sheet.slice_mut(s![top..top + height, left..left + width, ..]).assign(&grey(map));
    }
    sheet
}

/// A map as heat over an image, shape `(height, width, 3)`: the image darkened, and red added in
/// proportion to the map, the largest number of which (if positive) adds full red.
///
/// # Panics
/// If the image, shape `(height, width, 1 or 3)`, has other sides than the map.
pub fn heat(image: ArrayView3<'_, u8>, map: ArrayView2<'_, f32>) -> Array3<u8> {
    let (height, width, channels) = image.dim();
    assert_eq!((height, width), map.dim(), "a number per pixel");
    let highest = map.iter().copied().fold(0.0, f32::max);
    let scale = if highest > 0.0 { 1.0 / highest } else { 0.0 };
    Array3::from_shape_fn((height, width, 3), |(y, x, channel)| {
        let pixel = f32::from(image[[y, x, channel.min(channels - 1)]]) / 2.0;
        let heat = (map[[y, x]] * scale).max(0.0);
        let red = if channel == 0 { 255.0 * heat } else { 0.0 };
        (pixel * (1.0 - heat / 2.0) + red / 2.0).round() as u8
    })
}

/// A map of another size: each pixel is the weighted mean of the four nearest, as if pixels were
/// squares that cover the same area; as `torch.nn.functional.interpolate` does with
/// `mode="bilinear", align_corners=False`.
pub(super) fn resize(map: &Array2<f32>, height: usize, width: usize) -> Array2<f32> {
    let (rows, columns) = map.dim();
    let between = |to: usize, from_side: usize, to_side: usize| {
        let place = (to as f32 + 0.5) * from_side as f32 / to_side as f32 - 0.5;
        let place = place.clamp(0.0, from_side as f32 - 1.0);
        let first = place.floor() as usize;
        (first, (first + 1).min(from_side - 1), place - first as f32)
    };
    Array2::from_shape_fn((height, width), |(y, x)| {
        let (y0, y1, down) = between(y, rows, height);
        let (x0, x1, right) = between(x, columns, width);
        let upper = map[[y0, x0]] + right * (map[[y0, x1]] - map[[y0, x0]]);
        let lower = map[[y1, x0]] + right * (map[[y1, x1]] - map[[y1, x0]]);
        upper + down * (lower - upper)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn maps_lie_side_by_side_each_in_its_own_greys() {
        let maps = array![[[0.0, 1.0]], [[5.0, 3.0]], [[7.0, 7.0]]];
        let sheet = sheet(maps.view());
        let expected =
            array![[0, 255, 128, 255, 0], [128, 128, 128, 128, 128], [0, 0, 128, 128, 128]];
        assert_eq!(sheet.index_axis(ndarray::Axis(2), 0), expected);
    }

    #[test]
    fn heat_is_red_where_the_map_is_high() {
        let image = array![[[200_u8], [200]], [[0], [0]]];
        let map = array![[0.0, 2.0], [-1.0, 1.0]];
        let heat = heat(image.view(), map.view());
        assert_eq!(heat.slice(s![0, 0, ..]), array![100, 100, 100]);
        assert_eq!(heat.slice(s![0, 1, ..]), array![178, 50, 50]);
        assert_eq!(heat.slice(s![1, 0, ..]), array![0, 0, 0]);
        assert_eq!(heat.slice(s![1, 1, ..]), array![64, 0, 0]);
    }
}
