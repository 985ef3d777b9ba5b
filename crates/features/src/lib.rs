//! Image descriptors with the numbers of the libraries people know them from, and pictures of
//! what they see.
//!
//! A descriptor is a recipe ([`Hog`], [`Lbp`], [`Haar`], [`Pixels`], [`Concat`]) made from checked
//! settings; as a [`base::Extract`] it turns an image into numbers. Images are `ndarray` views of
//! shape `(height, width, channels)`; [`view`] makes one of an `image` buffer without copying.
//!
//! Nothing here learns, knows a label, reads a file or asks for the time. Threads are used in
//! [`extract_all`] and [`extract_all_into`] only.
//!
//! # What they see
//!
//! [`hog_glyphs`]: the edges in each cell of a photo of a cat's eye.
//!
#![doc = include_str!("../docs/hog_lines.svg")]
//!
//! [`hog_weights`]: what a linear model could look for in it, orange, and what speaks against.
//!
#![doc = include_str!("../docs/hog_weights.svg")]
//!
//! [`lbp_picture`]: the uniform patterns of three coins, 16 points at 2 pixels.
//!
#![doc = include_str!("../docs/lbp_codes.svg")]
//!
//! [`Overlay`]: a Haar-like feature on a face; red counts positive, green negative.
//!
#![doc = include_str!("../docs/haar_ThreeY.svg")]

mod batch;
mod cascade;
mod concat;
mod fhog;
mod gray;
mod group;
mod haar;
mod hog;
mod hog_opencv;
mod integral;
mod kernels;
mod lbp;
mod people;
mod picture;
mod pixels;
mod resize;
mod view;

pub use base::{Extract, Images, Matrix, ParamError, ShapeError, Size};
pub use batch::{extract_all, extract_all_into};
pub use cascade::{
    Cascade, CascadeError, Detection, DetectionError, DetectionParams, Detector, Hit,
    ScoredDetection,
};
pub use concat::Concat;
pub use fhog::{Fhog, FhogParams, FhogScratch, VlHog, VlHogParams, VlHogVariant};
pub use gray::{gray, gray_pixel};
pub use group::{
    BoundingBox, MeanShift, group_by_mean_shift, group_rectangles, group_with_levels,
    group_with_scores,
};
pub use haar::{
    ExtendedHaar, ExtendedHaarParams, Haar, HaarFeature, HaarKind, HaarNormalisation, HaarParams,
    HaarUnit, LienhartFeature, LienhartKind, LienhartSet, Rectangle, WeightedFeature,
    WeightedRectangle, haar_feature_count, haar_features, lienhart_feature_count,
    lienhart_features,
};
pub use hog::{
    BlockNorm, BlockStride, Border, CellVote, Colour, Gamma, GradientFilter, Hog, HogError,
    HogGrid, HogParams, HogScratch, HogWindow, Layout, Level, OrientationVote, Remainder,
};
pub use hog_opencv::{
    HogDetector, HogGrouping, HogScanError, HogScanParams, OpenCvHog, OpenCvHogFile,
    OpenCvHogFileError, OpenCvHogParams, OpenCvHogScratch,
};
pub use integral::{
    Integral, IntegralError, IntegralSquare, IntegralSum, Moments, TiltedIntegral, integral,
    squared_integral, tilted_integral,
};
pub use lbp::{
    HistogramDistance, HistogramError, Lbp, LbpLabel, LbpLevel, LbpMethod, LbpOperator, LbpParams,
    LbpScratch, Lbph, LbphParams, histogram_distance, lbp_codes, lbp_codes_like_scikit_image,
    lbp_histogram_like_mahotas, lbp_label_count, lbp_rotation_classes, lbp_var_like_scikit_image,
    lbp_variance, multi_block_lbp, multi_block_lbp_image, multi_block_lbp_like_scikit_image,
};
pub use people::{daimler_people_weights, default_people_weights};
pub use picture::{
    NEGATIVE, Overlay, OverlayError, OverlayStyle, POSITIVE, hog_cell_weights, hog_glyphs,
    hog_glyphs_svg, hog_lines, hog_stars, hog_stars_svg, hog_weights, hog_weights_svg, lbp_picture,
    lbp_picture_svg,
};
pub use pixels::{Pixels, PixelsParams};
pub use resize::{Interpolation, ResizeError, Resizer, resize};
pub use view::{describe, view};
