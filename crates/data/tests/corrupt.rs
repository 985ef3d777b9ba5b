//! Corruptions: reference values by NumPy and SciPy, and properties.

use base::{Images, Seed};
use data::corrupt::{CORRUPTIONS, Corruption, Picture, Severity, blur, geometry, noise, tone};
use data::{ReadOptions, open};
use ndarray::Array3;
use serde_json::Value;
use std::path::Path;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/corruptions.json")).unwrap()
}

fn picture(rows: &Value) -> Picture {
    let rows: Vec<Vec<f64>> = serde_json::from_value(rows.clone()).unwrap();
    let shape = (rows.len(), rows[0].len(), 1);
    Array3::from_shape_vec(shape, rows.concat()).unwrap()
}

fn deterministic(op: &str, image: &Picture, argument: &Value) -> Picture {
    let number = || argument.as_f64().unwrap();
    let whole = || -> Vec<isize> { serde_json::from_value(argument.clone()).unwrap() };
    match op {
        "contrast" => tone::contrast(image, number()),
        "brightness" => tone::brightness(image, number()),
        "quantize_bits" => tone::quantize(image, number() as u32),
        "inverse" => tone::inverse(image),
        "translate" => geometry::translate(image, whole()[0], whole()[1]),
        "occlude" => {
            let [left, top, width, height] = whole()[..] else { panic!("{argument}") };
            let of = |value: isize| usize::try_from(value).unwrap();
            geometry::occlude(image, of(left), of(top), of(width), of(height))
        }
        "gaussian_blur" => blur::gaussian(image, number()),
        _ => panic!("an unknown corruption: {op}"),
    }
}

#[test]
fn pixels_are_those_of_the_reference() {
    let golden = golden();
    let cases = golden["deterministic"].as_array().unwrap();
    for case in cases {
        let (op, expected) = (case["op"].as_str().unwrap(), picture(&case["y"]));
        let got = deterministic(op, &picture(&case["x"]), &case["arg"]);
        let error = (&got - &expected).mapv(f64::abs).fold(0.0_f64, |a, &b| a.max(b));
        assert!(error <= case["atol"].as_f64().unwrap_or(1e-12), "{op}: {error}");
    }
    assert_eq!(cases.len(), 36);
}

#[test]
fn noise_has_the_moments_of_its_law() {
    let golden = golden();
    for case in golden["moments"].as_array().unwrap() {
        let number = |key: &str| case[key].as_f64().unwrap();
        let image = Array3::from_elem((400, 250, 1), 0.5);
        let rng = &mut Seed(7).rng();
        let noisy = match case["op"].as_str().unwrap() {
            "gaussian_noise" => noise::gaussian(&image, number("sigma"), rng),
            "shot_noise" => noise::shot(&image, number("lam"), rng),
            _ => {
                let noisy = noise::impulse(&image, number("amount"), rng);
                let share = |value: f64| noisy.iter().filter(|&&x| x == value).count() as f64 / 1e5;
                let (pepper, salt) = (share(0.0), share(1.0));
                // Three standard deviations of 100,000 draws.
                assert!((pepper + salt - number("p_changed")).abs() < 0.004);
                assert!((pepper - salt).abs() < 0.004);
                continue;
            }
        };
        let (mean, sd) = (noisy.mean().unwrap(), noisy.std(1.0));
        assert!((mean - number("mean")).abs() < 0.002, "{mean}");
        assert!((sd / number("sd") - 1.0).abs() < 0.02, "{sd}");
    }
}

/// Mean squared distance of corrupted and clean images.
fn distance(images: &Images, corruption: &Corruption, severity: Severity) -> f64 {
    let corrupted = corruption.corrupt(images, severity, Seed(1));
    assert_eq!(corrupted.size(), images.size());
    let pairs = corrupted.view().into_iter().zip(images.view()).map(|(a, b)| {
        let difference = f64::from(*a) - f64::from(*b);
        difference * difference
    });
    pairs.sum::<f64>() / images.view().len() as f64
}

#[test]
fn each_severity_is_worse_than_the_one_before() {
    let sets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let options = ReadOptions::default();
    for name in ["fashion", "textures"] {
        let set = open(&sets.join(name), &options).unwrap();
        let rows: Vec<usize> = (0..60).map(|k| k * 7).collect();
        let grey = base::Rows::pick(set.images(), &rows);
        let colour = Images::new(ndarray::concatenate![
            ndarray::Axis(3),
            grey.view(),
            grey.view(),
            grey.view()
        ])
        .unwrap();
        for images in [&grey, &colour] {
            for corruption in CORRUPTIONS {
                let distances: Vec<f64> = Severity::all()
                    .map(|severity| distance(images, corruption, severity))
                    .collect();
                assert!(distances[0] > 0.0, "{name}, {}: {distances:?}", corruption.id);
                let worse = distances.windows(2).all(|pair| pair[1] > pair[0]);
                // Things moved far enough come to lie on others like them, and large pixels may
                // happen to fit.
                let moved =
                    ["rotate", "shear", "translate", "scale", "pixelate"].contains(&corruption.id);
                let last_is_worst = distances[4] > distances[0];
                assert!(
                    worse || (moved && last_is_worst),
                    "{name}, {}: {distances:?}",
                    corruption.id
                );
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_tiny_images_work() {
    for shape in [(3, 1, 1, 1), (3, 2, 5, 3)] {
        let pixels = ndarray::Array4::from_shape_fn(shape, |(n, y, x, c)| {
            (n * 90 + y * 40 + x * 9 + c) as u8
        });
        let images = Images::new(pixels).unwrap();
        for corruption in CORRUPTIONS {
            for severity in Severity::all() {
                let corrupted = corruption.corrupt(&images, severity, Seed(5));
                assert_eq!(corrupted, corruption.corrupt(&images, severity, Seed(5)));
            }
        }
    }
    assert!(Severity::new(0).is_none() && Severity::new(6).is_none());
    assert!(Corruption::named("gaussian-noise").is_some() && Corruption::named("x").is_none());
}

/// A quarter turn and back is the image again, and a turn goes the way it says.
#[test]
fn turns_and_shears_go_where_they_say() {
    let image = Array3::from_shape_fn((5, 5, 1), |(y, x, _)| (5 * y + x) as f64 / 25.0);
    let turned = geometry::rotate(&image, std::f64::consts::FRAC_PI_2);
    // Counter-clockwise: what was at the right is now on top.
    assert!((turned[[0, 2, 0]] - image[[2, 4, 0]]).abs() < 1e-12);
    let back = geometry::rotate(&turned, -std::f64::consts::FRAC_PI_2);
    assert!((&back - &image).iter().all(|difference| difference.abs() < 1e-12));
    let sheared = geometry::shear(&image, 1.0);
    assert_eq!((sheared[[2, 1, 0]], sheared[[3, 2, 0]]), (image[[2, 1, 0]], image[[3, 1, 0]]));
    assert!((geometry::scale(&image, 1.0) - &image).iter().all(|d| d.abs() < 1e-12));
    assert_eq!(blur::pixelate(&image, 1.0), image);
    let flat = blur::pixelate(&image, 0.01);
    assert!(flat.iter().all(|&x| (x - image.mean().unwrap()).abs() < 1e-12));
}
