//! Corruptions against other programs' numbers, and what must hold of all of them.

use base::{Images, Rows, Seed, Size};
use data::corrupt::{self, CORRUPTIONS, SEVERITIES, UnitImage};
use ndarray::{Array3, Array4};
use serde_json::Value;
use std::path::Path;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// A grey image as rows of values.
fn grey(value: &Value) -> UnitImage {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    let dim = (rows.len(), rows[0].len(), 1);
    Array3::from_shape_vec(dim, rows.concat()).unwrap()
}

fn worked_out(op: &str, arg: &Value, x: &UnitImage) -> UnitImage {
    match op {
        "contrast" => corrupt::contrast(x, number(arg)),
        "brightness" => corrupt::brightness(x, number(arg)),
        "quantize_bits" => corrupt::quantise(x, number(arg) as u32),
        "inverse" => corrupt::inverse(x),
        "translate" => corrupt::translate(x, number(&arg[0]), number(&arg[1])),
        "occlude" => {
            let sides: Vec<usize> = numbers(arg).into_iter().map(|side| side as usize).collect();
            corrupt::occlude(x, sides.try_into().unwrap())
        }
        "gaussian_blur" => corrupt::gaussian_blur(x, number(arg)),
        "pixelate" => corrupt::pixelate(x, number(arg)),
        "rotate" => corrupt::rotate(x, number(arg)),
        "shear" => corrupt::shear(x, number(arg)),
        "scale" => corrupt::scale(x, number(arg)),
        other => panic!("unknown operation `{other}`"),
    }
}

fn assert_equal(case: &Value, got: &UnitImage, expected: &UnitImage, atol: f64) {
    assert_eq!(got.dim(), expected.dim());
    let worst = (got - expected).iter().fold(0.0_f64, |most, d| most.max(d.abs()));
    assert!(worst <= atol, "{} {}: differs by {worst:e}", case["op"], case["arg"]);
}

fn reference() -> Value {
    serde_json::from_str(include_str!("golden/corruptions.json")).unwrap()
}

/// Without a tolerance of its own, a case may differ by rounding.
#[test]
fn pixels_are_those_of_the_reference() {
    let reference = reference();
    let cases = reference["deterministic"].as_array().unwrap();
    assert_eq!(cases.len(), 36);
    for case in cases {
        let got = worked_out(case["op"].as_str().unwrap(), &case["arg"], &grey(&case["x"]));
        assert_equal(case, &got, &grey(&case["y"]), case["atol"].as_f64().unwrap_or(1e-12));
    }
}

/// `golden/corrupt.json` is written by `golden/corrupt.py` with SciPy, scikit-image and Pillow.
#[test]
fn pixels_are_those_of_scipy_skimage_and_pillow() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/corrupt.json")).unwrap();
    assert!(cases.len() > 50);
    for case in &cases {
        let shape = numbers(&case["shape"]);
        let dim = (shape[0] as usize, shape[1] as usize, shape[2] as usize);
        let image = |key: &str| Array3::from_shape_vec(dim, numbers(&case[key])).unwrap();
        let got = worked_out(case["op"].as_str().unwrap(), &case["arg"], &image("x"));
        assert_equal(case, &got, &image("y"), number(&case["atol"]));
    }
}

