//! Properties of Felzenszwalb's HOG that hold for every image and every setting.

use base::{Extract, ShapeError, Size};
use features::{Fhog, FhogParams, FhogScratch, VlHog, VlHogParams, VlHogVariant};
use ndarray::Array3;
use proptest::prelude::*;

/// Images of 1 to 40 pixels a side, grey or coloured.
fn images() -> impl Strategy<Value = Array3<u8>> {
    (1_usize..=40, 1_usize..=40, prop_oneof![Just(1_usize), Just(3)]).prop_flat_map(
        |(height, width, channels)| {
            proptest::collection::vec(any::<u8>(), height * width * channels).prop_map(
                move |pixels| Array3::from_shape_vec((height, width, channels), pixels).unwrap(),
            )
        },
    )
}

fn size(image: &Array3<u8>) -> Size {
    let (height, width, channels) = image.dim();
    Size { height, width, channels }
}

/// Describes the image or says that it is too small; numbers lie in `0..=most`.
fn describes(extractor: &dyn Extract, image: &Array3<u8>, most: f32) -> Result<(), TestCaseError> {
    match extractor.length(size(image)) {
        Ok(length) => {
            let descriptor = features::describe(extractor, image.view()).unwrap();
            prop_assert_eq!(descriptor.len(), length);
            prop_assert!(descriptor.iter().all(|number| (0.0..=most).contains(number)));
        }
        Err(ShapeError::TooSmall { min_height, min_width, .. }) => {
            let Size { height, width, channels } = size(image);
            prop_assert!(height < min_height || width < min_width);
            let enough =
                Size { height: height.max(min_height), width: width.max(min_width), channels };
            prop_assert!(extractor.length(enough).is_ok());
        }
        Err(error) => prop_assert!(false, "{error}"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn dlibs_describes_or_refuses(
        image in images(), cell_size in 1_usize..20, rows in 1_usize..6, columns in 1_usize..6,
    ) {
        let params = FhogParams { cell_size, filter_padding: [rows, columns] };
        describes(&Fhog::new(&params).unwrap(), &image, 0.86)?;
    }

    /// Tables of directions take a while, so there are few settings.
    #[test]
    fn vlfeats_describes_or_refuses(
        image in images(), cell_size in 1_usize..20, which in 0_usize..4,
    ) {
        let orientations = [1, 9, 4, 6][which];
        let variants = [VlHogVariant::Uoctti, VlHogVariant::DalalTriggs];
        let hog = VlHog::new(&VlHogParams {
            variant: variants[cell_size % 2],
            cell_size,
            orientations,
            bilinear_orientations: which % 2 == 1,
        }).unwrap();
        describes(&hog, &image, 0.86)?;
    }

    /// What an image of another size left behind changes nothing.
    #[test]
    fn memory_can_be_used_again(first in images(), second in images(), cell_size in 1_usize..8) {
        let fhog = Fhog::new(&FhogParams { cell_size, ..FhogParams::default() }).unwrap();
        let mut scratch = FhogScratch::default();
        for image in [&first, &second, &first] {
            if let Ok(length) = fhog.length(size(image)) {
                let mut out = vec![f32::NAN; length];
                fhog.extract_with(image.view(), &mut scratch, &mut out);
                prop_assert_eq!(out, features::describe(&fhog, image.view()).unwrap());
            }
        }
    }
}

#[test]
fn absurd_settings_are_refused_by_name() {
    let fhog = |cell_size, filter_padding| {
        Fhog::new(&FhogParams { cell_size, filter_padding }).unwrap_err().name
    };
    assert_eq!(fhog(0, [1, 1]), "cell_size");
    assert_eq!(fhog(8, [0, 1]), "filter_padding");
    assert_eq!(fhog(8, [1, usize::MAX]), "filter_padding");
    let vlfeat = |cell_size, orientations| {
        let params = VlHogParams { cell_size, orientations, ..VlHogParams::default() };
        VlHog::new(&params).unwrap_err().name
    };
    assert_eq!(vlfeat(0, 9), "cell_size");
    assert_eq!(vlfeat(8, 0), "orientations");
    assert_eq!(vlfeat(8, 128), "orientations");
}

#[test]
fn huge_cells_need_huge_images() {
    let image = Array3::zeros((40, 40, 1));
    let fhog = FhogParams { cell_size: usize::MAX, ..FhogParams::default() };
    let vlfeat = VlHogParams { cell_size: usize::MAX, ..VlHogParams::default() };
    for extractor in
        [&Fhog::new(&fhog).unwrap() as &dyn Extract, &VlHog::new(&vlfeat).unwrap() as &dyn Extract]
    {
        let error = extractor.length(size(&image)).unwrap_err();
        assert!(matches!(error, ShapeError::TooSmall { .. }));
    }
}

/// Brighter towards the right everywhere, so that no gradient is upright: dlib and VLFeat break
/// the tie between the two directions beside it to one side.
fn slope() -> Array3<u8> {
    let noise = base::Seed(3).permutation(48 * 40);
    Array3::from_shape_fn((48, 40, 1), |(y, x, _)| (6 * x + noise[y * 40 + x] % 6) as u8)
}

/// The cells of an image and of its mirror image, which has them the other way round.
#[test]
fn mirrored_images_have_mirrored_cells() {
    let image = slope();
    let mirror = image.slice(ndarray::s![.., ..;-1, ..]);
    let check = |extractor: &dyn Extract,
                 [rows, columns, length]: [usize; 3],
                 mirrored: &[usize]| {
        let here = features::describe(extractor, image.view()).unwrap();
        let there = features::describe(extractor, mirror).unwrap();
        for row in 0..rows {
            for column in 0..columns {
                let cell = |column: usize| (row * columns + column) * length;
                for (k, &from) in mirrored.iter().enumerate() {
                    let apart = there[cell(column) + k] - here[cell(columns - 1 - column) + from];
                    assert!(apart.abs() < 1e-5, "row {row}, column {column}, number {k}: {apart}");
                }
            }
        }
    };
    let fhog = Fhog::new(&FhogParams::default()).unwrap();
    check(&fhog, fhog.shape(size(&image)).unwrap(), &Fhog::mirrored());
    for variant in [VlHogVariant::Uoctti, VlHogVariant::DalalTriggs] {
        let hog = VlHog::new(&VlHogParams { variant, ..VlHogParams::default() }).unwrap();
        check(&hog, hog.shape(size(&image)).unwrap(), &hog.mirrored());
    }
}
