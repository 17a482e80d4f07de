//! The arguments of a kernel: NumPy arrays, borrowed without a copy and checked against the declared form.

use std::marker::PhantomData;

use numpy::{
    BorrowError, Element, PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray1, PyReadwriteArrayDyn, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// An element type under the name that NumPy gives it.
pub(crate) trait Named: Element {
    const NAME: &'static str;
}

impl Named for f64 {
    const NAME: &'static str = "float64";
}

impl Named for i64 {
    const NAME: &'static str = "int64";
}

impl Named for bool {
    const NAME: &'static str = "bool";
}

/// The type of an input: `T`, one value per row, or `Uniform<T>`, also one value for all rows.
pub(crate) trait InputForm {
    type Element: Named;
    const UNIFORM: bool;
}

/// See [`InputForm`].
pub(crate) struct Uniform<T>(PhantomData<T>);

impl<T: Named> InputForm for T {
    type Element = T;
    const UNIFORM: bool = false;
}

impl<T: Named> InputForm for Uniform<T> {
    type Element = T;
    const UNIFORM: bool = true;
}

/// The type of an output: `T`, `[T; N]` or `Wide<T>` for one value, N values or any fixed number of values per row.
pub(crate) trait OutputForm {
    type Element: Named;
    type Slice: ?Sized;

    /// Whether rows may have this shape.
    fn is_row(shape: &[usize]) -> bool;

    fn view(values: &mut [Self::Element]) -> &mut Self::Slice;
}

/// See [`OutputForm`].
pub(crate) struct Wide<T>(PhantomData<T>);

impl<T: Named> OutputForm for T {
    type Element = T;
    type Slice = [T];

    fn is_row(shape: &[usize]) -> bool {
        shape.is_empty()
    }

    fn view(values: &mut [T]) -> &mut [T] {
        values
    }
}

impl<T: Named, const N: usize> OutputForm for [T; N] {
    type Element = T;
    type Slice = [[T; N]];

    fn is_row(shape: &[usize]) -> bool {
        shape == [N]
    }

    fn view(values: &mut [T]) -> &mut [[T; N]] {
        values.as_chunks_mut().0
    }
}

impl<T: Named> OutputForm for Wide<T> {
    type Element = T;
    type Slice = [T];

    fn is_row(shape: &[usize]) -> bool {
        shape.len() == 1
    }

    fn view(values: &mut [T]) -> &mut [T] {
        values
    }
}

/// The number of rows that all arrays of a call share; the first output sets it.
#[derive(Default)]
pub(crate) struct RowCount(Option<usize>);

/// An input array.
pub(crate) struct Input<'py, F: InputForm>(PyReadonlyArray1<'py, F::Element>);

impl<'py, F: InputForm> FromPyObject<'_, 'py> for Input<'py, F> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match object.cast::<PyArray1<F::Element>>() {
            Ok(array) => array.try_readonly().map(Self).map_err(refused),
            Err(_) => Err(wrong_type(object, "a 1-D array", F::Element::NAME)),
        }
    }
}

impl<F: InputForm> Input<'_, F> {
    /// The values, after a look at their number.
    pub(crate) fn values(&self, name: &str, rows: &RowCount) -> PyResult<&[F::Element]> {
        let values = self.0.as_slice().map_err(|_| not_contiguous(name))?;
        if rows.0 == Some(values.len()) || (F::UNIFORM && values.len() == 1) {
            return Ok(values);
        }
        let expected = rows.0.unwrap_or(0);
        let or_one = if F::UNIFORM && expected != 1 { " or 1" } else { "" };
        Err(PyValueError::new_err(format!(
            "{name} has {} rows, but the outputs have {expected}; give it {expected}{or_one}",
            values.len()
        )))
    }
}

/// An output array.
pub(crate) struct Output<'py, F: OutputForm>(PyReadwriteArrayDyn<'py, F::Element>);

impl<'py, F: OutputForm> FromPyObject<'_, 'py> for Output<'py, F> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match object.cast::<PyArrayDyn<F::Element>>() {
            Ok(array) => array.try_readwrite().map(Self).map_err(refused),
            Err(_) => Err(wrong_type(object, "an array", F::Element::NAME)),
        }
    }
}

impl<F: OutputForm> Output<'_, F> {
    /// The values to fill, after a look at their shape.
    pub(crate) fn values(&mut self, name: &str, rows: &mut RowCount) -> PyResult<&mut F::Slice> {
        let shape = self.0.shape();
        let fits = match shape.split_first() {
            Some((&own, row)) => F::is_row(row) && *rows.0.get_or_insert(own) == own,
            None => false,
        };
        if !fits {
            return Err(PyValueError::new_err(format!(
                "{name} has the shape {shape:?}, which is not that of this output"
            )));
        }
        if !self.0.is_c_contiguous() {
            return Err(not_contiguous(name));
        }
        self.0.as_slice_mut().map(F::view).map_err(|_| not_contiguous(name))
    }
}

fn wrong_type(object: Borrowed<'_, '_, PyAny>, form: &str, element: &str) -> PyErr {
    let given = match object.cast::<PyUntypedArray>() {
        Ok(array) => format!("a {}-D array of {}", array.ndim(), array.dtype()),
        Err(_) => format!("a {}", object.get_type()),
    };
    PyTypeError::new_err(format!("{given} is given where {form} of native {element} is taken"))
}

fn refused(fault: BorrowError) -> PyErr {
    PyValueError::new_err(match fault {
        BorrowError::NotWriteable => "an output array is read-only; pass a writeable one",
        _ => "an output array shares memory with another array of this or of a running call; pass one of its own",
    })
}

fn not_contiguous(name: &str) -> PyErr {
    PyValueError::new_err(format!(
        "{name} is not C-contiguous and aligned; pass numpy.require(array, requirements='CA')"
    ))
}
