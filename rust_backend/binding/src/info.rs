//! What `info()` tells of the build and of the processor.

use ferrumba_kernels::simd::Level;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Return facts about the build, and the SIMD levels compiled, available and active.
#[pyfunction]
pub(crate) fn info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let facts = PyDict::new(py);
    facts.set_item("profile", env!("FERRUMBA_PROFILE"))?;
    facts.set_item("opt_level", env!("FERRUMBA_OPT_LEVEL"))?;
    facts.set_item("debug_assertions", cfg!(debug_assertions))?;
    facts.set_item("rustc", env!("FERRUMBA_RUSTC"))?;
    facts.set_item("target", env!("FERRUMBA_TARGET"))?;
    facts.set_item("target_features", env!("FERRUMBA_CARGO_CFG_TARGET_FEATURE"))?;
    facts.set_item("simd_compiled", Level::compiled())?;
    facts.set_item("simd_available", Level::available().into_iter().map(Level::name).collect::<Vec<_>>())?;
    match Level::active() {
        Ok(level) => facts.set_item("simd_active", level.name())?,
        Err(fault) => facts.set_item("simd_active", fault.to_string())?,
    }
    Ok(facts)
}
