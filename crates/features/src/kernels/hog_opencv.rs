//! Loops of the HOG with OpenCV's semantics: gradients, their orientations, votes, normalisation.
//!
//! Everything runs over *lanes*: one number of each of several blocks that lie beside each other,
//! so that a vector instruction does for all of them what OpenCV does for one. Each block's sums
//! are added in OpenCV's order, which makes every bit the same.

use super::{Simd, kernel};

/// Blocks that are worked on at once.
pub(crate) const LANES: usize = 16;

/// One number of each of [`LANES`] blocks.
pub(crate) type Lanes = [f32; LANES];

kernel! {
    /// The levels of pixels, or their square roots, sorted by their places in groups of eight:
    /// pixel `p` of group `i` lies in `out` at `p * pixels.len() + i`.
    pub(crate) fn spread(pixels: &[[u8; 8]], square_root: bool, out: &mut [f32]) {
        let (chunks, rest) = pixels.as_chunks::<LANES>();
        let level = |group: u64, place: usize| {
            let level = ((group >> (8 * place)) & 255) as i32 as f32;
            if square_root { level.sqrt() } else { level }
        };
        for (chunk, groups) in chunks.iter().enumerate() {
            let groups = groups.map(u64::from_le_bytes);
            for place in 0..8 {
                let at = place * pixels.len() + chunk * LANES;
                let out: &mut Lanes = (&mut out[at..at + LANES]).try_into().expect("LANES");
                for lane in 0..LANES {
                    out[lane] = level(groups[lane], place);
                }
            }
        }
        for (group, pixels_of_group) in rest.iter().enumerate() {
            for place in 0..8 {
                let at = place * pixels.len() + chunks.len() * LANES + group;
                out[at] = level(u64::from_le_bytes(*pixels_of_group), place);
            }
        }
    }
}

/// Levels of the pixels above, at and below a row, channel after channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neighbours<'a> {
    pub(crate) above: &'a [f32],
    pub(crate) here: &'a [f32],
    pub(crate) below: &'a [f32],
}

kernel! {
    /// Differences of the pixels right and left of each one, and below and above it.
    ///
    /// Levels of a channel have the place of their pixel in `dx` plus `step`; neighbours along the
    /// row are `step` apart. Of three channels (red, green, blue) the one with the largest
    /// gradient counts; of equal ones blue comes before green before red, but the other way round
    /// where `column` is `reversed_from` or more, as in OpenCV's vector loop and what it leaves.
    pub(crate) fn gradients<const CHANNELS: usize>(
        levels: Neighbours<'_>, step: usize, columns: &[Column], reversed_from: u32,
        dx: &mut [Lanes], dy: &mut [Lanes],
    ) {
        let channel = levels.here.len() / CHANNELS;
        for (chunk, ((dx, dy), columns)) in dx.iter_mut().zip(dy).zip(columns).enumerate() {
            let mut channels = [([0.0; LANES], [0.0; LANES]); CHANNELS];
            for (number, (dx, dy)) in channels.iter_mut().enumerate() {
                let at = number * channel + chunk * LANES;
                let (left, right) = (at, at + 2 * step);
                let middle = at + step;
                let left: &Lanes = levels.here[left..left + LANES].try_into().expect("LANES");
                let right: &Lanes = levels.here[right..right + LANES].try_into().expect("LANES");
                let above: &Lanes = levels.above[middle..middle + LANES].try_into().expect("LANES");
                let below: &Lanes = levels.below[middle..middle + LANES].try_into().expect("LANES");
                for lane in 0..LANES {
                    dx[lane] = right[lane] - left[lane];
                    dy[lane] = below[lane] - above[lane];
                }
            }
            if CHANNELS == 1 {
                (*dx, *dy) = channels[0];
                continue;
            }
            let [red, green, blue] = [channels[0], channels[1], channels[CHANNELS - 1]];
            for lane in 0..LANES {
                let reversed = columns[lane] >= reversed_from;
                let (red, blue) = ((red.0[lane], red.1[lane]), (blue.0[lane], blue.1[lane]));
                let (first, last) = if reversed { (red, blue) } else { (blue, red) };
                let second = (green.0[lane], green.1[lane]);
                let square = |(x, y): (f32, f32)| x * x + y * y;
                let best = if square(second) > square(first) { second } else { first };
                let best = if square(last) > square(best) { last } else { best };
                (dx[lane], dy[lane]) = best;
            }
        }
    }
}

