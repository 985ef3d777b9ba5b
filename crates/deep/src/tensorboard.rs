//! The course of a training as an event file, which TensorBoard shows.
//!
//! An event file is a row of records, and a record is a Protocol Buffers message in a frame:
//!
//! ```text
//! length of the message   8 bytes, little endian
//! check(length)           4 bytes, little endian
//! message                 `length` bytes
//! check(message)          4 bytes, little endian
//! ```
//!
//! where `check` is the CRC-32C, turned and shifted so that a checksum of bytes that hold checksums
//! is not weak. The first message names the format; each further one holds the numbers of an epoch:
//!
//! | tag | what it is |
//! |---|---|
//! | `loss/training`, `loss/validation` | [`Epoch::loss`], [`Epoch::validation_loss`] |
//! | `accuracy/training`, `accuracy/validation` | [`Epoch::accuracy`], [`Epoch::validation_accuracy`] |
//! | `learning_rate` | [`Epoch::learning_rate`] |
//! | `gradient_norm/3 (affine)` | [`LayerEpoch::gradient_norm`](base::LayerEpoch::gradient_norm) |
//! | `dead_units/4 (relu)` | [`LayerEpoch::dead`](base::LayerEpoch::dead) |
//!
//! The step is the epoch. So is the time, in seconds after 1970 began: a clock would make the files
//! of equal trainings differ. TensorBoard's axes "Relative" and "Wall" therefore count epochs too.
//!
//! TensorBoard reads a file whose name holds `tfevents`, and takes each folder for a training.
//!
//! Source: TensorFlow 2.21, `tsl/lib/io/record_writer.h` (frame), `tsl/lib/hash/crc32c.h` (check),
//! `core/util/event.proto` and `core/framework/summary.proto` (messages). A test compares the bytes
//! with those of TensorBoard's own writer.

use base::Epoch;
use prost::Message;

/// An event file of these epochs. Equal epochs give equal bytes.
///
/// ```
/// use deep::tensorboard::{event, events};
///
/// let epoch = base::Epoch {
///     epoch: 1,
///     loss: 0.5,
///     accuracy: 0.75,
///     validation_loss: None,
///     validation_accuracy: None,
///     learning_rate: 0.001,
///     layers: Vec::new(),
/// };
/// let file = events([&epoch]);
/// assert!(file.windows(13).any(|window| window == b"loss/training"));
/// // A file may also grow with the training, and be watched.
/// assert_eq!(file, [events([]), event(&epoch)].concat());
/// ```
pub fn events<'a>(epochs: impl IntoIterator<Item = &'a Epoch>) -> Vec<u8> {
    let start = Event { file_version: Some(VERSION.to_owned()), ..Event::default() };
    let mut bytes = record(&start.encode_to_vec());
    epochs.into_iter().for_each(|epoch| bytes.extend(event(epoch)));
    bytes
}

/// The record of one epoch, to be appended to a file that [`events`] has begun.
pub fn event(epoch: &Epoch) -> Vec<u8> {
    let event = Event {
        wall_time: epoch.epoch as f64,
        step: i64::try_from(epoch.epoch).unwrap_or(i64::MAX),
        file_version: None,
        summary: Some(Summary { value: values(epoch) }),
    };
    record(&event.encode_to_vec())
}

/// The numbers of an epoch that there are.
fn values(epoch: &Epoch) -> Vec<Value> {
    let whole = [
        ("loss/training", Some(epoch.loss)),
        ("loss/validation", epoch.validation_loss),
        ("accuracy/training", Some(epoch.accuracy)),
        ("accuracy/validation", epoch.validation_accuracy),
        ("learning_rate", Some(epoch.learning_rate)),
    ];
    let whole = whole.map(|(tag, number)| (tag.to_owned(), number));
    let of_layers = epoch.layers.iter().flat_map(|layer| {
        let tag = |quantity: &str| format!("{quantity}/{}", layer.layer);
        [(tag("gradient_norm"), layer.gradient_norm), (tag("dead_units"), layer.dead)]
    });
    let value = |(tag, number): (String, Option<f32>)| Some(Value { tag, simple_value: number? });
    whole.into_iter().chain(of_layers).filter_map(value).collect()
}

/// A message in its frame.
fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    let mut bytes = Vec::with_capacity(message.len() + 16);
    for part in [&length[..], message] {
        bytes.extend_from_slice(part);
        bytes.extend_from_slice(&check(part).to_le_bytes());
    }
    bytes
}

fn check(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// What a reader must find first.
const VERSION: &str = "brain.Event:2";

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    /// Written even if it is 0.
    #[prost(float, required, tag = "2")]
    simple_value: f32,
}
