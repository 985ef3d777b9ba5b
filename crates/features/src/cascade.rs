//! Cascades: fast detectors of faces and other objects, from OpenCV's files.
//!
//! A window slides over the image at many scales. Each stage of the cascade is a boosted sum of
//! decision trees over Haar-like features or multi-block local binary patterns; a window that
//! fails a stage is given up, so that most cost next to nothing. Overlapping hits are grouped.
//!
//! Sources: P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple
//! features", CVPR 2001; R. Lienhart, J. Maydt, "An extended set of Haar-like features for rapid
//! object detection", ICIP 2002 (tilted features); S. Liao et al., "Learning multi-scale block
//! local binary patterns for face recognition", ICB 2007.
//! Reference: OpenCV 4.14 `CascadeClassifier` on one thread; hits, their order, groups and sums
//! are the same to the last bit.
//!
//! Departures: features that reach out of the window are refused; the quirk that OpenCV reports
//! flat windows as hits of a cascade with a single stage when asked for levels is not here.

mod model;
mod planes;
mod program;
mod scales;
mod xml;

pub use model::CascadeError;
pub(crate) use model::Link;

use crate::gray::gray;
use crate::group::{BoundingBox, group_rectangles, group_with_levels};
use crate::resize::{Interpolation, Resizer};
use crate::view::{check_size, size_of};
use base::{ParamError, ShapeError};
use model::{Features, Model};
use ndarray::ArrayView3;
use planes::{Layout, Planes};
use program::AnyProgram;
use scales::{Scale, grown, scales};
use serde::{Deserialize, Serialize};

/// How like each other the edges of hits of one group are; OpenCV's number.
const GROUP_EPS: f64 = 0.2;

/// A trained cascade.
///
/// `Cascade::from_xml(&std::fs::read_to_string(path)?)` reads one of OpenCV's files.
#[derive(Debug, Clone)]
pub struct Cascade {
    model: Model,
}

/// Settings as written in a plan file; unset ones take the default. Sizes are height first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectionParams {
    /// How much larger each scale is than the one before: 1.0001 to 1000.
    pub scale_factor: f64,
    /// Groups of at most so many hits are dropped; 0 gives every hit by itself.
    pub min_neighbors: u32,
    /// Smallest object in pixels.
    pub min_size: [usize; 2],
    /// Largest object in pixels; a side of 0 stands for no limit.
    pub max_size: [usize; 2],
}

impl Default for DetectionParams {
    fn default() -> Self {
        Self { scale_factor: 1.1, min_neighbors: 3, min_size: [0, 0], max_size: [0, 0] }
    }
}

/// A window that passed all stages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Where it lies in the image. It may reach over the right and lower border by rounding.
    pub area: BoundingBox,
    /// Sum of the last stage: the larger, the surer.
    pub score: f64,
}

/// A group of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detection {
    /// The mean of the hits, cut off at the border of the image.
    pub area: BoundingBox,
    /// Number of hits.
    pub neighbors: u32,
}

/// A group of hits with what its best hit reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredDetection {
    /// The mean of the hits, cut off at the border of the image.
    pub area: BoundingBox,
    /// Stages passed: all of them.
    pub stages: u32,
    /// The largest sum of the last stage among the hits.
    pub score: f64,
}

impl Cascade {
    /// Reads the text of a file of `opencv_traincascade`, or of `opencv_haartraining` before it.
    ///
    /// # Errors
    /// If the text is not XML, or not a cascade of Haar-like or LBP features, or something in it
    /// is out of range; the error names the line.
    pub fn from_xml(text: &str) -> Result<Self, CascadeError> {
        Ok(Self { model: xml::read(text)? })
    }

