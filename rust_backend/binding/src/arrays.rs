//! The arguments of a kernel: NumPy arrays, borrowed without a copy and checked against the declared form.

use std::marker::PhantomData;
use std::slice;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use ferrumba_kernels::table::{Table, TableMut};
use numpy::npyffi::NPY_ARRAY_WRITEABLE;
use numpy::{Element, PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::loans::Range;

/// An element type under the name that NumPy gives it.
///
/// # Safety
/// A kernel may be given initialised elements as `Read`, any bytes as which must be valid.
pub(crate) unsafe trait Named: Element + Copy + 'static {
    const NAME: &'static str;
    type Read: Copy + 'static;

    /// The address of the one object with which NumPy describes nearly every array of this type, 0 before the first.
    fn usual_description() -> &'static AtomicUsize;

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

                fn usual_description() -> &'static AtomicUsize {
                    static ADDRESS: AtomicUsize = AtomicUsize::new(0);
                    &ADDRESS
                }
            }
        )+
    };
}
named! { f64, "float64"; i64, "int64"; i32, "int32"; }

// SAFETY: any byte is a `u8`; NumPy may hold others than 0 and 1 in an array of flags, which are no `bool`s.
unsafe impl Named for bool {
    const NAME: &'static str = "bool";
    type Read = u8;

    fn usual_description() -> &'static AtomicUsize {
        static ADDRESS: AtomicUsize = AtomicUsize::new(0);
        &ADDRESS
    }

    unsafe fn prepare(data: *mut Self, len: usize) {
        // SAFETY: the caller says so.
        unsafe { data.write_bytes(0, len) }
    }
}

/// Where the elements of an array are; strides in elements.
pub(crate) struct Place<T> {
    data: *mut T,
    len: usize,
    shape: [usize; 2],
    strides: [isize; 2],
}

impl<T> Place<T> {
    fn cast<E>(&self) -> Place<E> {
        Place { data: self.data.cast(), len: self.len, shape: self.shape, strides: self.strides }
    }

    /// # Safety
    /// The elements are contiguous, aligned, initialised, and lent for `'a`.
    unsafe fn slice<'a>(self) -> &'a [T] {
        // SAFETY: the caller says so.
        unsafe { slice::from_raw_parts(self.data, self.len) }
    }

    /// # Safety
    /// As for `slice`, and lent for writing.
    unsafe fn slice_mut<'a>(self) -> &'a mut [T] {
        // SAFETY: the caller says so.
        unsafe { slice::from_raw_parts_mut(self.data, self.len) }
    }
}

/// What belongs to a row: `T`, `[T; N]` or `Wide<T>` for one value, N values or any fixed number of values, one after the
/// other; `Columns<T>` for any number of values anywhere.
pub(crate) trait Row {
    type Element: Named;
    type View<'a, E: Copy + 'static>;
    type ViewMut<'a, E: Copy + 'static>;
    const STRIDED: bool = false;

    /// Whether rows may have this shape.
    fn is_row(shape: &[usize]) -> bool;

    /// # Safety
    /// The elements are initialised, lie as the row says, and are lent for `'a`.
    unsafe fn view<'a, E: Copy + 'static>(place: Place<E>) -> Self::View<'a, E>;

    /// # Safety
    /// As for `view`, and lent for writing.
    unsafe fn view_mut<'a, E: Copy + 'static>(place: Place<E>) -> Self::ViewMut<'a, E>;
}

/// See [`Row`].
pub(crate) struct Wide<T>(PhantomData<T>);

/// See [`Row`].
pub(crate) struct Columns<T>(PhantomData<T>);

macro_rules! flat_row {
    ($type:ty, $is_row:expr) => {
        impl<T: Named> Row for $type {
            type Element = T;
            type View<'a, E: Copy + 'static> = &'a [E];
            type ViewMut<'a, E: Copy + 'static> = &'a mut [E];

            fn is_row(shape: &[usize]) -> bool {
                $is_row(shape)
            }

            unsafe fn view<'a, E: Copy + 'static>(place: Place<E>) -> &'a [E] {
                // SAFETY: the caller says so.
                unsafe { place.slice() }
            }

            unsafe fn view_mut<'a, E: Copy + 'static>(place: Place<E>) -> &'a mut [E] {
                // SAFETY: the caller says so.
                unsafe { place.slice_mut() }
            }
        }
    };
}
flat_row!(T, <[usize]>::is_empty);
flat_row!(Wide<T>, |shape: &[usize]| shape.len() == 1);

impl<T: Named, const N: usize> Row for [T; N] {
    type Element = T;
    type View<'a, E: Copy + 'static> = &'a [[E; N]];
    type ViewMut<'a, E: Copy + 'static> = &'a mut [[E; N]];

    fn is_row(shape: &[usize]) -> bool {
        shape == [N]
    }

