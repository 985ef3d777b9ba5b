//! Rules by which gradient descent moves the weights.

mod adamw;

pub use adamw::AdamW;
