//! The descriptor of the mirrored image.

use super::params::{CellVote, HogParams, Layout};
use super::{Hog, HogError};
use base::{Extract, ParamError, ShapeError, Size};
use ndarray::{Array, Axis};

impl Hog {
    /// Where the numbers of the mirrored image (left and right exchanged) stand in the descriptor
    /// of the image: number `i` of the one is number `mirror_permutation[i]` of the other. Training
    /// images can so be mirrored after they are described.
    ///
    /// With [`super::OrientationVote::Linear`] this holds up to rounding. With `Hard` votes it holds
    /// but for gradients on the edge of two bins, such as those along rows (0 degrees): they are in
    /// the upper bin in both images, while the mirrored place is the lower one.
    ///
    /// As `vl_hog_get_permutation` of VLFeat.
    ///
    /// ```
    /// use features::Hog;
    /// let (hog, size) = (Hog::dalal_triggs(), features::Size { height: 24, width: 32, channels: 1 });
    /// let slope = ndarray::Array3::from_shape_fn((24, 32, 1), |(y, x, _)| (y * 3 + x * 5) as u8);
    /// let mirrored = slope.slice(ndarray::s![.., ..;-1, ..]);
    /// let numbers = hog.describe(slope.view())?;
    /// let of_mirrored = hog.describe(mirrored)?;
    /// for (i, place) in hog.mirror_permutation(size)?.into_iter().enumerate() {
    ///     assert!((of_mirrored[i] - numbers[place]).abs() < 1e-6);
    /// }
    /// # Ok::<(), features::HogError>(())
    /// ```
    ///
    /// # Errors
    /// If images of that size cannot be described, or no rearrangement can do it: because blocks do
    /// not cover the image without a rest, the number of `signed` orientations is odd, or the
    /// Gaussian weights have an offset.
    pub fn mirror_permutation(&self, size: Size) -> Result<Vec<usize>, HogError> {
        let length = self.length(size)?;
        self.check_no_rest(size)?;
        let bins = mirrored_bins(&self.params)?;
        if let CellVote::Gaussian { offset, .. } = self.params.cell_vote
            && offset != 0.0
        {
            return Err(ParamError::new("offset", offset, "0 for a mirrored descriptor").into());
        }
        let [a, b, c, d, e] = self.shape(size)?;
        let shape = [self.general.descriptors(size.channels), a, b, c, d, e];
        let mut places = Array::from_iter(0..length).into_shape_with_order(shape);
        let places = places.as_mut().expect("one place for every number");
        let columns = match self.params.layout {
            Layout::RowMajor => [2, 4],
            Layout::OpenCv => [1, 3],
        };
        columns.into_iter().for_each(|axis| places.invert_axis(Axis(axis)));
        Ok(places.select(Axis(5), &bins).into_iter().collect())
    }

    /// Pixels that no block covers, or that lie beyond the image, would change sides.
    fn check_no_rest(&self, size: Size) -> Result<(), ShapeError> {
        let Size { height, width, .. } = size;
        let geometry = self.general.geometry();
        let last = geometry.blocks(size)?.map(|blocks| blocks - 1);
        let ends = [0, 1].map(|axis| geometry.corner(last)[axis] + geometry.block()[axis]);
        if ends[1] == width {
            return Ok(());
        }
        Err(ShapeError::Remainder {
            what: "HOG",
            height,
            width,
            rows_left: height.saturating_sub(ends[0]),
            columns_left: width.saturating_sub(ends[1]),
        })
    }
}

/// An angle `a` becomes 180 degrees minus `a`.
fn mirrored_bins(params: &HogParams) -> Result<Vec<usize>, ParamError> {
    let count = params.orientations;
    if params.signed && count % 2 == 1 {
        let expected = "even for a mirrored descriptor with `signed`";
        return Err(ParamError::new("orientations", count, expected));
    }
    let half_circle = if params.signed { count / 2 } else { count };
    Ok((0..count).map(|bin| (half_circle + count - 1 - bin) % count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_by_hand() {
        let bins = |orientations, signed| {
            mirrored_bins(&HogParams { orientations, signed, ..HogParams::default() })
        };
        assert_eq!(bins(3, false).unwrap(), [2, 1, 0]);
        // Middles at 45, 135, 225 and 315 degrees.
        assert_eq!(bins(4, true).unwrap(), [1, 0, 3, 2]);
        assert!(bins(3, true).is_err());
    }

    /// One row of two blocks of one cell, three orientations.
    #[test]
    fn a_permutation_by_hand() {
        let params = HogParams { orientations: 3, block_size: [1, 1], ..HogParams::default() };
        let hog = Hog::new(&params).unwrap();
        let permutation =
            |height, width| hog.mirror_permutation(Size { height, width, channels: 1 });
        assert_eq!(permutation(4, 8).unwrap(), [5, 4, 3, 2, 1, 0]);
        assert_eq!(permutation(5, 8).unwrap(), [5, 4, 3, 2, 1, 0]);
        let error = permutation(4, 9).unwrap_err().to_string();
        assert_eq!(error, "images are 4x9 pixels, and HOG leaves out 0 rows and 1 columns");
    }
}
