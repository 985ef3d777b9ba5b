//! Whether a JPEG is all there.
//!
//! Decoders fill what is missing of a JPEG with grey and say nothing, and half a picture would be
//! learned from. So the markers are followed to the end of the image.
//!
//! Source: ITU-T Recommendation T.81 (1992), annex B.

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: u8 = 0xd9;

/// Whether `bytes` hold a JPEG up to its end-of-image marker. What follows it does not matter.
pub(crate) fn is_complete(bytes: &[u8]) -> bool {
    let mut at = 2; // after the start-of-image marker
    loop {
        let Some(marker) = bytes.get(at + 1) else { return false };
        match (bytes[at], *marker) {
            (0xff, END_OF_IMAGE) => return true,
            // A fill byte, or a marker without a segment: TEM and restarts.
            (0xff, 0xff) => at += 1,
            (0xff, 0x01 | 0xd0..=0xd7) => at += 2,
            (0xff, marker) => {
                let Some(length) = bytes.get(at + 2..at + 4) else { return false };
                // A segment has its length in its first two bytes; the marker is not counted.
                at += 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
                if marker == START_OF_SCAN {
                    at = end_of_scan(bytes, at);
                }
            }
            // Bytes between segments are passed over, as decoders do.
            _ => at += 1,
        }
    }
}

/// Place of the next marker in compressed data, where 0xff 0x00 is a byte and 0xff 0xd0 to 0xd7 are
/// restarts; the length of `bytes` if there is none.
fn end_of_scan(bytes: &[u8], start: usize) -> usize {
    let data = bytes.get(start..).unwrap_or_default();
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7);
    data.windows(2).position(is_marker).map_or(bytes.len(), |place| start + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_of_a_jpeg_is_seen() {
        let photo = include_bytes!("../tests/golden/photo.jpg");
        assert!(is_complete(photo));
        for length in 0..photo.len() {
            assert!(!is_complete(&photo[..length]), "cut to {length} bytes");
        }
        // Cameras and phones write films and depth maps behind the image.
        assert!(is_complete(&[photo, &b"trailer"[..]].concat()));
    }

    #[test]
    fn the_end_of_a_thumbnail_is_not_that_of_the_image() {
        let photo = include_bytes!("../tests/golden/photo.jpg");
        // An application segment of eight bytes that hold an end-of-image marker.
        let segment = [0xff, 0xe1, 0, 8, 0xff, 0xd8, 0xff, 0xd9, 0, 0];
        let whole = [&photo[..2], &segment, &photo[2..]].concat();
        assert!(is_complete(&whole));
        assert!(!is_complete(&whole[..whole.len() / 2]));
    }
}