/// 1e5 values away from the clip: the standard deviation within 2 %, as the reference asks for;
/// means and shares within five standard errors.
#[test]
fn noise_has_the_moments_of_the_reference() {
    let n = 100_000.0_f64;
    let base = |level| Array3::from_elem((250, 400, 1), level);
    let reference = reference();
    let cases = reference["moments"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for (index, case) in cases.iter().enumerate() {
        let rng = &mut Seed(1).child("moments", index as u64).rng();
        let out = match case["op"].as_str().unwrap() {
            "gaussian_noise" => {
                corrupt::gaussian_noise(&base(number(&case["base"])), number(&case["sigma"]), rng)
            }
            "shot_noise" => {
                corrupt::shot_noise(&base(number(&case["base"])), number(&case["lam"]), rng)
            }
            "impulse_noise" => {
                let out = corrupt::impulse_noise(&base(0.5), number(&case["amount"]), rng);
                let p = number(&case["p_changed"]);
                let count = |level: f64| out.iter().filter(|&&x| x == level).count() as f64;
                for share in [count(0.0) / n, count(1.0) / n] {
                    let error = (p / 2.0 * (1.0 - p / 2.0) / n).sqrt();
                    assert!((share - p / 2.0).abs() < 5.0 * error, "{case}: {share}");
                }
                assert_eq!(count(0.0) + count(1.0) + count(0.5), n);
                continue;
            }
            other => panic!("unknown operation `{other}`"),
        };
        let (mean, sd) = (out.mean().unwrap(), out.std(1.0));
        let expected = number(&case["sd"]);
        assert!((mean - number(&case["mean"])).abs() < 5.0 * expected / n.sqrt(), "{case}: {mean}");
        assert!((sd / expected - 1.0).abs() < 0.02, "{case}: {sd}");
    }
}

/// The published numbers, at the published sizes.
#[test]
fn severities_are_those_of_cifar_10_c_and_mnist_c() {
    let reference = reference();
    let names = [
        ("gaussian-noise", "gaussian_noise_sigma"),
        ("shot-noise", "shot_noise_lambda"),
        ("impulse-noise", "impulse_noise_amount"),
        ("gaussian-blur", "gaussian_blur_sigma"),
        ("contrast", "contrast_factor"),
        ("brightness", "brightness_add"),
        ("jpeg", "jpeg_quality"),
        ("pixelate", "pixelate_factor"),
        ("rotate", "rotate_rad"),
        ("shear", "shear"),
        ("scale", "scale_factor"),
        ("translate", "translate_px"),
        ("quantise", "quantize_bits"),
    ];
    let mut checked = 0;
    for (set, side, channels) in [("cifar10_c (32x32 RGB)", 32, 3), ("mnist_c (28x28 grey)", 28, 1)]
    {
        let size = Size { height: side, width: side, channels };
        for (name, key) in names {
            let Some(published) = reference["severities"][set].get(key) else { continue };
            let corruption = corrupt::find(name).unwrap();
            let ours: Vec<f64> =
                (1..=SEVERITIES).map(|s| corruption.strength(s, size).unwrap()).collect();
            assert_eq!(ours, numbers(published), "{name}");
            checked += 1;
        }
    }
    assert_eq!(checked, 8 + 11);
}

fn embedded(name: &str, images: usize) -> Images {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets").join(name);
    let set = data::open(&folder, &data::ReadOptions::default()).unwrap();
    let rows: Vec<usize> = (0..images).collect();
    set.images().pick(&rows)
}

/// Three textures side by side as one RGB image, shifted, so that the channels differ.
fn coloured(grey: &Images) -> Images {
    let (n, height, width, _) = grey.view().dim();
    let pixels = Array4::from_shape_fn((n, height, width, 3), |(image, y, x, channel)| {
        grey.view()[[(image + channel) % n, y, x, 0]]
    });
    Images::new(pixels).unwrap()
}

/// Mean squared difference over all images; less of it is a higher peak signal-to-noise ratio.
fn squared_difference(a: &Images, b: &Images) -> f64 {
    let pairs = a.view().into_iter().zip(b.view()).map(|(&a, &b)| f64::from(a) - f64::from(b));
    pairs.map(|d| d * d).sum::<f64>() / a.view().len() as f64
}

/// A texture turned by half a right angle is no less like itself than one turned by more, so what
/// moves pixels about is judged on pictures of things.
#[test]
fn each_severity_lowers_the_signal_to_noise_ratio() {
    for set in ["textures", "faces", "fashion"] {
        let grey = embedded(set, 40);
        for images in [coloured(&grey), grey] {
            let moves = ["rotate", "shear", "scale", "translate"];
            let judged = |name| set != "textures" || !moves.contains(&name);
            for corruption in CORRUPTIONS.iter().filter(|corruption| judged(corruption.name)) {
                let mut least = 0.0;
                for severity in 1..=SEVERITIES {
                    let worse = corruption.apply(severity, &images, Seed(3)).unwrap();
                    let difference = squared_difference(&images, &worse);
                    assert!(
                        difference > least,
                        "{set} {} {severity}: {difference} after {least}",
                        corruption.name
                    );
                    least = difference;
                }
            }
        }
    }
}

#[test]
fn an_image_depends_on_its_place_and_the_seed_alone() {
    let images = embedded("digits", 6);
    for corruption in CORRUPTIONS {
        let all = corruption.apply(2, &images, Seed(7)).unwrap();
        assert_eq!(all, corruption.apply(2, &images, Seed(7)).unwrap());
        let first = corruption.apply(2, &images.pick(&[0, 1]), Seed(7)).unwrap();
        assert_eq!(first, all.pick(&[0, 1]), "{}", corruption.name);
    }
    let noise = corrupt::find("gaussian-noise").unwrap();
    let same_twice = noise.apply(1, &images.pick(&[0, 0]), Seed(7)).unwrap();
    assert_ne!(same_twice.image(0), same_twice.image(1));
    assert_ne!(
        noise.apply(1, &images, Seed(7)).unwrap(),
        noise.apply(1, &images, Seed(8)).unwrap()
    );
}

#[test]
fn every_size_can_be_corrupted_and_no_other_severity_asked_for() {
    for (n, height, width, channels) in [(2, 1, 1, 1), (1, 1, 7, 3), (0, 5, 5, 1), (1, 64, 3, 1)] {
        let pixels = Array4::from_elem((n, height, width, channels), 90);
        let images = Images::new(pixels).unwrap();
        for corruption in CORRUPTIONS {
            for severity in [1, SEVERITIES] {
                let worse = corruption.apply(severity, &images, Seed(1)).unwrap();
                assert_eq!(worse.view().dim(), images.view().dim());
            }
            for severity in [0, SEVERITIES + 1] {
                let error = corruption.apply(severity, &images, Seed(1)).unwrap_err();
                let expected = format!("`severity` is {severity}, but must be 1 to 5");
                assert_eq!(error.to_string(), expected);
            }
        }
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = CORRUPTIONS.iter().map(|corruption| corruption.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CORRUPTIONS.len());
}
