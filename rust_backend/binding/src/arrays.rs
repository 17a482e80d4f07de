//! The arguments of a kernel: NumPy arrays, borrowed without a copy and checked against the declared form.

use std::marker::PhantomData;
use std::slice;
use std::sync::atomic::{AtomicI64, AtomicU64};

use numpy::npyffi::NPY_ARRAY_WRITEABLE;
use numpy::{Element, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::loans::Range;

/// An element type under the name that NumPy gives it.
///
/// # Safety
/// A kernel may be given initialised elements as `Read`, any bytes as which must be valid.
pub(crate) unsafe trait Named: Element + 'static {
    const NAME: &'static str;
    type Read: Copy + 'static;

    /// Makes elements of an output valid before they are lent to a kernel.
    ///
    /// # Safety
    /// The elements must be writable and nobody else's.
    unsafe fn prepare(_data: *mut Self, _len: usize) {}
}

macro_rules! named {
    ($($type:ty, $name:literal;)+) => {
        $(
            // SAFETY: any bytes are a number.
            unsafe impl Named for $type {
                const NAME: &'static str = $name;
                type Read = $type;
            }
        )+
    };
}
named! { f64, "float64"; i64, "int64"; i32, "int32"; }

// SAFETY: any byte is a `u8`; NumPy may hold others than 0 and 1 in an array of flags, which are no `bool`s.
unsafe impl Named for bool {
    const NAME: &'static str = "bool";
    type Read = u8;

    unsafe fn prepare(data: *mut Self, len: usize) {
        // SAFETY: the caller says so.
        unsafe { data.write_bytes(0, len) }
    }
}

/// What belongs to a row: `T`, `[T; N]` or `Wide<T>` for one value, N values or any fixed number of values.
pub(crate) trait Row {
    type Element: Named;
    type Slice<E: 'static>: ?Sized + 'static;

    /// Whether rows may have this shape.
    fn is_row(shape: &[usize]) -> bool;

    fn view<E: 'static>(values: &[E]) -> &Self::Slice<E>;
    fn view_mut<E: 'static>(values: &mut [E]) -> &mut Self::Slice<E>;
}

/// See [`Row`].
pub(crate) struct Wide<T>(PhantomData<T>);

macro_rules! flat_row {
    ($type:ty, $is_row:expr) => {
        impl<T: Named> Row for $type {
            type Element = T;
            type Slice<E: 'static> = [E];

            fn is_row(shape: &[usize]) -> bool {
                $is_row(shape)
            }

            fn view<E: 'static>(values: &[E]) -> &[E] {
                values
            }

            fn view_mut<E: 'static>(values: &mut [E]) -> &mut [E] {
                values
            }
        }
    };
}
flat_row!(T, <[usize]>::is_empty);
flat_row!(Wide<T>, |shape: &[usize]| shape.len() == 1);

impl<T: Named, const N: usize> Row for [T; N] {
    type Element = T;
    type Slice<E: 'static> = [[E; N]];

    fn is_row(shape: &[usize]) -> bool {
        shape == [N]
    }

    fn view<E: 'static>(values: &[E]) -> &[[E; N]] {
        values.as_chunks().0
    }

    fn view_mut<E: 'static>(values: &mut [E]) -> &mut [[E; N]] {
        values.as_chunks_mut().0
    }
}

/// The lengths that the arrays of a call have to agree on.
#[derive(Default)]
pub(crate) struct Lengths {
    rows: Option<usize>,
}

/// What an array has to do with the rows of a call; the declarations have the same kinds.
pub(crate) trait Kind {
    type Row: Row;

    /// Tells how many rows there are, where it is this array that tells; the first one that does counts.
    fn announce(_length: usize, _values: &[<ElementOf<Self> as Named>::Read], _lengths: &mut Lengths) {}

    /// Returns the length that the array must have, or none where any will do.
    fn expected(length: usize, lengths: &Lengths) -> Option<usize>;
}

type ElementOf<K> = <<K as Kind>::Row as Row>::Element;

/// Any row is itself the kind of an array with one for each row of the call.
impl<R: Row> Kind for R {
    type Row = R;

