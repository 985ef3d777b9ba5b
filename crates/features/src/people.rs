//! Weights of OpenCV's two people detectors.
//!
//! Both are in `modules/objdetect/src/hog.cpp` of OpenCV 4.14, under the licence in
//! `people/LICENSE`. They are stored as little-endian `f32`.

/// Weights and bias of `cv::HOGDescriptor::getDefaultPeopleDetector`, 3781 numbers, for the
/// default settings of [`crate::OpenCvHogParams`] (windows of 128x64 pixels).
///
/// The numbers come from OpenCV, whose licence asks for its notice: it lies beside them in this
/// crate, in `src/people/LICENSE`.
pub fn default_people_weights() -> Vec<f32> {
    numbers(include_bytes!("people/default_128x64.f32"))
}

/// Weights and bias of `cv::HOGDescriptor::getDaimlerPeopleDetector`, 1981 numbers, for windows of
/// 96x48 pixels and otherwise default settings of [`crate::OpenCvHogParams`].
///
/// The licence is that of [`default_people_weights`].
pub fn daimler_people_weights() -> Vec<f32> {
    numbers(include_bytes!("people/daimler_96x48.f32"))
}

fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}
