//! Windows of cascades, sixteen at a time.

mod question;

pub(crate) use question::{HaarQuestion, LbpQuestion, Question};

use super::kernel;
use crate::cascade::Link;
use question::rectangles;
use std::ops::Range;

/// Windows evaluated side by side.
pub(crate) const LANES: usize = 16;

/// With fewer windows left in a group, each is finished by itself: loading a group costs about as
/// much as loading for this many windows one by one.
const WORTH_A_GROUP: u32 = 3;

/// A cascade for integral images of one layout. All places are relative to that of the window.
#[derive(Debug, Clone)]
pub(crate) struct Program<N> {
    /// How to find the deviation of a window, where it is asked for.
    pub(crate) deviation: Option<Deviation>,
    /// Nodes of all trees, one tree after the other.
    pub(crate) nodes: Vec<N>,
    /// Where each node leads if it says yes, and if it says no.
    pub(crate) links: Vec<[Link; 2]>,
    /// Nodes of each tree.
    pub(crate) trees: Vec<Range<usize>>,
    /// Trees of each stage, and what their sum must reach.
    pub(crate) stages: Vec<(Range<usize>, f64)>,
    /// Whether all trees have one node.
    pub(crate) stumps: bool,
}

/// Sum and sum of squares over a rectangle of a window.
#[derive(Debug, Clone)]
pub(crate) struct Deviation {
    pub(crate) sum: [u32; 4],
    pub(crate) squares: [u32; 4],
    /// Pixels in it.
    pub(crate) area: f64,
}

kernel! {
    /// Runs a cascade of Haar-like features over the `count` windows of a row, the first of them
    /// at `at`. Adds number and last sum of those that pass.
    pub(crate) fn scan_haar<const STUMPS: bool>(
        program: &Program<HaarQuestion>, planes: &[u32], at: usize, count: usize,
        hits: &mut Vec<(usize, f64)>,
    ) {
        scan::<HaarQuestion, STUMPS>(program, planes, at, count, hits);
    }
}

kernel! {
    /// As [`scan_haar`], for local binary patterns.
    pub(crate) fn scan_lbp<const STUMPS: bool>(
        program: &Program<LbpQuestion>, planes: &[u32], at: usize, count: usize,
        hits: &mut Vec<(usize, f64)>,
    ) {
        scan::<LbpQuestion, STUMPS>(program, planes, at, count, hits);
    }
}

/// Groups of windows side by side, then the few that are left one by one.
#[inline(always)]
fn scan<Q: Question, const STUMPS: bool>(
    program: &Program<Q>,
    planes: &[u32],
    at: usize,
    count: usize,
    hits: &mut Vec<(usize, f64)>,
) {
    let mut skip = false;
    for first in (0..count).step_by(LANES) {
        let here = (count - first).min(LANES) as u32;
        let group = Group { planes, at: at + first };
        let (norms, mut alive) = match &program.deviation {
            Some(deviation) => group.norms(deviation),
            None => ([1.0; LANES], u32::MAX),
        };
        alive &= (1 << here) - 1;
        if alive == 0 {
            skip = false;
            continue;
        }
        let (mut sums, passed) = group.stage::<Q, STUMPS>(program, 0, &norms);
        alive = visited(alive, passed, here, &mut skip);
        let mut stage = 1;
        while stage < program.stages.len() && alive.count_ones() >= WORTH_A_GROUP {
            let passed;
            (sums, passed) = group.stage::<Q, STUMPS>(program, stage, &norms);
            alive &= passed;
            stage += 1;
        }
        while alive != 0 {
            let lane = alive.trailing_zeros() as usize;
            alive &= alive - 1;
            let at = at + first + lane;
            if let Some(sum) = finish(program, planes, at, norms[lane], stage, sums[lane]) {
                hits.push((first + lane, sum));
            }
        }
    }
}

/// Windows that passed the first stage and were looked at: one that fails it has the next one
/// skipped, whatever that is. `skip` says so of the first window here, then of the next group's.
#[inline(always)]
fn visited(valid: u32, passed: u32, here: u32, skip: &mut bool) -> u32 {
    let failed = valid & !passed;
    let mut alive = valid & passed;
    let mut next = u32::from(*skip);
    alive &= u32::MAX << next;
    loop {
        let left = failed & (u32::MAX << next);
        if left == 0 {
            break;
        }
        let skipped = left.trailing_zeros() + 1;
        alive &= !(1 << skipped);
        next = skipped + 1;
    }
    *skip = next > here;
    alive
}

/// Windows side by side in the planes, the first one at `at`.
struct Group<'a> {
    planes: &'a [u32],
    at: usize,
}

