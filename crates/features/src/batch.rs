//! One descriptor of many images, on all threads of the current rayon pool.

use base::{Extract, Images, Matrix, ShapeError};
use ndarray::s;
use rayon::prelude::*;

/// Most images a thread takes at once: enough that handing out work costs nothing beside it.
const CHUNK: usize = 64;

/// The descriptor of every image, shape `(n, length)`, one row per image.
///
/// Each row is written by one thread from one image, so the number of threads changes nothing.
///
/// ```
/// use features::{Hog, HogParams};
/// let images = base::Images::new(ndarray::Array4::zeros((3, 28, 28, 1))).unwrap();
/// let hog = Hog::new(&HogParams::default()).unwrap();
/// assert_eq!(features::extract_all(&hog, &images).unwrap().dim(), (3, 1296));
/// ```
///
/// # Errors
/// If images of this size cannot be described.
pub fn extract_all(extractor: &dyn Extract, images: &Images) -> Result<Matrix, ShapeError> {
    let mut rows = Matrix::zeros((images.len(), extractor.length(images.size())?));
    extract_all_into(extractor, images, rows.as_slice_mut().expect("just made"))?;
    Ok(rows)
}

/// [`extract_all`] into memory that is there already, row after row: new memory costs more time
/// than the descriptors of small images.
///
/// # Errors
/// If images of this size cannot be described.
///
/// # Panics
/// If `rows` is not `images.len()` times as long as one descriptor.
pub fn extract_all_into(
    extractor: &dyn Extract,
    images: &Images,
    rows: &mut [f32],
) -> Result<(), ShapeError> {
    let length = extractor.length(images.size())?;
    assert_eq!(rows.len(), images.len() * length, "one row of {length} numbers per image");
    // A descriptor of no numbers has no rows to hand out.
    if length > 0 {
        let per_chunk = images.len().div_ceil(rayon::current_num_threads()).clamp(1, CHUNK);
        rows.par_chunks_mut(per_chunk * length).enumerate().for_each(|(chunk, rows)| {
            let first = chunk * per_chunk;
            let chunk =
                images.view().slice_move(s![first..first + rows.len() / length, .., .., ..]);
            extractor.extract_batch(chunk, rows);
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Concat, Haar, HaarParams, Hog, HogParams, Lbp, LbpParams, describe};
    use ndarray::Array4;

    #[test]
    fn one_thread_or_two_give_the_same_rows() {
        let noise = base::Seed(7).permutation(37 * 20 * 21 * 3);
        let pixels = noise.into_iter().map(|value| value as u8).collect();
        let images = Images::new(Array4::from_shape_vec((37, 20, 21, 3), pixels).unwrap()).unwrap();
        let all = Concat::new(vec![
            Box::new(Hog::new(&HogParams::default()).unwrap()),
            Box::new(Lbp::new(&LbpParams::default()).unwrap()),
            Box::new(Haar::new(&HaarParams::default()).unwrap()),
        ])
        .unwrap();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| extract_all(&all, &images).unwrap())
        };
        let rows = on(1);
        assert_eq!(rows, on(2));
        // The last chunk is not full; every row belongs to its own image.
        for (row, values) in rows.rows().into_iter().enumerate() {
            assert_eq!(values.to_vec(), describe(&all, images.image(row)).unwrap());
        }
    }

    #[test]
    fn no_images_give_no_rows() {
        let images = Images::new(Array4::zeros((0, 20, 20, 1))).unwrap();
        let hog = Hog::new(&HogParams::default()).unwrap();
        assert_eq!(extract_all(&hog, &images).unwrap().dim(), (0, 16 * 36));
    }
}
