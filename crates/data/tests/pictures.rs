//! What becomes of the pixels of an image file: colours, depth, transparency, orientation, size.

use data::{Colour, Dataset, ReadOptions};
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A set of the two files given, each in a class of its own.
fn set(files: [(&str, &[u8]); 2], options: &ReadOptions) -> Dataset {
    let folder = TempDir::new().unwrap();
    for ((name, bytes), class) in files.into_iter().zip(["a", "b"]) {
        fs::create_dir(folder.path().join(class)).unwrap();
        fs::write(folder.path().join(class).join(name), bytes).unwrap();
    }
    data::open(folder.path(), options).unwrap()
}

/// One file, alone.
fn read(bytes: &[u8], options: &ReadOptions) -> (Vec<u8>, [usize; 3]) {
    let set = set([("x.png", bytes), ("x.png", bytes)], options);
    let size = set.images().size();
    let pixels = set.images().image(0).iter().copied().collect();
    (pixels, [size.height, size.width, size.channels])
}

fn read_golden(name: &str, size: Option<[usize; 2]>) -> (Vec<u8>, [usize; 3]) {
    read(&fs::read(golden(name)).unwrap(), &ReadOptions { size, ..ReadOptions::default() })
}

fn worst(got: &[u8], expected: &[u8]) -> u8 {
    assert_eq!(got.len(), expected.len());
    got.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

/// `golden/pictures.py`, Pillow.
#[test]
fn depth_transparency_and_palettes_are_as_in_pillow() {
    for (name, channels) in [("rgba", 3), ("la", 1), ("grey16", 1), ("palette", 3)] {
        let (pixels, shape) = read_golden(&format!("{name}.png"), None);
        let expected = image::open(golden(&format!("{name}-expected.png"))).unwrap();
        assert_eq!(shape[2], channels, "{name}");
        assert_eq!(worst(&pixels, expected.as_bytes()), 0, "{name}");
    }
}

/// `golden/pictures.py`, Pillow. Pillow rounds to 8 bits between the two directions and works with
/// weights of 22 bits, this crate with floats throughout: they may differ by one level.
#[test]
fn resizing_averages_as_pillow_does() {
    for (size, name) in [([11, 13], "source-13x11.png"), ([60, 50], "source-50x60.png")] {
        let (pixels, shape) = read_golden("source.png", Some(size));
        assert_eq!(shape, [size[0], size[1], 3]);
        let expected = image::open(golden(name)).unwrap();
        assert!(worst(&pixels, expected.as_bytes()) <= 1, "{name}");
    }
}

#[test]
fn shrinking_a_chessboard_gives_grey_and_no_pattern() {
    let board = GrayImage::from_fn(64, 64, |x, y| image::Luma([255 * ((x + y) % 2) as u8]));
    let options = ReadOptions { size: Some([8, 8]), ..ReadOptions::default() };
    let (pixels, _) = read(&encoded(&board.into(), ImageFormat::Png), &options);
    assert!(pixels.iter().all(|value| (126..=129).contains(value)), "{pixels:?}");
}

#[test]
fn all_formats_are_read_by_content() {
    let source = image::open(golden("source.png")).unwrap();
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Pnm, ImageFormat::WebP] {
        let (pixels, _) = read(&encoded(&source, format), &ReadOptions::default());
        assert_eq!(pixels, source.as_bytes(), "{format:?}");
    }
    let jpeg = encoded(&source, ImageFormat::Jpeg);
    let decoded = image::load_from_memory(&jpeg).unwrap();
    assert_eq!(read(&jpeg, &ReadOptions::default()).0, decoded.as_bytes());
}

