//! What holds for Haar-like features and integral images of every image and every setting.

use base::{Extract, Size};
use features::{
    ExtendedHaar, ExtendedHaarParams, Haar, HaarNormalisation, HaarParams, HaarUnit, Integral,
    LienhartSet, Moments, Rectangle, TiltedIntegral, WeightedFeature, WeightedRectangle, describe,
};
use ndarray::{Array2, Array4, Axis, s};
use proptest::prelude::*;

/// 1 to 20 images of 1 to 40 pixels a side, grey or RGB; some of one grey.
fn images() -> impl Strategy<Value = Array4<u8>> {
    let channels = prop_oneof![3 => Just(1_usize), 1 => Just(3)];
    (1_usize..=20, 1_usize..=40, 1_usize..=40, channels, any::<u64>(), 0_u8..10).prop_map(
        |(count, height, width, channels, seed, flat)| {
            let noise = base::Seed(seed).permutation(count * height * width * channels);
            let level = |value| if flat == 0 { 99 } else { value as u8 };
            let levels = noise.into_iter().map(level).collect();
            Array4::from_shape_vec((count, height, width, channels), levels).unwrap()
        },
    )
}

fn scalings() -> impl Strategy<Value = (HaarUnit, HaarNormalisation)> {
    let units = prop_oneof![Just(HaarUnit::Mean), Just(HaarUnit::Sum)];
    let normalisations = prop_oneof![
        Just(HaarNormalisation::None),
        Just(HaarNormalisation::Deviation),
        Just(HaarNormalisation::OpenCv),
    ];
    (units, normalisations)
}

fn sets() -> impl Strategy<Value = LienhartSet> {
    prop_oneof![
        Just(LienhartSet::Basic),
        Just(LienhartSet::Core),
        Just(LienhartSet::All),
        Just(LienhartSet::Paper),
    ]
}

/// Rectangles in or outside a window of 12x12, some without pixels or of absurd size or weight.
fn rectangles() -> impl Strategy<Value = WeightedRectangle> {
    let place = || prop_oneof![9 => 0_usize..9, 1 => Just(usize::MAX / 2)];
    let side = || prop_oneof![20 => 0_usize..6, 1 => Just(usize::MAX / 2), 1 => Just(1 << 40)];
    let weight = prop_oneof![
        8 => (-3_i32..=9).prop_map(f64::from),
        8 => -4.0..4.0_f64,
        1 => Just(-1e9),
        1 => Just(1e300),
        1 => Just(f64::NAN),
    ];
    (place(), place(), side(), side(), any::<bool>(), weight).prop_map(
        |(y, x, height, width, tilted, weight)| WeightedRectangle {
            rectangle: Rectangle { y, x, height, width },
            tilted,
            weight,
        },
    )
}

/// Each number finite, and the same bits whether images come alone or together.
fn check(extractor: &dyn Extract, images: &Array4<u8>) -> Result<(), TestCaseError> {
    let (count, height, width, channels) = images.dim();
    let Ok(length) = extractor.length(Size { height, width, channels }) else { return Ok(()) };
    let mut rows = vec![f32::NAN; count * length];
    extractor.extract_batch(images.view(), &mut rows);
    for (image, row) in images.outer_iter().zip(rows.chunks(length)) {
        prop_assert!(row.iter().all(|value| value.is_finite()));
        let alone = describe(extractor, image).unwrap();
        prop_assert!(alone.iter().map(|v| v.to_bits()).eq(row.iter().map(|v| v.to_bits())));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn samples_are_finite_and_a_batch_changes_nothing(
        images in images(), count in 1_usize..200, seed in any::<u64>(), set in sets(),
        (unit, normalisation) in scalings(),
    ) {
        check(&Haar::new(&HaarParams { count, seed }).unwrap(), &images)?;
        let params = ExtendedHaarParams { set, count, seed, unit, normalisation };
        check(&ExtendedHaar::new(&params).unwrap(), &images)?;
    }

    /// Any rectangles are refused, or have the value of the definition.
    #[test]
    fn given_features_are_refused_or_right(
        features in prop::collection::vec(prop::collection::vec(rectangles(), 0..4), 0..4),
        levels in prop::collection::vec(any::<u8>(), 144),
        (unit, normalisation) in scalings(),
    ) {
        let features: Vec<_> =
            features.into_iter().map(|rectangles| WeightedFeature { rectangles }).collect();
        let size = Size { height: 12, width: 12, channels: 1 };
        let images = Array4::from_shape_vec((1, 12, 12, 1), levels).unwrap();
        let Ok(haar) = ExtendedHaar::of(features.clone(), unit, normalisation) else {
            return Ok(());
        };
        check(&haar, &images)?;
        let plain = ExtendedHaar::of(features, HaarUnit::Sum, HaarNormalisation::None).unwrap();
        if plain.length(size).is_ok() {
            let image = images.slice(s![0, .., .., 0]);
            let sums = Integral::new(image).unwrap();
            let tilted = TiltedIntegral::of(image).unwrap();
            let got = describe(&plain, images.index_axis(Axis(0), 0)).unwrap();
            for (got, feature) in got.iter().zip(&*plain.features(size).unwrap()) {
                let parts = feature.rectangles.iter().map(|part| {
                    let one = WeightedFeature { rectangles: vec![*part] };
                    one.value(&sums, Some(&tilted)).abs()
                });
                let size: f64 = parts.sum();
                let apart = (f64::from(*got) - feature.value(&sums, Some(&tilted))).abs();
                prop_assert!(apart <= 1e-7 * size, "{got} for {feature:?}");
            }
        }
    }

    /// Every entry of every table against the pixels that its definition names.
    #[test]
    fn tables_hold_the_sums_of_their_definitions(
        height in 1_usize..=24, width in 1_usize..=40, seed in any::<u64>(),
    ) {
        let noise = base::Seed(seed).permutation(height * width);
        let levels = noise.into_iter().map(|level| level as u8).collect();
        let image = Array2::from_shape_vec((height, width), levels).unwrap();
        let moments = Moments::of(image.view()).unwrap();
        let tilted = TiltedIntegral::<u32>::of(image.view()).unwrap();
        for ((y, x), &sum) in moments.sums().view().indexed_iter() {
            let levels = image.slice(s![..y, ..x]).mapv(u64::from);
            prop_assert_eq!(u64::from(sum), levels.sum());
            prop_assert_eq!(moments.squares().view()[[y, x]], (&levels * &levels).sum());
            let triangle = image.indexed_iter().filter(|((row, column), _)| {
                *row < y && (column + 1).abs_diff(x) < y - row
            });
            let expected: u64 = triangle.map(|(_, &level)| u64::from(level)).sum();
            prop_assert_eq!(u64::from(tilted.view()[[y, x]]), expected);
        }
    }
}
