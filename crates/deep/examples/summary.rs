//! Layers, shapes and costs of a network that comes along:
//! `cargo run -p deep --example summary -- lenet 28 28 1`.

#![allow(clippy::print_stdout)]

use base::Seed;
use deep::{Network, NetworkSpec, Shape};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "lenet".to_owned());
    let mut number = |default: usize| args.next().map_or(Ok(default), |text| text.parse());
    let (height, width, channels) = (number(28)?, number(28)?, number(1)?);
    let known: Vec<&str> = NetworkSpec::names().collect();
    let spec = NetworkSpec::named(&name)
        .ok_or_else(|| format!("`{name}` is not known; there are: {}", known.join(", ")))?;
    let input = Shape { channels, height, width };
    println!("{}", Network::<f32>::new(&spec, input, 10, Seed(1))?.summary());
    Ok(())
}