    fn announce(length: usize, _: &[<R::Element as Named>::Read], lengths: &mut Lengths) {
        lengths.rows.get_or_insert(length);
    }

    fn expected(_: usize, lengths: &Lengths) -> Option<usize> {
        lengths.rows
    }
}

/// One row for each of the call, or one for all.
pub(crate) struct Uniform<R>(PhantomData<R>);

impl<R: Row> Kind for Uniform<R> {
    type Row = R;

    fn expected(length: usize, lengths: &Lengths) -> Option<usize> {
        if length == 1 { None } else { lengths.rows }
    }
}

/// A table of any length.
pub(crate) struct Whole<R>(PhantomData<R>);

impl<R: Row> Kind for Whole<R> {
    type Row = R;

    fn expected(_: usize, _: &Lengths) -> Option<usize> {
        None
    }
}

/// What a kernel may do with an array: read one of some [`Kind`], fill an `Out`, read and change a `State`.
pub(crate) trait Access {
    type Kind: Kind;
    type View<'a>;
    const WRITES: bool;
    /// Whether other calls may write the same array meanwhile.
    const SHARED: bool = false;

    /// Lends the elements to a kernel.
    ///
    /// # Safety
    /// The elements must be initialised unless this is an `Out`, aligned, and lent for `'a` as `WRITES` says.
    unsafe fn lend<'a>(data: *mut ElementOf<Self::Kind>, len: usize) -> Self::View<'a>;
}

type ReadOf<K> = <ElementOf<K> as Named>::Read;

impl<K: Kind> Access for K {
    type Kind = K;
    type View<'a> = &'a <K::Row as Row>::Slice<ReadOf<K>>;
    const WRITES: bool = false;

    unsafe fn lend<'a>(data: *mut ElementOf<K>, len: usize) -> Self::View<'a> {
        // SAFETY: the caller says so, and any bytes are valid as `Read`, which has the same size.
        K::Row::view(unsafe { slice::from_raw_parts(data.cast(), len) })
    }
}

/// A table that a call changes.
pub(crate) struct State<R>(PhantomData<R>);

impl<R: Row> Access for State<R> {
    type Kind = Whole<R>;
    type View<'a> = &'a mut R::Slice<ReadOf<Whole<R>>>;
    const WRITES: bool = true;

    unsafe fn lend<'a>(data: *mut R::Element, len: usize) -> Self::View<'a> {
        // SAFETY: as above.
        R::view_mut(unsafe { slice::from_raw_parts_mut(data.cast(), len) })
    }
}

/// An array that a call fills.
pub(crate) struct Out<K>(PhantomData<K>);

impl<K: Kind> Access for Out<K> {
    type Kind = K;
    type View<'a> = &'a mut <K::Row as Row>::Slice<ElementOf<K>>;
    const WRITES: bool = true;

    unsafe fn lend<'a>(data: *mut ElementOf<K>, len: usize) -> Self::View<'a> {
        // SAFETY: the caller says that they are lent for writing.
        unsafe { ElementOf::<K>::prepare(data, len) };
        // SAFETY: the caller says so, and they are valid by now.
        K::Row::view_mut(unsafe { slice::from_raw_parts_mut(data, len) })
    }
}

/// What an output is lent as.
pub(crate) trait Output {
    type Access: Access;
}

impl<K: Kind> Output for K {
    type Access = Out<K>;
}

/// A table of which each row of the call fills elements of its own, wherever they are, while other calls do the same.
pub(crate) struct Scattered<T>(PhantomData<T>);

/// An element type that several threads may write.
pub(crate) trait Atomic: Named {
    type Shared: 'static;
}

impl Atomic for i64 {
    type Shared = AtomicI64;
}

impl Atomic for f64 {
    type Shared = AtomicU64;
}

impl<T: Atomic + Row<Element = T>> Access for Scattered<T> {
    type Kind = Whole<T>;
    type View<'a> = &'a [T::Shared];
    const WRITES: bool = true;
    const SHARED: bool = true;

