//! Descriptors and detectors as `cv::HOGDescriptor::save` writes them.

use super::{HogDetector, OpenCvHog, OpenCvHogParams};
use crate::ParamError;
use thiserror::Error;

/// A saved `cv::HOGDescriptor`.
#[derive(Debug, Clone)]
pub struct OpenCvHogFile {
    /// Its settings, with OpenCV's default window stride and no padding, which are not saved.
    pub params: OpenCvHogParams,
    /// Scales at most (`nlevels`), see [`crate::HogScanParams::levels`].
    pub levels: usize,
    /// Its detector, if it had one.
    pub detector: Option<HogDetector>,
}

/// Why a text is not a saved `cv::HOGDescriptor`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenCvHogFileError {
    /// A setting that every version writes is not there.
    #[error("`{name}` is missing")]
    Missing {
        /// Name of the setting in the file.
        name: &'static str,
    },
    /// A setting is not what it should be.
    #[error("`{name}` is `{text}`, not {expected}")]
    Value {
        /// Name of the setting in the file.
        name: &'static str,
        /// What stands there; its beginning, if it is long.
        text: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// Settings that do not fit each other.
    #[error(transparent)]
    Param(#[from] ParamError),
}

impl OpenCvHogFile {
    /// Reads the XML, YAML or JSON of `cv::HOGDescriptor::save`; the first one, if there are more.
    ///
    /// ```
    /// let text = "%YAML:1.0
    /// ---
    /// hog: !!opencv-object-detector-hog
    ///    winSize: [ 64, 128 ]
    ///    blockSize: [ 16, 16 ]
    ///    blockStride: [ 8, 8 ]
    ///    cellSize: [ 8, 8 ]
    ///    nbins: 9
    ///    derivAperture: 1
    ///    winSigma: 4.
    ///    histogramNormType: 0
    ///    L2HysThreshold: 2.0000000000000001e-01
    ///    gammaCorrection: 1
    ///    nlevels: 64
    ///    signedGradient: 0
    /// ";
    /// let file = features::OpenCvHogFile::parse(text).unwrap();
    /// assert_eq!(file.params.window_size, [128, 64]);
    /// assert!(file.detector.is_none());
    /// ```
    ///
    /// # Errors
    /// If a setting is missing, is not a number, or is refused by [`OpenCvHog::new`] or
    /// [`HogDetector::new`].
    pub fn parse(text: &str) -> Result<Self, OpenCvHogFileError> {
        let sigma = number(text, "winSigma")?;
        let params = OpenCvHogParams {
            window_size: size(text, "winSize")?,
            block_size: size(text, "blockSize")?,
            block_stride: size(text, "blockStride")?,
            cell_size: size(text, "cellSize")?,
            orientations: count(text, "nbins")?,
            sigma: (sigma > 0.0).then_some(sigma),
            clip: number(text, "L2HysThreshold")?,
            gamma_correction: number(text, "gammaCorrection")? != 0.0,
            signed_gradient: match find(text, "signedGradient") {
                Some(_) => number(text, "signedGradient")? != 0.0,
                None => false, // OpenCV before version 3
            },
            ..OpenCvHogParams::default()
        };
        OpenCvHog::new(&params)?;
        let levels = count(text, "nlevels")?;
        let detector = match find(text, "SVMDetector") {
            Some(_) => {
                let weights = numbers(text, "SVMDetector")?;
                let weights = weights.into_iter().map(|weight| weight as f32).collect();
                Some(HogDetector::new(&params, weights)?)
            }
            None => None,
        };
        Ok(Self { params, levels, detector })
    }
}

/// OpenCV's width and height as height and width.
fn size(text: &str, name: &'static str) -> Result<[usize; 2], OpenCvHogFileError> {
    match numbers(text, name)?[..] {
        [width, height] => Ok([whole(name, height)?, whole(name, width)?]),
        _ => Err(wrong(text, name, "two numbers")),
    }
}

fn count(text: &str, name: &'static str) -> Result<usize, OpenCvHogFileError> {
    whole(name, number(text, name)?)
}

fn whole(name: &'static str, number: f64) -> Result<usize, OpenCvHogFileError> {
    if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
        return Ok(number as usize);
    }
    let expected = "a whole number of at least 0";
    Err(OpenCvHogFileError::Value { name, text: number.to_string(), expected })
}

fn number(text: &str, name: &'static str) -> Result<f64, OpenCvHogFileError> {
    match numbers(text, name)?[..] {
        [number] => Ok(number),
        _ => Err(wrong(text, name, "a number")),
    }
}

