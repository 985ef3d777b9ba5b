//! At which sizes an image is searched, and which windows are looked at.

/// One size of the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// How much smaller than the image.
    pub(super) factor: f32,
    /// Height and width of the scaled image.
    pub(super) size: [usize; 2],
    /// Rows, and columns, from one window to the next.
    pub(super) step: usize,
}

/// Factors at which a window of size `window` grows into the image and lies between the bounds.
/// All sizes are height first.
///
/// If no factor lies there, the one that comes next to `min_size` is taken, as OpenCV does.
pub(super) fn scales(
    image: [usize; 2],
    window: [usize; 2],
    scale_factor: f64,
    min_size: [usize; 2],
    max_size: [usize; 2],
) -> Vec<Scale> {
    let fits = |size: [f64; 2], limit: [usize; 2]| {
        size[0] <= limit[0] as f64 && size[1] <= limit[1] as f64
    };
    let mut factors = Vec::new();
    let mut factor = 1.0;
    while fits(window.map(|side| (side as f64 * factor).round_ties_even()), image) {
        factors.push(factor as f32);
        factor *= scale_factor;
    }
    let grown = |&factor: &f32| grown(window, factor).map(|side| side as f64);
    let largest = factors.iter().position(|factor| !fits(grown(factor), max_size));
    let mut chosen = factors[..largest.unwrap_or(factors.len())].to_vec();
    chosen.retain(|factor| {
        let [height, width] = grown(factor);
        height >= min_size[0] as f64 && width >= min_size[1] as f64
    });
    if chosen.is_empty() {
        let distance = |factor: &f32| {
            let [height, width] = grown(factor);
            (height - min_size[0] as f64).powi(2) + (width - min_size[1] as f64).powi(2)
        };
        let nearest = factors.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        chosen.extend(nearest);
    }
    chosen.into_iter().map(|factor| scale(image, factor)).collect()
}

fn scale(image: [usize; 2], factor: f32) -> Scale {
    let size = image.map(|side| (side as f32 / factor).round_ties_even() as usize);
    Scale { factor, size, step: if factor >= 2.0 { 1 } else { 2 } }
}

/// Size of the window in the image, height first.
pub(super) fn grown(window: [usize; 2], factor: f32) -> [u32; 2] {
    window.map(|side| (side as f32 * factor).round_ties_even() as u32)
}

impl Scale {
    /// First rows of windows in the scaled image, if the largest of the scales is `first`.
    ///
    /// OpenCV cuts the rows into strips for its threads, and rounding loses the last row at times;
    /// so it is lost here.
    pub(super) fn rows(
        &self,
        window: [usize; 2],
        first: &Self,
    ) -> impl Iterator<Item = usize> + use<> {
        let strips = first.places(window)[1].div_ceil(32).max(1);
        let height = self.places(window)[0];
        let strip = (height / self.step).div_ceil(strips).max(1) * self.step;
        (0..height.min(strips * strip)).step_by(self.step)
    }

    /// Windows in each row.
    pub(super) fn columns(&self, window: [usize; 2]) -> usize {
        self.places(window)[1].div_ceil(self.step)
    }

    /// Places for a window along each axis.
    fn places(&self, window: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| (self.size[axis] + 1).saturating_sub(window[axis]))
    }
}
