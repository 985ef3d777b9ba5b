//! Features of one image or of many, all of one size.

use super::compile::compile;
use super::weighted::WeightedFeature;
use super::{HaarNormalisation, HaarUnit};
use crate::gray::gray;
use crate::integral::{spread, wrapping_integral, wrapping_tilted_integral};
use crate::kernels::Simd;
use crate::kernels::haar::{
    LANES, Program, interleave, interleave_tilted, interleaved, moments, single,
};
use ndarray::{ArrayView2, ArrayView3, ArrayView4, CowArray, Ix2, s};
use std::sync::{Arc, Mutex, PoisonError};

/// Beyond this size in bytes, interleaved tables fall out of the second level cache.
const MAX_TABLE: usize = 1 << 20;

/// Fewer images than these are quicker one by one.
const MIN_LANES: usize = 4;

/// What the numbers of a recipe are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scaling {
    pub(super) unit: HaarUnit,
    pub(super) normalisation: HaarNormalisation,
}

/// The features for images of one size.
#[derive(Debug)]
pub(super) struct Sized<F> {
    height: usize,
    width: usize,
    pub(super) features: Arc<[F]>,
    program: Program,
    tilted: bool,
    normalisation: HaarNormalisation,
}

/// The features of the size that was met last, since a set of images has but one.
#[derive(Debug)]
pub(super) struct Last<F>(Mutex<Option<Arc<Sized<F>>>>);

impl<F> Default for Last<F> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<F: Clone + Into<WeightedFeature>> Last<F> {
    /// Those of this size; `features` gives them if it is a new one.
    pub(super) fn get(
        &self,
        height: usize,
        width: usize,
        scaling: Scaling,
        features: impl FnOnce() -> Arc<[F]>,
    ) -> Arc<Sized<F>> {
        // A thread that panicked left either nothing or the whole.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(sized) if (sized.height, sized.width) == (height, width) => Arc::clone(sized),
            _ => {
                let sized = Arc::new(Sized::new(height, width, scaling, features()));
                *last = Some(Arc::clone(&sized));
                sized
            }
        }
    }
}

impl<F: Clone + Into<WeightedFeature>> Sized<F> {
    fn new(height: usize, width: usize, scaling: Scaling, features: Arc<[F]>) -> Self {
        let weighted = || features.iter().map(|feature| feature.clone().into());
        let tilted = weighted().any(|feature: WeightedFeature| {
            feature.rectangles.iter().any(|rectangle| rectangle.tilted)
        });
        let program = compile(weighted(), scaling.unit, height, width);
        let normalisation = scaling.normalisation;
        Self { height, width, features, program, tilted, normalisation }
    }

    /// Numbers in the tables.
    fn entries(&self) -> usize {
        (self.height + 1) * (self.width + 1) * if self.tilted { 2 } else { 1 }
    }

    /// Writes the features of one image.
    pub(super) fn extract(&self, image: ArrayView3<'_, u8>, out: &mut [f32]) {
        self.extract_one(gray(image).view(), &mut vec![0; self.entries()], out);
    }

    /// Writes the features of many, one row of `out` per image.
    pub(super) fn extract_batch(&self, images: ArrayView4<'_, u8>, out: &mut [f32]) {
        let count = self.program.features.len();
        assert_eq!(out.len(), images.dim().0 * count, "`out` must hold whole descriptors");
        let levels: Vec<_> = images.outer_iter().map(gray).collect();
        let interleave = self.entries() * size_of::<[u32; LANES]>() <= MAX_TABLE;
        let (mut table, mut tables) = (Vec::new(), Vec::new());
        for (levels, out) in levels.chunks(LANES).zip(out.chunks_mut(LANES * count)) {
            if interleave && levels.len() >= MIN_LANES {
                tables.resize(self.entries(), [0; LANES]);
                self.extract_interleaved(levels, &mut tables, out);
            } else {
                table.resize(self.entries(), 0);
                for (image, out) in levels.iter().zip(out.chunks_exact_mut(count)) {
                    self.extract_one(image.view(), &mut table, out);
                }
            }
        }
    }

    fn extract_one(&self, image: ArrayView2<'_, u8>, table: &mut [u32], out: &mut [f32]) {
        let (upright, tilted) = table.split_at_mut((self.height + 1) * (self.width + 1));
        wrapping_integral(image, upright);
        if self.tilted {
            wrapping_tilted_integral(image, tilted);
        }
        single(Simd::best(), &self.program, table, scale(self.normalisation, image), out);
    }

    fn extract_interleaved(
        &self,
        images: &[CowArray<'_, u8, Ix2>],
        tables: &mut [[u32; LANES]],
        out: &mut [f32],
    ) {
        let simd = Simd::best();
        let (upright, tilted) = tables.split_at_mut((self.height + 1) * (self.width + 1));
        let (mut levels, mut scales) = ([[].as_slice(); LANES], [0.0; LANES]);
        for (lane, image) in images.iter().enumerate() {
            levels[lane] = image.as_slice().expect("`gray` gives contiguous images");
            scales[lane] = scale(self.normalisation, image.view());
        }
        let levels = &levels[..images.len()];
        interleave(simd, levels, self.width, upright);
        if self.tilted {
            interleave_tilted(simd, levels, self.width, tilted);
        }
        interleaved(simd, &self.program, tables, &scales, out);
    }
}

/// What the features of an image are multiplied with.
fn scale(normalisation: HaarNormalisation, image: ArrayView2<'_, u8>) -> f64 {
    let inner = match normalisation {
        HaarNormalisation::None => return 1.0,
        HaarNormalisation::Deviation => image,
        HaarNormalisation::OpenCv => {
            let (height, width) = image.dim();
            if height < 3 || width < 3 {
                return 1.0;
            }
            image.slice_move(s![1..height - 1, 1..width - 1])
        }
    };
    let (mut sum, mut squares) = (0, 0);
    let mut add = |levels: &[u8]| {
        let (part, squared) = moments(Simd::best(), levels);
        sum += part;
        squares += squared;
    };
    match inner.as_slice() {
        Some(levels) => add(levels),
        None => {
            let contiguous = "`gray` gives images whose rows are contiguous";
            inner.rows().into_iter().for_each(|row| add(row.as_slice().expect(contiguous)));
        }
    }
    // The standard deviation times the number of pixels.
    let deviations = spread(inner.len() as u64, sum, squares).sqrt();
    match normalisation {
        HaarNormalisation::Deviation if deviations == 0.0 => 0.0,
        HaarNormalisation::Deviation => inner.len() as f64 / deviations,
        _ if deviations == 0.0 => 1.0,
        _ => 1.0 / deviations,
    }
}
