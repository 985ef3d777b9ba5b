//! Codes and labels of local binary patterns.
//!
//! Pixels lie in one run: the neighbour of every pixel is the same number of entries away, so a
//! neighbourhood is a few slices of equal length. All work is done in blocks of fixed size; buffers
//! are rounded up to whole blocks, and have [`SPARE`] entries more that may be read and mean
//! nothing.

use super::kernel;

/// Entries that must follow the last level of a run.
pub(crate) const SPARE: usize = 64;

/// Most points a code can have.
pub(crate) const MAX_POINTS: usize = 31;

/// Parts of a pixel in one squared: bilinear weights are multiples of 1e-5 times 1e-5.
pub(crate) const UNIT_SQUARED: f64 = 1e10;

/// A point that is a pixel: bit and first level of the run.
pub(crate) type Pixel = (u32, usize);

/// A point between four pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Between<T> {
    /// First levels of the runs of the four pixels.
    pub(crate) starts: [usize; 4],
    /// Their weights.
    pub(crate) weights: [T; 4],
}

/// The block of a run that starts at `at`.
#[inline(always)]
fn block<T, const N: usize>(levels: &[T], at: usize) -> &[T; N] {
    levels[at..].first_chunk().expect("runs are followed by spare entries")
}

kernel! {
    /// Codes of points that are pixels: bit by bit, whether the point is at least as bright as the
    /// centre.
    pub(crate) fn pixel_codes(levels: &[u8], centre: usize, pixels: &[Pixel], codes: &mut [u8]) {
        const N: usize = 64;
        let (blocks, rest) = codes.as_chunks_mut::<N>();
        assert!(rest.is_empty(), "codes come in whole blocks");
        for (number, codes) in blocks.iter_mut().enumerate() {
            let at = number * N;
            let centres: &[u8; N] = block(levels, centre + at);
            let mut code = [0_u8; N];
            for &(bit, start) in pixels {
                let points: &[u8; N] = block(levels, start + at);
                let bit = 1_u8 << bit;
                for i in 0..N {
                    code[i] |= if points[i] >= centres[i] { bit } else { 0 };
                }
            }
            *codes = code;
        }
    }
}

kernel! {
    /// Codes of the eight neighbours, counter-clockwise from the right, in rows `stride` apart:
    /// [`pixel_codes`] at less than half the time.
    pub(crate) fn square_codes(levels: &[u8], centre: usize, stride: usize, codes: &mut [u8]) {
        const N: usize = 64;
        let (blocks, rest) = codes.as_chunks_mut::<N>();
        assert!(rest.is_empty(), "codes come in whole blocks");
        for (number, codes) in blocks.iter_mut().enumerate() {
            let rows = Rows::<66>::around(levels, centre + number * N, stride);
            for (i, code) in codes.iter_mut().enumerate() {
                *code = rows.cross(i) | rows.corners(i);
            }
        }
    }
}

kernel! {
    /// Codes of eight points on a circle of one pixel, as [`square_codes`]. A point on a diagonal
    /// lies between the centre, two neighbours and the pixel beyond; `ratio` is the weight of a
    /// neighbour by that of the pixel beyond, in units of 2^-16.
    pub(crate) fn circle_codes(
        levels: &[u8], centre: usize, stride: usize, ratio: i16, codes: &mut [u8],
    ) {
        const N: usize = 64;
        let (blocks, rest) = codes.as_chunks_mut::<N>();
        assert!(rest.is_empty(), "codes come in whole blocks");
        for (number, codes) in blocks.iter_mut().enumerate() {
            let rows = Rows::<66>::around(levels, centre + number * N, stride);
            // One loop for bytes, one for words: a mixed one fills no vector.
            let mut diagonals = [0_i16; N];
            for (i, bits) in diagonals.iter_mut().enumerate() {
                *bits = rows.diagonals(i, ratio);
            }
            for (i, code) in codes.iter_mut().enumerate() {
                *code = rows.cross(i) | diagonals[i] as u8;
            }
        }
    }
}

/// Levels around a block of pixels: `N` is two more than there are pixels.
struct Rows<'a, const N: usize> {
    above: &'a [u8; N],
    here: &'a [u8; N],
    below: &'a [u8; N],
}

impl<'a, const N: usize> Rows<'a, N> {
    #[inline(always)]
    fn around(levels: &'a [u8], centre: usize, stride: usize) -> Self {
        let left = centre - 1;
        Self {
            above: block(levels, left - stride),
            here: block(levels, left),
            below: block(levels, left + stride),
        }
    }

