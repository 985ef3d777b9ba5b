//! A window that is moved over maps: which numbers it covers, and where it stops.
//!
//! ```text
//! size 2, stride 3, padding 1, width 6:     . 0 1 2 3 4 5 .
//!                                          [. 0]   [2 3]        two places; 5 is not covered
//! ```

use crate::layer::{LayerError, Shape};
use base::ParamError;
use serde::{Deserialize, Serialize};

/// A square window over maps with a border of `padding` numbers. Checked when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) size: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    /// Distance between neighbouring numbers of the window.
    pub(crate) dilation: usize,
}

impl Window {
    /// # Errors
    /// If a number is out of range.
    pub(crate) fn new(
        size: usize,
        stride: usize,
        padding: usize,
        dilation: usize,
    ) -> Result<Self, LayerError> {
        for (name, value) in [("size", size), ("stride", stride), ("dilation", dilation)] {
            if !(1..=1024).contains(&value) {
                return Err(ParamError::new(name, value, "from 1 to 1024").into());
            }
        }
        if padding > 1024 {
            return Err(ParamError::new("padding", padding, "at most 1024").into());
        }
        Ok(Self { size, stride, padding, dilation })
    }

    /// Places along each side of a map, as a shape with the channels of `input`.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn places(&self, input: Shape) -> Result<Shape, LayerError> {
        let covered = self.dilation * (self.size - 1) + 1;
        let along = |side: usize| {
            let room = (side + 2 * self.padding).checked_sub(covered);
            let too_small = || LayerError::Window { window: covered - 2 * self.padding, input };
            room.map(|room| room / self.stride + 1).ok_or_else(too_small)
        };
        if input.is_empty() {
            return Err(LayerError::Window { window: covered, input });
        }
        Ok(Shape { height: along(input.height)?, width: along(input.width)?, ..input })
    }

    /// The row or column of the map that number `offset` of the window covers at place `place`, if
    /// it does not lie on the border.
    #[inline]
    pub(crate) fn covered(&self, place: usize, offset: usize, side: usize) -> Option<usize> {
        let index = (place * self.stride + offset * self.dilation).checked_sub(self.padding)?;
        (index < side).then_some(index)
    }

    /// The places at which number `offset` of the window does not lie on the border.
    pub(crate) fn inside(&self, offset: usize, side: usize, places: usize) -> (usize, usize) {
        let start = offset * self.dilation;
        let first = self.padding.saturating_sub(start).div_ceil(self.stride);
        let end = (side + self.padding).saturating_sub(start).div_ceil(self.stride).min(places);
        (first.min(end), end)
    }
}

/// Settings of pooling; `stride` is `size` where it is left out: windows do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolParams {
    /// Rows and columns of a window, 1 to 15.
    pub size: usize,
    /// Rows or columns from one window to the next, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// Rows and columns added on each side, at most half of `size`. They are never the largest
    /// number, and count as 0 in an average.
    #[serde(default)]
    pub padding: usize,
}

impl PoolParams {
    /// Windows of `size x size` side by side.
    pub fn new(size: usize) -> Self {
        Self { size, stride: None, padding: 0 }
    }

    /// # Errors
    /// If a number is out of range.
    pub(crate) fn window(&self) -> Result<Window, LayerError> {
        if !(1..=15).contains(&self.size) {
            return Err(ParamError::new("size", self.size, "from 1 to 15").into());
        }
        if self.padding > self.size / 2 {
            return Err(ParamError::new("padding", self.padding, "at most half of `size`").into());
        }
        Window::new(self.size, self.stride.unwrap_or(self.size), self.padding, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { channels: 2, height: 6, width: 5 };

    #[test]
    fn the_places_of_the_drawing() {
        let window = Window::new(2, 3, 1, 1).unwrap();
        let places = window.places(SHAPE).unwrap();
        assert_eq!((places.height, places.width), (3, 2));
        let covered: Vec<_> =
            (0..3).map(|p| [0, 1].map(|offset| window.covered(p, offset, 6))).collect();
        assert_eq!(covered, [[None, Some(0)], [Some(2), Some(3)], [Some(5), None]]);
    }

    #[test]
    fn inside_are_the_places_that_cover_a_number_of_the_map() {
        for (size, stride, padding, dilation, side) in
            [(3, 1, 1, 1, 6), (3, 2, 1, 2, 9), (5, 3, 4, 1, 4), (2, 4, 0, 3, 9), (7, 1, 3, 1, 1)]
        {
            let window = Window::new(size, stride, padding, dilation).unwrap();
            let shape = Shape { channels: 1, height: side, width: side };
            let places = window.places(shape).unwrap().height;
            for offset in 0..size {
                let all = (0..places).filter(|&p| window.covered(p, offset, side).is_some());
                let (first, end) = window.inside(offset, side, places);
                assert!(all.eq(first..end), "{window:?} {offset}");
            }
        }
    }

    #[test]
    fn windows_larger_than_the_map_are_refused() {
        let error = Window::new(5, 1, 0, 2).unwrap().places(SHAPE).unwrap_err();
        let text = "its window covers 9 rows and columns, but its input is 2 maps of 6x5";
        assert_eq!(error.to_string(), text);
        let error = PoolParams { padding: 2, ..PoolParams::new(3) }.window().unwrap_err();
        assert_eq!(error.to_string(), "`padding` is 2, but must be at most half of `size`");
    }
}