    /// OpenCV's detector of frontal faces of at least 20x20 pixels by Rainer Lienhart
    /// (`haarcascade_frontalface_alt2.xml`, Intel licence: `data/` of this crate holds the file with
    /// its notice, which goes with every copy).
    ///
    /// ```
    /// use features::{Cascade, DetectionParams};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = env!("CARGO_MANIFEST_DIR");
    /// # let path = format!("{dir}/tests/golden_cascades/img/face_rgb.png");
    /// let photo = image::open(path)?.to_rgb8();
    /// let faces = Cascade::frontal_face()
    ///     .detect(features::view(&photo), &DetectionParams::default())?;
    /// assert_eq!(faces.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn frontal_face() -> Self {
        let text = include_str!("../data/haarcascade_frontalface_alt2.xml");
        Self::from_xml(text).expect("the file is a cascade; a test reads it")
    }

    /// Height and width of the window in pixels: the smallest object that is found.
    pub fn window(&self) -> [usize; 2] {
        self.model.window
    }

    /// Number of stages.
    pub fn stages(&self) -> usize {
        self.model.stages.len()
    }

    /// Objects in an image of shape `(height, width, channels)`, as OpenCV's `detectMultiScale`
    /// and `detectMultiScale2` find them. [`Detector`] does it for many images.
    ///
    /// # Errors
    /// If a setting is out of range, or the image has no pixels or neither 1 nor 3 channels.
    pub fn detect(
        &self,
        image: ArrayView3<'_, u8>,
        params: &DetectionParams,
    ) -> Result<Vec<Detection>, DetectionError> {
        Ok(Detector::new(self, params)?.detect(image)?)
    }

    /// As [`Self::detect`], with scores, as OpenCV's `detectMultiScale3` with
    /// `outputRejectLevels`.
    ///
    /// # Errors
    /// As [`Self::detect`].
    pub fn detect_with_scores(
        &self,
        image: ArrayView3<'_, u8>,
        params: &DetectionParams,
    ) -> Result<Vec<ScoredDetection>, DetectionError> {
        Ok(Detector::new(self, params)?.detect_with_scores(image)?)
    }
}

/// Why nothing could be searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DetectionError {
    /// A setting out of range.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// The image has no pixels, or neither 1 nor 3 channels.
    #[error(transparent)]
    Image(#[from] ShapeError),
}

/// A cascade with checked settings and everything it needs for image after image.
#[derive(Debug, Clone)]
pub struct Detector<'a> {
    cascade: &'a Cascade,
    params: DetectionParams,
    resizer: Resizer,
    scaled: Vec<u8>,
    planes: Planes,
    /// For windows side by side, and for every second one.
    programs: [Option<(Layout, AnyProgram)>; 2],
    row_hits: Vec<(usize, f64)>,
    hits: Vec<Hit>,
}

impl<'a> Detector<'a> {
    /// # Errors
    /// If the scale factor is not between 1.0001 and 1000.
    pub fn new(cascade: &'a Cascade, params: &DetectionParams) -> Result<Self, ParamError> {
        if !(1.0001..=1000.0).contains(&params.scale_factor) {
            let expected = "a number between 1.0001 and 1000";
            return Err(ParamError::new("scale_factor", params.scale_factor, expected));
        }
        Ok(Self {
            cascade,
            params: params.clone(),
            resizer: Resizer::new(Interpolation::LinearExact),
            scaled: Vec::new(),
            planes: Planes::default(),
            programs: [None, None],
            row_hits: Vec::new(),
            hits: Vec::new(),
        })
    }

    /// Groups of hits in an image of shape `(height, width, channels)`, in OpenCV's order.
    ///
    /// # Errors
    /// If the image has no pixels, neither 1 nor 3 channels, or more than 2^31 - 1 pixels.
    pub fn detect(&mut self, image: ArrayView3<'_, u8>) -> Result<Vec<Detection>, ShapeError> {
        let threshold = self.params.min_neighbors;
        let boxes: Vec<BoundingBox> = self.hits(image)?.iter().map(|hit| hit.area).collect();
        let groups = group_rectangles(&boxes, threshold, GROUP_EPS).expect("0.2 is in range");
        let clipped = groups.into_iter().filter_map(|(area, neighbors)| {
            Some(Detection { area: clip(area, image)?, neighbors })
        });
        Ok(clipped.collect())
    }