impl Group<'_> {
    /// One over (deviation times area), and whether the deviation is above 10, as OpenCV works it
    /// out.
    #[inline(always)]
    fn norms(&self, deviation: &Deviation) -> ([f32; LANES], u32) {
        let sums = rectangles(self.planes, self.at, &deviation.sum);
        let squares = rectangles(self.planes, self.at, &deviation.squares);
        let mut norms = [1.0; LANES];
        let mut valid = [false; LANES];
        for lane in 0..LANES {
            (norms[lane], valid[lane]) = norm(deviation.area, sums[lane], squares[lane]);
        }
        (norms, mask(&valid))
    }

    /// Sums of a stage, and which of them reach its threshold.
    #[inline(always)]
    fn stage<Q: Question, const STUMPS: bool>(
        &self,
        program: &Program<Q>,
        stage: usize,
        norms: &[f32; LANES],
    ) -> ([f64; LANES], u32) {
        let (trees, threshold) = &program.stages[stage];
        let mut sums = [0.0; LANES];
        for tree in &program.trees[trees.clone()] {
            let chosen = self.tree::<Q, STUMPS>(program, tree.clone(), norms);
            for (sum, chosen) in sums.iter_mut().zip(chosen) {
                *sum += f64::from(chosen);
            }
        }
        (sums, mask(&sums.map(|sum| sum >= *threshold)))
    }

    /// The leaf that each window comes to.
    #[inline(always)]
    fn tree<Q: Question, const STUMPS: bool>(
        &self,
        program: &Program<Q>,
        nodes: Range<usize>,
        norms: &[f32; LANES],
    ) -> [f32; LANES] {
        if STUMPS {
            let [yes, no] = program.links[nodes.start].map(|link| [link.leaf(); LANES]);
            return program.nodes[nodes.start].choose(self.planes, self.at, norms, [&yes, &no]);
        }
        // All nodes for all windows, from the leaves up.
        let mut values = [[0.0; LANES]; MAX_GROUP_NODES];
        if nodes.len() > MAX_GROUP_NODES {
            let mut lane = 0;
            return norms.map(|norm| {
                lane += 1;
                walk(program, nodes.clone(), self.planes, self.at + lane - 1, norm)
            });
        }
        for place in (0..nodes.len()).rev() {
            let node = nodes.start + place;
            let [yes, no] = program.links[node].map(|link| match link {
                Link::Leaf(value) => [value; LANES],
                Link::Node(place) => values[place],
            });
            values[place] = program.nodes[node].choose(self.planes, self.at, norms, [&yes, &no]);
        }
        values[0]
    }
}

/// Larger trees are walked window by window.
const MAX_GROUP_NODES: usize = 8;

#[inline(always)]
fn norm(area: f64, sum: u32, squares: u32) -> (f32, bool) {
    let sum = f64::from(sum as i32);
    let scaled = area * f64::from(squares) - sum * sum;
    let norm = (1.0 / scaled.sqrt()) as f32;
    (norm, scaled > 0.0 && area * f64::from(norm) < 0.1)
}

/// One bit per window.
#[inline(always)]
fn mask(lanes: &[bool; LANES]) -> u32 {
    let mut mask = 0;
    for (lane, &set) in lanes.iter().enumerate() {
        mask |= u32::from(set) << lane;
    }
    mask
}

/// The sum of the last stage if a window passes the stages from `first` on; `sum` is that of the
/// stage before.
#[inline(always)]
fn finish<Q: Question>(
    program: &Program<Q>,
    planes: &[u32],
    at: usize,
    norm: f32,
    first: usize,
    mut sum: f64,
) -> Option<f64> {
    for (trees, threshold) in &program.stages[first..] {
        sum = 0.0;
        for tree in &program.trees[trees.clone()] {
            sum += f64::from(walk(program, tree.clone(), planes, at, norm));
        }
        if sum < *threshold {
            return None;
        }
    }
    Some(sum)
}

