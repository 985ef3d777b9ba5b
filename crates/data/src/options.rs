//! How a set is to be read.

use crate::{DataError, groups};
use base::ParamError;
use serde::{Deserialize, Serialize};

/// Longest side that can be asked for, in pixels. Hand-crafted features and small networks work
/// on tens to hundreds of pixels; a larger number is most likely a slip of the keyboard.
const MAX_WANTED_SIDE: usize = 4096;

/// How a set is to be read, as written in a plan file; unset settings take the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// Height and width in pixels to which every image is resized, each 1 to 4096; the aspect
    /// ratio of an image is not kept.
    ///
    /// Unset: images that share one size whose longer side is at most 64 stay as they are; others
    /// get the median aspect ratio and the median longer side, but at most 64.
    pub size: Option<[usize; 2]>,
    /// Whether images become grey or RGB.
    pub colour: Colour,
    /// Share of the image files that may be unreadable, 0 to 1. Up to it they are left out with a
    /// warning each; beyond it the set is refused.
    pub max_bad_share: f64,
    /// A regular expression whose first parentheses hold an image's group: images whose names
    /// ([`crate::Dataset::image_names`]) have the same text there stay together. It applies to
    /// images that have no group in a manifest; those it does not fit stand alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_pattern: Option<String>,
}

/// Whether images become grey or RGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// Grey if no image of the set shows a colour (every pixel has three equal channels, however
    /// the file stores them), else RGB.
    #[default]
    Auto,
    /// Grey: `0.2126 R + 0.7152 G + 0.0722 B`, the weights of ITU-R BT.709, applied to the stored
    /// values (without removing gamma) and rounded.
    Grey,
    /// Three channels; those of a grey image are equal.
    Rgb,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { size: None, colour: Colour::Auto, max_bad_share: 0.05, group_pattern: None }
    }
}

impl ReadOptions {
    /// Refuses what [`crate::open`] could not carry out.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        if let Some([height, width]) = self.size
            && [height, width].iter().any(|side| !(1..=MAX_WANTED_SIDE).contains(side))
        {
            let given = format!("{height}x{width}");
            return Err(ParamError::new("size", given, "sides of 1 to 4096 pixels").into());
        }
        if !(0.0..=1.0).contains(&self.max_bad_share) {
            let given = self.max_bad_share;
            return Err(ParamError::new("max_bad_share", given, "a share from 0 to 1").into());
        }
        if let Some(pattern) = &self.group_pattern {
            groups::pattern(pattern)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(options: &ReadOptions) -> String {
        options.check().unwrap_err().to_string()
    }

    #[test]
    fn refuses_what_cannot_be_carried_out() {
        let size =
            |height, width| ReadOptions { size: Some([height, width]), ..Default::default() };
        assert_eq!(complaint(&size(0, 5)), "`size` is 0x5, but must be sides of 1 to 4096 pixels");
        assert!(complaint(&size(5, 4097)).starts_with("`size` is 5x4097"));
        assert!(size(1, 4096).check().is_ok());
        let share = |max_bad_share| ReadOptions { max_bad_share, ..Default::default() };
        assert!(complaint(&share(f64::NAN)).starts_with("`max_bad_share` is NaN"));
        assert!(complaint(&share(-0.1)).starts_with("`max_bad_share` is -0.1"));
        assert!(share(1.0).check().is_ok());
        let pattern = ReadOptions { group_pattern: Some("(".to_owned()), ..Default::default() };
        assert!(complaint(&pattern).starts_with("`group_pattern` is ("));
    }
}
