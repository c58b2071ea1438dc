//! Package that a medium or another plug-in comes from, which runs keep.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Package that a plug-in comes from: its name and its version, as `Cargo.toml` has them.
///
/// ```
/// use any2any_adapter::{Frames, Package, package};
///
/// let package = Package { name: "notes".to_owned(), version: Some("0.2.0".to_owned()) };
/// assert_eq!(package.to_string(), "notes 0.2.0");
/// // A type tells the name of its package alone; `package!()` knows the version too.
/// assert_eq!(Package::of::<Frames>(), Package { version: None, ..package!() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Name of the package.
    pub name: String,
    /// Version of the package; `None` where a plug-in does not tell.
    pub version: Option<String>,
}

impl Package {
    /// The package of a type, without a version.
    pub fn of<T: ?Sized>() -> Self {
        let path = std::any::type_name::<T>().trim_start_matches(['&', '<', '(', '[']);
        let name = path.split("::").next().unwrap_or_default().replace('_', "-");
        Self { name, version: None }
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{} {version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// The [`Package`](crate::Package) of the crate that this stands in.
///
/// ```
/// let package = any2any_adapter::package!();
/// assert_eq!(package.name, "any2any-adapter");
/// ```
#[macro_export]
macro_rules! package {
    () => {
        $crate::Package {
            name: ::std::string::String::from(::std::env!("CARGO_PKG_NAME")),
            version: ::std::option::Option::Some(::std::string::String::from(::std::env!(
                "CARGO_PKG_VERSION"
            ))),
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_of_a_type_is_that_of_its_path() {
        assert_eq!(Package::of::<crate::Frames>().to_string(), "any2any-adapter");
        assert_eq!(Package::of::<[String]>().name, "alloc");
        let package = crate::package!();
        assert_eq!(package.to_string(), format!("any2any-adapter {}", env!("CARGO_PKG_VERSION")));
    }
}