    /// The bits of the neighbours right, above, left and below of pixel `i`.
    #[inline(always)]
    fn cross(&self, i: usize) -> u8 {
        let centre = self.here[i + 1];
        let bit = |level: u8, bit: u8| if level >= centre { bit } else { 0 };
        bit(self.here[i + 2], 1)
            | bit(self.above[i + 1], 4)
            | bit(self.here[i], 16)
            | bit(self.below[i + 1], 64)
    }

    /// The bits of the four other neighbours.
    #[inline(always)]
    fn corners(&self, i: usize) -> u8 {
        let centre = self.here[i + 1];
        let bit = |level: u8, bit: u8| if level >= centre { bit } else { 0 };
        bit(self.above[i + 2], 2)
            | bit(self.above[i], 8)
            | bit(self.below[i], 32)
            | bit(self.below[i + 2], 128)
    }

    /// The bits of the points on the way to those.
    #[inline(always)]
    fn diagonals(&self, i: usize, ratio: i16) -> i16 {
        let centre = i16::from(self.here[i + 1]);
        let bit = |vertical: u8, horizontal: u8, beyond: u8, bit: i16| {
            let beside = i16::from(vertical) + i16::from(horizontal) - 2 * centre;
            let share = ((i32::from(beside) * i32::from(ratio)) >> 16) as i16;
            if share + i16::from(beyond) >= centre { bit } else { 0 }
        };
        let Self { above, here, below } = self;
        bit(above[i + 1], here[i + 2], above[i + 2], 2)
            | bit(above[i + 1], here[i], above[i], 8)
            | bit(below[i + 1], here[i], below[i], 32)
            | bit(below[i + 1], here[i + 2], below[i + 2], 128)
    }
}

/// Codes of any points; all sums are whole numbers below 2^53, so nothing is rounded.
macro_rules! exact_codes {
    ($name:ident, $code:ty) => {
        kernel! {
            pub(crate) fn $name(
                levels: &[f64], centre: usize, pixels: &[Pixel],
                between: &[(u32, Between<f64>)], codes: &mut [$code],
            ) {
                const N: usize = 32;
                let (blocks, rest) = codes.as_chunks_mut::<N>();
                assert!(rest.is_empty(), "codes come in whole blocks");
                for (number, codes) in blocks.iter_mut().enumerate() {
                    let at = number * N;
                    let centres: &[f64; N] = block(levels, centre + at);
                    let thresholds = centres.map(|level| level * UNIT_SQUARED);
                    let mut code = [0_u64; N];
                    for &(bit, start) in pixels {
                        let points: &[f64; N] = block(levels, start + at);
                        let bit = 1_u64 << bit;
                        for i in 0..N {
                            code[i] |= if points[i] >= centres[i] { bit } else { 0 };
                        }
                    }
                    for &(bit, Between { starts, weights: [w0, w1, w2, w3] }) in between {
                        let [a, b, c, d] = starts.map(|start| block::<f64, N>(levels, start + at));
                        let bit = 1_u64 << bit;
                        for i in 0..N {
                            let sum = w0 * a[i] + w1 * b[i] + w2 * c[i] + w3 * d[i];
                            code[i] |= if sum >= thresholds[i] { bit } else { 0 };
                        }
                    }
                    for i in 0..N {
                        codes[i] = code[i] as $code;
                    }
                }
            }
        }
    };
}
exact_codes!(exact_codes_u8, u8);
exact_codes!(exact_codes_u16, u16);
exact_codes!(exact_codes_u32, u32);

/// Codes of OpenCV's face recogniser, with its order of operations.
macro_rules! face_codes {
    ($name:ident, $code:ty) => {
        kernel! {
            pub(crate) fn $name(
                levels: &[f32], centre: usize, points: &[Between<f32>], codes: &mut [$code],
            ) {
                const N: usize = 64;
                let (blocks, rest) = codes.as_chunks_mut::<N>();
                assert!(rest.is_empty(), "codes come in whole blocks");
                for (number, codes) in blocks.iter_mut().enumerate() {
                    let at = number * N;
                    let centres: &[f32; N] = block(levels, centre + at);
                    let mut code = [0_u32; N];
                    for (bit, &Between { starts, weights: [w0, w1, w2, w3] }) in
                        points.iter().enumerate()
                    {
                        let [a, b, c, d] = starts.map(|start| block::<f32, N>(levels, start + at));
                        let bit = 1_u32 << bit;
                        for i in 0..N {
                            let point = w0 * a[i] + w1 * b[i] + w2 * c[i] + w3 * d[i];
                            // `point > centre`, or nearer than the machine epsilon.
                            let bright = point - centres[i] > -f32::EPSILON;
                            code[i] |= if bright { bit } else { 0 };
                        }
                    }
                    for i in 0..N {
                        codes[i] = code[i] as $code;
                    }
                }
            }
        }
    };
}
face_codes!(face_codes_u8, u8);
face_codes!(face_codes_u16, u16);