/// Columns of the image in which the pixels of a chunk of lanes lie.
pub(crate) type Column = [u32; LANES];

/// How the direction of a gradient is divided among bins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bins {
    /// Number of bins.
    pub(crate) count: usize,
    /// Bins per radian.
    pub(crate) per_radian: f32,
    /// The column from which on OpenCV's arc tangent is that of its scalar loop.
    pub(crate) scalar_from: u32,
}

kernel! {
    /// The share of each bin in the strength of each gradient: two bins have one, the others 0.
    ///
    /// Bin `b` of chunk `i` lies in `out` at `b * bin_stride + i * LANES`.
    ///
    /// `BINS` is their number, or 0 if it is known to `bins` only: with a constant, the loop over
    /// bins is unrolled.
    pub(crate) fn orient<const BINS: usize>(
        dx: &[Lanes], dy: &[Lanes], columns: &[Column], bins: Bins, bin_stride: usize,
        out: &mut [f32],
    ) {
        let number = if BINS > 0 { BINS } else { bins.count };
        let count = number as f32;
        for (chunk, ((dx, dy), columns)) in dx.iter().zip(dy).zip(columns).enumerate() {
            let mut lower = [0.0; LANES];
            let mut upper = [0.0; LANES];
            let mut share = [0.0; LANES];
            let mut upper_share = [0.0; LANES];
            for lane in 0..LANES {
                let (x, y) = (dx[lane], dy[lane]);
                let strength = x.mul_add(x, y * y).sqrt();
                let radians = angle(x, y, columns[lane] >= bins.scalar_from);
                let place = radians * bins.per_radian - 0.5;
                let below = floor(place);
                let fraction = place - below;
                share[lane] = strength * (1.0 - fraction);
                upper_share[lane] = strength * fraction;
                let below = if below < 0.0 { below + count } else { below };
                let below = if below >= count { below - count } else { below };
                lower[lane] = below;
                upper[lane] = if below + 1.0 >= count { 0.0 } else { below + 1.0 };
            }
            for bin in 0..number {
                let at = bin * bin_stride + chunk * LANES;
                let out: &mut Lanes = (&mut out[at..at + LANES]).try_into().expect("LANES");
                let bin = bin as f32;
                for lane in 0..LANES {
                    // With one bin in all, only the second vote counts, as in OpenCV.
                    let share = if lower[lane] == bin { share[lane] } else { 0.0 };
                    out[lane] = if upper[lane] == bin { upper_share[lane] } else { share };
                }
            }
        }
    }
}

/// OpenCV's `fastAtan2` in radians, 0 to 2 pi, with the fused operations of its AVX2 version.
#[inline(always)]
fn angle(x: f32, y: f32, scalar: bool) -> f32 {
    const DEGREES: f32 = (180.0 / std::f64::consts::PI) as f32;
    const P1: f32 = 0.999_787_85 * DEGREES;
    const P3: f32 = -0.325_808_4 * DEGREES;
    const P5: f32 = 0.155_578_66 * DEGREES;
    const P7: f32 = -0.044_326_555 * DEGREES;
    let (ax, ay) = (x.abs(), y.abs());
    let steep = ay > ax;
    let (small, large) = if steep { (ax, ay) } else { (ay, ax) };
    let c = small / (large + f64::EPSILON as f32);
    let cc = c * c;
    let polynomial = cc.mul_add(P7, P5).mul_add(cc, P3).mul_add(cc, P1);
    let flat = polynomial * c;
    // The compiler of OpenCV's scalar loop fused this one, too.
    let upright = if scalar { (-polynomial).mul_add(c, 90.0) } else { 90.0 - flat };
    let degrees = if steep { upright } else { flat };
    let degrees = if x < 0.0 { 180.0 - degrees } else { degrees };
    let degrees = if y < 0.0 { 360.0 - degrees } else { degrees };
    degrees * (std::f64::consts::PI / 180.0) as f32
}

