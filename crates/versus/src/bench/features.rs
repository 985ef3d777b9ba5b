//! Works of the crate `features`.

use super::pictures::Pictures;
use super::{Rival, Work};
use anyhow::{Context, Result};
use features::{
    Extract, Fhog, FhogParams, Haar, HaarParams, Hog, HogParams, Images, LbpLabel, LbpMethod,
    LbpOperator, LbpScratch, Lbph, LbphParams, OpenCvHogParams, Size, VlHog, VlHogParams,
};
use image::GrayImage;
use ndarray::{Array2, s};
use rayon::prelude::*;
use std::sync::Arc;

/// Photos that one image at a time is described of.
const PHOTOS: [&str; 2] = ["512x512", "1920x1080"];
/// The first of them from several places, so that a second thread has something to do.
const STACK: &str = "8x512x512";
/// Many small images.
const SMALL: &str = "10000x28x28";
/// Windows of a detector.
const WINDOWS: &str = "1600x24x24";
const HAAR_FEATURES: usize = 5000;

/// All of them.
pub(super) fn works(pictures: &Pictures) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    for name in PHOTOS {
        for kind in ["sum", "squares", "tilted"] {
            works.push(integral(pictures, name, kind));
        }
    }
    for name in PHOTOS {
        works.push(lbp(pictures, name, 8, 1)?);
        works.push(lbp(pictures, name, 16, 2)?);
        works.push(lbp_square(pictures, name));
        works.push(lbph(pictures, name)?);
    }
    for name in PHOTOS.into_iter().chain([STACK]) {
        works.push(hog(pictures, name, 8)?);
        works.push(opencv_hog(pictures, name, 8)?);
        works.push(fhog(pictures, name, 8)?);
        works.push(vlhog(pictures, name)?);
    }
    for cell in [4, 7, 8] {
        works.push(hog(pictures, SMALL, cell)?);
        works.push(fhog(pictures, SMALL, cell)?);
    }
    works.push(opencv_hog(pictures, SMALL, 7)?);
    works.push(haar(pictures)?);
    Ok(works)
}

/// HOG with scikit-image's meaning, blocks of 2x2 cells.
fn hog(pictures: &Pictures, name: &str, cell: usize) -> Result<Work> {
    let params = HogParams { cell_size: [cell; 2], ..HogParams::default() };
    let python = |library: &str| Rival::Python(format!("{library}-hog {name} {cell}"));
    let mut rivals = vec![("opencv", python("opencv")), ("scikit-image", python("skimage"))];
    if name == SMALL {
        rivals.push(("dlib", Rival::Cpp(format!("dlib-fhog {name} {cell}"))));
    }
    extract(format!("hog {name} cell {cell}"), Hog::new(&params)?, pictures, name, rivals)
}

/// HOG with OpenCV's meaning and numbers: all of the image as one window of whole cells.
fn opencv_hog(pictures: &Pictures, name: &str, cell: usize) -> Result<Work> {
    let Size { height, width, .. } = pictures.stack(name).size();
    let params = OpenCvHogParams {
        window_size: [height / cell * cell, width / cell * cell],
        block_size: [2 * cell; 2],
        block_stride: [cell; 2],
        cell_size: [cell; 2],
        gamma_correction: false,
        ..OpenCvHogParams::default()
    };
    let rivals = vec![("opencv", Rival::Python(format!("opencv-hog {name} {cell}")))];
    let hog = Hog::opencv(&params)?;
    extract(format!("opencv's hog {name} cell {cell}"), hog, pictures, name, rivals)
}

/// Felzenszwalb's HOG with dlib's numbers.
fn fhog(pictures: &Pictures, name: &str, cell_size: usize) -> Result<Work> {
    let rivals = vec![("dlib", Rival::Cpp(format!("dlib-fhog {name} {cell_size}")))];
    let fhog = Fhog::new(&FhogParams { cell_size, ..FhogParams::default() })?;
    extract(format!("fhog {name} cell {cell_size}"), fhog, pictures, name, rivals)
}