    /// As [`Self::detect`], with scores; see [`Cascade::detect_with_scores`].
    ///
    /// # Errors
    /// As [`Self::detect`].
    pub fn detect_with_scores(
        &mut self,
        image: ArrayView3<'_, u8>,
    ) -> Result<Vec<ScoredDetection>, ShapeError> {
        let threshold = self.params.min_neighbors;
        let stages = self.cascade.stages() as u32;
        let hits: Vec<_> =
            self.hits(image)?.iter().map(|hit| (hit.area, stages, hit.score)).collect();
        let groups = group_with_levels(&hits, threshold, GROUP_EPS).expect("0.2 is in range");
        let clipped = groups.into_iter().filter_map(|(area, stages, score)| {
            Some(ScoredDetection { area: clip(area, image)?, stages, score })
        });
        Ok(clipped.collect())
    }

    /// Every window that passes: smallest scale first, then from top to bottom and left to right.
    ///
    /// # Errors
    /// As [`Self::detect`].
    pub fn hits(&mut self, image: ArrayView3<'_, u8>) -> Result<&[Hit], ShapeError> {
        check_size(size_of(image))?;
        let levels = gray(image);
        let (height, width) = levels.dim();
        self.hits.clear();
        let pixels = levels.as_slice().expect("grey images are contiguous");
        let [min_size, max_size] = [self.params.min_size, self.params.max_size];
        let max_size = if max_size.contains(&0) { [height, width] } else { max_size };
        let window = self.cascade.window();
        let factor = self.params.scale_factor;
        let scales = scales([height, width], window, factor, min_size, max_size);
        for scale in &scales {
            self.search(pixels, [height, width], scale, &scales[0]);
        }
        Ok(&self.hits)
    }

    fn search(&mut self, pixels: &[u8], size: [usize; 2], scale: &Scale, first: &Scale) {
        self.scaled.resize(scale.size[0] * scale.size[1], 0);
        self.resizer.resize_slice(pixels, 1, [size, scale.size], &mut self.scaled);
        let model = &self.cascade.model;
        let (tilted, squares) = match &model.features {
            Features::Haar(features) => (features.iter().any(|feature| feature.tilted), true),
            Features::Lbp(_) => (false, false),
        };
        let split = scale.step == 2;
        let layout = Layout { split, ..Layout::new(first.size, tilted, squares) };
        self.planes.fill(&self.scaled, scale.size[1], layout);
        let program = &mut self.programs[usize::from(split)];
        if program.as_ref().is_none_or(|(known, _)| *known != layout) {
            *program = Some((layout, AnyProgram::new(model, &layout)));
        }
        let Some((_, program)) = program else { unreachable!("it was just made") };
        let [height, width] = grown(model.window, scale.factor);
        for y in scale.rows(model.window, first) {
            let columns = scale.columns(model.window);
            self.row_hits.clear();
            let at = layout.place(y, 0);
            program.scan(self.planes.data(), at, columns, &mut self.row_hits);
            for &(column, score) in &self.row_hits {
                let x = column * scale.step;
                let [x, y] = [x, y].map(|at| (at as f32 * scale.factor).round_ties_even() as i32);
                self.hits.push(Hit { area: BoundingBox { x, y, width, height }, score });
            }
        }
    }
}

