//! Layers, shapes and costs of a network that comes along, for ten classes:
//! `cargo run -p deep --example summary -- lenet 28 28 1` (height, width, channels).

#![allow(clippy::print_stdout)]

use deep::{NetworkSpec, Shape, Summary};
use std::error::Error;

fn summary(name: &str, input: Shape) -> Result<Summary, Box<dyn Error>> {
    let known: Vec<&str> = NetworkSpec::names().collect();
    let spec = NetworkSpec::named(name)
        .ok_or_else(|| format!("`{name}` is not known; there are: {}", known.join(", ")))?;
    Ok(spec.summary(input, 10)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, height, width, channels] = &args[..] else {
        return Err("give a name, height, width and channels: lenet 28 28 1".into());
    };
    let input =
        Shape { channels: channels.parse()?, height: height.parse()?, width: width.parse()? };
    println!("{}", summary(name, input)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_names_and_images_that_are_too_small_are_refused() {
        let input = Shape { channels: 1, height: 28, width: 28 };
        assert_eq!(summary("mlp", input).unwrap().layers.len(), 7);
        let error = summary("lent", input).unwrap_err().to_string();
        assert!(error.starts_with("`lent` is not known; there are: lenet, mlp"), "{error}");
        let error = summary("lenet", Shape { height: 8, ..input }).unwrap_err().to_string();
        assert!(error.starts_with("layer 3 (convolution): its window covers 5 rows"), "{error}");
    }
}