/// The largest whole number that is not above `value`, which is far smaller than 2^22; `f32::floor`
/// would be a call of a function where there is no instruction for it.
#[inline(always)]
fn floor(value: f32) -> f32 {
    const WHOLE: f32 = 12_582_912.0; // 1.5 * 2^23: no room is left for a fraction
    let nearest = (value + WHOLE) - WHOLE;
    if nearest > value { nearest - 1.0 } else { nearest }
}

/// Pixels of a block that vote for the same cells, in the order of their votes.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    /// The cells: 1, 2 or 4.
    pub(crate) cells: Vec<usize>,
    /// The pixels.
    pub(crate) pixels: Vec<Vote>,
}

/// One pixel of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vote {
    /// Its row in the block.
    pub(crate) row: usize,
    /// Its place in a row, the same for all bins.
    pub(crate) offset: usize,
    /// The weight of its vote for each cell of the segment.
    pub(crate) weights: [f32; 4],
}

/// Rows of shares as [`orient`] writes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// All of them.
    pub(crate) shares: &'a [f32],
    /// Where each row of the block begins, for the lane that comes first.
    pub(crate) begins: &'a [usize],
    /// Numbers from a bin to the next.
    pub(crate) bin_stride: usize,
}

/// Adds the votes for all bins of all cells of [`LANES`] blocks to `histograms`, which holds cells
/// one after another.
///
/// This and [`normalise`] are written with intrinsics, because the compiler does not keep the sums
/// in vector registers by itself: 512x512 pixels take a fifth of the time so.
pub(crate) fn votes(
    simd: Simd,
    segments: &[Segment],
    rows: Rows<'_>,
    bins: usize,
    histograms: &mut [Lanes],
) {
    match simd {
        Simd::Portable => add_all::<[f32; 4]>(segments, rows, bins, histograms),
        // SAFETY: `Simd::all` lists this value only if the processor has AVX2.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => unsafe { x86::votes_avx2(segments, rows, bins, histograms) },
        // SAFETY: `Simd::all` lists this value only if the processor has AVX-512 F.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 => unsafe { x86::votes_avx512(segments, rows, bins, histograms) },
    }
}

/// Divides each block's numbers by their length, cuts them at `clip`, and divides again.
pub(crate) fn normalise(simd: Simd, histograms: &mut [Lanes], clip: f32) {
    match simd {
        Simd::Portable => normalise_all::<[f32; 4]>(histograms, clip),
        // SAFETY: `Simd::all` lists this value only if the processor has AVX2.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => unsafe { x86::normalise_avx2(histograms, clip) },
        // SAFETY: `Simd::all` lists this value only if the processor has AVX-512 F.
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 => unsafe { x86::normalise_avx512(histograms, clip) },
    }
}

