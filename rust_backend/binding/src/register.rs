//! The one macro that registers kernels.

/// Makes a Python function of each kernel and a function `kernels` that returns them all with their revisions.
///
/// A line is `family.name, revision, (input: form, ..) -> (output: form, ..);` with the forms of [`crate::arrays`].
macro_rules! kernels {
    ($($family:ident.$name:ident, $revision:literal,
        ($($input:ident: $input_type:ty),+) -> ($($output:ident: $output_type:ty),+);)+) => {
        mod functions {
            use ferrumba_kernels::simd::Level;
            use pyo3::exceptions::PyValueError;
            use pyo3::prelude::*;

            use crate::arrays::{Argument, Columns, History, Lengths, Output, Scattered, State, Uniform, Whole, Wide};
            use crate::loans::Loan;

            $(
                #[pyfunction]
                #[pyo3(signature = ($($input,)+ $($output,)+ /))]
                pub(super) fn $name(
                    py: Python<'_>,
                    $(mut $input: Argument<'_, '_, $input_type>,)+
                    $(mut $output: Argument<'_, '_, <$output_type as Output>::Access>,)+
                ) -> PyResult<i64> {
                    let level = Level::active().map_err(|fault| PyValueError::new_err(fault.to_string()))?;
                    let _loan = Loan::new([
                        $($input.range(stringify!($input))?,)+ $($output.range(stringify!($output))?,)+
                    ])?;
                    let mut lengths = Lengths::default();
                    // SAFETY: the loan lives to the end of this function; so for all of these.
                    $(unsafe { $output.announce(&mut lengths) };)+
                    // SAFETY: as above.
                    $(unsafe { $input.announce(&mut lengths) };)+
                    // SAFETY: as above.
                    $(let $output = unsafe { $output.values(stringify!($output), &lengths) }?;)+
                    // SAFETY: as above.
                    $(let $input = unsafe { $input.values(stringify!($input), &lengths) }?;)+
                    let first = py.detach(|| ferrumba_kernels::$family::$name(level, $($input,)+ $($output,)+));
                    Ok(first.map_or(-1, |row| row as i64))
                }
            )+
        }

        /// Returns the kernels as a dictionary: name -> (revision, function).
        fn kernels<'py>(module: &Bound<'py, PyModule>) -> PyResult<Bound<'py, pyo3::types::PyDict>> {
            let kernels = pyo3::types::PyDict::new(module.py());
            $(
                let name = concat!(stringify!($family), ".", stringify!($name));
                kernels.set_item(name, ($revision, wrap_pyfunction!(functions::$name, module)?))?;
            )+
            Ok(kernels)
        }
    };
}
pub(crate) use kernels;