    unsafe fn view<'a, E: Copy + 'static>(place: Place<E>) -> &'a [[E; N]] {
        // SAFETY: the caller says so.
        unsafe { place.slice() }.as_chunks().0
    }

    unsafe fn view_mut<'a, E: Copy + 'static>(place: Place<E>) -> &'a mut [[E; N]] {
        // SAFETY: the caller says so.
        unsafe { place.slice_mut() }.as_chunks_mut().0
    }
}

impl<T: Named> Row for Columns<T> {
    type Element = T;
    type View<'a, E: Copy + 'static> = Table<'a, E>;
    type ViewMut<'a, E: Copy + 'static> = TableMut<'a, E>;
    const STRIDED: bool = true;

    fn is_row(shape: &[usize]) -> bool {
        shape.len() == 1
    }

    unsafe fn view<'a, E: Copy + 'static>(place: Place<E>) -> Table<'a, E> {
        // SAFETY: the caller says so.
        unsafe { Table::new(place.data, place.shape, place.strides) }
    }

    unsafe fn view_mut<'a, E: Copy + 'static>(place: Place<E>) -> TableMut<'a, E> {
        // SAFETY: the caller says so, and `Argument::layout` saw that no two elements are the same.
        unsafe { TableMut::new(place.data, place.shape, place.strides) }
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

/// The rows of the call, behind any number of earlier ones; of any strides.
pub(crate) struct History<T>(PhantomData<T>);

impl<T: Named> Kind for History<T> {
    type Row = Columns<T>;

    fn expected(length: usize, lengths: &Lengths) -> Option<usize> {
        lengths.rows.filter(|rows| length < *rows)
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
    /// The elements must be initialised unless this is an `Out`, lie as the row says, and be lent for `'a` as `WRITES`
    /// says.
    unsafe fn lend<'a>(place: Place<ElementOf<Self::Kind>>) -> Self::View<'a>;
}

type ReadOf<K> = <ElementOf<K> as Named>::Read;

impl<K: Kind> Access for K {
    type Kind = K;
    type View<'a> = <K::Row as Row>::View<'a, ReadOf<K>>;
    const WRITES: bool = false;

    unsafe fn lend<'a>(place: Place<ElementOf<K>>) -> Self::View<'a> {
        // SAFETY: the caller says so, and any bytes are valid as `Read`, which has the same size.
        unsafe { K::Row::view(place.cast()) }
    }
}

/// A table that a call changes.
pub(crate) struct State<R>(PhantomData<R>);

impl<R: Row> Access for State<R> {
    type Kind = Whole<R>;
    type View<'a> = R::ViewMut<'a, ReadOf<Whole<R>>>;
    const WRITES: bool = true;

    unsafe fn lend<'a>(place: Place<R::Element>) -> Self::View<'a> {
        // SAFETY: as above.
        unsafe { R::view_mut(place.cast()) }
    }
}

/// An array that a call fills.
pub(crate) struct Out<K>(PhantomData<K>);

impl<K: Kind> Access for Out<K> {
    type Kind = K;
    type View<'a> = <K::Row as Row>::ViewMut<'a, ElementOf<K>>;
    const WRITES: bool = true;

    unsafe fn lend<'a>(place: Place<ElementOf<K>>) -> Self::View<'a> {
        if !K::Row::STRIDED {
            // SAFETY: the caller says that they are lent for writing, and they are contiguous.
            unsafe { ElementOf::<K>::prepare(place.data, place.len) };
        }
        // SAFETY: the caller says so, and they are valid by now.
        unsafe { K::Row::view_mut(place) }
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

    unsafe fn lend<'a>(place: Place<T>) -> Self::View<'a> {
        // SAFETY: the caller says so; an atomic number has the size, the alignment and the valid bytes of a plain one,
        // and whoever else writes these elements meanwhile writes them as atomic numbers too.
        unsafe { slice::from_raw_parts(place.data.cast(), place.len) }
    }
}

impl<T: Atomic + Row<Element = T>> Output for Scattered<T> {
    type Access = Self;
}

/// An array of the right element type, writeable where a kernel writes.
///
/// It is looked at once, and neither counted as a reference nor given a dimension: with the array types of the numpy
/// crate, which do both, an array cost 65 ns a call, now 25 (measured).
pub(crate) struct Argument<'a, 'py, A: Access> {
    array: Borrowed<'a, 'py, PyUntypedArray>,
    place: Place<ElementOf<A::Kind>>,
}

/// Whether elements are described as `T`, in this machine's byte order.
fn holds<T: Named>(array: &Bound<'_, PyUntypedArray>) -> bool {
    let usual = T::usual_description();
    // SAFETY: the pointer is that of a live array.
    let given = unsafe { (*array.as_array_ptr()).fields.descr };
    if given.addr() == usual.load(Ordering::Relaxed) {
        return true;
    }
    let wanted = T::get_dtype(array.py());
    usual.store(wanted.as_dtype_ptr().addr(), Ordering::Relaxed); // NumPy makes it at import and keeps it
    array.dtype().is_equiv_to(&wanted)
}

impl<'a, 'py, A: Access> FromPyObject<'a, 'py> for Argument<'a, 'py, A> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let Ok(array) = object.cast::<PyUntypedArray>() else { return Err(wrong_type::<ElementOf<A::Kind>>(object)) };
        if !holds::<ElementOf<A::Kind>>(&array) {
            return Err(wrong_type::<ElementOf<A::Kind>>(object));
        }
        // SAFETY: the pointer is that of a live array.
        let fields = unsafe { &(*array.as_array_ptr()).fields };
        if A::WRITES && fields.flags & NPY_ARRAY_WRITEABLE == 0 {
            return Err(PyValueError::new_err("an array that is written to is read-only; pass a writeable one"));
        }
        let (shape, size) = (array.shape(), size_of::<ElementOf<A::Kind>>() as isize);
        let (len, strides) = (shape.iter().product(), two(array.strides()).map(|step| step / size));
        let data = if len == 0 { std::ptr::dangling_mut() } else { fields.data.cast() };
        Ok(Self { array, place: Place { data, len, shape: two(shape), strides } })
    }
}