#[test]
fn a_set_is_grey_if_no_pixel_shows_a_colour() {
    let grey = GrayImage::from_fn(5, 4, |x, y| image::Luma([(40 * x + 9 * y) as u8]));
    let same = DynamicImage::ImageRgb8(DynamicImage::ImageLuma8(grey.clone()).into_rgb8());
    let grey_bytes = encoded(&grey.clone().into(), ImageFormat::Png);
    let same_bytes = encoded(&same, ImageFormat::Png);
    let auto = ReadOptions::default();
    let colourless = set([("x.png", &grey_bytes), ("x.png", &same_bytes)], &auto);
    assert_eq!(colourless.images().size().channels, 1);
    assert_eq!(colourless.duplicates(), [[0, 1]]);
    assert!(colourless.images().image(1).iter().eq(grey.as_raw()));

    let mut tinted = same.into_rgb8();
    tinted.put_pixel(2, 3, image::Rgb([10, 10, 11]));
    let tinted = encoded(&tinted.into(), ImageFormat::Png);
    let coloured = set([("x.png", &grey_bytes), ("x.png", &tinted)], &auto);
    assert_eq!(coloured.images().size().channels, 3);
    let forced = ReadOptions { colour: Colour::Grey, ..auto };
    let grey_again = set([("x.png", &grey_bytes), ("x.png", &tinted)], &forced);
    assert_eq!(grey_again.images().size().channels, 1);
}

#[test]
fn grey_is_the_weighted_sum_rounded() {
    // 0.2126 * 200 + 0.7152 * 100 + 0.0722 * 50 = 117.65; a 16-bit channel is 257 times as large.
    let colour = RgbImage::from_pixel(2, 2, image::Rgb([200, 100, 50]));
    let deep = DynamicImage::ImageRgb8(colour.clone()).into_rgb16();
    let options = ReadOptions { colour: Colour::Grey, ..ReadOptions::default() };
    assert_eq!(read(&encoded(&colour.into(), ImageFormat::Png), &options).0, [118; 4]);
    assert_eq!(read(&encoded(&deep.into(), ImageFormat::Png), &options).0, [118; 4]);
}

#[test]
fn sixteen_bit_channels_are_rounded_to_eight() {
    let value = |x: u32, y: u32, c: u32| ((x * 7919 + y * 10_007 + c * 4001) % 65_536) as u16;
    let deep: image::ImageBuffer<image::Rgb<u16>, Vec<u16>> =
        image::ImageBuffer::from_fn(16, 16, |x, y| image::Rgb([0, 1, 2].map(|c| value(x, y, c))));
    let expected: Vec<u8> =
        deep.iter().map(|&v| (f64::from(v) * 255.0 / 65_535.0).round() as u8).collect();
    let (pixels, _) = read(&encoded(&deep.into(), ImageFormat::Png), &ReadOptions::default());
    assert_eq!(pixels, expected);
}

#[test]
fn all_eight_orientations_are_turned_upright() {
    let source = image::open(golden("source.png")).unwrap();
    let jpeg = encoded(&source, ImageFormat::Jpeg);
    let stored = image::load_from_memory(&jpeg).unwrap().into_rgb8();
    let (w, h) = stored.dimensions();
    for orientation in 1..=8 {
        let (pixels, shape) = read(&with_orientation(&jpeg, orientation), &ReadOptions::default());
        let (width, height) = if orientation < 5 { (w, h) } else { (h, w) };
        // Where the pixel shown in column x, row y is stored: EXIF 2.3, tag 0x0112.
        let upright = RgbImage::from_fn(width, height, |x, y| {
            let (column, row) = match orientation {
                1 => (x, y),
                2 => (w - 1 - x, y),
                3 => (w - 1 - x, h - 1 - y),
                4 => (x, h - 1 - y),
                5 => (y, x),
                6 => (y, h - 1 - x),
                7 => (w - 1 - y, h - 1 - x),
                _ => (w - 1 - y, x),
            };
            *stored.get_pixel(column, row)
        });
        assert_eq!(shape, [height as usize, width as usize, 3], "orientation {orientation}");
        assert!(pixels == *upright.as_raw(), "orientation {orientation}");
    }
}

/// The JPEG with an EXIF segment that holds nothing but an orientation.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01".to_vec(); // big-endian, one entry
    exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]); // tag, short, one, value
    exif.extend([0; 4]); // no further directory
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn one_pixel_is_an_image() {
    let dot = encoded(&GrayImage::from_pixel(1, 1, image::Luma([7])).into(), ImageFormat::Png);
    assert_eq!(read(&dot, &ReadOptions::default()), (vec![7], [1, 1, 1]));
}
