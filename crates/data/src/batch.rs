//! Reading many image files into one block of memory, in parallel.
//!
//! Two passes: the first reads the headers only, which settles the size and whether there can be
//! any colour; the second decodes, and resizes each image at once into its place, so that no more
//! than one full-size picture per thread is held.

use crate::format::check_bytes;
use crate::picture::{self, PictureError};
use crate::walk::File;
use crate::{Colour, DataError, ReadOptions, Warning, sizes};
use base::Size;
use rayon::prelude::*;
use std::path::Path;

/// The images that could be read.
pub(crate) struct Batch {
    /// Shape `(files, height, width, channels)`, contiguous.
    pub(crate) pixels: Vec<u8>,
    pub(crate) size: Size,
    pub(crate) files: Vec<File>,
    /// Height and width of each image in its file, upright.
    pub(crate) original_sizes: Vec<[usize; 2]>,
    /// The images that could not be read.
    pub(crate) warnings: Vec<Warning>,
}

/// Reads `files` of the set in the folder `path`, in the order given.
pub(crate) fn read(
    path: &Path,
    files: Vec<File>,
    options: &ReadOptions,
) -> Result<Batch, DataError> {
    let total = files.len();
    let mut warnings = Vec::new();
    let headers: Vec<_> = files.par_iter().map(|file| picture::header(&file.path)).collect();
    let mut readable = Vec::new();
    for (file, header) in files.into_iter().zip(headers) {
        match header {
            Ok(header) => readable.push((file, header)),
            Err(error) => warnings.push(unreadable(&file, &error)),
        }
    }
    check_bad(path, &warnings, total, options.max_bad_share)?;
    if readable.is_empty() {
        return Err(DataError::NoImages { path: path.to_owned() });
    }

    let sizes: Vec<[usize; 2]> = readable.iter().map(|(_, header)| header.size).collect();
    let [height, width] = sizes::target(&sizes, options.size);
    let channels = match options.colour {
        Colour::Grey => 1,
        Colour::Auto if readable.iter().all(|(_, header)| header.grey) => 1,
        Colour::Auto | Colour::Rgb => 3,
    };
    let mut size = Size { height, width, channels };
    check_bytes(path, &[readable.len(), height, width, channels])?;
    let length = height * width * channels;
    let mut pixels = vec![0; readable.len() * length];
    let results: Vec<Result<(), PictureError>> = readable
        .par_iter()
        .zip(pixels.par_chunks_exact_mut(length))
        .map(|((file, _), out)| picture::read(&file.path, [height, width], out))
        .collect();

    let (mut files, mut original_sizes) = (Vec::new(), Vec::new());
    for (row, ((file, header), result)) in readable.into_iter().zip(results).enumerate() {
        if let Err(error) = result {
            warnings.push(unreadable(&file, &error));
            continue;
        }
        // Closes the gaps that images left out leave.
        pixels.copy_within(row * length..(row + 1) * length, files.len() * length);
        files.push(file);
        original_sizes.push(header.size);
    }
    pixels.truncate(files.len() * length);
    check_bad(path, &warnings, total, options.max_bad_share)?;
    if options.colour == Colour::Auto && channels == 3 && is_colourless(&pixels) {
        keep_first_channel(&mut pixels);
        size.channels = 1;
    }
    Ok(Batch { pixels, size, files, original_sizes, warnings })
}

fn unreadable(file: &File, error: &PictureError) -> Warning {
    // Some decoders end their messages with a line end.
    let reason = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    Warning::Unreadable { name: file.name.clone(), reason }
}

fn check_bad(path: &Path, bad: &[Warning], total: usize, max_share: f64) -> Result<(), DataError> {
    if bad.len() as f64 > max_share * total as f64 {
        return Err(DataError::TooManyBad {
            path: path.to_owned(),
            bad: bad.to_vec(),
            total,
            max_share,
        });
    }
    Ok(())
}

/// Whether every RGB pixel has three equal channels.
fn is_colourless(pixels: &[u8]) -> bool {
    pixels.as_chunks::<3>().0.par_iter().all(|&[red, green, blue]| red == green && green == blue)
}

fn keep_first_channel(pixels: &mut Vec<u8>) {
    let kept = pixels.len() / 3;
    for index in 0..kept {
        pixels[index] = pixels[3 * index];
    }
    pixels.truncate(kept);
    pixels.shrink_to_fit();
}