/// The leaf that a window comes to.
#[inline(always)]
fn walk<Q: Question>(
    program: &Program<Q>,
    nodes: Range<usize>,
    planes: &[u32],
    at: usize,
    norm: f32,
) -> f32 {
    let mut node = nodes.start;
    loop {
        let [yes, no] = program.links[node];
        match if program.nodes[node].holds(planes, at, norm) { yes } else { no } {
            Link::Leaf(value) => return value,
            Link::Node(place) => node = nodes.start + place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Simd;
    use base::Seed;

    const STRIDE: usize = 400;

    fn planes() -> Vec<u32> {
        // Rising along rows and down, as integral images do.
        let noise = Seed(1).permutation(12 * STRIDE);
        let value =
            |(i, noise): (usize, &usize)| (i / STRIDE * (i % STRIDE) * 90 + noise / 8) as u32;
        noise.iter().enumerate().map(value).collect()
    }

    fn corners<const N: usize>(seed: u64) -> [u32; N] {
        let order = Seed(seed).permutation(10 * 20);
        std::array::from_fn(|i| (order[i] / 20 * STRIDE + order[i] % 20) as u32)
    }

    /// Trees of `size` nodes, each but the last with the next node on one side.
    fn program<Q>(size: usize, question: impl Fn(u64) -> Q, deviation: bool) -> Program<Q> {
        let links = (0..9 * size).map(|node| {
            let leaf = Link::Leaf((node * 7 % 13) as f32 - 6.0);
            match node % size + 1 {
                last if last == size => [leaf, Link::Leaf(0.25)],
                next if next % 2 == 0 => [leaf, Link::Node(next)],
                next => [Link::Node(next), leaf],
            }
        });
        let deviation = deviation.then(|| Deviation {
            sum: [0, 18, 9 * STRIDE as u32, 9 * STRIDE as u32 + 18],
            // Right minus left: far above the square of the sum, as it wraps around.
            squares: [18, 0, 9 * STRIDE as u32 + 18, 9 * STRIDE as u32],
            area: 162.0,
        });
        Program {
            deviation,
            nodes: (0..9 * size as u64).map(question).collect(),
            links: links.collect(),
            trees: (0..9).map(|tree| tree * size..(tree + 1) * size).collect(),
            stages: vec![(0..2, -6.0), (2..5, -9.0), (5..9, -12.0)],
            stumps: size == 1,
        }
    }

    fn haar(seed: u64) -> HaarQuestion {
        let weights = [-1.0, 1.5, if seed.is_multiple_of(3) { 0.7 } else { 0.0 }];
        let corners = [0, 1, 2].map(|part| corners(3 * seed + part));
        HaarQuestion { corners, weights, threshold: seed as f32 / 40.0 - 0.2 }
    }

    fn lbp(seed: u64) -> LbpQuestion {
        LbpQuestion {
            corners: corners(seed),
            set: corners::<8>(seed + 50).map(|bits| bits * 77_777),
        }
    }

    /// One window after the other.
    fn plainly<Q: Question>(
        program: &Program<Q>,
        planes: &[u32],
        count: usize,
    ) -> Vec<(usize, f64)> {
        let mut hits = Vec::new();
        let mut window = 0;
        while window < count {
            let (norm, valid) = program.deviation.as_ref().map_or((1.0, true), |deviation| {
                let sum = |corners: [u32; 4]| {
                    let [a, b, c, d] = corners.map(|corner| planes[window + corner as usize]);
                    a.wrapping_sub(b).wrapping_sub(c).wrapping_add(d)
                };
                norm(deviation.area, sum(deviation.sum), sum(deviation.squares))
            });
            let (trees, threshold) = &program.stages[0];
            let first: f64 = program.trees[trees.clone()]
                .iter()
                .map(|tree| f64::from(walk(program, tree.clone(), planes, window, norm)))
                .sum();
            if valid && first < *threshold {
                window += 2;
                continue;
            }
            let passed = finish(program, planes, window, norm, 0, 0.0).filter(|_| valid);
            hits.extend(passed.map(|sum| (window, sum)));
            window += 1;
        }
        hits
    }

    #[test]
    fn groups_find_what_single_windows_find() {
        let planes = planes();
        let mut most = 0;
        for simd in Simd::all() {
            for count in [1, 2, 15, 16, 17, 100, 333] {
                for size in [1, 2, 5, 9] {
                    let haar = program(size, haar, true);
                    let lbp = program(size, lbp, false);
                    let (mut from_haar, mut from_lbp) = (Vec::new(), Vec::new());
                    if size == 1 {
                        scan_haar::<true>(simd, &haar, &planes, 0, count, &mut from_haar);
                        scan_lbp::<true>(simd, &lbp, &planes, 0, count, &mut from_lbp);
                    } else {
                        scan_haar::<false>(simd, &haar, &planes, 0, count, &mut from_haar);
                        scan_lbp::<false>(simd, &lbp, &planes, 0, count, &mut from_lbp);
                    }
                    assert_eq!(from_haar, plainly(&haar, &planes, count), "{simd:?} {size}");
                    assert_eq!(from_lbp, plainly(&lbp, &planes, count), "{simd:?} {size}");
                    most = most.max(from_haar.len().min(from_lbp.len()));
                }
            }
        }
        assert!(most > 5, "too few windows pass to tell: {most}");
    }

    /// Failures of the first stage at windows 1, 2 and 4 of six: 2 and 5 are skipped.
    #[test]
    fn the_window_after_a_failure_is_skipped() {
        let mut skip = false;
        assert_eq!(visited(0b11_1111, 0b10_1001, 6, &mut skip), 0b00_1001);
        assert!(!skip);
        assert_eq!(visited(0b11_1111, 0b01_1111, 6, &mut skip), 0b01_1111);
        assert!(skip);
        assert_eq!(visited(0b11_1111, 0b11_1111, 6, &mut skip), 0b11_1110);
        assert!(!skip);
    }
}
