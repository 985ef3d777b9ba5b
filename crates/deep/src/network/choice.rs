//! A network in a plan: by name, or described on the spot.

use super::NetworkSpec;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// `network = "lenet"`, or `network = { layers = [...] }`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum NetworkChoice {
    /// One of [`NetworkSpec::names`].
    Named(String),
    /// Layer by layer.
    Described(NetworkSpec),
}

impl NetworkChoice {
    /// The description, if there is a network of that name.
    pub fn spec(&self) -> Option<NetworkSpec> {
        match self {
            Self::Named(name) => NetworkSpec::named(name),
            Self::Described(spec) => Some(spec.clone()),
        }
    }
}

impl From<&str> for NetworkChoice {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

/// By hand, because a derived one would not tell which layer is wrong.
impl<'de> Deserialize<'de> for NetworkChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = NetworkChoice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the name of a network, or a table with `layers`")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<NetworkChoice, E> {
                Ok(name.into())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NetworkChoice, A::Error> {
                let spec = NetworkSpec::deserialize(MapAccessDeserializer::new(map))?;
                Ok(NetworkChoice::Described(spec))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CnnParams;

    #[test]
    fn a_plan_names_or_describes_a_network() {
        let params: CnnParams = toml::from_str(r#"network = "nin""#).unwrap();
        assert_eq!(params.network.unwrap().spec(), NetworkSpec::named("nin"));
        let text = r#"network = { layers = [{ kind = "relu" }, { kind = "affine" }] }"#;
        let params: CnnParams = toml::from_str(text).unwrap();
        assert_eq!(params.network.as_ref().unwrap().spec().unwrap().layers.len(), 2);
        let written = serde_json::to_string(&params).unwrap();
        assert_eq!(serde_json::from_str::<CnnParams>(&written).unwrap(), params);

        let refused = |text| toml::from_str::<CnnParams>(text).unwrap_err().to_string();
        let error = refused(r#"network = { layers = [{ kind = "rleu" }] }"#);
        assert!(error.contains("unknown variant `rleu`"), "{error}");
        let error = refused("network = 3");
        assert!(error.contains("the name of a network, or a table with `layers`"), "{error}");
    }
}