/// Numbers that are worked on by one instruction. Each method is inlined into a function that was
/// compiled for the instructions it needs; nothing else may call it.
trait Vector: Copy {
    /// How many; a divisor of [`LANES`].
    const SIZE: usize;
    fn splat(value: f32) -> Self;
    /// # Safety
    /// `from` must be valid for reading that many numbers.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// `to` must be valid for writing that many numbers.
    unsafe fn store(self, to: *mut f32);
    fn add(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn min(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
}

impl Vector for [f32; 4] {
    const SIZE: usize = 4;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        [value; 4]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise; no alignment is asked for.
        unsafe { from.cast::<Self>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise; no alignment is asked for.
        unsafe { to.cast::<Self>().write_unaligned(self) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] + other[lane])
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] * other[lane])
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        std::array::from_fn(|lane| self[lane] / other[lane])
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        std::array::from_fn(|lane| if self[lane] < other[lane] { self[lane] } else { other[lane] })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Lanes, Rows, Segment, Vector, add_all, normalise_all};
    use std::arch::x86_64::*;

    /// Implements [`Vector`] with the instructions of a set, and compiles the loops for it.
    macro_rules! vector {
        (
            $feature:literal, $type:ty, $size:literal, $votes:ident, $normalise:ident,
            $splat:ident, $load:ident, $store:ident, $add:ident, $mul:ident, $div:ident,
            $min:ident, $sqrt:ident
        ) => {
            #[target_feature(enable = $feature)]
            pub(super) fn $votes(
                segments: &[Segment],
                rows: Rows<'_>,
                bins: usize,
                histograms: &mut [Lanes],
            ) {
                add_all::<$type>(segments, rows, bins, histograms);
            }

            #[target_feature(enable = $feature)]
            pub(super) fn $normalise(histograms: &mut [Lanes], clip: f32) {
                normalise_all::<$type>(histograms, clip);
            }

            impl Vector for $type {
                const SIZE: usize = $size;

                #[inline(always)]
                fn splat(value: f32) -> Self {
                    // SAFETY: the caller was compiled for these instructions.
                    unsafe { $splat(value) }
                }

                #[inline(always)]
                unsafe fn load(from: *const f32) -> Self {
                    // SAFETY: the caller's promise, and it was compiled for these instructions.
                    unsafe { $load(from) }
                }

                #[inline(always)]
                unsafe fn store(self, to: *mut f32) {
                    // SAFETY: the caller's promise, and it was compiled for these instructions.
                    unsafe { $store(to, self) }
                }

                #[inline(always)]
                fn add(self, other: Self) -> Self {
                    // SAFETY: the caller was compiled for these instructions.
                    unsafe { $add(self, other) }
                }

                #[inline(always)]
                fn mul(self, other: Self) -> Self {
                    // SAFETY: the caller was compiled for these instructions.
                    unsafe { $mul(self, other) }
                }

                #[inline(always)]
                fn div(self, other: Self) -> Self {
                    // SAFETY: the caller was compiled for these instructions.
                    unsafe { $div(self, other) }
                }

                #[inline(always)]
                fn min(self, other: Self) -> Self {
                    // SAFETY: the caller was compiled for these instructions.
                    unsafe { $min(self, other) }
                }

                #[inline(always)]
                fn sqrt(self) -> Self {
                    // SAFETY: the caller was compiled for these instructions.
                    unsafe { $sqrt(self) }
                }
            }
        };
    }

    vector!(
        "avx2",
        __m256,
        8,
        votes_avx2,
        normalise_avx2,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_mul_ps,
        _mm256_div_ps,
        _mm256_min_ps,
        _mm256_sqrt_ps
    );
    vector!(
        "avx512f",
        __m512,
        16,
        votes_avx512,
        normalise_avx512,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_mul_ps,
        _mm512_div_ps,
        _mm512_min_ps,
        _mm512_sqrt_ps
    );
}

#[inline(always)]
fn load<V: Vector>(from: &Lanes, lane: usize) -> V {
    assert!(lane + V::SIZE <= LANES);
    // SAFETY: checked above.
    unsafe { V::load(from.as_ptr().add(lane)) }
}

#[inline(always)]
fn store<V: Vector>(vector: V, to: &mut Lanes, lane: usize) {
    assert!(lane + V::SIZE <= LANES);
    // SAFETY: checked above.
    unsafe { vector.store(to.as_mut_ptr().add(lane)) }
}

/// The lanes and bins that are added at once.
#[derive(Debug, Clone, Copy)]
struct Part {
    lane: usize,
    bin: usize,
    bins: usize,
}

#[inline(always)]
fn add_all<V: Vector>(segments: &[Segment], rows: Rows<'_>, bins: usize, histograms: &mut [Lanes]) {
    for lane in (0..LANES).step_by(V::SIZE) {
        for bin in (0..bins).step_by(3) {
            let part = Part { lane, bin, bins };
            match bins - bin {
                1 => add_bins::<V, 1>(segments, rows, part, histograms),
                2 => add_bins::<V, 2>(segments, rows, part, histograms),
                _ => add_bins::<V, 3>(segments, rows, part, histograms),
            }
        }
    }
}

