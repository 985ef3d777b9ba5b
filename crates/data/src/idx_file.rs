//! One IDX file, packed or not, read piece by piece.
//!
//! No memory is taken on the word of a header: it grows with the bytes that are there.

use crate::DataError;
use crate::format::check_bytes;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Error, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What a file must hold: 8-bit numbers in so many dimensions.
pub(crate) struct Kind {
    what: &'static str,
    magic: u32,
}

pub(crate) const IMAGES: Kind = Kind { what: "8-bit grey images", magic: 0x0803 };
pub(crate) const LABELS: Kind = Kind { what: "8-bit labels", magic: 0x0801 };

/// An IDX file whose header was read.
pub(crate) struct IdxFile {
    pub(crate) path: PathBuf,
    /// Its length in each dimension.
    pub(crate) lengths: Vec<usize>,
    bytes: Box<dyn Read>,
    /// Bytes read so far, unpacked.
    found: u128,
    /// Bytes that there should be, unpacked.
    promised: u128,
}

impl IdxFile {
    /// Opens the file and reads its header.
    pub(crate) fn open(path: &Path, kind: &Kind) -> Result<Self, DataError> {
        let file = File::open(path).map_err(|source| DataError::io(path, source))?;
        let bytes: Box<dyn Read> = if path.extension().is_some_and(|end| end == "gz") {
            Box::new(BufReader::new(MultiGzDecoder::new(file)))
        } else {
            Box::new(BufReader::new(file))
        };
        let dimensions = (kind.magic & 0xff) as usize;
        let promised = 4 + 4 * dimensions as u128;
        let mut file =
            Self { path: path.to_owned(), lengths: Vec::new(), bytes, found: 0, promised };
        let found = file.number()?;
        if found != kind.magic {
            let (path, expected) = (file.path, kind.magic);
            return Err(DataError::IdxMagic { path, what: kind.what, found, expected });
        }
        for _ in 0..dimensions {
            let length = file.number()? as usize;
            file.lengths.push(length);
        }
        check_bytes(path, &file.lengths)?;
        file.promised += file.lengths.iter().product::<usize>() as u128;
        Ok(file)
    }

    /// Replaces what is in `buffer` by the next `count` bytes.
    pub(crate) fn next(&mut self, count: usize, buffer: &mut Vec<u8>) -> Result<(), DataError> {
        buffer.clear();
        let result = self.bytes.by_ref().take(count as u64).read_to_end(buffer);
        self.found += buffer.len() as u128;
        match result {
            Ok(read) if read == count => Ok(()),
            Ok(_) => Err(self.truncated()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Makes sure that the file ends here; of a packed file that its checksum is right.
    pub(crate) fn finish(mut self) -> Result<(), DataError> {
        match self.bytes.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(DataError::IdxTrailing { path: self.path, promised: self.promised }),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn number(&mut self) -> Result<u32, DataError> {
        let mut buffer = Vec::new();
        self.next(4, &mut buffer)?;
        Ok(u32::from_be_bytes(buffer.try_into().expect("four bytes")))
    }

    fn truncated(&self) -> DataError {
        let path = self.path.clone();
        DataError::IdxTruncated { path, found: self.found, promised: self.promised }
    }

    fn failed(&self, source: Error) -> DataError {
        let path = self.path.clone();
        match source.kind() {
            // All pixels may be there and only the checksum be cut off.
            ErrorKind::UnexpectedEof if self.found < self.promised => self.truncated(),
            ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                DataError::Gzip { path, source }
            }
            _ => DataError::Io { path, source },
        }
    }
}
