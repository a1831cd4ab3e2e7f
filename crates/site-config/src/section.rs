//! One section's values by type.

use crate::ConfigError;
use crate::ini::Ini;
use std::str::FromStr;

/// The drivers whose names mean PostgreSQL; the original had `mysql` as its default, and cannot
/// use it.
const DRIVERS: [&str; 3] = ["pg", "postgres", "postgresql"];

pub(crate) struct Section<'a> {
    ini: &'a Ini,
    name: &'a str,
}

impl<'a> Section<'a> {
    /// One that need not be there.
    pub fn new(ini: &'a Ini, name: &'a str) -> Self {
        Self { ini, name }
    }

    pub fn required(ini: &'a Ini, name: &'a str) -> Result<Self, ConfigError> {
        if ini.has_section(name) {
            Ok(Self::new(ini, name))
        } else {
            Err(ConfigError::NoSection(name.to_owned()))
        }
    }

    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.ini.get(self.name, key).map(|entry| &*entry.value)
    }

    pub fn required_text(&self, key: &'static str) -> Result<&'a str, ConfigError> {
        self.text(key).ok_or_else(|| ConfigError::Missing {
            section: self.name.to_owned(),
            key,
        })
    }

    pub fn number<T: FromStr>(
        &self,
        key: &'static str,
        wanted: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        let parse = |text: &str| text.parse().map_err(|_| self.wrong(key, wanted));
        self.text(key).map(parse).transpose()
    }

    pub fn flag(&self, key: &'static str) -> Result<Option<bool>, ConfigError> {
        let wanted = "one of 1, yes, true, on, 0, no, false, off";
        let parse = |text: &str| match &*text.to_lowercase() {
            "1" | "yes" | "true" | "on" => Ok(true),
            "0" | "no" | "false" | "off" => Ok(false),
            _ => Err(self.wrong(key, wanted)),
        };
        self.text(key).map(parse).transpose()
    }

    /// Which database it is.
    pub fn driver(&self) -> Result<(), ConfigError> {
        match self.text("dbdriver") {
            Some(name) if !DRIVERS.iter().any(|known| known.eq_ignore_ascii_case(name)) => {
                Err(self.wrong("dbdriver", "postgresql, which is all there is"))
            }
            _ => Ok(()),
        }
    }

    /// The error about a value.
    pub fn wrong(&self, key: &'static str, wanted: &'static str) -> ConfigError {
        let entry = self.ini.get(self.name, key);
        ConfigError::Value {
            line: entry.map_or(0, |entry| entry.line),
            section: self.name.to_owned(),
            key,
            value: entry.map_or_else(String::new, |entry| entry.value.clone()),
            wanted,
        }
    }
}
