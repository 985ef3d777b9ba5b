//! Event files for TensorBoard: the bytes of its own writer, and frames for any curve.
//!
//! `golden/events.json` and `golden/events.tfevents` are written by `golden/events.py`.

use base::{Epoch, LayerEpoch, Seed};
use deep::tensorboard::{event, events};
use rand::{Rng, RngExt};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    source: String,
    curve: Vec<Epoch>,
}

#[test]
fn event_files_are_those_of_tensorboard_byte_for_byte() {
    let golden: Golden = serde_json::from_str(include_str!("golden/events.json")).unwrap();
    let expected = include_bytes!("golden/events.tfevents");
    let written = events(&golden.curve);
    let differs = written.iter().zip(expected).position(|(a, b)| a != b);
    assert_eq!((differs, written.len()), (None, expected.len()), "{}", golden.source);
}

/// CRC-32C bit by bit, as the polynomial defines it.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut remainder = !0_u32;
    for &byte in bytes {
        remainder ^= u32::from(byte);
        for _ in 0..8 {
            let divides = remainder & 1 == 1;
            remainder = (remainder >> 1) ^ if divides { 0x82f6_3b78 } else { 0 };
        }
    }
    !remainder
}

fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The messages of an event file; `None` if a frame is not whole or a checksum is wrong.
fn messages(mut file: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    let checked = |bytes: &[u8], check: &[u8]| masked(crc32c(bytes)).to_le_bytes() == *check;
    while !file.is_empty() {
        let (head, rest) = file.split_at_checked(12)?;
        let length = checked(&head[..8], &head[8..]).then_some(&head[..8])?;
        let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
        let (message, rest) = rest.split_at_checked(length)?;
        let (check, rest) = rest.split_at_checked(4)?;
        found.push(checked(message, check).then(|| message.to_vec())?);
        file = rest;
    }
    Some(found)
}

/// Any numbers whatever, those that are none among them.
fn any_epoch(rng: &mut impl Rng) -> Epoch {
    let number = |rng: &mut _| f32::from_bits(RngExt::random(rng));
    let perhaps = |rng: &mut _| RngExt::random::<bool>(rng).then(|| number(rng));
    let layers = rng.random_range(0..6);
    let layers = (0..layers).map(|index| LayerEpoch {
        layer: format!("{index} ({})", "ä".repeat(rng.random_range(0..150))),
        gradient_norm: perhaps(rng),
        dead: perhaps(rng),
    });
    let layers = layers.collect();
    Epoch {
        epoch: rng.random(),
        loss: number(rng),
        accuracy: number(rng),
        validation_loss: perhaps(rng),
        validation_accuracy: perhaps(rng),
        learning_rate: number(rng),
        layers,
    }
}

/// Tags and numbers of an epoch.
fn scalars(epoch: &Epoch) -> Vec<(String, f32)> {
    let mut scalars = vec![
        ("loss/training".to_owned(), epoch.loss),
        ("accuracy/training".to_owned(), epoch.accuracy),
        ("learning_rate".to_owned(), epoch.learning_rate),
    ];
    let validation = [("loss", epoch.validation_loss), ("accuracy", epoch.validation_accuracy)];
    for (quantity, number) in validation {
        scalars.extend(number.map(|number| (format!("{quantity}/validation"), number)));
    }
    for LayerEpoch { layer, gradient_norm, dead } in &epoch.layers {
        scalars.extend(gradient_norm.map(|norm| (format!("gradient_norm/{layer}"), norm)));
        scalars.extend(dead.map(|share| (format!("dead_units/{layer}"), share)));
    }
    scalars
}

#[test]
fn any_curve_becomes_whole_frames_that_hold_every_number() {
    let mut rng = Seed(7).rng();
    for epochs in (0..6).cycle().take(120) {
        let curve: Vec<Epoch> = (0..epochs).map(|_| any_epoch(&mut rng)).collect();
        let mut file = events(&curve);
        let messages_of_file = messages(&file).expect("whole frames");
        let (start, rest) = messages_of_file.split_first().expect("a first message");
        assert!(start.ends_with(b"brain.Event:2"));
        assert_eq!(rest.len(), epochs);
        for (epoch, message) in curve.iter().zip(rest) {
            // Field 1 is the time, an eight-byte number.
            let time = [&[0x09][..], &(epoch.epoch as f64).to_le_bytes()].concat();
            assert!(message.starts_with(&time));
            for (tag, number) in scalars(epoch) {
                // The tag is followed by field 2, a four-byte number.
                let value = [tag.as_bytes(), &[0x15], &number.to_le_bytes()].concat();
                assert!(message.windows(value.len()).any(|window| window == value), "{tag}");
            }
        }
        let appended: Vec<u8> = curve.iter().flat_map(event).collect();
        assert!(file == [events([]), appended].concat());

        let bit = rng.random_range(0..8 * file.len());
        file[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(messages(&file), None, "bit {bit} is part of a length or of what is checked");
    }
}
