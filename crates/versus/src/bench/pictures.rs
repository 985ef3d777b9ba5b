//! The images that are worked on: one photo in several sizes, as raw bytes for the rivals.

use anyhow::{Context, Result};
use base::Images;
use ndarray::{Array2, Array4};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// The photo of the golden numbers, 512x512 pixels.
const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../features/tests/golden/img/camera.png");

/// Stacks of images by name, and the files that hold their bytes.
pub(super) struct Pictures {
    stacks: Vec<(&'static str, Arc<Images>)>,
    files: Vec<PathBuf>,
    /// Holds the files; they go with it.
    _folder: TempDir,
}

impl Pictures {
    /// Cuts all stacks out of the photo and writes them to a folder of their own.
    pub(super) fn write() -> Result<Self> {
        let photo = image::open(PHOTO).with_context(|| PHOTO.to_owned())?.into_luma8();
        let photo = features::view(&photo).remove_axis(ndarray::Axis(2)).to_owned();
        let stacks = [
            ("512x512", stack(&photo, 1, [512, 512])),
            ("1920x1080", stack(&photo, 1, [1080, 1920])),
            ("8x512x512", stack(&photo, 8, [512, 512])),
            ("10000x28x28", stack(&photo, 10_000, [28, 28])),
            ("1600x24x24", stack(&photo, 1600, [24, 24])),
        ];
        let stacks = stacks.map(|(name, pixels)| Ok((name, Arc::new(Images::new(pixels)?))));
        let stacks = stacks.into_iter().collect::<Result<Vec<_>>>()?;
        let folder = tempfile::tempdir()?;
        let files = stacks.iter().map(|(name, images)| write(folder.path(), name, images));
        let files = files.collect::<Result<_>>()?;
        Ok(Self { stacks, files, _folder: folder })
    }

    /// The stack of this name.
    pub(super) fn stack(&self, name: &str) -> &Arc<Images> {
        let found = self.stacks.iter().find(|(known, _)| *known == name);
        &found.expect("works name stacks that there are").1
    }

    /// `NAME_COUNTxHEIGHTxWIDTH.raw` for each stack.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }
}

/// Image `i` starts at a pixel of its own of the photo, which goes on mirrored beyond its edges.
fn stack(photo: &Array2<u8>, count: usize, [height, width]: [usize; 2]) -> Array4<u8> {
    let mirrored = |at: usize, side: usize| {
        let at = at % (2 * side);
        at.min(2 * side - 1 - at)
    };
    let (rows, columns) = photo.dim();
    Array4::from_shape_fn((count, height, width, 1), |(i, y, x, _)| {
        // Steps without a common divisor with the sides visit many different places.
        photo[[mirrored(y + 37 * i, rows), mirrored(x + 101 * i, columns)]]
    })
}

fn write(folder: &Path, name: &str, images: &Images) -> Result<PathBuf> {
    let (count, height, width, _) = images.view().dim();
    let path = folder.join(format!("{name}_{count}x{height}x{width}.raw"));
    let pixels = images.view();
    let bytes = pixels.as_slice().context("images are contiguous")?;
    fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    Ok(path)
}
