//! What a cascade file says, checked.

use thiserror::Error;

/// Largest side of a cascade's window in pixels: sums over it stay below 2^31.
pub(super) const MAX_WINDOW: usize = 2000;

/// Why a text is no cascade that can be run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CascadeError {
    /// Not well-formed XML.
    #[error("line {line}: {message}")]
    Xml {
        /// Line of the text, from 1.
        line: u32,
        /// What is wrong there.
        message: String,
    },
    /// An element that every cascade has is not there.
    #[error("line {line}: `{parent}` has no `{element}`")]
    Missing {
        /// Line of the element that lacks it, from 1.
        line: u32,
        /// Name of the element that lacks it.
        parent: String,
        /// Name of the element that is missing.
        element: &'static str,
    },
    /// An element whose content is out of range.
    #[error("line {line}: `{element}` is `{found}`, but must be {expected}")]
    Value {
        /// Line of the element, from 1.
        line: u32,
        /// Name of the element.
        element: String,
        /// Its content, or the part that is wrong.
        found: String,
        /// What would be accepted.
        expected: &'static str,
    },
    /// A cascade over histograms of gradients.
    #[error("line {line}: cascades of HOG features are not supported (nor by OpenCV since 3.0)")]
    Hog {
        /// Line of the element, from 1.
        line: u32,
    },
}

/// A boosted cascade. A window passes it if it passes every stage.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Height and width of the window in pixels.
    pub(super) window: [usize; 2],
    pub(super) features: Features,
    pub(super) stages: Vec<Stage>,
    /// The trees of all stages, one after the other.
    pub(super) trees: Vec<Tree>,
}

#[derive(Debug, Clone)]
pub(super) enum Features {
    Haar(Vec<HaarRectangles>),
    /// Upper left block of 3x3.
    Lbp(Vec<Block>),
}

impl Features {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Haar(features) => features.len(),
            Self::Lbp(features) => features.len(),
        }
    }
}

/// A weighted sum over up to three rectangles.
#[derive(Debug, Clone, Default)]
pub(super) struct HaarRectangles {
    /// Turned by 45 degrees: `width` pixels down to the right, `height` down to the left.
    pub(super) tilted: bool,
    pub(super) parts: [(Block, f32); 3],
}

/// A rectangle of the window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Block {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// A sum of trees. A window passes if it is not below the threshold.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) trees: usize,
    pub(super) threshold: f32,
}

/// A decision tree; the root is the first node, children come after their parents.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) feature: usize,
    pub(super) test: Test,
    pub(super) left: Link,
    pub(super) right: Link,
}

/// When a window goes to the left.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// The feature is below this.
    Below(f32),
    /// The bit of the code is set: bit `code % 32` of word `code / 32`.
    Among([u32; 8]),
}

/// Where a branch leads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Link {
    /// A number to add to the stage.
    Leaf(f32),
    /// A node of the same tree.
    Node(usize),
}

impl Link {
    /// The number to add.
    ///
    /// # Panics
    /// If it leads to another node.
    #[inline(always)]
    pub(crate) fn leaf(self) -> f32 {
        match self {
            Self::Leaf(value) => value,
            Self::Node(_) => panic!("the tree has more than one node"),
        }
    }
}
