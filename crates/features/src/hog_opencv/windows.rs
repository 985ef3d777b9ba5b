//! Where windows and their blocks lie in an image with its padding.

use super::OpenCvHogParams;
use crate::view::check_size;
use crate::{ShapeError, Size};

/// An image and the mirrored pixels around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) size: Size,
    /// Rows above and below the image, columns beside it.
    pub(super) padding: [usize; 2],
}

impl Frame {
    pub(super) fn new(params: &OpenCvHogParams, size: Size) -> Self {
        let stride = params.window_stride.unwrap_or(params.cell_size);
        let padding = [0, 1].map(|axis| {
            let multiple = gcd(stride[axis], params.block_stride[axis]);
            // OpenCV's way of rounding up, which is one for powers of two.
            (params.padding[axis] + multiple - 1) & !(multiple - 1)
        });
        Self { size, padding }
    }

    /// Height and width with the padding.
    pub(super) fn sides(&self) -> [usize; 2] {
        let Self { size, padding } = self;
        [size.height + 2 * padding[0], size.width + 2 * padding[1]]
    }

    /// A corner in the image as one in the padded image, if a window there lies within that.
    pub(super) fn padded(&self, corner: [i64; 2], window: [usize; 2]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let at = corner[axis].checked_add(self.padding[axis] as i64)?;
            let at = usize::try_from(at).ok()?;
            (at.checked_add(window[axis])? <= self.sides()[axis]).then_some(at)
        };
        Some([along(0)?, along(1)?])
    }
}

/// Upper left corners of blocks in the padded image: every row of `ys` with every column of `xs`,
/// both ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blocks {
    pub(super) ys: Vec<usize>,
    pub(super) xs: Vec<usize>,
}

/// All windows of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Windows {
    pub(super) frame: Frame,
    /// Upper edges of windows in the padded image.
    tops: Vec<usize>,
    /// Left edges of windows in the padded image.
    lefts: Vec<usize>,
}

impl Windows {
    pub(super) fn new(params: &OpenCvHogParams, size: Size) -> Result<Self, ShapeError> {
        check_size(size)?;
        let frame = Frame::new(params, size);
        let ([height, width], window) = (frame.sides(), params.window_size);
        if height < window[0] || width < window[1] {
            return Err(ShapeError::TooSmall {
                what: "the HOG window",
                height: size.height,
                width: size.width,
                min_height: window[0].saturating_sub(2 * frame.padding[0]),
                min_width: window[1].saturating_sub(2 * frame.padding[1]),
            });
        }
        let stride = params.window_stride.unwrap_or(params.cell_size);
        let tops = (0..=height - window[0]).step_by(stride[0]).collect();
        let lefts = (0..=width - window[1]).step_by(stride[1]).collect();
        Ok(Self { frame, tops, lefts })
    }

    /// The only window at `corner` of the padded image.
    pub(super) fn one(frame: Frame, [top, left]: [usize; 2]) -> Self {
        Self { frame, tops: vec![top], lefts: vec![left] }
    }

    pub(super) fn count(&self) -> usize {
        self.tops.len() * self.lefts.len()
    }

    /// Upper left corners in the image, row by row.
    pub(super) fn corners(&self) -> impl Iterator<Item = [i64; 2]> {
        let [above, beside] = self.frame.padding.map(|pixels| pixels as i64);
        self.tops.iter().flat_map(move |&top| {
            self.lefts.iter().map(move |&left| [top as i64 - above, left as i64 - beside])
        })
    }

    /// The blocks of all windows.
    pub(super) fn blocks(&self, params: &OpenCvHogParams) -> Blocks {
        let [rows, columns] = params.blocks_per_window();
        Blocks {
            ys: starts(&self.tops, rows, params.block_stride[0]),
            xs: starts(&self.lefts, columns, params.block_stride[1]),
        }
    }

    /// For each window, row by row: where its rows and columns of blocks stand in `blocks`.
    pub(super) fn places(&self, params: &OpenCvHogParams, blocks: &Blocks) -> Places {
        let [rows, columns] = params.blocks_per_window();
        Places {
            rows: places(&self.tops, rows, params.block_stride[0], &blocks.ys),
            columns: places(&self.lefts, columns, params.block_stride[1], &blocks.xs),
        }
    }
}

/// Rows and columns of blocks of each row and each column of windows.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) rows: Vec<Vec<usize>>,
    pub(super) columns: Vec<Vec<usize>>,
}

/// Where blocks start along one axis, each place once, ascending.
fn starts(windows: &[usize], count: usize, stride: usize) -> Vec<usize> {
    let each = windows.iter().flat_map(|window| (0..count).map(move |i| window + i * stride));
    let mut starts: Vec<usize> = each.collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

fn places(windows: &[usize], count: usize, stride: usize, starts: &[usize]) -> Vec<Vec<usize>> {
    let place = |start: usize| starts.binary_search(&start).expect("`starts` has all of them");
    let of = |window: usize| (0..count).map(|i| place(window + i * stride)).collect();
    windows.iter().map(|&window| of(window)).collect()
}

/// The pixel that OpenCV's `BORDER_REFLECT_101` takes for one outside `0..count`.
pub(super) fn reflect(at: i64, count: usize) -> usize {
    if count == 1 {
        return 0;
    }
    let last = count as i64 - 1;
    let at = at.rem_euclid(2 * last);
    (if at > last { 2 * last - at } else { at }) as usize
}

pub(super) fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ```text
    /// ... 1 2 3 2 1 | 0 1 2 3 | 2 1 0 1 2 3 ...
    /// ```
    #[test]
    fn borders_are_mirrored_at_the_outermost_pixel() {
        let mirrored: Vec<_> = (-5..10).map(|at| reflect(at, 4)).collect();
        assert_eq!(mirrored, [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3]);
        assert_eq!(reflect(-7, 1), 0);
    }

    /// Common divisors 4, 1 and 6; `cv2.HOGDescriptor` gives 10 for (9 + 5) & -6, too.
    #[test]
    fn padding_is_rounded_up_to_the_common_divisor_of_the_strides() {
        let padding = |block_stride, window_stride, padding| {
            let default = OpenCvHogParams::default();
            let window_stride = Some(window_stride);
            let params = OpenCvHogParams { block_stride, window_stride, padding, ..default };
            Frame::new(&params, Size { height: 1, width: 1, channels: 1 }).padding
        };
        assert_eq!(padding([8, 8], [12, 5], [1, 1]), [4, 1]);
        assert_eq!(padding([6, 6], [12, 6], [9, 12]), [10, 16]);
    }

    #[test]
    fn windows_share_blocks() {
        let params = OpenCvHogParams { window_size: [32, 32], ..OpenCvHogParams::default() };
        let windows = Windows::new(&params, Size { height: 40, width: 33, channels: 1 }).unwrap();
        assert!(windows.corners().eq([[0, 0], [8, 0]]));
        let blocks = windows.blocks(&params);
        assert_eq!(blocks, Blocks { ys: vec![0, 8, 16, 24], xs: vec![0, 8, 16] });
        let places = windows.places(&params, &blocks);
        assert_eq!(places.rows, [[0, 1, 2], [1, 2, 3]]);
        assert_eq!(places.columns, [[0, 1, 2]]);
    }
}