/// Felzenszwalb's HOG with VLFeat's numbers.
fn vlhog(pictures: &Pictures, name: &str) -> Result<Work> {
    let rivals = vec![("vlfeat", Rival::Cpp(format!("vlfeat-hog {name} 8")))];
    let hog = VlHog::new(&VlHogParams { cell_size: 8, ..VlHogParams::default() })?;
    extract(format!("uoctti hog {name} cell 8"), hog, pictures, name, rivals)
}

/// Integral images as OpenCV's `integral`, `integral2` and `integral3` give them: sums of 32 bits,
/// squares as `f64`.
fn integral(pictures: &Pictures, name: &str, kind: &str) -> Work {
    let images = Arc::clone(pictures.stack(name));
    let length = (images.size().height + 1) * (images.size().width + 1);
    let (squares, turned) = (kind != "sum", kind == "tilted");
    let mut sums = vec![0_u32; length];
    let mut square_sums = vec![0_f64; if squares { length } else { 0 }];
    let mut tilted_sums = vec![0_u32; if turned { length } else { 0 }];
    let ours = move || {
        let image = images.view().slice_move(s![0, .., .., 0]);
        let done = features::integral(image, &mut sums)
            .and_then(|()| match squares {
                true => features::squared_integral(image, &mut square_sums),
                false => Ok(()),
            })
            .and_then(|()| match turned {
                true => features::tilted_integral(image, &mut tilted_sums),
                false => Ok(()),
            });
        done.expect("the lengths are right");
    };
    let rivals = vec![("opencv", Rival::Python(format!("opencv-integral {name} {kind}")))];
    Work {
        name: format!("integral {name} {kind}"),
        ours: Box::new(ours),
        parallel: false,
        rivals,
        rows: None,
    }
}

/// Codes of points on a circle.
fn lbp(pictures: &Pictures, name: &str, points: usize, radius: u32) -> Result<Work> {
    let operator = LbpOperator::circle(points, radius.into(), LbpMethod::Default)?;
    let (images, name_of) = (pictures.stack(name), format!("lbp({points},{radius}) {name}"));
    let ours: Box<dyn FnMut() + Send> = match points {
        ..=8 => labels::<u8>(operator, images),
        _ => labels::<u16>(operator, images),
    };
    let rivals = vec![skimage_lbp(name, points, radius)];
    Ok(Work { name: name_of, ours: Box::new(ours), parallel: false, rivals, rows: None })
}

/// Codes of the eight neighbours; scikit-image has them on a circle only.
fn lbp_square(pictures: &Pictures, name: &str) -> Work {
    let ours = labels::<u8>(LbpOperator::square(LbpMethod::Default), pictures.stack(name));
    let rivals = vec![skimage_lbp(name, 8, 1)];
    Work {
        name: format!("lbp 3x3 {name}"),
        ours: Box::new(ours),
        parallel: false,
        rivals,
        rows: None,
    }
}

fn labels<L: LbpLabel + Default + Send + 'static>(
    operator: LbpOperator,
    images: &Arc<Images>,
) -> Box<dyn FnMut() + Send> {
    let images = Arc::clone(images);
    let mut out = Array2::<L>::default((images.size().height, images.size().width));
    let mut scratch = LbpScratch::default();
    Box::new(move || {
        let image = images.view().slice_move(s![0, .., .., 0]);
        let written = operator.labels_into(image, out.view_mut(), &mut scratch);
        written.expect("the shapes are equal");
    })
}

fn skimage_lbp(name: &str, points: usize, radius: u32) -> (&'static str, Rival) {
    ("scikit-image", Rival::Python(format!("skimage-lbp {name} {points},{radius}")))
}

/// Codes and their histograms in a grid of 8x8 cells, as OpenCV's face recogniser takes them.
fn lbph(pictures: &Pictures, name: &str) -> Result<Work> {
    let rivals = vec![("opencv", Rival::Python(format!("opencv-lbph {name} 8")))];
    extract(format!("lbph {name}"), Lbph::new(&LbphParams::default())?, pictures, name, rivals)
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
    Ok(Work { name: work, ours: Box::new(ours), parallel, rivals, rows: None })
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
