//! Local binary patterns of a picture file, pixel by pixel:
//! `cargo run -p features --example lbp_texture_map [FILE [FOLDER]]`

use features::{LbpMethod, gray, lbp_codes, lbp_label_count, lbp_picture, lbp_picture_svg, view};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let coins = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/img/coins_crop.png");
    let mut args = std::env::args().skip(1);
    let photo = args.next().unwrap_or_else(|| coins.to_owned());
    let folder = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    run(Path::new(&photo), &folder)
}

// An example talks to a terminal.
#[allow(clippy::print_stdout)]
pub(crate) fn run(photo: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let photo = image::open(photo)?.to_rgb8();
    let levels = gray(view(&photo));

    let (points, radius, method) = (16, 2.0, LbpMethod::Uniform);
    let codes = lbp_codes(levels.view(), points, radius, method)?;
    let labels = lbp_label_count(points, method);
    let mut histogram = vec![0; labels];
    codes.iter().for_each(|&code| histogram[code as usize] += 1);
    println!(
        "{}x{} pixels; how often each of {labels} labels occurs:",
        codes.nrows(),
        codes.ncols()
    );
    println!("{histogram:?}");

    std::fs::create_dir_all(folder)?;
    photo.save(folder.join("lbp_photo.png"))?;
    lbp_picture(codes.view(), labels).save(folder.join("lbp_codes.png"))?;
    std::fs::write(folder.join("lbp_codes.svg"), lbp_picture_svg(codes.view(), labels))?;
    println!("pictures: {}/lbp_*", folder.display());
    Ok(())
}
