//! SHA-256 digests of images and sets.

use base::Size;
use serde::{Serialize, Serializer};
use sha2::Digest as _;
use std::fmt;

/// A SHA-256 digest. It is written as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Digest of parts, each of which is preceded by its length where it could have another one.
pub(crate) struct Hasher(sha2::Sha256);

impl Hasher {
    pub(crate) fn new() -> Self {
        Self(sha2::Sha256::new())
    }

    pub(crate) fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Length and content, so that no two lists of byte strings look alike.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Digest of one image: height, width, channels, then the pixels.
pub(crate) fn of_image(size: Size, pixels: &[u8]) -> Digest {
    let mut hasher = Hasher::new();
    for side in [size.height, size.width, size.channels] {
        hasher.number(side);
    }
    hasher.bytes(pixels);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0ab' | sha256sum`,
    /// GNU coreutils.
    #[test]
    fn agrees_with_sha256sum() {
        let digest = of_image(Size { height: 2, width: 1, channels: 1 }, b"ab");
        assert_eq!(digest.to_string(), SHA256SUM);
    }

    #[test]
    fn tells_shapes_of_equal_pixels_apart() {
        let size = |height, width| Size { height, width, channels: 1 };
        assert_ne!(of_image(size(2, 3), &[7; 6]), of_image(size(3, 2), &[7; 6]));
    }

    const SHA256SUM: &str = "4c3463a048737304ba26488b5f9836b87bba2b3d09d1ce4d29e769dd5d127e5f";
}
