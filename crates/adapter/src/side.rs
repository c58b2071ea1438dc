//! Side of a task as its medium sees it: options, parsed and checked once, and what the medium keeps between values.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// Side of a task as its medium sees it: the options of the source or the target, and what the medium keeps between
/// values.
///
/// It stands for its options: `side.field` is `side.options().field`.
///
/// ```
/// use any2any_adapter::{Side, Value};
///
/// /// Options of melodies between two notes.
/// struct Range {
///     lowest: char,
///     highest: char,
/// }
///
/// /// A melody without its notes outside the range.
/// fn opened(side: &Side<Range>, melody: &str) -> Value {
///     Value::from(melody.replace(|note: char| note < side.lowest || note > side.highest, ""))
/// }
///
/// let side = Side::new(Range { lowest: 'c', highest: 'f' });
/// assert_eq!(opened(&side, "cegf").as_text(), Some("cef"));
/// ```
#[derive(Clone, Debug)]
pub struct Side<O> {
    options: O,
    kept: Kept,
}

impl<O> Side<O> {
    /// A side with these options, which keeps nothing yet.
    pub fn new(options: O) -> Self {
        Self::keeping(options, Kept::default())
    }

    /// A side with these options, which keeps what other sides of the same medium keep.
    pub fn keeping(options: O, kept: Kept) -> Self {
        Self { options, kept }
    }

    /// The options.
    pub fn options(&self) -> &O {
        &self.options
    }

    /// What the medium keeps between values: see [`Kept`].
    pub fn kept(&self) -> &Kept {
        &self.kept
    }
}

impl<O> Deref for Side<O> {
    type Target = O;

    fn deref(&self) -> &O {
        &self.options
    }
}

/// Store of what a medium keeps between values, such as the last files that it decoded: one object of each type, made
/// when it is first asked for.
///
/// The sides of one experiment that have the same medium share a store, which is dropped with them. Nothing but time
/// may depend on it. Clones share one store.
///
/// ```
/// use std::sync::Mutex;
///
/// use any2any_adapter::Kept;
///
/// /// Name and pixels of the last sheet that was decoded, for all pictures on it.
/// #[derive(Default)]
/// struct LastSheet(Mutex<Option<(String, Vec<u8>)>>);
///
/// let kept = Kept::default();
/// let last = kept.get::<LastSheet>();
/// *last.0.lock().expect("no panic before") = Some(("faces.png".to_owned(), vec![0; 64]));
/// // Another side of the medium finds it there.
/// let other = kept.clone().get::<LastSheet>();
/// assert!(other.0.lock().expect("no panic before").as_ref().is_some_and(|(name, _)| name == "faces.png"));
/// ```
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<Arc<dyn Any + Send + Sync>>>>);

impl Kept {
    /// The object of a type.
    pub fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter().find_map(|object| object.clone().downcast().ok()) {
            return known;
        }
        let new = Arc::<T>::default();
        kept.push(new.clone());
        new
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write!(f, "Kept({})", kept.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_of_each_type_is_kept() {
        let side = Side::new(3_u8);
        let again = Side::keeping(4_u8, side.kept().clone());
        *side.kept().get::<Mutex<u32>>().lock().expect("no panic before") = 7;
        assert_eq!(*again.kept().get::<Mutex<u32>>().lock().expect("no panic before"), 7);
        assert_eq!(*side.kept().get::<Mutex<i32>>().lock().expect("no panic before"), 0);
        assert_eq!((*side.options(), side.count_ones()), (3, 2));
        assert_eq!(format!("{:?}", again.kept()), "Kept(2)");
    }
}
