//! Networks, declared before they run. A file's list of layers is *placed* once: shapes are checked with their lines,
//! every parameter gets its slot in one flat buffer. From then on a network is pairs of functions over slices: it owns
//! no numbers, allocates nothing and can be shared by threads.
//!
//! In reading order: the flat buffer ([`params`]), what a layer is ([`layer`]), from rows to lanes and back ([`turn`]), layers
//! in a row ([`chain`]), layers that threads divide between them ([`divided`]), what their gradients have in common
//! ([`gradients`]), placing ([`place`]), the members ([`layers`], [`activation`], [`init`]), what weights must obey
//! ([`constraint`]), parameters as files ([`weights`]), the whole ([`network`]).

pub mod params;

pub mod layer;

pub mod turn;

pub mod chain;

pub mod divided;

pub mod gradients;

pub mod place;

pub mod activation;
pub mod constraint;
pub mod init;
pub mod layers;

pub mod weights;

pub mod network;
