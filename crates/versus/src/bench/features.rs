//! Works of the crate `features`.

use super::pictures::Pictures;
use super::{Rival, Work};
use anyhow::{Context, Result};
use features::{Extract, Haar, HaarParams, Hog, HogParams};
use image::GrayImage;
use rayon::prelude::*;
use std::sync::Arc;

/// Photos that one image at a time is described of.
const PHOTOS: [&str; 2] = ["512x512", "1920x1080"];
/// Many small images.
const SMALL: &str = "10000x28x28";
/// Windows of a detector.
const WINDOWS: &str = "1600x24x24";
const HAAR_FEATURES: usize = 5000;

/// All of them.
pub(super) fn works(pictures: &Pictures) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    for name in PHOTOS.into_iter().chain(["8x512x512"]) {
        works.push(hog(pictures, name, 8)?);
    }
    for cell in [4, 7, 8] {
        works.push(hog(pictures, SMALL, cell)?);
    }
    works.push(haar(pictures)?);
    Ok(works)
}

/// HOG with scikit-image's meaning, blocks of 2x2 cells.
fn hog(pictures: &Pictures, name: &str, cell: usize) -> Result<Work> {
    let params = HogParams { cell_size: [cell; 2], ..HogParams::default() };
    let python = |library: &str| Rival::Python(format!("{library}-hog {name} {cell}"));
    let cpp = |work: &str| Rival::Cpp(format!("{work} {name} {cell}"));
    let mut rivals = vec![
        ("opencv", python("opencv")),
        ("scikit-image", python("skimage")),
        ("dlib", cpp("dlib-fhog")),
    ];
    if name != SMALL {
        rivals.push(("vlfeat", cpp("vlfeat-hog")));
    }
    extract(format!("hog {name} cell {cell}"), Hog::new(&params)?, pictures, name, rivals)
}

/// A descriptor of all images of a stack, into memory that is there already.
fn extract(
    work: String,
    extractor: impl Extract + 'static,
    pictures: &Pictures,
    name: &str,
    rivals: Vec<(&'static str, Rival)>,
) -> Result<Work> {
    let images = Arc::clone(pictures.stack(name));
    let mut out = vec![0.0; images.len() * extractor.length(images.size())?];
    let parallel = images.len() > 1;
    let ours = move || {
        features::extract_all_into(&extractor, &images, &mut out).expect("the length is right");
    };
    Ok(Work { name: work, ours: Box::new(ours), parallel, rivals })
}

/// 5,000 Haar-like features of windows of 24x24 pixels.
fn haar(pictures: &Pictures) -> Result<Work> {
    let windows: Vec<GrayImage> = pictures
        .stack(WINDOWS)
        .view()
        .outer_iter()
        .map(|window| GrayImage::from_raw(24, 24, window.iter().copied().collect()))
        .collect::<Option<_>>()
        .context("windows have 24x24 pixels")?;
    let every = imageproc::haar::enumerate_haar_features(24, 24);
    let step = every.len() / HAAR_FEATURES;
    let sample: Vec<_> = every.into_iter().step_by(step).take(HAAR_FEATURES).collect();
    let mut out = vec![0; windows.len() * sample.len()];
    let imageproc = move || {
        out.par_chunks_mut(sample.len()).zip(&windows).for_each(|(row, window)| {
            let integral = imageproc::integral_image::integral_image::<_, u32>(window);
            for (out, feature) in row.iter_mut().zip(&sample) {
                *out = feature.evaluate(&integral);
            }
        });
    };
    let skimage = format!("skimage-haar {WINDOWS} {HAAR_FEATURES}");
    let rivals = vec![
        ("imageproc", Rival::Here(Box::new(imageproc))),
        ("scikit-image", Rival::Python(skimage)),
    ];
    let ours = Haar::new(&HaarParams { count: HAAR_FEATURES, seed: 0 })?;
    extract(format!("haar {WINDOWS}, {HAAR_FEATURES} features"), ours, pictures, WINDOWS, rivals)
}