    unsafe fn lend<'a>(data: *mut T, len: usize) -> Self::View<'a> {
        // SAFETY: the caller says so; an atomic number has the size, the alignment and the valid bytes of a plain one,
        // and whoever else writes these elements meanwhile writes them as atomic numbers too.
        unsafe { slice::from_raw_parts(data.cast(), len) }
    }
}

impl<T: Atomic + Row<Element = T>> Output for Scattered<T> {
    type Access = Self;
}

/// An array of the right element type, writeable where a kernel writes.
pub(crate) struct Argument<'py, A: Access>(Bound<'py, PyArrayDyn<ElementOf<A::Kind>>>);

impl<'py, A: Access> FromPyObject<'_, 'py> for Argument<'py, A> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let array = object.cast::<PyArrayDyn<_>>().map_err(|_| wrong_type::<ElementOf<A::Kind>>(object))?;
        // SAFETY: the pointer is that of a live array.
        let flags = unsafe { (*array.as_array_ptr()).fields.flags };
        if A::WRITES && flags & NPY_ARRAY_WRITEABLE == 0 {
            return Err(PyValueError::new_err("an array that is written to is read-only; pass a writeable one"));
        }
        Ok(Self(array.to_owned()))
    }
}

impl<A: Access> Argument<'_, A> {
    /// Returns where the elements are, after a look at how they lie.
    fn data(&self, name: &str) -> PyResult<*mut ElementOf<A::Kind>> {
        if self.0.is_empty() {
            return Ok(std::ptr::dangling_mut());
        }
        let data = self.0.data();
        if self.0.is_c_contiguous() && data.is_aligned() {
            return Ok(data);
        }
        Err(PyValueError::new_err(format!(
            "{name} is not C-contiguous and aligned; pass numpy.require(array, requirements='CA')"
        )))
    }

    /// Returns the addresses of the elements.
    pub(crate) fn range(&self, name: &str) -> PyResult<Range> {
        let (data, len) = (self.data(name)?, self.0.len());
        Ok(Range { begin: data.addr(), end: data.wrapping_add(len).addr(), writes: A::WRITES, shared: A::SHARED })
    }

    /// Has a look at the shape, and notes what it tells of the lengths of others.
    ///
    /// # Safety
    /// The caller holds the [`Loan`](crate::loans::Loan) of the array.
    pub(crate) unsafe fn announce(&self, name: &str, lengths: &mut Lengths) -> PyResult<()> {
        let (data, shape) = (self.data(name)?, self.0.shape());
        match shape.split_first() {
            Some((&length, row)) if <A::Kind as Kind>::Row::is_row(row) => {
                let len = if A::WRITES { 0 } else { self.0.len() };
                // SAFETY: the caller holds the loan of the array, which is contiguous and aligned.
                let values = unsafe { slice::from_raw_parts(data.cast(), len) };
                <A::Kind as Kind>::announce(length, values, lengths);
                Ok(())
            }
            _ => Err(PyValueError::new_err(format!(
                "{name} has the shape {shape:?}, which is not that of this argument"
            ))),
        }
    }

    /// Lends the values, after a look at their number.
    ///
    /// # Safety
    /// The caller holds the [`Loan`](crate::loans::Loan) of the array, and calls once.
    pub(crate) unsafe fn values(&mut self, name: &str, lengths: &Lengths) -> PyResult<A::View<'_>> {
        let (data, length) = (self.data(name)?, self.0.shape().first().copied().unwrap_or(0));
        if let Some(expected) = <A::Kind as Kind>::expected(length, lengths).filter(|expected| *expected != length) {
            return Err(PyValueError::new_err(format!(
                "{name} has the length {length}, but the other arrays of this call ask for {expected}; give it that"
            )));
        }
        // SAFETY: the elements are contiguous, aligned, and lent to the caller.
        Ok(unsafe { A::lend(data, self.0.len()) })
    }
}

fn wrong_type<T: Named>(object: Borrowed<'_, '_, PyAny>) -> PyErr {
    let given = match object.cast::<PyUntypedArray>() {
        Ok(array) => format!("an array of {}", array.dtype()),
        Err(_) => format!("a {}", object.get_type()),
    };
    PyTypeError::new_err(format!("{given} is given where an array of native {} is taken", T::NAME))
}