#[inline(always)]
fn add_bins<V: Vector, const BINS: usize>(
    segments: &[Segment],
    rows: Rows<'_>,
    part: Part,
    histograms: &mut [Lanes],
) {
    for segment in segments {
        match segment.cells.len() {
            1 => add_segment::<V, BINS, 1>(segment, rows, part, histograms),
            2 => add_segment::<V, BINS, 2>(segment, rows, part, histograms),
            _ => add_segment::<V, BINS, 4>(segment, rows, part, histograms),
        }
    }
}

/// Adds the votes of a segment's pixels for `BINS` bins of its `CELLS` cells.
#[inline(always)]
fn add_segment<V: Vector, const BINS: usize, const CELLS: usize>(
    segment: &Segment,
    rows: Rows<'_>,
    part: Part,
    histograms: &mut [Lanes],
) {
    let place = |cell: usize, bin: usize| segment.cells[cell] * part.bins + part.bin + bin;
    let mut sums = [[V::splat(0.0); BINS]; CELLS];
    for (cell, sums) in sums.iter_mut().enumerate() {
        for (bin, sum) in sums.iter_mut().enumerate() {
            *sum = load(&histograms[place(cell, bin)], part.lane);
        }
    }
    let before = part.bin * rows.bin_stride + part.lane;
    let room = before + (BINS - 1) * rows.bin_stride + V::SIZE;
    for vote in &segment.pixels {
        let first = rows.begins[vote.row] + vote.offset;
        assert!(first + room <= rows.shares.len());
        for bin in 0..BINS {
            // SAFETY: the last of these numbers lies before `first + room`, which was checked.
            let shares = unsafe {
                V::load(rows.shares.as_ptr().add(first + before + bin * rows.bin_stride))
            };
            for (sums, &weight) in sums.iter_mut().zip(&vote.weights) {
                sums[bin] = sums[bin].add(shares.mul(V::splat(weight)));
            }
        }
    }
    for (cell, sums) in sums.iter().enumerate() {
        for (bin, &sum) in sums.iter().enumerate() {
            store(sum, &mut histograms[place(cell, bin)], part.lane);
        }
    }
}

#[inline(always)]
fn normalise_all<V: Vector>(histograms: &mut [Lanes], clip: f32) {
    let count = histograms.len() as f32;
    for lane in (0..LANES).step_by(V::SIZE) {
        let scale = inverse(length::<V>(histograms, lane).add(V::splat(count * 0.1)));
        for numbers in histograms.iter_mut() {
            let scaled = load::<V>(numbers, lane).mul(scale);
            store(scaled.min(V::splat(clip)), numbers, lane);
        }
        let scale = inverse(length::<V>(histograms, lane).add(V::splat(1e-3)));
        for numbers in histograms.iter_mut() {
            store(load::<V>(numbers, lane).mul(scale), numbers, lane);
        }
    }
}

#[inline(always)]
fn inverse<V: Vector>(value: V) -> V {
    V::splat(1.0).div(value)
}

/// The Euclidean length of each lane's numbers: four sums over every fourth number, then those that
/// are left over, in OpenCV's order.
#[inline(always)]
fn length<V: Vector>(histograms: &[Lanes], lane: usize) -> V {
    let (fours, rest) = histograms.as_chunks::<4>();
    let mut sums = [V::splat(0.0); 4];
    for four in fours {
        for (sum, numbers) in sums.iter_mut().zip(four) {
            *sum = sum.add(square(load(numbers, lane)));
        }
    }
    let [a, b, c, d] = sums;
    let mut total = a.add(b).add(c.add(d));
    for numbers in rest {
        total = total.add(square(load(numbers, lane)));
    }
    total.sqrt()
}

#[inline(always)]
fn square<V: Vector>(value: V) -> V {
    value.mul(value)
}
