//! A cascade for one layout of integral images: every corner of every feature as a distance.

use super::model::{Block, Features, HaarRectangles, Model, Test};
use super::planes::Layout;
use crate::kernels::Simd;
use crate::kernels::cascade::{
    Deviation, HaarQuestion, LbpQuestion, Program, Question, scan_haar, scan_lbp,
};

/// Programs for both kinds of features.
#[derive(Debug, Clone)]
pub(super) enum AnyProgram {
    Haar(Program<HaarQuestion>),
    Lbp(Program<LbpQuestion>),
}

impl AnyProgram {
    pub(super) fn new(model: &Model, layout: &Layout) -> Self {
        match &model.features {
            Features::Haar(features) => {
                let question = |feature: usize, test: &Test| match test {
                    Test::Below(threshold) => haar_question(&features[feature], *threshold, layout),
                    Test::Among(_) => unreachable!("nodes of such cascades hold thresholds"),
                };
                let deviation = Some(deviation(model.window, layout));
                Self::Haar(program(model, question, deviation))
            }
            Features::Lbp(features) => {
                let question = |feature: usize, test: &Test| match test {
                    Test::Among(set) => lbp_question(&features[feature], *set, layout),
                    Test::Below(_) => unreachable!("nodes of such cascades hold sets"),
                };
                Self::Lbp(program(model, question, None))
            }
        }
    }

    /// Number and last sum of the windows that pass among the `count` of a row.
    pub(super) fn scan(
        &self,
        planes: &[u32],
        at: usize,
        count: usize,
        hits: &mut Vec<(usize, f64)>,
    ) {
        let simd = Simd::best();
        match self {
            Self::Haar(haar) if haar.stumps => {
                scan_haar::<true>(simd, haar, planes, at, count, hits);
            }
            Self::Haar(haar) => scan_haar::<false>(simd, haar, planes, at, count, hits),
            Self::Lbp(lbp) if lbp.stumps => scan_lbp::<true>(simd, lbp, planes, at, count, hits),
            Self::Lbp(lbp) => scan_lbp::<false>(simd, lbp, planes, at, count, hits),
        }
    }
}

fn program<Q: Question>(
    model: &Model,
    question: impl Fn(usize, &Test) -> Q,
    deviation: Option<Deviation>,
) -> Program<Q> {
    let nodes = model.trees.iter().flat_map(|tree| &tree.nodes);
    let mut end = 0;
    let trees = model.trees.iter().map(|tree| {
        end += tree.nodes.len();
        end - tree.nodes.len()..end
    });
    let trees = trees.collect();
    let mut end = 0;
    let stages = model.stages.iter().map(|stage| {
        end += stage.trees;
        (end - stage.trees..end, f64::from(stage.threshold))
    });
    Program {
        deviation,
        nodes: nodes.clone().map(|node| question(node.feature, &node.test)).collect(),
        links: nodes.map(|node| [node.left, node.right]).collect(),
        trees,
        stages: stages.collect(),
        stumps: model.trees.iter().all(|tree| tree.nodes.len() == 1),
    }
}

fn deviation([height, width]: [usize; 2], layout: &Layout) -> Deviation {
    let inner = Block { x: 1, y: 1, width: width - 2, height: height - 2 };
    let squares_plane = layout.squares_plane() as u32;
    let sum = upright(&inner, layout);
    let area = (inner.width * inner.height) as f64;
    Deviation { sum, squares: sum.map(|corner| corner + squares_plane), area }
}

fn haar_question(feature: &HaarRectangles, threshold: f32, layout: &Layout) -> HaarQuestion {
    let corners = |(block, _): &(Block, f32)| match feature.tilted {
        true => tilted(block, layout),
        false => upright(block, layout),
    };
    HaarQuestion {
        corners: feature.parts.each_ref().map(corners),
        weights: feature.parts.map(|(_, weight)| weight),
        threshold,
    }
}

fn upright(&Block { x, y, width, height }: &Block, layout: &Layout) -> [u32; 4] {
    let corners = [(y, x), (y, x + width), (y + height, x), (y + height, x + width)];
    corners.map(|(y, x)| layout.place(y, x) as u32)
}

fn tilted(&Block { x, y, width, height }: &Block, layout: &Layout) -> [u32; 4] {
    let corners = [
        (y, x),
        (y + height, x - height),
        (y + width, x + width),
        (y + width + height, x + width - height),
    ];
    corners.map(|(y, x)| (layout.tilted_plane() + layout.place(y, x)) as u32)
}

fn lbp_question(block: &Block, set: [u32; 8], layout: &Layout) -> LbpQuestion {
    let mut corners = [0; 16];
    for (i, corner) in corners.iter_mut().enumerate() {
        let (y, x) = (block.y + i / 4 * block.height, block.x + i % 4 * block.width);
        *corner = layout.place(y, x) as u32;
    }
    LbpQuestion { corners, set }
}
