//! Values of kinds that this crate does not name: notes of music, moves of a game, a molecule.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Contents of a value of a medium's own kind.
///
/// A value is a row of items, such as notes, which a page shows one beside the other and a
/// [`Region::Items`](crate::Region::Items) covers. As a text, in logs and beside references, it is its items with
/// spaces between them.
///
/// ```
/// use any2any_adapter::{CustomContents, Value};
///
/// #[derive(Debug, PartialEq)]
/// struct Melody(Vec<u8>);
///
/// impl CustomContents for Melody {
///     fn kind(&self) -> &'static str {
///         "a melody"
///     }
///
///     fn items(&self) -> Vec<String> {
///         self.0.iter().map(|key| format!("key {key}")).collect()
///     }
/// }
///
/// let value = Value::custom(Melody(vec![60, 62]));
/// assert_eq!(value.as_custom::<Melody>(), Some(&Melody(vec![60, 62])));
/// assert_eq!(value.to_string(), "key 60 key 62");
/// ```
pub trait CustomContents: fmt::Debug + PartialEq + Send + Sync + 'static {
    /// Name of this kind of value, for messages: `a melody`.
    fn kind(&self) -> &'static str;

    /// The items of the value, as a person reads them.
    fn items(&self) -> Vec<String>;

    /// Number of items.
    fn count(&self) -> usize {
        self.items().len()
    }

    /// Memory of the value, in bytes, about.
    fn bytes(&self) -> usize {
        size_of_val(self)
    }
}

/// Value of a medium's own kind. Cloning shares its contents.
///
/// With the melody of [`CustomContents`]:
///
/// ```
/// # #[derive(Debug, PartialEq)]
/// # struct Melody(Vec<u8>);
/// # impl any2any_adapter::CustomContents for Melody {
/// #     fn kind(&self) -> &'static str { "a melody" }
/// #     fn items(&self) -> Vec<String> { self.0.iter().map(|key| format!("key {key}")).collect() }
/// # }
/// use any2any_adapter::{Custom, Value};
///
/// let melody = Custom::new(Melody(vec![60, 62]));
/// assert_eq!((melody.kind(), melody.count()), ("a melody", 2));
/// assert_eq!(melody.contents::<Melody>().map(|melody| melody.0[1]), Some(62));
/// // In a dataset it is a value as any other.
/// assert_eq!(Value::Custom(melody).to_string(), "key 60 key 62");
/// ```
#[derive(Clone)]
pub struct Custom(Arc<dyn Erased>);

/// Contents without their type.
trait Erased: Send + Sync {
    fn kind(&self) -> &'static str;
    fn items(&self) -> Vec<String>;
    fn count(&self) -> usize;
    fn bytes(&self) -> usize;
    fn is(&self, other: &dyn Any) -> bool;
    fn any(&self) -> &dyn Any;
    fn debug(&self) -> &dyn fmt::Debug;
}

impl<T: CustomContents> Erased for T {
    fn kind(&self) -> &'static str {
        CustomContents::kind(self)
    }

    fn items(&self) -> Vec<String> {
        CustomContents::items(self)
    }

    fn count(&self) -> usize {
        CustomContents::count(self)
    }

    fn bytes(&self) -> usize {
        CustomContents::bytes(self)
    }

    fn is(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>().is_some_and(|other| self == other)
    }

    fn any(&self) -> &dyn Any {
        self
    }

    fn debug(&self) -> &dyn fmt::Debug {
        self
    }
}

impl Custom {
    /// A value with these contents.
    pub fn new(contents: impl CustomContents) -> Self {
        Self(Arc::new(contents))
    }

    /// The contents, if they are of this type.
    pub fn contents<T: CustomContents>(&self) -> Option<&T> {
        self.0.any().downcast_ref()
    }

    /// Name of this kind of value, for messages: `a melody`.
    pub fn kind(&self) -> &'static str {
        self.0.kind()
    }

    /// The items of the value, as a person reads them.
    pub fn items(&self) -> Vec<String> {
        self.0.items()
    }

    /// Number of items.
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// Memory of the value, in bytes, about.
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug().fmt(f)
    }
}

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(other.0.any())
    }
}

impl fmt::Display for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.items().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Dice(u8);

    #[derive(Debug, PartialEq)]
    struct Coins(u8);

    impl CustomContents for Dice {
        fn kind(&self) -> &'static str {
            "dice"
        }

        fn items(&self) -> Vec<String> {
            vec![self.0.to_string()]
        }
    }

    impl CustomContents for Coins {
        fn kind(&self) -> &'static str {
            "coins"
        }

        fn items(&self) -> Vec<String> {
            vec!["heads".to_owned(); usize::from(self.0)]
        }
    }

    #[test]
    fn values_are_equal_if_their_types_and_contents_are() {
        let six = Custom::new(Dice(6));
        assert_eq!(six, six.clone());
        assert_eq!(six, Custom::new(Dice(6)));
        assert_ne!(six, Custom::new(Dice(5)));
        assert_ne!(six, Custom::new(Coins(6)));
        assert_eq!(six.contents::<Dice>(), Some(&Dice(6)));
        assert_eq!(six.contents::<Coins>(), None);
        assert_eq!((six.kind(), six.bytes()), ("dice", 1));
        assert_eq!(Custom::new(Coins(2)).to_string(), "heads heads");
        assert_eq!(format!("{six:?}"), "Dice(6)");
    }
}
