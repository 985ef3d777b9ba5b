//! The gradient of a pixel: a filter and what it sees beyond the border.

use crate::hog::params::{Border, GradientFilter};

/// Brightness differences of a pixel's neighbours: down its column and along its row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gradient {
    pub(super) dy: f64,
    pub(super) dx: f64,
}

impl Gradient {
    pub(super) fn squared(self) -> f64 {
        self.dy * self.dy + self.dx * self.dx
    }
}

/// One channel of an image, row by row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane<'a> {
    pub(super) levels: &'a [f64],
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Plane<'_> {
    /// The gradient in row `y` and column `x`.
    ///
    /// ```text
    /// weights of dx:  -side  0  side    of dy:  -side -middle -side
    ///               -middle  0  middle              0     0     0
    ///                 -side  0  side             side  middle  side
    /// ```
    pub(super) fn gradient(
        self,
        y: usize,
        x: usize,
        filter: GradientFilter,
        border: Border,
    ) -> Gradient {
        let [middle, side] = match filter {
            GradientFilter::Central => [1.0, 0.0],
            GradientFilter::Sobel => [2.0, 1.0],
            GradientFilter::Prewitt => [1.0, 1.0],
        };
        let rows = around(y, self.height, border).map(|row| row * self.width);
        let columns = around(x, self.width, border);
        let level = |row: usize, column: usize| self.levels[rows[row] + columns[column]];
        let down = |column| level(2, column) - level(0, column);
        let along = |row| level(row, 2) - level(row, 0);
        let mut gradient = Gradient {
            dy: middle * down(1) + side * (down(0) + down(2)),
            dx: middle * along(1) + side * (along(0) + along(2)),
        };
        if border == Border::Zero {
            let ends_column = y == 0 || y + 1 == self.height;
            let ends_row = x == 0 || x + 1 == self.width;
            if ends_column || (ends_row && side > 0.0) {
                gradient.dy = 0.0;
            }
            if ends_row || (ends_column && side > 0.0) {
                gradient.dx = 0.0;
            }
        }
        gradient
    }
}

/// The place before `at`, itself and the place after it, of `count` places.
fn around(at: usize, count: usize, border: Border) -> [usize; 3] {
    let last = count - 1;
    let (before_first, after_last) = match border {
        Border::Reflect101 => (1.min(last), last.saturating_sub(1)),
        // What `Zero` finds there does not count.
        Border::Zero | Border::Clamp => (0, last),
    };
    let before = if at == 0 { before_first } else { at - 1 };
    let after = if at == last { after_last } else { at + 1 };
    [before, at, after]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ```text
    /// 1 2 4
    /// 7 9 8
    /// 3 5 6
    /// ```
    const PLANE: Plane<'_> =
        Plane { levels: &[1.0, 2.0, 4.0, 7.0, 9.0, 8.0, 3.0, 5.0, 6.0], height: 3, width: 3 };

    fn gradient(y: usize, x: usize, filter: GradientFilter, border: Border) -> [f64; 2] {
        let Gradient { dy, dx } = PLANE.gradient(y, x, filter, border);
        [dy, dx]
    }

    #[test]
    fn filters_by_hand() {
        for border in [Border::Zero, Border::Reflect101, Border::Clamp] {
            let centre = |filter| gradient(1, 1, filter, border);
            assert_eq!(centre(GradientFilter::Central), [5.0 - 2.0, 8.0 - 7.0]);
            // Down: 3 - 1, 5 - 2, 6 - 4; along: 4 - 1, 8 - 7, 6 - 3.
            assert_eq!(
                centre(GradientFilter::Sobel),
                [2.0 + 2.0 * 3.0 + 2.0, 3.0 + 2.0 * 1.0 + 3.0]
            );
            assert_eq!(centre(GradientFilter::Prewitt), [2.0 + 3.0 + 2.0, 3.0 + 1.0 + 3.0]);
        }
    }

    #[test]
    fn borders_by_hand() {
        let top = |filter, border| gradient(0, 1, filter, border);
        let central = |border| top(GradientFilter::Central, border);
        assert_eq!(central(Border::Zero), [0.0, 4.0 - 1.0]);
        assert_eq!(central(Border::Reflect101), [9.0 - 9.0, 3.0]);
        assert_eq!(central(Border::Clamp), [9.0 - 2.0, 3.0]);
        let sobel = |border| top(GradientFilter::Sobel, border);
        assert_eq!(sobel(Border::Zero), [0.0, 0.0]);
        // Above row 0 lies row 1 again: along it 8 - 7.
        assert_eq!(sobel(Border::Reflect101), [0.0, 1.0 + 2.0 * 3.0 + 1.0]);
        // Above row 0 lies row 0 again: down 7 - 1, 9 - 2, 8 - 4; along 4 - 1 twice.
        assert_eq!(sobel(Border::Clamp), [6.0 + 2.0 * 7.0 + 4.0, 3.0 + 2.0 * 3.0 + 1.0]);
        let corner = |border| gradient(2, 2, GradientFilter::Prewitt, border);
        assert_eq!(corner(Border::Zero), [0.0, 0.0]);
        // Rows 1 2 1, columns 1 2 1.
        assert_eq!(corner(Border::Reflect101), [0.0, 0.0]);
        // Rows 1 2 2, columns 1 2 2: down 5 - 9, 6 - 8 twice; along 8 - 9, 6 - 5 twice.
        assert_eq!(corner(Border::Clamp), [-4.0 - 2.0 - 2.0, -1.0 + 1.0 + 1.0]);
    }

    #[test]
    fn a_single_pixel_has_no_gradient() {
        let plane = Plane { levels: &[5.0], height: 1, width: 1 };
        for border in [Border::Zero, Border::Reflect101, Border::Clamp] {
            let gradient = plane.gradient(0, 0, GradientFilter::Sobel, border);
            assert_eq!(gradient, Gradient { dy: 0.0, dx: 0.0 });
        }
    }
}
