//! What is done with the maps of a convolution before they are written.

use super::direct::as_f32;
use super::padded::Padded;
use super::sums::larger;
use crate::layer::Shape;

/// What can be done with the maps of a convolution before they are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AfterMaps<'a, R> {
    /// Numbers `x` of map `m` become `scale[m] x + shift[m]`: [`crate::BatchNorm`] of a trained
    /// network.
    Scale {
        /// One per map.
        scale: &'a [R],
        /// One per map.
        shift: &'a [R],
    },
    /// Negative numbers become 0: [`crate::Relu`].
    Rectify,
    /// The largest of 2x2 numbers, side by side: [`crate::MaxPool`].
    Halve,
}

/// Several of them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Finish<'a> {
    /// Scales and shifts of all maps, which come first.
    pub(super) scale: Option<[&'a [f32]; 2]>,
    /// Whether numbers are scaled after maps are halved.
    pub(super) scale_halved: bool,
    /// Before or after maps are halved, which is the same; after numbers are scaled.
    pub(super) rectify: bool,
    pub(super) halve: bool,
}

impl<'a> Finish<'a> {
    /// Nothing if one would have to be done twice, or numbers to be scaled after they are
    /// rectified.
    pub(crate) fn of<R: 'static>(after: &[AfterMaps<'a, R>]) -> Option<Self> {
        let mut all = Self::default();
        for after in after {
            match after {
                AfterMaps::Scale { scale, shift } => {
                    if all.scale.is_some() || all.rectify {
                        return None;
                    }
                    all.scale = Some([as_f32(scale)?, as_f32(shift)?]);
                    all.scale_halved = all.halve;
                }
                AfterMaps::Rectify => all.rectify = true,
                AfterMaps::Halve if all.halve => return None,
                AfterMaps::Halve => all.halve = true,
            }
        }
        Some(all)
    }

    /// Shape of what is written of maps of shape `maps`.
    pub(super) fn shape(self, maps: Shape) -> Shape {
        match self.halve {
            true => Shape { height: maps.height / 2, width: maps.width / 2, ..maps },
            false => maps,
        }
    }

    /// Scales and rectifies numbers of a map.
    #[inline(always)]
    fn numbers(self, map: usize, numbers: &mut [f32]) {
        if let Some([scale, shift]) = self.scale {
            let (scale, shift) = (scale[map], shift[map]);
            numbers.iter_mut().for_each(|x| *x = scale * *x + shift);
        }
        if self.rectify {
            numbers.iter_mut().for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x });
        }
    }

    /// Takes the outputs that count, of one map of shape `outputs`, from a line of all places of a
    /// kernel on `from`, and writes them to `images[n][map]`, shape `(n, maps, height, width)`.
    #[inline(always)]
    pub(super) fn read(
        self,
        from: Padded,
        line: &mut [f32],
        outputs: Shape,
        map: usize,
        images: &mut [f32],
    ) {
        let written = self.shape(outputs);
        if !self.scale_halved {
            self.numbers(map, line);
        }
        for (n, image) in images.chunks_exact_mut(written.len()).enumerate() {
            let to = &mut image[map * written.plane()..][..written.plane()];
            let mut start = n * from.rows * from.pitch;
            for to in to.chunks_exact_mut(written.width) {
                if self.halve {
                    let (upper, lower) = (&line[start..], &line[start + from.pitch..]);
                    let upper = upper[..2 * to.len()].as_chunks().0;
                    let lower = lower[..2 * to.len()].as_chunks().0;
                    for (to, (&[a, b], &[c, d])) in to.iter_mut().zip(upper.iter().zip(lower)) {
                        *to = larger(larger(larger(a, b), c), d);
                    }
                    start += 2 * from.pitch;
                } else {
                    to.copy_from_slice(&line[start..start + outputs.width]);
                    start += from.pitch;
                }
            }
            if self.scale_halved {
                self.numbers(map, to);
            }
        }
    }
}
