//! The spatial family: fixed-radius search, with removal, on a grid of strips.
//!
//! A grid is five tables, `frame`, `strip_cell`, `start`, `xyz` and `index`; see [`geometry`]. `alive` holds a flag for each
//! place, or nothing where no point was removed. A kernel checks every query; on tables that are no grid it finds what
//! it finds, but neither panics nor reads beyond them.

mod candidates;
mod cells;
mod geometry;
mod group;
mod masks;
#[cfg(target_arch = "x86_64")]
mod networks;
mod order;
mod plan;
mod run;
mod sort;

mod arrange;
mod assign_first;
mod collect;
mod count;
mod decimate;
mod distribute;
mod locate;
mod nearest;
mod search;
mod strips;
mod survey;
mod take;
mod walk;

pub use arrange::arrange;
pub use assign_first::assign_first;
pub use collect::collect;
pub use count::count;
pub use decimate::decimate;
pub use distribute::distribute;
pub use locate::locate;
pub use nearest::nearest;
pub use search::search;
pub use strips::strips;
pub use survey::survey;
pub use take::take;
pub use walk::walk;

#[cfg(test)]
mod tests;
