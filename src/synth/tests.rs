//! Holds the generator against counts made from its text.
