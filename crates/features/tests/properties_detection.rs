//! What holds for every image, every size and every cascade text.

use features::{
    BoundingBox, Cascade, DetectionParams, Detector, Interpolation, group_rectangles,
    group_with_levels, resize,
};
use ndarray::Array3;
use proptest::prelude::*;

/// Images of 1 to 40 pixels a side, grey or RGB.
fn images() -> impl Strategy<Value = Array3<u8>> {
    (1_usize..=40, 1_usize..=40, prop_oneof![Just(1_usize), Just(3)], any::<u64>()).prop_map(
        |(height, width, channels, seed)| {
            let noise = base::Seed(seed).permutation(height * width * channels);
            let pixels = noise.into_iter().map(|value| value as u8).collect();
            Array3::from_shape_vec((height, width, channels), pixels).unwrap()
        },
    )
}

fn interpolations() -> impl Strategy<Value = Interpolation> {
    prop_oneof![Just(Interpolation::Linear), Just(Interpolation::LinearExact)]
}

/// Small ones of every kind: stumps, trees, tilted features, both formats.
const CASCADES: [&str; 4] = [
    include_str!("golden_cascades/random/haar_tilted_stumps.xml"),
    include_str!("golden_cascades/random/haar_trees.xml"),
    include_str!("golden_cascades/random/lbp_trees.xml"),
    include_str!("golden_cascades/random/old_trees.xml"),
];

fn boxes() -> impl Strategy<Value = Vec<BoundingBox>> {
    let near = (-30_i32..30, -30_i32..30, 0_u32..40, 0_u32..40);
    let far = (any::<i32>(), any::<i32>(), any::<u32>(), any::<u32>());
    let one = prop_oneof![4 => near, 1 => far];
    let one = one.prop_map(|(x, y, width, height)| BoundingBox { x, y, width, height });
    prop::collection::vec(one, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scaled_levels_lie_between_those_of_the_image(
        image in images(), height in 1_usize..50, width in 1_usize..50, how in interpolations(),
    ) {
        let scaled = resize(image.view(), [height, width], how).unwrap();
        prop_assert_eq!(scaled.dim(), (height, width, image.dim().2));
        // Dropping bits can cost one level.
        let darkest = image.iter().min().unwrap().saturating_sub(1);
        let brightest = image.iter().max().unwrap();
        prop_assert!(scaled.iter().all(|level| (darkest..=*brightest).contains(level)));
    }

    #[test]
    fn a_constant_image_stays_so(
        level in any::<u8>(), sizes in [1_usize..30, 1..30, 1..30, 1..30],
    ) {
        let image = Array3::from_elem((sizes[0], sizes[1], 1), level);
        let scaled = resize(image.view(), [sizes[2], sizes[3]], Interpolation::LinearExact);
        prop_assert!(scaled.unwrap().iter().all(|&scaled| scaled == level));
    }

    #[test]
    fn groups_hold_more_hits_than_the_threshold(
        hits in boxes(), threshold in 0_u32..5, eps in 0.0..2.0_f64,
    ) {
        let groups = group_rectangles(&hits, threshold, eps).unwrap();
        prop_assert!(groups.iter().all(|group| group.1 > threshold));
        prop_assert!(groups.iter().map(|group| group.1 as usize).sum::<usize>() <= hits.len());
        let levels: Vec<_> = hits.iter().map(|&hit| (hit, 5, 0.5)).collect();
        let with_levels = group_with_levels(&levels, threshold, eps).unwrap();
        let same = with_levels.iter().map(|group| group.0).eq(groups.iter().map(|group| group.0));
        prop_assert!(same);
    }

    #[test]
    fn detections_lie_in_the_image(
        image in images(),
        which in 0..CASCADES.len(),
        scale_factor in 1.01..3.0_f64,
        min_neighbors in 0_u32..3,
        sizes in [0_usize..60, 0..60, 0..60, 0..60],
    ) {
        let cascade = Cascade::from_xml(CASCADES[which]).unwrap();
        let (min_size, max_size) = ([sizes[0], sizes[1]], [sizes[2], sizes[3]]);
        let params = DetectionParams { scale_factor, min_neighbors, min_size, max_size };
        let mut detector = Detector::new(&cascade, &params).unwrap();
        let found = detector.detect(image.view()).unwrap();
        let (height, width, _) = image.dim();
        let inside = |area: BoundingBox| {
            area.x >= 0 && area.y >= 0
                && area.right() <= width as i64 && area.bottom() <= height as i64
        };
        prop_assert!(found.iter().all(|found| inside(found.area)));
        // What is kept from one image to the next changes nothing.
        prop_assert_eq!(detector.detect(image.view()).unwrap(), found);
    }

    /// Whatever is done to a cascade's text, it is read or refused, and what is read can be run.
    #[test]
    fn damaged_texts_are_read_or_refused(
        which in 0..CASCADES.len(),
        cut in any::<prop::sample::Index>(),
        length in 0_usize..40,
        patch in "[-0-9 .<>/_a-z]{0,20}",
        image in images(),
    ) {
        let text = CASCADES[which];
        let start = cut.index(text.len());
        let end = (start + length).min(text.len());
        let damaged = format!("{}{patch}{}", &text[..start], &text[end..]);
        if let Ok(cascade) = Cascade::from_xml(&damaged) {
            cascade.detect(image.view(), &DetectionParams::default()).unwrap();
        }
    }
}

#[test]
fn impossible_settings_are_refused() {
    let cascade = Cascade::from_xml(CASCADES[0]).unwrap();
    for scale_factor in [1.0, 0.0, -2.0, 1e9, f64::NAN, f64::INFINITY] {
        let params = DetectionParams { scale_factor, ..DetectionParams::default() };
        assert_eq!(Detector::new(&cascade, &params).unwrap_err().name, "scale_factor");
    }
}

#[test]
fn deep_and_huge_texts_are_refused() {
    let deep = "<opencv_storage>".to_owned() + &"<a>".repeat(200_000);
    assert!(Cascade::from_xml(&deep).is_err());
    for (from, to) in [("<width>14<", "<width>99999999<"), ("<height>28<", "<height>-1<")] {
        assert!(Cascade::from_xml(&CASCADES[0].replace(from, to)).is_err());
    }
    assert!(Cascade::from_xml("").is_err());
}