fn numbers(text: &str, name: &'static str) -> Result<Vec<f64>, OpenCvHogFileError> {
    let value = find(text, name).ok_or(OpenCvHogFileError::Missing { name })?;
    let words = value.split(|c: char| c.is_whitespace() || c == ',');
    let numbers = words.filter(|word| !word.is_empty()).map(str::parse);
    numbers.collect::<Result<_, _>>().map_err(|_| wrong(text, name, "numbers"))
}

fn wrong(text: &str, name: &'static str, expected: &'static str) -> OpenCvHogFileError {
    let text = find(text, name).unwrap_or_default().trim().chars().take(40).collect();
    OpenCvHogFileError::Value { name, text, expected }
}

/// What stands under a name, without brackets: between its tags in XML, behind its colon in YAML
/// and JSON.
fn find<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    if text.trim_start().starts_with('<') {
        let (_, value) = text.split_once(&format!("<{name}>"))?;
        return Some(value.split_once("</")?.0);
    }
    let names = text.match_indices(name).filter(|&(at, _)| {
        let before = text[..at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || c == '"')
    });
    let values = names.filter_map(|(at, _)| {
        let rest = &text[at + name.len()..];
        rest.strip_prefix('"').unwrap_or(rest).trim_start().strip_prefix(':')
    });
    let value = values.map(|rest| rest.trim_start_matches(' ')).next()?;
    match value.strip_prefix('[') {
        Some(list) => Some(list.split_once(']')?.0),
        None => value.split(['\n', '\r', ',', '}']).next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = r#"<?xml version="1.0"?>
<opencv_storage>
<h type_id="opencv-object-detector-hog">
  <winSize>
    8 16</winSize>
  <blockSize>
    8 8</blockSize>
  <blockStride>
    4 8</blockStride>
  <cellSize>
    8 8</cellSize>
  <nbins>2</nbins>
  <derivAperture>1</derivAperture>
  <winSigma>2.</winSigma>
  <histogramNormType>0</histogramNormType>
  <L2HysThreshold>0.25</L2HysThreshold>
  <gammaCorrection>1</gammaCorrection>
  <nlevels>10</nlevels>
  <signedGradient>1</signedGradient>
  <SVMDetector>
    -1. -0.983333349 .5
    1e-3 7.</SVMDetector></h>
</opencv_storage>
"#;

    const JSON: &str = r#"{
    "h": {
        "type_id": "opencv-object-detector-hog",
        "winSize": [ 8, 16 ], "blockSize": [ 8, 8 ], "blockStride": [ 4, 8 ],
        "cellSize": [ 8, 8 ],
        "nbins": 2, "derivAperture": 1, "winSigma": 2.0, "histogramNormType": 0,
        "L2HysThreshold": 0.25, "gammaCorrection": 1, "nlevels": 10,
        "signedGradient": 1,
        "SVMDetector": [ -1.0, -0.983333349, 0.5,
            0.001, 7.0 ]
    }
}
"#;

    #[test]
    fn formats_say_the_same() {
        for text in [XML, JSON] {
            let file = OpenCvHogFile::parse(text).unwrap();
            let expected = OpenCvHogParams {
                window_size: [16, 8],
                block_size: [8, 8],
                block_stride: [8, 4],
                cell_size: [8, 8],
                orientations: 2,
                sigma: Some(2.0),
                clip: 0.25,
                signed_gradient: true,
                ..OpenCvHogParams::default()
            };
            assert_eq!((file.params, file.levels), (expected, 10));
            // Without any gradient, a window has the bias as its score.
            let wall = ndarray::Array3::zeros((16, 8, 1));
            let hits = file.detector.unwrap().detect(wall.view(), 0.0).unwrap();
            assert_eq!(hits, [([0, 0], 7.0)]);
        }
    }

    #[test]
    fn faults_are_named() {
        let fault = |from: &str, to: &str| {
            assert!(XML.contains(from));
            OpenCvHogFile::parse(&XML.replacen(from, to, 1)).unwrap_err().to_string()
        };
        assert_eq!(fault("nbins>2", "bins>2"), "`nbins` is missing");
        assert_eq!(fault("8 16", "8 x"), "`winSize` is `8 x`, not numbers");
        assert_eq!(fault("8 16", "8"), "`winSize` is `8`, not two numbers");
        assert_eq!(fault(">10<", ">-1<"), "`nlevels` is `-1`, not a whole number of at least 0");
        assert!(fault(">2<", ">0<").starts_with("`orientations` is 0"));
        assert!(fault("1e-3 7.", "").starts_with("`weights` is 3 numbers"));
        assert!(OpenCvHogFile::parse("").is_err());
    }
}
