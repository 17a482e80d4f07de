//! The HEALPix-Morton family: pixels of HEALPix as nested ids, UNIQ ids and decimal Morton ids.
//!
//! Orders are arrays of one value for all rows or of one value per row.

mod bits;
mod decimal;
mod digits;
mod encode;
mod exact;
mod project;

mod cell_vertices;
mod is_morton;
mod lonlat_to_morton;
mod lonlat_to_nested;
mod morton_children;
mod morton_contains;
mod morton_order;
mod morton_parent;
mod morton_range;
mod morton_to_lonlat;
mod morton_to_nested;
mod neighbours;
mod nested_to_lonlat;
mod nested_to_morton;
mod nested_to_uniq;
mod uniq_to_nested;

pub use cell_vertices::cell_vertices;
pub use is_morton::is_morton;
pub use lonlat_to_morton::lonlat_to_morton;
pub use lonlat_to_nested::lonlat_to_nested;
pub use morton_children::morton_children;
pub use morton_contains::morton_contains;
pub use morton_order::morton_order;
pub use morton_parent::morton_parent;
pub use morton_range::morton_range;
pub use morton_to_lonlat::morton_to_lonlat;
pub use morton_to_nested::morton_to_nested;
pub use neighbours::neighbours;
pub use nested_to_lonlat::nested_to_lonlat;
pub use nested_to_morton::nested_to_morton;
pub use nested_to_uniq::nested_to_uniq;
pub use uniq_to_nested::uniq_to_nested;
