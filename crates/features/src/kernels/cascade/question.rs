//! What the nodes of a cascade's trees ask of a window.

use super::LANES;

/// What a node asks of a window.
pub(crate) trait Question {
    /// For each window from `at` on, `yes` or `no`.
    fn choose(
        &self,
        planes: &[u32],
        at: usize,
        norms: &[f32; LANES],
        choices: [&[f32; LANES]; 2],
    ) -> [f32; LANES];

    /// The answer for one window.
    fn holds(&self, planes: &[u32], at: usize, norm: f32) -> bool;
}

/// Whether a sum of rectangles, normalised, is below a threshold.
#[derive(Debug, Clone)]
pub(crate) struct HaarQuestion {
    /// Corners of each rectangle: what counts, what does not, what does not, what counts.
    pub(crate) corners: [[u32; 4]; 3],
    pub(crate) weights: [f32; 3],
    pub(crate) threshold: f32,
}

/// Whether a pattern of 3x3 blocks is among those of a set.
#[derive(Debug, Clone)]
pub(crate) struct LbpQuestion {
    /// The corners of the blocks, row by row.
    pub(crate) corners: [u32; 16],
    pub(crate) set: [u32; 8],
}

#[inline(always)]
fn load(planes: &[u32], at: usize, offset: u32) -> [u32; LANES] {
    *planes[at + offset as usize..]
        .first_chunk()
        .expect("there is a group's room behind all planes")
}

#[inline(always)]
pub(super) fn rectangles(planes: &[u32], at: usize, corners: &[u32; 4]) -> [u32; LANES] {
    let [a, b, c, d] = corners.map(|corner| load(planes, at, corner));
    let mut sums = [0; LANES];
    for lane in 0..LANES {
        sums[lane] = a[lane].wrapping_sub(b[lane]).wrapping_sub(c[lane]).wrapping_add(d[lane]);
    }
    sums
}

#[inline(always)]
fn rectangle(planes: &[u32], at: usize, corners: &[u32; 4]) -> u32 {
    let [a, b, c, d] = corners.map(|corner| planes[at + corner as usize]);
    a.wrapping_sub(b).wrapping_sub(c).wrapping_add(d)
}

impl Question for HaarQuestion {
    #[inline(always)]
    fn choose(
        &self,
        planes: &[u32],
        at: usize,
        norms: &[f32; LANES],
        [yes, no]: [&[f32; LANES]; 2],
    ) -> [f32; LANES] {
        let [first, second, third] = self.weights;
        let a = rectangles(planes, at, &self.corners[0]);
        let b = rectangles(planes, at, &self.corners[1]);
        let mut values = [0.0; LANES];
        for lane in 0..LANES {
            values[lane] = first * (a[lane] as i32 as f32) + second * (b[lane] as i32 as f32);
        }
        if third != 0.0 {
            let c = rectangles(planes, at, &self.corners[2]);
            for lane in 0..LANES {
                values[lane] += third * (c[lane] as i32 as f32);
            }
        }
        let mut chosen = [0.0; LANES];
        for lane in 0..LANES {
            let below = values[lane] * norms[lane] < self.threshold;
            chosen[lane] = if below { yes[lane] } else { no[lane] };
        }
        chosen
    }

    #[inline(always)]
    fn holds(&self, planes: &[u32], at: usize, norm: f32) -> bool {
        let part = |part: usize| {
            self.weights[part] * (rectangle(planes, at, &self.corners[part]) as i32 as f32)
        };
        let mut value = part(0) + part(1);
        if self.weights[2] != 0.0 {
            value += part(2);
        }
        value * norm < self.threshold
    }
}

/// Blocks around the centre one as first corner, from the most significant bit of a code on.
const RING: [usize; 8] = [0, 1, 2, 6, 10, 9, 8, 4];

impl Question for LbpQuestion {
    #[inline(always)]
    fn choose(
        &self,
        planes: &[u32],
        at: usize,
        _norms: &[f32; LANES],
        [yes, no]: [&[f32; LANES]; 2],
    ) -> [f32; LANES] {
        let corners = self.corners.map(|corner| load(planes, at, corner));
        let block = |first: usize, lane: usize| {
            let [a, b, c, d] = [0, 1, 4, 5].map(|step| corners[first + step][lane]);
            a.wrapping_sub(b).wrapping_sub(c).wrapping_add(d) as i32
        };
        let mut codes = [0_u32; LANES];
        for (lane, code) in codes.iter_mut().enumerate() {
            let centre = block(5, lane);
            for first in RING {
                *code = *code << 1 | u32::from(block(first, lane) >= centre);
            }
        }
        let mut chosen = [0.0; LANES];
        for lane in 0..LANES {
            chosen[lane] = if self.contains(codes[lane]) { yes[lane] } else { no[lane] };
        }
        chosen
    }

    #[inline(always)]
    fn holds(&self, planes: &[u32], at: usize, _norm: f32) -> bool {
        let corners = self.corners.map(|corner| planes[at + corner as usize]);
        let block = |first: usize| {
            let [a, b, c, d] = [0, 1, 4, 5].map(|step| corners[first + step]);
            a.wrapping_sub(b).wrapping_sub(c).wrapping_add(d) as i32
        };
        let centre = block(5);
        let code =
            RING.iter().fold(0, |code, &first| code << 1 | u32::from(block(first) >= centre));
        self.contains(code)
    }
}

impl LbpQuestion {
    #[inline(always)]
    fn contains(&self, code: u32) -> bool {
        self.set[(code >> 5) as usize & 7] >> (code & 31) & 1 == 1
    }
}
