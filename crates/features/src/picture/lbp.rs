//! Pictures of local binary patterns.

use super::gray_image;
use super::svg::Svg;
use image::GrayImage;
use ndarray::ArrayView2;

/// The labels of [`crate::lbp_codes`] as grey levels: label 0 is black, the last of `labels` white.
///
/// ```
/// let picture = features::lbp_picture(ndarray::array![[0_u32, 5, 9]].view(), 10);
/// assert_eq!(picture.into_raw(), [0, 142, 255]);
/// ```
pub fn lbp_picture(codes: ArrayView2<'_, u32>, labels: usize) -> GrayImage {
    let last = labels.saturating_sub(1).max(1) as f64;
    gray_image(codes, |code| (f64::from(code) / last * 255.0).round() as u8)
}

/// [`lbp_picture`] as SVG, in which every pixel stays sharp at any size.
pub fn lbp_picture_svg(codes: ArrayView2<'_, u32>, labels: usize) -> String {
    let (height, width) = codes.dim();
    let mut svg = Svg::new([height, width]);
    svg.image(&lbp_picture(codes, labels));
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_svg_holds_the_image() {
        let codes = ndarray::array![[0_u32, 5], [9, 1]];
        let svg = lbp_picture_svg(codes.view(), 10);
        assert!(svg.contains("data:image/png;base64,iVBORw0KGgo"), "{svg}");
        assert!(lbp_picture_svg(ndarray::Array2::zeros((0, 4)).view(), 10).ends_with("</svg>\n"));
    }
}