impl<A: Access> Argument<'_, '_, A> {
    /// Returns the addresses of the elements, after a look at the shape and at how they lie.
    pub(crate) fn range(&self, name: &str) -> PyResult<Range> {
        let (shape, steps) = (self.array.shape(), self.array.strides());
        if !shape.split_first().is_some_and(|(_, row)| <A::Kind as Kind>::Row::is_row(row)) {
            return Err(PyValueError::new_err(format!(
                "{name} has the shape {shape:?}, which is not that of this argument"
            )));
        }
        let (place, size) = (&self.place, size_of::<ElementOf<A::Kind>>());
        let at = place.data.addr();
        if place.len == 0 {
            return Ok(Range::contiguous(at, 0, A::WRITES, A::SHARED));
        }
        if !<A::Kind as Kind>::Row::STRIDED {
            if self.array.is_c_contiguous() && place.data.is_aligned() {
                return Ok(Range::contiguous(at, place.len * size, A::WRITES, A::SHARED));
            }
            return Err(PyValueError::new_err(format!(
                "{name} is not C-contiguous and aligned; pass numpy.require(array, requirements='CA')"
            )));
        }
        if !place.data.is_aligned() || steps.iter().any(|step| step % size as isize != 0) {
            return Err(PyValueError::new_err(format!(
                "{name} is not aligned; pass numpy.require(array, requirements='A')"
            )));
        }
        Range::strided(at, two(shape), two(steps), size, A::WRITES)
            .ok_or_else(|| PyValueError::new_err(format!("{name} has elements that share memory; pass one without")))
    }

    fn length(&self) -> usize {
        self.array.shape().first().copied().unwrap_or(0)
    }

    /// Notes what the array tells of the lengths of others.
    ///
    /// # Safety
    /// The caller holds the [`Loan`](crate::loans::Loan) of the array, whose range was asked for.
    pub(crate) unsafe fn announce(&self, lengths: &mut Lengths) {
        let len = if A::WRITES || <A::Kind as Kind>::Row::STRIDED { 0 } else { self.place.len };
        // SAFETY: the caller holds the loan of the array, which is contiguous and aligned.
        let values = unsafe { slice::from_raw_parts(self.place.data.cast(), len) };
        <A::Kind as Kind>::announce(self.length(), values, lengths);
    }

    /// Lends the values, after a look at their number.
    ///
    /// # Safety
    /// The caller holds the [`Loan`](crate::loans::Loan) of the array, whose range was asked for, and calls once.
    pub(crate) unsafe fn values(&mut self, name: &str, lengths: &Lengths) -> PyResult<A::View<'_>> {
        let length = self.length();
        if let Some(expected) = <A::Kind as Kind>::expected(length, lengths).filter(|expected| *expected != length) {
            return Err(PyValueError::new_err(format!(
                "{name} has the length {length}, but the other arrays of this call ask for {expected}; give it that"
            )));
        }
        // SAFETY: the elements lie as the row says, and are lent to the caller.
        Ok(unsafe { A::lend(self.place.cast()) })
    }
}

/// The first two lengths or strides, 0 where there are less.
fn two<T: Copy + Default>(values: &[T]) -> [T; 2] {
    [0, 1].map(|axis| values.get(axis).copied().unwrap_or_default())
}

fn wrong_type<T: Named>(object: Borrowed<'_, '_, PyAny>) -> PyErr {
    let given = match object.cast::<PyUntypedArray>() {
        Ok(array) => format!("an array of {}", array.dtype()),
        Err(_) => format!("a {}", object.get_type()),
    };
    PyTypeError::new_err(format!("{given} is given where an array of native {} is taken", T::NAME))
}