kernel! {
    /// Bytes as floating point numbers.
    pub(crate) fn widen_f64(levels: &[u8], out: &mut [f64]) {
        for (out, &level) in out.iter_mut().zip(levels) {
            *out = f64::from(level);
        }
    }
}

kernel! {
    /// Bytes as floating point numbers.
    pub(crate) fn widen_f32(levels: &[u8], out: &mut [f32]) {
        for (out, &level) in out.iter_mut().zip(levels) {
            *out = f32::from(level);
        }
    }
}

/// What every code becomes, without branches; `label::label` says what that is.
macro_rules! labels {
    ($ror:ident, $uniform:ident, $nri_uniform:ident, $code:ty) => {
        kernel! {
            /// The smallest of the rotations of each code of `points` bits.
            pub(crate) fn $ror(codes: &mut [$code], points: u32) {
                for code in codes {
                    let (mut turned, mut least) = (*code, *code);
                    for _ in 1..points {
                        turned = (turned >> 1) | ((turned & 1) << (points - 1));
                        least = least.min(turned);
                    }
                    *code = least;
                }
            }
        }
        kernel! {
            /// Number of bits set, or `points + 1` if more than two neighbouring bits differ.
            pub(crate) fn $uniform(codes: &mut [$code], points: u32) {
                for code in codes {
                    let turned = (*code >> 1) | ((*code & 1) << (points - 1));
                    let ones = code.count_ones() as $code;
                    let changes = (*code ^ turned).count_ones() as $code;
                    *code = if changes <= 2 { ones } else { points as $code + 1 };
                }
            }
        }
        kernel! {
            /// A number for each uniform code, and one for all others.
            pub(crate) fn $nri_uniform(codes: &mut [$code], points: u32) {
                let last = (points * (points - 1)) as $code;
                for code in codes {
                    let turned = (*code >> 1) | ((*code & 1) << (points - 1));
                    let ones = code.count_ones() as $code;
                    let changes = (*code ^ turned).count_ones() as $code;
                    let points = points as $code;
                    // Ones below the lowest zero, zeros below the lowest one.
                    let low_ones =
                        (!*code & code.wrapping_add(1)).wrapping_sub(1).count_ones() as $code;
                    let low_zeros =
                        (*code & code.wrapping_neg()).wrapping_sub(1).count_ones() as $code;
                    let turns = if *code & 1 == 1 { ones.wrapping_sub(low_ones) }
                        else { points.wrapping_sub(low_zeros) };
                    let run = ones.wrapping_sub(1).wrapping_mul(points).wrapping_add(turns);
                    let uniform = if ones == 0 { 0 } else if ones == points { last + 1 }
                        else { run.wrapping_add(1) };
                    *code = if changes <= 2 { uniform } else { last + 2 };
                }
            }
        }
    };
}
labels!(ror_u8, uniform_u8, nri_uniform_u8, u8);
labels!(ror_u16, uniform_u16, nri_uniform_u16, u16);
labels!(ror_u32, uniform_u32, nri_uniform_u32, u32);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;

    /// Levels of a run of `count` pixels with 70 around, and its centre.
    fn levels(count: usize) -> (Vec<u8>, usize) {
        let noise = base::Seed(count as u64).permutation(count + 140 + SPARE);
        // Few levels, so that many are equal, and the brightest.
        let level = |noise: usize| if noise.is_multiple_of(3) { 255 } else { (noise % 7) as u8 };
        (noise.into_iter().map(level).collect(), 70)
    }

    #[test]
    fn pixel_codes_compare_with_the_centre() {
        let (levels, centre) = levels(192);
        let pixels = [(0, centre + 1), (2, centre - 17), (7, centre - 1)];
        let plain = |i: usize| {
            let bit =
                |&(bit, start): &Pixel| u8::from(levels[start + i] >= levels[centre + i]) << bit;
            pixels.iter().map(bit).sum::<u8>()
        };
        for simd in Simd::all() {
            let mut codes = [0; 192];
            pixel_codes(simd, &levels, centre, &pixels, &mut codes);
            assert!(codes.iter().copied().eq((0..192).map(plain)), "{simd:?}");
        }
    }

    /// Rows down and columns to the right, in the order of the bits.
    const NEIGHBOURS: [[isize; 2]; 8] =
        [[0, 1], [-1, 1], [-1, 0], [-1, -1], [0, -1], [1, -1], [1, 0], [1, 1]];

    #[test]
    fn codes_of_eight_points_are_those_of_the_integer_test() {
        const STRIDE: usize = 17;
        let (levels, centre) = levels(192);
        let level = |i: usize, [y, x]: [isize; 2]| {
            i32::from(levels[(centre + i).wrapping_add_signed(y * STRIDE as isize + x)])
        };
        let plain = |i: usize, circle: bool| {
            let c = level(i, [0, 0]);
            let bit = |(bit, &[y, x]): (usize, &[isize; 2])| {
                let beyond = level(i, [y, x]) - c;
                let beside = level(i, [y, 0]) + level(i, [0, x]) - 2 * c;
                let diagonal = circle && y != 0 && x != 0;
                let bright =
                    if diagonal { 29_289 * beside + 70_711 * beyond >= 0 } else { beyond >= 0 };
                u8::from(bright) << bit
            };
            NEIGHBOURS.iter().enumerate().map(bit).sum::<u8>()
        };
        for simd in Simd::all() {
            let mut codes = [0; 192];
            square_codes(simd, &levels, centre, STRIDE, &mut codes);
            assert!(codes.iter().copied().eq((0..192).map(|i| plain(i, false))), "{simd:?}");
            circle_codes(simd, &levels, centre, STRIDE, 27_146, &mut codes);
            assert!(codes.iter().copied().eq((0..192).map(|i| plain(i, true))), "{simd:?}");
        }
    }

    #[test]
    fn exact_codes_are_those_of_whole_numbers() {
        let (bytes, centre) = levels(128);
        let whole = [[6_u64, 1, 0], [2, 30, 5]].map(|[a, b, c]| {
            let [down, right] = [a * 12_345 + b, c * 16_384 + 7];
            let [up, left] = [100_000 - down, 100_000 - right];
            [up * left, up * right, down * left, down * right]
        });
        let starts = [centre - 18, centre - 17, centre - 1, centre];
        let between = |bit: usize| {
            let weights = whole[bit].map(|weight| weight as f64);
            (bit as u32, Between { starts, weights })
        };
        let pixels = [(4, centre + 1), (20, centre + 20)];
        let plain = |i: usize| {
            let at = |start: usize| u64::from(bytes[start + i]);
            let sum = |weights: [u64; 4]| -> u64 {
                weights.iter().zip(starts).map(|(weight, start)| weight * at(start)).sum()
            };
            let bit = |bit: usize| sum(whole[bit]) >= 10_000_000_000 * at(centre);
            let pixel = |&(bit, start): &Pixel| u32::from(at(start) >= at(centre)) << bit;
            u32::from(bit(0)) | u32::from(bit(1)) << 1 | pixels.iter().map(pixel).sum::<u32>()
        };
        for simd in Simd::all() {
            let mut levels = vec![0.0; bytes.len()];
            widen_f64(simd, &bytes, &mut levels);
            let between = [between(0), between(1)];
            let (mut wide, mut middle, mut narrow) = ([0; 128], [0; 128], [0; 128]);
            exact_codes_u32(simd, &levels, centre, &pixels, &between, &mut wide);
            exact_codes_u16(simd, &levels, centre, &pixels[..1], &between, &mut middle);
            exact_codes_u8(simd, &levels, centre, &pixels[..1], &between, &mut narrow);
            for i in 0..128 {
                assert_eq!(wide[i], plain(i), "{simd:?} {i}");
                assert_eq!(u32::from(middle[i]), plain(i) & 0xffff, "{simd:?} {i}");
                assert_eq!(u32::from(narrow[i]), plain(i) & 0xff, "{simd:?} {i}");
            }
        }
    }

    #[test]
    fn face_codes_are_those_of_opencvs_comparison() {
        let (bytes, centre) = levels(128);
        let starts = [centre - 18, centre - 17, centre - 1, centre];
        let weights = [0.2, 0.1, 0.3, 0.4];
        let points = [Between { starts, weights }; 9];
        let plain = |i: usize| {
            let at = |start: usize| f32::from(bytes[start + i]);
            let terms = [0, 1, 2, 3].map(|k| weights[k] * at(starts[k]));
            let point = terms[0] + terms[1] + terms[2] + terms[3];
            point > at(centre) || (point - at(centre)).abs() < f32::EPSILON
        };
        for simd in Simd::all() {
            let mut levels = vec![0.0; bytes.len()];
            widen_f32(simd, &bytes, &mut levels);
            let (mut narrow, mut wide) = ([0; 128], [0; 128]);
            face_codes_u8(simd, &levels, centre, &points[..8], &mut narrow);
            face_codes_u16(simd, &levels, centre, &points, &mut wide);
            for i in 0..128 {
                assert_eq!(narrow[i], if plain(i) { 0xff } else { 0 }, "{simd:?} {i}");
                assert_eq!(wide[i], if plain(i) { 0x1ff } else { 0 }, "{simd:?} {i}");
            }
        }
    }
}