/// The part of a box that lies in the image, if there is any.
fn clip(area: BoundingBox, image: ArrayView3<'_, u8>) -> Option<BoundingBox> {
    let (image_height, image_width, _) = image.dim();
    let (x, y) = (area.x.max(0), area.y.max(0));
    let width = area.right().min(image_width as i64) - i64::from(x);
    let height = area.bottom().min(image_height as i64) - i64::from(y);
    let inside = width > 0 && height > 0;
    inside.then_some(BoundingBox { x, y, width: width as u32, height: height as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    /// One stage of one stump: the right half of a 4x4 window, minus the whole, below 0.
    const DARK_RIGHT: &str = "<opencv_storage><c><stageType>BOOST</stageType>
        <featureType>HAAR</featureType><height>4</height><width>4</width>
        <featureParams><maxCatCount>0</maxCatCount></featureParams>
        <stages><_><stageThreshold>0.5</stageThreshold><weakClassifiers>
        <_><internalNodes>0 -1 0 0.</internalNodes><leafValues>1. -1.</leafValues></_>
        </weakClassifiers></_></stages>
        <features><_><rects><_>0 0 4 4 -1.</_><_>2 0 2 4 2.</_></rects></_></features>
        </c></opencv_storage>";

    fn error(from: &str, to: &str) -> CascadeError {
        assert!(DARK_RIGHT.contains(from));
        Cascade::from_xml(&DARK_RIGHT.replacen(from, to, 1)).unwrap_err()
    }

    /// Left half bright, right half dark: of all windows of 4x4, those on the edge see it. Columns
    /// 0, 2 and 4 are looked at while the scale is below 2.
    #[test]
    fn a_window_over_a_dark_right_half_passes() {
        let image = Array3::from_shape_fn((4, 8, 1), |(_, x, _)| if x < 4 { 200_u8 } else { 50 });
        let cascade = Cascade::from_xml(DARK_RIGHT).unwrap();
        // At twice the size the window is larger than the image.
        let params =
            DetectionParams { min_neighbors: 0, scale_factor: 2.0, ..DetectionParams::default() };
        let mut detector = Detector::new(&cascade, &params).unwrap();
        let area = BoundingBox { x: 2, y: 0, width: 4, height: 4 };
        assert_eq!(detector.hits(image.view()).unwrap(), [Hit { area, score: 1.0 }]);
    }

    #[test]
    fn flat_windows_are_no_hits() {
        let image = Array3::from_elem((40, 40, 1), 90_u8);
        let cascade = Cascade::from_xml(&DARK_RIGHT.replacen("0 -1 0 0.", "0 -1 0 9.", 1)).unwrap();
        let params = DetectionParams { min_neighbors: 0, ..DetectionParams::default() };
        assert_eq!(cascade.detect(image.view(), &params).unwrap(), []);
    }

    #[test]
    fn errors_name_line_and_element() {
        let message = |from, to| error(from, to).to_string();
        assert_eq!(message(">BOOST<", ">NET<"), "line 1: `stageType` is `NET`, but must be BOOST");
        assert!(matches!(error("HAAR", "HOG"), CascadeError::Hog { line: 2 }));
        assert!(matches!(error("<height>4</height>", ""), CascadeError::Missing { .. }));
        assert!(matches!(error("</c>", ""), CascadeError::Xml { .. }));
        for (from, to) in [
            ("<width>4", "<width>2"),
            ("<width>4", "<width>2001"),
            ("2 0 2 4 2.", "3 0 2 4 2."),
            ("2 0 2 4 2.", "2 0 2 4 nan"),
            ("2 0 2 4 2.", "2 0 2 4"),
            ("0 -1 0 0.", "0 -1 1 0."),
            ("0 -1 0 0.", "0 1 0 0."),
            ("0 -1 0 0.", "0 -2 0 0."),
            ("0 -1 0 0.", "0 -1 0 1e999"),
            ("1. -1.", "1."),
            ("<maxCatCount>0", "<maxCatCount>256"),
            ("<_>0 0 4 4 -1.</_>", "<_>0 0 4 4 -1.</_><_>0 0 1 1 1</_><_>0 0 1 1 1</_>"),
        ] {
            assert!(matches!(error(from, to), CascadeError::Value { .. }), "{from} to {to}");
        }
        let tilted = ("</rects>", "</rects><tilted>1</tilted>");
        assert!(message(tilted.0, tilted.1).contains("a rectangle within the window"));
    }
}
